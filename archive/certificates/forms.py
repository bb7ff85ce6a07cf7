"""Forms of certificates."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from archive.models import Certificate
from school.models import SchoolClass


class CertificateForm(forms.Form):
    """What is to be issued. ``key`` names the certificate, so that a form sent twice issues once."""

    use_required_attribute = False

    key = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=_("Kind"), choices=Certificate.Kind.choices)
    purpose = forms.CharField(
        label=_("Purpose"), max_length=60, help_text=_("Printed on it: who gets it, and what for")
    )
    language = forms.ChoiceField(label=_("Language"), choices=Certificate.Language.choices)
    copies = forms.IntegerField(label=_("Copies"), min_value=1, max_value=10, initial=1)
    whole_number = forms.BooleanField(label=_("Print the identity number in full"), required=False)

    def __init__(self, *args: Any, may_print: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_print:
            del self.fields["whole_number"]
            offered = [one for one in Certificate.Kind.choices if one[0] != Certificate.Kind.NO_ID]
            cast("forms.ChoiceField", self.fields["kind"]).choices = offered


class ClassField(forms.ModelChoiceField[SchoolClass]):
    """A class by its number, name and school."""

    def label_from_instance(self, obj: SchoolClass) -> str:
        """``2026101 一年级（1）班 · 红花小学``."""
        return f"{obj.class_no} {obj.label} · {obj.school.label}"


class ClassForm(forms.Form):
    """A class whose students all get an enrolment certificate. ``key`` names the order, as with one certificate."""

    use_required_attribute = False

    key = forms.UUIDField(widget=forms.HiddenInput)
    school_class = ClassField(
        label=_("Class"), queryset=SchoolClass.objects.none(), to_field_name="public_id"
    )
    purpose = forms.CharField(
        label=_("Purpose"), max_length=60, help_text=_("Printed on it: who gets it, and what for")
    )
    language = forms.ChoiceField(label=_("Language"), choices=Certificate.Language.choices)

    def __init__(self, *args: Any, classes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("ClassField", self.fields["school_class"])
        field.queryset = classes


class CheckForm(forms.Form):
    """The number on a paper."""

    use_required_attribute = False

    number = forms.CharField(label=_("Number of the certificate"), max_length=30)


class VoidForm(forms.Form):
    """Why a certificate no longer holds."""

    use_required_attribute = False

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
