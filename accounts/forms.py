"""The shape of what people fill in about accounts."""

from collections.abc import Collection
from typing import Any

from allauth.account.forms import LoginForm, ReauthenticateForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as FactorAgainForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import NOT_APPOINTED, Role
from core.chinese import clean_text
from core.idnumber import IdNumberFault, parse_id_number
from school.models import Unit

_DATE = forms.DateInput(attrs={"inputmode": "numeric", "autocomplete": "off"})


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth has no types
    """Staff number and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label, password.label = _("Staff number"), _("Password")
        login.max_length = 20
        login.widget.attrs.update(maxlength="20", autocapitalize="none", spellcheck="false", autofocus=True)
        for one in (login, password):
            one.widget.attrs.pop("placeholder", None)
            one.help_text = ""

    def clean_login(self) -> str:
        return clean_text(self.cleaned_data["login"])


class PasswordAgainForm(ReauthenticateForm):  # type: ignore[misc]  # allauth has no types
    """The password once more, before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        one = self.fields["password"]
        one.label, one.help_text = _("Password"), ""
        one.widget.attrs.pop("placeholder", None)


def _plain_code(form: Any, label: Any) -> None:
    one = form.fields["code"]
    one.label = label
    one.widget.attrs.pop("placeholder", None)
    one.widget.attrs.update(inputmode="numeric", maxlength="12", autofocus=True)


class SecondFactorForm(AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """The code of the authenticator, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain_code(self, _("One-time code"))


class SecondFactorAgainForm(FactorAgainForm):  # type: ignore[misc]  # allauth has no types
    """The code once more, before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain_code(self, _("One-time code"))


class ActivateFactorForm(ActivateTOTPForm):  # type: ignore[misc]  # allauth has no types
    """The first code, which shows that the authenticator has taken the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain_code(self, _("Six digits shown by the app"))


class PasswordForm(forms.Form):
    """One's own new password; the action checks it."""

    old = forms.CharField(
        label=_("Present password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("New password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("New password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "new" in values and "again" in values and values["new"] != values["again"]:
            self.add_error("again", _("The two new passwords differ."))
        return values


class ContactsForm(forms.Form):
    """The four contacts of somebody who works with student files (S1-3-6)."""

    office_phone = forms.CharField(
        label=_("Office phone"),
        max_length=20,
        required=False,
        validators=[
            RegexValidator(r"^[0-9+() -]{5,20}$", _("Digits, spaces and - only; for example 027-87654321"))
        ],
    )
    email = forms.EmailField(label=_("E-mail"), required=False)
    qq = forms.CharField(
        label="QQ",
        max_length=12,
        required=False,
        validators=[RegexValidator(r"^[1-9][0-9]{4,11}$", _("A QQ number has 5 to 12 digits"))],
    )
    mobile = forms.CharField(
        label=_("Mobile"),
        max_length=11,
        required=False,
        validators=[
            RegexValidator(r"^1[3-9][0-9]{9}$", _("A mobile number has 11 digits and begins with 13 to 19"))
        ],
    )

    def clean(self) -> dict[str, Any]:
        return {
            name: clean_text(value) if isinstance(value, str) else value
            for name, value in (super().clean() or {}).items()
        }


class UnitChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in the stubs only
    """A unit of the tree, indented by its level."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, empty_label="—", **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return f"{'　' * len(obj.ancestors)}{obj.label}"


class UserForm(ContactsForm):
    """An account: who it is, where he belongs, how to reach him."""

    name = forms.CharField(label=_("Name"), max_length=40)
    unit = UnitChoiceField(label=_("Unit"), queryset=Unit.objects.none())
    id_number = forms.CharField(
        label=_("Identity number"),
        max_length=18,
        required=False,
        help_text=_("So that nobody decides on himself or his own child. Nobody is shown it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("staff_no", "name", "unit", "office_phone", "email", "qq", "mobile", "id_number")

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]  # a ModelChoiceField

    def clean_id_number(self) -> str:
        """A sound number, or nothing."""
        text = clean_text(self.cleaned_data["id_number"]).upper().replace(" ", "")
        if text:
            try:
                parse_id_number(text)
            except IdNumberFault:
                raise forms.ValidationError(
                    _("This is no identity number. Compare it with the card, digit by digit.")
                ) from None
        return text


class ChangeUserForm(UserForm):
    """What changes of an account; what the reader is not shown stays: the identity number, some ``contacts``."""

    remove_id_number = forms.BooleanField(label=_("Remove the recorded identity number"), required=False)

    def __init__(self, *args: Any, has_number: bool, contacts: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ContactsForm.base_fields.keys() - set(contacts):
            del self.fields[name]
        if has_number:
            self.fields["id_number"].help_text = _("One is recorded. Leave this empty to keep it.")
        else:
            del self.fields["remove_id_number"]


class OpenUserForm(UserForm):
    """A new account."""

    staff_no = forms.CharField(
        label=_("Staff number"),
        max_length=20,
        help_text=_("What the person signs in with. It cannot be changed later."),
        validators=[RegexValidator(r"^[A-Za-z0-9._-]{2,20}$", _("2 to 20 letters, digits, dots or dashes"))],
    )


class AppointForm(forms.Form):
    """A role on a unit for some time."""

    role = forms.ChoiceField(
        label=_("Role"), choices=[("", "—")] + [pair for pair in Role.choices if pair[0] not in NOT_APPOINTED]
    )
    unit = UnitChoiceField(
        label=_("Unit"),
        queryset=Unit.objects.none(),
        help_text=_("The role holds there and in all units below."),
    )
    valid_from = forms.DateField(label=_("Valid from"), widget=_DATE)
    valid_until = forms.DateField(
        label=_("Valid until"), widget=_DATE, required=False, help_text=_("Last day; empty for no end")
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]  # a ModelChoiceField
        self.fields["valid_from"].initial = timezone.localdate

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class TrainingForm(forms.Form):
    """A training that somebody passed."""

    name = forms.CharField(label=_("Training"), max_length=80)
    passed_on = forms.DateField(label=_("Passed on"), widget=_DATE)
    valid_until = forms.DateField(label=_("Valid until"), widget=_DATE, required=False)
    certificate_no = forms.CharField(label=_("Certificate number"), max_length=40, required=False)


class ReasonForm(forms.Form):
    """Why something is done to an account."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


def contacts_of(user: User) -> dict[str, str]:
    """What a form about this account starts with."""
    return {name: getattr(user, name) for name in ("office_phone", "email", "qq", "mobile")}
