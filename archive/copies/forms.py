"""Forms of copies: what a print is for, and who asks for a copy of his own file."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from archive.models import FileCopy


class PurposeForm(forms.Form):
    """What the print is for."""

    purpose = forms.CharField(
        label=_("Purpose"), max_length=40, help_text=_("Printed on each copy: for this purpose only")
    )


class ProofForm(forms.Form):
    """What the proof is for."""

    purpose = forms.CharField(label=_("Purpose"), max_length=200, help_text=_("Kept in the ledger"))


class CopyForm(forms.Form):
    """Who asks, how his identity was seen, in which form; for a refusal its reason."""

    use_required_attribute = False

    asker = forms.ChoiceField(label=_("Asked for by"), choices=[("", ""), *FileCopy.Asker.choices])
    name = forms.CharField(label=_("Name of the guardian"), max_length=40, required=False)
    relation = forms.CharField(label=_("Relation to the student"), max_length=40, required=False)
    proof = forms.ChoiceField(label=_("Identity checked by"), choices=[("", ""), *FileCopy.Proof.choices])
    form = forms.ChoiceField(label=_("Form of the copy"), choices=FileCopy.Form.choices)
    reason = forms.CharField(
        label=_("Reason of a refusal"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Fill it in only to refuse; who asked is told"),
    )

    def clean(self) -> dict[str, Any]:
        """A guardian has a name and a relation."""
        found = super().clean() or {}
        if found.get("asker") == FileCopy.Asker.GUARDIAN:
            for name in ("name", "relation"):
                if not found.get(name):
                    self.add_error(name, _("Fill it in for a guardian"))
        return found
