"""Lists of entries and penalties, and how their states look."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from core.chinese import clean_text, name_query
from core.formatting import day, money, school_year
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge
from records.entry_models import Conduct, FileEntry, Internship, LearningProblem
from records.merits import codes
from records.penalty_models import Penalty

S = Penalty.State
PENALTY_KINDS = {
    **dict.fromkeys((S.PREPARING, S.DROPPED, S.LIFTED, S.REVOKED, S.VOIDED), "grey"),
    **dict.fromkeys((S.NOTICED, S.DECIDED, S.IN_FORCE), "blue"),
    S.HEARD: "amber",
    S.RETURNED: "orange",
}
PROBLEM_KINDS = {
    LearningProblem.State.OPEN: "amber",
    LearningProblem.State.ANSWERED: "blue",
    LearningProblem.State.CLOSED: "green",
}
CONDUCT_KINDS = {Conduct.Kind.PRAISE: "green", Conduct.Kind.NOTE: "grey", Conduct.Kind.REMINDER: "amber"}


def penalty_badge(row: Penalty) -> str:
    """The state of a penalty in words."""
    return badge(
        PENALTY_KINDS[S(row.state)], row.get_state_display(), "gavel" if row.state == S.IN_FORCE else ""
    )


def problem_badge(row: LearningProblem) -> str:
    """The state of a learning problem in words."""
    return badge(PROBLEM_KINDS[LearningProblem.State(row.state)], row.get_state_display())


def conduct_badge(row: Conduct) -> str:
    """What kind of observation it is."""
    return badge(CONDUCT_KINDS[Conduct.Kind(row.kind)], row.get_kind_display())


def void_badge(row: FileEntry) -> str:
    """Marks an entry that was made void."""
    return badge("grey", _("Void"), "x") if row.voided_at else ""


def by_student(rows: QuerySet[Any], text: str, *, number: str = "enrolment__student_no") -> QuerySet[Any]:
    """Rows whose student's name or student number fits; ``number``: the path to the number."""
    text = clean_text(text)
    if any(one.isdigit() for one in text):
        return rows.filter(**{f"{number}__startswith": text.replace(" ", "").upper()})
    query = name_query(text)
    return rows.filter(student__name_tokens__matches=query) if query else rows.none()


def _name(row: Any) -> object:
    return format_html('<span class="person-name">{}</span>', row.student.name)


def _class(row: Any) -> object:
    return row.enrolment.school_class.label if row.enrolment.school_class else None


STUDENT: tuple[Column[Any], ...] = (
    Column("name", _("Name"), _name, sort=("student__name_sort",), fixed=True, link=True, css="name",
           value=lambda row: row.student.name),
    Column("student_no", _("Student number"), lambda row: row.enrolment.student_no,
           sort=("enrolment__student_no",), css="id", phone=False),
    Column("class", _("Class"), _class, sort=("enrolment__school_class__class_no",), phone=False),
)  # fmt: skip
ENTERED: tuple[Column[Any], ...] = (
    Column("entered_by", _("Entered by"), lambda row: row.entered_by.name, css="name", phone=False),
    Column("entered_at", _("Entered at"), lambda row: row.entered_at, sort=("entered_at",), css="date",
           default=False),
    Column("void", _("Void"), lambda row: void_badge(row) or None, css="state", phone=False,
           value=lambda row: bool(row.voided_at)),
)  # fmt: skip
BY_STUDENT = Filter(
    "q", _("Name or number"), "text", by_student, placeholder=_("Part of the name, student number")
)
VOID = Filter("void", _("Void too"), "flag", lambda rows, _value: rows, rare=True)


class EntryList(ListPage[Any]):
    """What the lists of entries share. Void entries are shown on demand."""

    kind_key = ""

    def row_url(self, row: Any) -> str:
        """The page of the entry."""
        return reverse(f"records:{self.kind_key}", args=[row.public_id])

    @property
    def filtered(self) -> QuerySet[Any]:
        """Without void entries, unless they are asked for."""
        rows = super().filtered
        shown = any(one.key == "void" and one.value for one in self.shown_filters)
        return rows if shown else rows.filter(voided_at=None)


class RewardList(EntryList):
    """Rewards in one's units."""

    name = "records.rewards"
    kind_key = "reward"
    columns = (
        *STUDENT,
        Column("reward", _("Name of the reward"), lambda row: row.name, sort=("name",)),
        Column("level", _("Reward level"), lambda row: row.level_label, sort=("level",), phone=False),
        Column("grade", _("Reward grade"), lambda row: row.grade_label, sort=("grade",), phone=False),
        Column("granting_unit", _("Granting unit"), lambda row: row.granting_unit, default=False),
        Column("granted_on", _("Granted on"), lambda row: row.granted_on, sort=("granted_on",), css="date"),
        Column("school_year", _("School year"), lambda row: school_year(row.school_year), default=False),
        Column("amount", _("Amount"), lambda row: money(row.amount) if row.amount else None, css="num", phone=False),
        *ENTERED,
    )  # fmt: skip
    filters = (
        BY_STUDENT,
        Filter("level", _("Reward level"), "choice", "level", choices=lambda _user: codes.choices("reward_level")),
        Filter("category", _("Reward category"), "choice", "category",
               choices=lambda _user: codes.choices("reward_category")),
        Filter("since", _("Granted since"), "date", "granted_on__gte"),
        VOID,
    )  # fmt: skip
    default_sort = "-granted_on"
    empty = Empty(
        _("No reward yet"), _("Enter one from a student's file, or one for several of a class."), icon="medal"
    )


class ConductList(EntryList):
    """Daily conduct in one's classes or units."""

    name = "records.conduct"
    kind_key = "conduct"
    columns = (
        *STUDENT,
        Column("happened_on", _("Date"), lambda row: row.happened_on, sort=("happened_on",), css="date"),
        Column("kind", _("Kind of entry"), conduct_badge, sort=("kind",), css="state",
               value=lambda row: row.get_kind_display()),
        Column("area", _("Area"), lambda row: row.get_area_display(), sort=("area",)),
        *ENTERED,
    )  # fmt: skip
    filters = (
        BY_STUDENT,
        Filter("kind", _("Kind of entry"), "choice", "kind", choices=Conduct.Kind.choices),
        Filter("area", _("Area"), "choice", "area", choices=Conduct.Area.choices),
        Filter("since", _("Since"), "date", "happened_on__gte"),
        VOID,
    )
    default_sort = "-happened_on"
    empty = Empty(_("No daily conduct yet"), _("Enter what stands out, for one or several of a class."))


class ProblemList(EntryList):
    """Learning problems: for teachers those of their classes, for student affairs those that wait."""

    name = "records.problems"
    kind_key = "problem"
    columns = (
        *STUDENT,
        Column("kind", _("Kind of problem"), lambda row: row.get_kind_display(), sort=("kind",)),
        Column("state", _("State"), problem_badge, sort=("state",), css="state",
               value=lambda row: row.get_state_display()),
        Column("noticed_on", _("Noticed on"), lambda row: row.noticed_on, sort=("noticed_on",), css="date"),
        Column("due_on", _("Answer due on"), lambda row: row.due_on, sort=("due_on",), css="date"),
        *ENTERED,
    )  # fmt: skip
    filters = (
        BY_STUDENT,
        Filter("state", _("State"), "choice", "state", choices=LearningProblem.State.choices),
        Filter("kind", _("Kind of problem"), "choice", "kind", choices=LearningProblem.Kind.choices),
        VOID,
    )
    default_sort = "-noticed_on"
    empty = Empty(
        _("No learning problem yet"), _("Teachers feed back what they notice; student affairs answer."),
        icon="message-circle",
    )  # fmt: skip


class InternshipList(EntryList):
    """Internships and practice."""

    name = "records.internships"
    kind_key = "internship"
    columns = (
        *STUDENT,
        Column(
            "kind", _("Kind of practice"), lambda row: row.get_kind_display(), sort=("kind",), phone=False
        ),
        Column("organisation", _("Organisation"), lambda row: row.organisation, sort=("organisation",)),
        Column("starts_on", _("First day"), lambda row: row.starts_on, sort=("starts_on",), css="date"),
        Column("until", _("Last day"), lambda row: row.ended_on or row.planned_until, css="date"),
        Column("result", _("Result"), lambda row: row.get_result_display() or None, sort=("result",)),
        *ENTERED,
    )
    filters = (
        BY_STUDENT,
        Filter("kind", _("Kind of practice"), "choice", "kind", choices=Internship.Kind.choices),
        Filter("running", _("Without a result"), "flag", lambda rows, _value: rows.filter(result="")),
        VOID,
    )
    default_sort = "-starts_on"
    empty = Empty(_("No internship yet"), _("Enter one for a student, or one for several of a class."))


class EmploymentList(EntryList):
    """Where graduates go."""

    name = "records.employment"
    kind_key = "employment"
    columns = (
        *STUDENT,
        Column("destination", _("Destination"), lambda row: row.destination_label, sort=("destination",)),
        Column("employer", _("Employer or school"), lambda row: row.employer or None, sort=("employer",)),
        Column("post", _("Post"), lambda row: row.post or None, phone=False),
        Column("signed_on", _("Signed on"), lambda row: row.signed_on, sort=("signed_on",), css="date"),
        *ENTERED,
    )
    filters = (
        BY_STUDENT,
        Filter("destination", _("Destination"), "choice", "destination",
               choices=lambda _user: codes.choices("graduate_destination")),
        VOID,
    )  # fmt: skip
    default_sort = "-signed_on"
    empty = Empty(_("No employment yet"), _("It is entered from a graduate's file."), icon="briefcase")


LISTS: dict[str, type[EntryList]] = {
    one.kind_key: one for one in (RewardList, ConductList, ProblemList, InternshipList, EmploymentList)
}


def _penalty(row: Any) -> object:
    return row.kind_label or row.proposed_kind_label


def _term(row: Penalty) -> object:
    return day(row.ends_on) if row.ends_on else None


class PenaltyList(ListPage[Penalty]):
    """Cases and penalties in one's units."""

    name = "records.penalties"
    columns = (
        *STUDENT,
        Column("penalty", _("Penalty"), _penalty, sort=("kind", "proposed_kind")),
        Column("state", _("State"), penalty_badge, sort=("state",), css="state",
               value=lambda row: row.get_state_display()),
        Column("violation", _("Kind of violation"), lambda row: getattr(row, "violation_label", ""), phone=False),
        Column("decided_on", _("Decided on"), lambda row: row.decided_on, sort=("decided_on",), css="date",
               phone=False),
        Column("ends_on", _("Term until"), _term, sort=("ends_on",), css="date", phone=False),
        Column("due_on", _("Due on"), lambda row: row.due_on, sort=("due_on",), css="date"),
        Column("prepared_by", _("Prepared by"), lambda row: row.prepared_by.name, css="name", default=False),
        Column("decided_by", _("Decided by"), lambda row: row.decided_by.name if row.decided_by else None,
               css="name", default=False),
    )  # fmt: skip
    filters = (
        BY_STUDENT,
        Filter("state", _("State"), "choice", "state", choices=S.choices),
        Filter("kind", _("Penalty"), "choice", "kind", choices=lambda _user: codes.choices("penalty_kind")),
        Filter("asked", _("Lifting asked for"), "flag",
               lambda rows, _value: rows.filter(lifting_asked_on__isnull=False, state=S.IN_FORCE)),
        Filter("appeal", _("Appeal open"), "flag", lambda rows, _value: rows.filter(appeal="open"), rare=True),
        Filter("until", _("Term ends by"), "date", "ends_on__lte", rare=True),
    )  # fmt: skip
    default_sort = "due_on"
    empty = Empty(_("No penalties yet"), _("A case begins in a student's file."), icon="gavel")

    def row_url(self, row: Penalty) -> str:
        """The case."""
        return reverse("records:penalty", args=[row.public_id])
