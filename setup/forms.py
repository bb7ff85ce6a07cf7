"""The shape of what people fill in about the school's settings."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.chinese import clean_text
from school.models import CalendarPeriod, ClassStaff, Code, Programme, Stage, Unit
from school.rules import RuleKind
from setup.codefiles import code_fault

_DATE = forms.DateInput(attrs={"inputmode": "numeric", "autocomplete": "off", "placeholder": "2026-09-01"})
NONE: list[tuple[str, Any]] = [("", "—")]
WIDTHS = {
    "valid_from": "date",
    "valid_until": "date",
    "last_day": "date",
    "code": "date",
    "order": "postcode",
    "entry_year": "postcode",
    "grade_level": "postcode",
    "number": "postcode",
    "seats": "postcode",
    "school_year": "postcode",
    "study_years": "postcode",
    "class_no": "phone",
    "parent_code": "postcode",
}


class SettingsForm(forms.Form):
    """Cleans typed text, and carries the version of the row that the reader saw."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        return {
            name: clean_text(value) if isinstance(value, str) else value
            for name, value in (super().clean() or {}).items()
        }

    @property
    def lines(self) -> Iterator[tuple[forms.BoundField, str]]:
        """The visible fields, each with its width."""
        for bound in self.visible_fields():
            yield bound, WIDTHS.get(bound.name, "medium")

    @property
    def values(self) -> dict[str, Any]:
        """What goes to an action that adds something."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}


class UnitForm(SettingsForm):
    """A unit's names and what it is for."""

    name = forms.CharField(label=_("Unit name"), max_length=80)
    label_en = forms.CharField(label=_("English name"), max_length=120, required=False)
    code = forms.CharField(
        label=_("School code"), max_length=10, required=False, help_text=_("Ten digits for a school")
    )
    stage = forms.ChoiceField(
        label=_("Kind of schooling"),
        choices=[*NONE, *Stage.choices],
        required=False,
        help_text=_("Schools only; it decides fields, checks and rules."),
    )
    duty = forms.ChoiceField(
        label=_("Duty"),
        choices=[*NONE, *Unit.Duty.choices],
        required=False,
        help_text=_("Departments only; work and notices go to the department of that duty."),
    )
    order = forms.IntegerField(label=_("Order"), min_value=0, max_value=999, initial=0)


class NewUnitForm(UnitForm):
    """A unit below another one."""

    kind = forms.ChoiceField(label=_("Kind"))
    field_order = ("kind",)

    def __init__(self, *args: Any, kinds: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = dict(Unit.Kind.choices)
        self.fields["kind"].choices = [(kind, labels[kind]) for kind in kinds]  # type: ignore[attr-defined]  # a choice field


class RuleForm(SettingsForm):
    """A dated value of a rule."""

    value = forms.CharField(label=_("Value"), max_length=200)
    valid_from = forms.DateField(
        label=_("Valid from"),
        widget=_DATE,
        initial=timezone.localdate,
        help_text=_("Today or later; what was decided before stays decided."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)
    source = forms.CharField(
        label=_("Legal source"), max_length=200, required=False, help_text=_("The document that says so")
    )

    def __init__(self, *args: Any, kind: RuleKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind.choices:
            self.fields["value"] = forms.ChoiceField(label=_("Value"), choices=kind.choices)


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class LastDayForm(ReasonForm):
    """The last day on which something holds, and why it ends."""

    last_day = forms.DateField(label=_("Last day"), widget=_DATE)


class WithdrawRuleForm(ReasonForm):
    """Which coming value of a rule is taken back, and why."""

    valid_from = forms.DateField()


class ProgrammeForm(SettingsForm):
    """A programme."""

    code = forms.CharField(label=_("Programme code"), max_length=10)
    name = forms.CharField(label=_("Programme name"), max_length=50)
    label_en = forms.CharField(label=_("English name"), max_length=120, required=False)
    level = forms.ChoiceField(label=_("Level"), required=False)
    learning_form = forms.ChoiceField(label=_("Learning form"), required=False)
    study_years = forms.DecimalField(
        label=_("Length of schooling (years)"), min_value=1, max_value=8, decimal_places=1
    )
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(
        self, *args: Any, codes: dict[str, list[tuple[str, str]]], fixed: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, key in (("level", "education_level"), ("learning_form", "learning_form")):
            self.fields[name].choices = NONE + codes.get(key, [])  # type: ignore[attr-defined]  # a choice field
        if fixed:
            self.fields["code"].disabled = True
            self.fields["code"].help_text = _("Student numbers hold it, so it stays.")


class ProgrammeChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in the stubs only
    """A programme with its code."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.code} {obj.label}"


class ClassForm(SettingsForm):
    """A class: its name, programme and seats."""

    name = forms.CharField(label=_("Class name"), max_length=40, help_text=_("For example 一年级（3）班"))
    label_en = forms.CharField(label=_("English name"), max_length=60, required=False)
    programme = ProgrammeChoiceField(
        label=_("Programme"), queryset=Programme.objects.none(), required=False, empty_label="—"
    )
    seats = forms.IntegerField(label=_("Seats"), min_value=1, max_value=500, initial=45)

    def __init__(self, *args: Any, programmes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["programme"].queryset = programmes  # type: ignore[attr-defined]  # a ModelChoiceField
        if not programmes.exists():
            del self.fields["programme"]


class NewClassForm(ClassForm):
    """A class with the facts that give its number."""

    school_year = forms.IntegerField(
        label=_("School year"), min_value=2000, max_value=2100, help_text=_("The year in which it begins")
    )
    entry_year = forms.IntegerField(label=_("Entry year"), min_value=1990, max_value=2100)
    grade_level = forms.IntegerField(label=_("Grade level"), min_value=1, max_value=9)
    number = forms.IntegerField(label=_("Number in the grade"), min_value=1, max_value=99)
    class_no = forms.CharField(label=_("Class number"), max_length=12, required=False)
    field_order = ("school_year", "entry_year", "grade_level", "number", "class_no")

    def __init__(self, *args: Any, class_rule: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if class_rule == "free":
            self.fields["class_no"].required = True
            self.fields["class_no"].help_text = _("This school's rule leaves class numbers free.")
        else:
            text = _("Leave it empty: by this school's rule %(rule)s it follows from the rest.")
            self.fields["class_no"].help_text = text % {"rule": class_rule}


class PersonChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in the stubs only
    """A person of the staff with unit and staff number."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.staff_no})"


class ClassStaffForm(SettingsForm):
    """A duty in a class for some time."""

    user = PersonChoiceField(label=_("Person"), queryset=User.objects.none(), empty_label="—")
    duty = forms.ChoiceField(label=_("Duty"), choices=ClassStaff.Duty.choices)
    valid_from = forms.DateField(label=_("Valid from"), widget=_DATE, initial=timezone.localdate)
    valid_until = forms.DateField(
        label=_("Valid until"), widget=_DATE, required=False, help_text=_("Last day; empty for no end")
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people  # type: ignore[attr-defined]  # a ModelChoiceField


class StaffChoiceForm(LastDayForm):
    """Which duty in the class ends."""

    staff = forms.IntegerField()


class TermForm(SettingsForm):
    """The days of a term."""

    valid_from = forms.DateField(label=_("First day"), widget=_DATE)
    valid_until = forms.DateField(label=_("Last day"), widget=_DATE)


class NewTermForm(TermForm):
    """A term."""

    school_year = forms.IntegerField(
        label=_("School year"), min_value=2000, max_value=2100, help_text=_("The year in which it begins")
    )
    number = forms.IntegerField(label=_("Term"), min_value=1, max_value=4)
    field_order = ("school_year", "number")


class PeriodForm(SettingsForm):
    """Days that the calendar takes out of the usual week."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=CalendarPeriod.Kind.choices,
        help_text=_("Vacations do not stop deadlines of the offices; holidays do."),
    )
    valid_from = forms.DateField(label=_("First day"), widget=_DATE)
    valid_until = forms.DateField(label=_("Last day"), widget=_DATE)
    note = forms.CharField(label=_("Note"), max_length=80, required=False)


class PeriodChoiceForm(ReasonForm):
    """Which period goes out of the calendar."""

    period = forms.IntegerField()


class CodeForm(SettingsForm):
    """An entry of a code list."""

    code = forms.CharField(label=_("Code"), max_length=8)
    label_zh = forms.CharField(label=_("Chinese label"), max_length=80)
    label_en = forms.CharField(label=_("English label"), max_length=120, required=False)
    aliases = forms.CharField(
        label=_("Also read as"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Other spellings that an imported file may hold, one a line"),
    )
    order = forms.IntegerField(label=_("Order"), min_value=0, max_value=9999, initial=0)
    valid_from = forms.DateField(label=_("Valid from"), widget=_DATE, required=False)
    valid_until = forms.DateField(label=_("Valid until"), widget=_DATE, required=False)

    def __init__(self, *args: Any, fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if fixed:
            self.fields["code"].disabled = True
            self.fields["code"].help_text = _("Files hold it, so it stays.")

    def clean_code(self) -> str:
        code: str = clean_text(self.cleaned_data["code"])
        if fault := code_fault(code):
            raise ValidationError(fault)
        return code

    def clean_aliases(self) -> list[str]:
        lines = [clean_text(line) for line in self.cleaned_data["aliases"].splitlines()]
        found = list(dict.fromkeys(line for line in lines if line))
        longest = Code._meta.get_field("label_zh").max_length or 0
        if any(len(line) > longest or "|" in line for line in found):
            raise ValidationError(
                _("At most %(count)s characters in a line, and no |"), params={"count": longest}
            )
        return found


class RegionForm(SettingsForm):
    """A region."""

    code = forms.CharField(label=_("Region code"), max_length=6, min_length=6)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=60)
    name_en = forms.CharField(label=_("English name"), max_length=80, required=False)
    parent_code = forms.CharField(
        label=_("Part of"), max_length=6, required=False, help_text=_("Region code")
    )
    valid_from = forms.DateField(label=_("Valid from"), widget=_DATE, required=False)
    valid_until = forms.DateField(
        label=_("Valid until"),
        widget=_DATE,
        required=False,
        help_text=_("For an abolished region; numbers that begin with it stay right."),
    )
    source = forms.CharField(label=_("Source"), max_length=120, required=False)

    def __init__(self, *args: Any, fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].disabled = fixed


class CodeFileForm(forms.Form):
    """A file of codes or regions."""

    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("UTF-8 or GB18030, with the columns of the present file (download it first)"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )


class ApplyForm(forms.Form):
    """That a looked-at plan is to be carried out."""

    token = forms.CharField(max_length=40)
    fingerprint = forms.CharField(max_length=64)
