"""Forms of consents."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from archive.consents.actions import Given
from archive.models import Consent
from files.forms import ScanField

Matter = Consent.Matter


class GivenForm(forms.Form):
    """By whom, how, when and by which text; one scan for all."""

    use_required_attribute = False

    giver = forms.ChoiceField(label=_("Consent given by"), choices=Consent.Giver.choices, initial="guardian")
    way = forms.ChoiceField(label=_("Way"), choices=Consent.Way.choices)
    given_on = forms.DateField(label=_("Given on"), initial=timezone.localdate)
    text_version = forms.CharField(
        label=_("Version of the text"), max_length=40, help_text=_("As printed on the form that was signed")
    )
    scan = ScanField(label=_("Scan of what was signed"), required=False)

    def clean(self) -> dict[str, Any]:
        """What is signed on paper has a scan."""
        found = super().clean() or {}
        if found.get("way") == Consent.Way.PAPER and not found.get("scan") and "scan" not in self.errors:
            self.add_error("scan", _("What was signed on paper needs its scan"))
        return found

    def given(self) -> Given:
        """What the form says."""
        values = self.cleaned_data
        return Given(
            giver=values["giver"],
            way=values["way"],
            given_on=values["given_on"],
            text_version=values["text_version"],
            scan=values["scan"],
        )


class ConsentForm(GivenForm):
    """A consent of one student; those to a sharing are recorded with the sharing."""

    matter = forms.ChoiceField(
        label=_("Consent to"), choices=[one for one in Matter.choices if one[0] != Matter.SHARING]
    )
    field_order = ("matter", "giver")
