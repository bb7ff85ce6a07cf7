"""Forms of a sharing: what is asked for, the agreement, the password, the receipt, the end."""

from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from archive.assessments.forms import AssessmentField
from archive.models import SharingRequest
from archive.sharing.selectors import columns_of, label_of, letter_again
from files.forms import ScanField
from school.models import Unit

MOST_STUDENTS = 500
SHORTEST_PASSWORD = 12


class SharingForm(forms.Form):
    """To whom, what, of whom, why and until when; with a statutory basis its letter."""

    use_required_attribute = False

    receiver = forms.CharField(label=_("Receiver"), max_length=120)
    contact = forms.CharField(
        label=_("Contact of the receiver"), max_length=120, help_text=_("Name and phone")
    )
    purpose = forms.CharField(label=_("Purpose"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    numbers = forms.CharField(
        label=_("Student numbers"),
        help_text=_("One in each line, up to 500"),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    fields_given = forms.MultipleChoiceField(
        label=_("Fields to be given"),
        help_text=_("No more than the purpose needs"),
        widget=forms.CheckboxSelectMultiple,
    )
    way = forms.ChoiceField(label=_("Way"), choices=SharingRequest.Way.choices)
    valid_until = forms.DateField(label=_("The receiver keeps the data until"))
    assessment = forms.CharField(
        label=_("Impact in this case"),
        help_text=_("Is it lawful and necessary? What could harm the students, and what prevents it?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    impact = AssessmentField(
        label=_("Confirmed impact assessment"),
        help_text=_("Of your school, found acceptable and not over; the menu leads to the register"),
    )
    basis = forms.CharField(
        label=_("Statutory basis"),
        required=False,
        max_length=200,
        help_text=_("Law and number of the letter; leave it blank when the students consent"),
    )
    wanted_on = forms.DateField(label=_("Wanted by (as the letter says)"), required=False)
    letter = ScanField(label=_("Scan of the letter"), required=False)

    def __init__(self, school: Unit, old: SharingRequest | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": _asked(old) if old else {}, **kwargs})
        self._old = old
        offered = [(column.field, label_of(column)) for column in columns_of(school)]
        cast("forms.MultipleChoiceField", self.fields["fields_given"]).choices = offered
        AssessmentField.of(self, "impact", school)

    def clean_numbers(self) -> list[str]:
        """Each number once."""
        found = list(dict.fromkeys(self.cleaned_data["numbers"].upper().split()))
        if len(found) > MOST_STUDENTS:
            raise forms.ValidationError(_("One in each line, up to 500"))
        return found

    def clean_valid_until(self) -> Any:
        """A day to come."""
        found = self.cleaned_data["valid_until"]
        if found < timezone.localdate():
            raise forms.ValidationError(_("The last day lies in the past."))
        return found

    def clean(self) -> dict[str, Any]:
        """A statutory basis comes with its letter, unless that is here already for the same receiver."""
        found = super().clean() or {}
        receiver, basis = found.get("receiver", ""), found.get("basis", "")
        brought = found.get("letter") or letter_again(self._old, receiver=receiver, basis=basis)
        if basis and not brought and "letter" not in self.errors:
            self.add_error("letter", _("A statutory basis comes with a letter; add its scan."))
        return found


AS_STORED = (
    "receiver",
    "contact",
    "purpose",
    "way",
    "valid_until",
    "assessment",
    "impact",
    "basis",
    "wanted_on",
)


def _asked(old: SharingRequest) -> dict[str, Any]:
    """What an earlier sharing asked, but for its letter."""
    numbers = old.students.exclude(student_no="").order_by("pk").values_list("student_no", flat=True)
    filled = {name: getattr(old, name) for name in AS_STORED}
    return {**filled, "numbers": "\n".join(numbers), "fields_given": old.fields}


class AgreementForm(forms.Form):
    """The signed agreement."""

    agreement = ScanField(label=_("Scan of the signed agreement"))

    def __init__(self, typed: SharingRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class ReleaseForm(forms.Form):
    """The password behind which the package goes out. It is told to the receiver by another way, and kept nowhere."""

    package_password = forms.CharField(
        label=_("Password of the package"),
        help_text=_("Tell it to the receiver by another way than the package; it is not stored"),
        min_length=SHORTEST_PASSWORD,
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, typed: SharingRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class ReceiptForm(forms.Form):
    """Who received the package, and when."""

    use_required_attribute = False

    received_by = forms.CharField(label=_("Received by"), max_length=120)
    received_on = forms.DateField(label=_("Received on"), initial=timezone.localdate)


class RevokeForm(forms.Form):
    """Why a sharing ends before its day."""

    use_required_attribute = False

    reason = forms.CharField(label=_("Reason"), max_length=500)
