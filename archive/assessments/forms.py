"""Forms of impact assessments: writing one, and naming one where something rests on it."""

from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from archive.assessments.actions import last_day
from archive.assessments.selectors import valid
from archive.models import ImpactAssessment
from school.models import Unit


def _text(label: Any, hint: Any) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=hint, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )


class AssessmentForm(forms.Form):
    """What articles 55 and 56 of the law ask for. No student is named. ``key``: the form's own; it writes once."""

    use_required_attribute = False

    key = forms.UUIDField(widget=forms.HiddenInput)
    title = forms.CharField(label=_("What is assessed"), max_length=120)
    kinds = _text(_("Kinds of data"), _("Which items, of which students, how many; no names"))
    purpose = _text(_("Purpose and way"), _("What is done with the data, by whom, and on what legal ground"))
    necessity = _text(_("Necessity"), _("Why less data, or masked data, would not do"))
    risk = _text(_("Risk to the persons"), _("What could happen to the students, how likely and how grave"))
    measures = _text(_("Measures"), _("What prevents it, and whether that is enough"))
    conclusion = forms.ChoiceField(
        label=_("Conclusion"), choices=ImpactAssessment.Conclusion.choices, widget=forms.RadioSelect
    )
    valid_until = forms.DateField(
        label=_("Valid until"),
        help_text=_("At most three years; then it is assessed anew"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean_valid_until(self) -> Any:
        """From today to three years from now."""
        found = self.cleaned_data["valid_until"]
        if not timezone.localdate() <= found <= last_day(timezone.localdate()):
            raise forms.ValidationError(_("Choose a day from today to three years from now."))
        return found


class EndForm(forms.Form):
    """Why an assessment is refused or withdrawn."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("No names of students here"),
    )  # fmt: skip


class AssessmentField(forms.ModelChoiceField[ImpactAssessment]):
    """One of the school's assessments that stand; `of` says of which school."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            ImpactAssessment.objects.none(),
            to_field_name="public_id",
            empty_label=_("None chosen"),
            **options,
        )

    def label_from_instance(self, obj: ImpactAssessment) -> str:
        """Number and title."""
        return f"{obj.number} {obj.title}"

    @staticmethod
    def of(form: forms.Form, name: str, school: Unit) -> None:
        """Offer those of the school."""
        cast("AssessmentField", form.fields[name]).queryset = valid(school)
