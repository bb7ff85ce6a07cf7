"""Forms of holds and loans."""

from django import forms
from django.utils.translation import gettext_lazy as _

from archive.models import PaperLoan


class HoldForm(forms.Form):
    """A hold."""

    use_required_attribute = False
    prefix = "hold"

    basis = forms.CharField(
        label=_("Basis"), max_length=200, help_text=_("Which document, of whom, of which day")
    )
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class LoanForm(forms.Form):
    """A loan of the paper file."""

    use_required_attribute = False
    prefix = "loan"

    copy = forms.ChoiceField(label=_("Copy that is lent"), choices=PaperLoan.Copy.choices)
    borrower = forms.CharField(label=_("Borrower"), max_length=80)
    borrower_unit = forms.CharField(label=_("Unit of the borrower"), max_length=120)
    purpose = forms.CharField(label=_("Purpose"), max_length=200)
    due_on = forms.DateField(label=_("To be returned by"), widget=forms.DateInput(attrs={"type": "date"}))
