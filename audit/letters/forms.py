"""Forms of responsibility letters."""

from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.roles import NOT_APPOINTED, Role
from audit.bulletins.selectors import schools
from audit.inspections.forms import PersonField, UnitField, day_field
from audit.letters.selectors import asked_since, units_read
from audit.models import LetterVersion
from files.forms import ScanField
from school.models import Unit


class LetterForm(forms.Form):
    """What a letter says, and whose signature it asks for. ``key``: the form's own, so that it publishes once."""

    use_required_attribute = False

    key = forms.UUIDField(widget=forms.HiddenInput)
    school = UnitField(
        label=_("School"), queryset=Unit.objects.none(), to_field_name="public_id", empty_label=None
    )
    title = forms.CharField(label=pgettext_lazy("responsibility letter", "Title"), max_length=80)
    text = forms.CharField(
        label=_("Text"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 16}),
        help_text=_("Once it is published nobody changes it; a new version takes its place and is signed anew"),
    )  # fmt: skip
    roles = forms.MultipleChoiceField(
        label=_("To be signed by"), widget=forms.CheckboxSelectMultiple,
        choices=[pair for pair in Role.choices if pair[0] not in NOT_APPOINTED],
        help_text=_("Everybody who holds one of these roles at the school or in a unit below it"),
    )  # fmt: skip
    months = forms.IntegerField(
        label=_("Valid for (months)"), min_value=1, max_value=60,
        help_text=_("From today on; then the next version is due"),
    )  # fmt: skip

    def __init__(
        self, *args: Any, user: User, instead_of: LetterVersion | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        cast("UnitField", self.fields["school"]).queryset = schools(user)
        if instead_of is not None:
            del self.fields["school"]


class PaperForm(forms.Form):
    """Whose letter on paper it is, and when it was signed."""

    use_required_attribute = False

    person = PersonField(label=_("Person"), queryset=User.objects.none(), to_field_name="public_id")
    signed_on = day_field(_("Signed on"), initial=timezone.localdate)
    scan = ScanField(label=_("Scan of the signed letter"))

    def __init__(self, *args: Any, user: User, version: LetterVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("PersonField", self.fields["person"]).queryset = asked_since(version).exclude(pk=user.pk)


class RegisterForm(forms.Form):
    """Which part of the register is printed."""

    use_required_attribute = False

    unit = UnitField(
        label=_("Department"), queryset=Unit.objects.none(), to_field_name="public_id", required=False,
        empty_label=_("All"),
    )  # fmt: skip
    only_open = forms.BooleanField(label=_("Only who has not signed"), required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("UnitField", self.fields["unit"]).queryset = units_read(user)


class SignForm(forms.Form):
    """The word of the one who signs; the view asks for the password."""

    use_required_attribute = False

    is_read = forms.BooleanField(label=_("I have read the whole text and sign it"))
    password = forms.CharField(
        label=_("Your password, once more"), strip=False, max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
