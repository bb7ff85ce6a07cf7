"""Forms of entries."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.chinese import clean_text
from files.actions import Scan
from files.forms import ScanField
from records.entry_models import Conduct, Internship, LearningProblem
from records.merits import codes
from records.merits.kinds import CONDUCT, EMPLOYMENT, INTERNSHIP, PROBLEM, REWARD
from school.models import Region

LONGEST_TEXT = 2000
FIRST_YEAR = 1980
NONE: list[tuple[str, Any]] = [("", "—")]
EVIDENCE = _("Evidence (scan)")


def day_field(label: Any, **values: Any) -> forms.DateField:
    """A date typed in any common way."""
    widget = forms.DateInput(attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": "10"})
    return forms.DateField(label=label, widget=widget, **values)


def words_field(label: Any, *, rows: int = 4, **values: Any) -> forms.CharField:
    """Free text of some lines."""
    widget = forms.Textarea(attrs={"rows": str(rows)})
    return forms.CharField(label=label, widget=widget, max_length=LONGEST_TEXT, **values)


def code_field(label: Any, key: str, *, required: bool = True) -> forms.ChoiceField:
    """A code of a list, offered as it stands today."""
    return forms.ChoiceField(label=label, required=required, choices=lambda: [*NONE, *codes.choices(key)])


def wide_digits(text: Any) -> Any:
    """A posted text with full-width digits and letters made plain, lines kept."""
    return "\n".join(clean_text(line) for line in text.splitlines()) if isinstance(text, str) else text


class EntryForm(forms.Form):
    """What all entries share: the key that lets one sent form count once, and the scan."""

    use_required_attribute = False
    fields_wide: tuple[str, ...] = ()
    widths: dict[str, str] = {}

    form_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("form_key", uuid4())

    def clean(self) -> dict[str, Any]:
        """Typed text without full-width digits and spaces around."""
        return {name: wide_digits(value) for name, value in (super().clean() or {}).items()}

    @property
    def lines(self) -> list[tuple[forms.BoundField, str, bool]]:
        """The visible fields, each with its width and whether it takes the whole row."""
        return [
            (one, self.widths.get(one.name, "medium"), one.name in self.fields_wide)
            for one in self.visible_fields()
        ]

    @property
    def key(self) -> UUID | None:
        """The key of this sent form."""
        return self.cleaned_data.get("form_key")

    @property
    def scan(self) -> Scan | None:
        """The uploaded scan."""
        found: Scan | None = self.cleaned_data.get("evidence")
        return found

    @property
    def values(self) -> dict[str, Any]:
        """What goes to the action."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in {"form_key", "evidence", "exception", "ids"}
        }


class RewardForm(EntryForm):
    """A reward by the columns of B.7."""

    fields_wide = ("name", "reason", "evidence", "exception")
    widths = {
        "name": "", "reason": "", "evidence": "", "exception": "", "granted_on": "date", "school_year": "short",
        "amount": "short",
    }  # fmt: skip

    name = forms.CharField(label=_("Name of the reward"), max_length=60)
    granting_unit = forms.CharField(label=_("Granting unit"), max_length=60)
    granted_on = day_field(_("Granted on"), initial=timezone.localdate)
    level = code_field(_("Reward level"), "reward_level")
    grade = code_field(_("Reward grade"), "reward_grade")
    category = code_field(_("Reward category"), "reward_category")
    kind = code_field(_("Reward type"), "reward_type", required=False)
    way = code_field(_("Reward form"), "reward_way", required=False)
    school_year = forms.IntegerField(
        label=_("School year"),
        min_value=FIRST_YEAR,
        max_value=2100,
        help_text=_("The year in which it begins"),
    )
    document_no = forms.CharField(label=_("Document number"), max_length=60, required=False)
    amount = forms.DecimalField(
        label=_("Amount (yuan)"), min_value=0, max_digits=10, decimal_places=2, required=False
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)
    evidence = ScanField(label=EVIDENCE, required=False)
    exception = forms.CharField(
        label=_("Why in spite of a penalty"),
        max_length=200,
        required=False,
        help_text=_("Only where a penalty in force bars the award and it is given all the same"),
    )

    def __init__(self, *args: Any, may_except: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.initial.setdefault("school_year", today.year if today.month > 8 else today.year - 1)
        if not may_except:
            del self.fields["exception"]

    @property
    def own(self) -> dict[str, Any]:
        """What only rewards have beside their values."""
        return {"exception": self.cleaned_data.get("exception", "")}


class ConductForm(EntryForm):
    """One observation of one day."""

    fields_wide = ("text", "evidence")
    widths = {"text": "", "evidence": "", "happened_on": "date", "kind": "short", "area": "short"}

    happened_on = day_field(_("Date"), initial=timezone.localdate)
    kind = forms.ChoiceField(label=_("Kind of entry"), choices=Conduct.Kind.choices)
    area = forms.ChoiceField(label=_("Area"), choices=Conduct.Area.choices)
    text = words_field(_("What happened"), rows=3)
    evidence = ScanField(label=EVIDENCE, required=False)


class ProblemForm(EntryForm):
    """A learning problem for student affairs."""

    fields_wide = ("text",)
    widths = {"text": "", "noticed_on": "date", "kind": "medium"}

    noticed_on = day_field(_("Noticed on"), initial=timezone.localdate)
    kind = forms.ChoiceField(label=_("Kind of problem"), choices=LearningProblem.Kind.choices)
    text = words_field(_("What was noticed"))


class InternshipForm(EntryForm):
    """An internship or practice."""

    fields_wide = ("evidence",)
    widths = {"evidence": "", "starts_on": "date", "planned_until": "date"}

    kind = forms.ChoiceField(label=_("Kind of practice"), choices=Internship.Kind.choices)
    organisation = forms.CharField(label=_("Organisation"), max_length=60)
    post = forms.CharField(label=_("Post"), max_length=40, required=False)
    mentor = forms.CharField(label=_("Teacher in charge"), max_length=40, required=False)
    starts_on = day_field(_("First day"))
    planned_until = day_field(_("Planned last day"))
    contact = forms.CharField(
        label=_("Contact in the organisation"), max_length=80, required=False, help_text=_("Name and phone")
    )
    evidence = ScanField(label=_("Agreement (scan)"), required=False)

    def clean(self) -> dict[str, Any]:
        """It ends after it begins."""
        values = super().clean()
        first, last = values.get("starts_on"), values.get("planned_until")
        if first and last and last < first:
            self.add_error("planned_until", _("The last day lies before the first."))
        return values


class EmploymentForm(EntryForm):
    """Where a graduate goes, by the columns of B.7."""

    fields_wide = ("file_address", "evidence")
    widths = {
        "file_address": "",
        "evidence": "",
        "signed_on": "date",
        "reports_on": "date",
        "region_code": "short",
    }

    destination = code_field(_("Destination"), "graduate_destination")
    employer = forms.CharField(label=_("Employer or school"), max_length=60, required=False)
    post = forms.CharField(label=_("Post"), max_length=40, required=False)
    post_kind = code_field(_("Kind of post"), "post_kind", required=False)
    industry = code_field(_("Industry"), "industry", required=False)
    region_code = forms.CharField(
        label=_("Region of the employer"),
        max_length=6,
        required=False,
        help_text=_("Six digits, for example 420106"),
    )
    agreement_no = forms.CharField(label=_("Agreement number"), max_length=40, required=False)
    signed_on = day_field(_("Signed on"), required=False)
    reports_on = day_field(_("Reports for work on"), required=False)
    file_address = forms.CharField(label=_("Address that receives the file"), max_length=120, required=False)
    evidence = ScanField(label=_("Agreement (scan)"), required=False)

    WITHOUT_EMPLOYER = ("70", "71", "72")

    def clean_region_code(self) -> str:
        """A region of the list."""
        code = clean_text(self.cleaned_data["region_code"])
        if code and not Region.objects.filter(code=code).exists():
            raise forms.ValidationError(_("No region has this code."))
        return code

    def clean(self) -> dict[str, Any]:
        """Whoever has a place names it; who reports for work has signed before."""
        values = super().clean()
        placed = values.get("destination") not in {None, "", *self.WITHOUT_EMPLOYER}
        if placed and not values.get("employer"):
            self.add_error("employer", _("Name the employer or school."))
        signed, reports = values.get("signed_on"), values.get("reports_on")
        if signed and reports and reports < signed:
            self.add_error("reports_on", _("This date lies before the signature."))
        return values


FORMS: dict[str, type[EntryForm]] = {
    REWARD.key: RewardForm,
    CONDUCT.key: ConductForm,
    PROBLEM.key: ProblemForm,
    INTERNSHIP.key: InternshipForm,
    EMPLOYMENT.key: EmploymentForm,
}


class FinishForm(forms.Form):
    """The end of a practice."""

    use_required_attribute = False

    ended_on = day_field(_("Last day"), initial=timezone.localdate)
    result = forms.ChoiceField(label=_("Result"), choices=Internship.Result.choices)
    assessment = words_field(_("Assessment"), rows=3, required=False)


class WordsForm(forms.Form):
    """A reason or an answer."""

    use_required_attribute = False

    text = words_field(_("Words"), rows=3)
