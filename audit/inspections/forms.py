"""Forms of inspections."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.inspections.actions import Points
from audit.inspections.people import departments, inspectors
from audit.models import FULL_SCORE, MOST_FILES, Fault, Inspection
from school.models import Unit

IMPERSONAL = _("Name no student: write the archive number")


def text_field(label: Any, *, required: bool = True, hint: Any = "", rows: int = 3) -> forms.CharField:
    """Words of several lines."""
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=2000, required=required, help_text=hint, widget=area)


def day_field(label: Any, **options: Any) -> forms.DateField:
    """A day, written in any of the ways of the other pages."""
    widget = forms.DateInput(
        attrs={"inputmode": "numeric", "autocomplete": "off", "placeholder": "2026-09-01"}
    )
    return forms.DateField(label=label, widget=widget, **options)


class UnitField(forms.ModelChoiceField[Unit]):
    """A department with its school."""

    def label_from_instance(self, obj: Unit) -> str:
        """``红花小学 · 招生办``."""
        return obj.full_label


class PersonField(forms.ModelChoiceField[User]):
    """A person with his unit."""

    def label_from_instance(self, obj: User) -> str:
        """``刘敏 · 档案室``."""
        return f"{obj.name} · {obj.unit.label}" if obj.unit else obj.name


class PlanForm(forms.Form):
    """A planned inspection. Without an inspector any of the archives' takes it on."""

    use_required_attribute = False

    unit = UnitField(
        label=_("Department"), queryset=Unit.objects.none(), to_field_name="public_id", empty_label="—"
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[one for one in Inspection.Kind.choices if one[0] != Inspection.Kind.QUARTERLY],
        help_text=_("An inspection of the safety of the archives draws no files"),
    )
    period_from = day_field(_("Period looked at, from"))
    period_until = day_field(_("Period looked at, until"))
    planned_on = day_field(_("Planned for"), initial=timezone.localdate)
    sample_size = forms.IntegerField(
        label=_("Files to be drawn"), min_value=0, max_value=MOST_FILES, initial=10,
        help_text=_("Drawn by the system from the files that the department worked on in the period"),
    )  # fmt: skip
    inspector = PersonField(
        label=_("Inspector"), queryset=User.objects.none(), required=False,
        empty_label=_("Whoever takes it on"),
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("UnitField", self.fields["unit"]).queryset = departments(user)
        cast("PersonField", self.fields["inspector"]).queryset = inspectors(user)

    def clean(self) -> None:
        """The period has a beginning before its end."""
        super().clean()
        values = self.cleaned_data
        since, until = values.get("period_from"), values.get("period_until")
        if since and until and until < since:
            self.add_error("period_until", ValidationError(_("The end lies before the beginning.")))

    def values(self) -> dict[str, Any]:
        """What `actions.plan` takes."""
        given = dict(self.cleaned_data)
        given["period"] = (given.pop("period_from"), given.pop("period_until"))
        return given


class AssignForm(forms.Form):
    """Another inspector."""

    use_required_attribute = False

    inspector = PersonField(label=_("Inspector"), queryset=User.objects.none(), empty_label="—")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("PersonField", self.fields["inspector"]).queryset = inspectors(user)


class FindingsForm(forms.Form):
    """Points and words of each area."""

    use_required_attribute = False
    prefix = "finding"

    def __init__(self, *args: Any, inspection: Inspection, **kwargs: Any) -> None:
        known = {one.area: one for one in inspection.findings.all()}
        kwargs["initial"] = {
            name: value
            for area, one in known.items()
            for name, value in ((f"{area}_score", one.score), (f"{area}_words", one.words))
        }
        super().__init__(*args, **kwargs)
        self.areas = inspection.areas
        for area in self.areas:
            self.fields[f"{area.value}_score"] = forms.IntegerField(
                label=area.label, min_value=0, max_value=FULL_SCORE, required=False,
                help_text=_("Points, at most %(most)s; say below why any are missing") % {"most": FULL_SCORE},
            )  # fmt: skip
            self.fields[f"{area.value}_words"] = text_field(_("What was found"), required=False, rows=2)

    def clean(self) -> None:
        """Words alone are not enough, and points that are missing ask for words."""
        super().clean()
        for area in self.areas:
            score, words = f"{area.value}_score", f"{area.value}_words"
            given = self.cleaned_data.get(score)
            if self.cleaned_data.get(words):
                if given is None and score not in self.errors:
                    self.add_error(score, ValidationError(_("Give points as well.")))
            elif given is not None and given < FULL_SCORE:
                self.add_error(words, ValidationError(_("Say in words why points are missing.")))

    def points(self) -> dict[str, Points]:
        """What was given, by area."""
        values = self.cleaned_data
        return {
            area.value: Points(values[f"{area.value}_score"], values[f"{area.value}_words"])
            for area in self.areas
            if values[f"{area.value}_score"] is not None
        }


class JudgeForm(forms.Form):
    """What is wrong with a file of the sample."""

    use_required_attribute = False

    faults = forms.MultipleChoiceField(
        label=_("Faults"), choices=Fault.choices, required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: the file is in order"),
    )  # fmt: skip
    note = text_field(_("The fault in words"), required=False, hint=IMPERSONAL)
