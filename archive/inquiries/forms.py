"""Forms of an inquiry: what is asked, how it is narrowed, the session's place and its report."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from archive.inquiries.reading import readable
from archive.inquiries.selectors import letter_again
from archive.models import InquiryRequest
from files.forms import ScanField

MOST_STUDENTS = 50


class InquiryForm(forms.Form):
    """Whose files, which sections, what for; for a reader from outside his name, unit and letter."""

    use_required_attribute = False

    numbers = forms.CharField(
        label=_("Student numbers"),
        help_text=_("One in each line, up to 50"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    sections = forms.MultipleChoiceField(label=_("Sections"), widget=forms.CheckboxSelectMultiple)
    purpose = forms.CharField(label=_("Purpose"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    reader = forms.CharField(
        label=_("Reader from outside"),
        required=False,
        max_length=80,
        help_text=_("Leave it blank when you read yourself"),
    )
    reader_unit = forms.CharField(label=_("Unit of the reader"), required=False, max_length=120)
    letter = ScanField(label=_("Scan of the letter and identity document"), required=False)

    def __init__(self, old: InquiryRequest | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": _asked(old) if old else {}, **kwargs})
        self._old = old
        self.fields["sections"].choices = readable()  # type: ignore[attr-defined]  # a field with choices

    def clean_numbers(self) -> list[str]:
        """Each number once."""
        found = list(dict.fromkeys(self.cleaned_data["numbers"].upper().split()))
        if len(found) > MOST_STUDENTS:
            raise forms.ValidationError(_("One in each line, up to 50"))
        return found

    def clean(self) -> dict[str, Any]:
        """A reader from outside brings a letter, unless it is the one whose letter is here already."""
        found = super().clean() or {}
        reader, unit = found.get("reader", ""), found.get("reader_unit", "")
        brought = found.get("letter") or letter_again(self._old, reader=reader, reader_unit=unit)
        if reader and not brought and "letter" not in self.errors:
            self.add_error("letter", _("A reader from outside brings a letter; add its scan."))
        return found


def _asked(old: InquiryRequest) -> dict[str, Any]:
    """What an earlier inquiry asked, but for its letter."""
    numbers = old.students.exclude(student_no="").order_by("pk").values_list("student_no", flat=True)
    return {
        "numbers": "\n".join(numbers),
        "sections": old.asked,
        "purpose": old.purpose,
        "reader": old.reader,
        "reader_unit": old.reader_unit,
    }


class NarrowForm(forms.Form):
    """What the head of archives grants: nothing beyond what was asked."""

    sections = forms.MultipleChoiceField(label=_("Sections"), widget=forms.CheckboxSelectMultiple)
    students = forms.MultipleChoiceField(label=_("Students"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, typed: InquiryRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = typed.students.select_related("student")
        choices = {
            "sections": [one for one in readable() if one[0] in typed.asked],
            "students": [(str(row.pk), row.student.name) for row in rows],
        }
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]  # a field with choices
            self.initial[name] = [key for key, _label in offered]


class OpenForm(forms.Form):
    """Where the reader sits."""

    place = forms.CharField(label=_("Place"), max_length=80)

    def __init__(self, typed: InquiryRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class CloseForm(forms.Form):
    """What was read and copied."""

    report = forms.CharField(label=_("What was read and copied"), max_length=500)

    def __init__(self, typed: InquiryRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
