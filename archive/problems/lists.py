"""Lists of problem records, and the rows of one of them."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archive.models import ProblemList, ProblemRow
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge

State, Match = ProblemRow.State, ProblemRow.Match
LOOKS = {
    State.OPEN: ("amber", "circle-dashed"),
    State.ANSWERED: ("blue", "progress-check"),
    State.CONFIRMED: ("green", "circle-check"),
}


def state_badge(row: ProblemRow) -> SafeString:
    """Where a row stands."""
    kind, icon = LOOKS[State(row.state)]
    return badge(kind, row.get_state_display(), icon)


def match_badge(row: ProblemRow) -> SafeString:
    """How sure it is whom a row names."""
    kind = {Match.MATCHED: "green", Match.NAME: "orange"}.get(Match(row.match), "red")
    icon = {Match.MATCHED: "check", Match.NAME: "alert-triangle"}.get(Match(row.match), "user-question")
    return badge(kind, row.get_match_display(), icon)


def list_badge(row: Any) -> SafeString:
    """Whether a list is worked off, overdue or under way."""
    if row.confirmed == row.listed:
        return badge("green", pgettext_lazy("problem list", "Worked off"), "circle-check")
    if row.due_on < timezone.localdate():
        return badge("red", _("Overdue"), "clock-exclamation")
    return badge("blue", pgettext_lazy("problem list", "Under way"), "progress-check")


class ListOfLists(ListPage[Any]):
    """Lists, the one that is due first on top."""

    name = "archive.problem_lists"
    columns = (
        Column("title", _("Title"), lambda row: row.title, sort=("title", "pk"), fixed=True, link=True),
        Column("source", _("Source"), lambda row: row.get_source_display(), sort=("source", "pk"), phone=False),
        Column("school", _("School"), lambda row: row.school.label, phone=False),
        Column("due", _("Due on"), lambda row: row.due_on, sort=("due_on", "pk"), css="date"),
        Column("state", _("State"), list_badge, css="state", value=lambda row: str(row.confirmed)),
        Column("rows", _("Rows"), lambda row: row.listed, css="num"),
        Column("open", State.OPEN.label, lambda row: row.open, css="num", phone=False),
        Column("answered", State.ANSWERED.label, lambda row: row.answered, css="num", phone=False),
        Column("confirmed", State.CONFIRMED.label, lambda row: row.confirmed, css="num", phone=False),
        Column("brought", _("Brought by"), lambda row: row.brought_by.name, css="name", phone=False),
    )  # fmt: skip
    filters = (Filter("source", _("Source"), "choice", "source", choices=ProblemList.Source.choices),)
    default_sort = "due"
    empty = Empty(
        _("No list of problem records"),
        _(
            "Bring in the list that the province or the bureau handed over, or one for a clean-up of your own."
        ),
        icon="inbox",
    )

    def row_url(self, row: Any) -> str:
        """The rows of the list."""
        return reverse("archive:problem_list", args=[row.public_id])


def _by_name(rows: QuerySet[ProblemRow], text: str) -> QuerySet[ProblemRow]:
    return rows.filter(listed_name__icontains=text.strip())


def _graduating(row: Any) -> SafeString | str:
    return badge("purple", _("Graduating grade"), "school") if row.turn == 0 else ""


def _answer(row: ProblemRow) -> str:
    return row.request.number if row.request else str(row.get_answer_display())


class RowList(ListPage[Any]):
    """The rows of one list, those of the graduating grade first (优先完成毕业年级)."""

    name = "archive.problem_rows"
    columns = (
        Column("row", _("Row"), lambda row: row.row_no, sort=("row_no",), fixed=True, link=True, css="num"),
        Column("name", _("Name"), lambda row: row.listed_name, sort=("listed_name", "row_no"), link=True, css="name"),
        Column("state", _("State"), state_badge, sort=("state", "row_no"), css="state",
               value=lambda row: row.get_state_display()),
        Column("student_no", _("Student number"), lambda row: row.student_no or "", css="id", phone=False),
        Column("kind", _("Kind"), lambda row: row.get_kind_display(), sort=("kind", "row_no")),
        Column("match", _("Student"), match_badge, sort=("match", "row_no"), css="state",
               value=lambda row: row.get_match_display()),
        Column("grade", _("Graduating grade"), _graduating, sort=("turn", "row_no"), css="state", phone=False,
               value=lambda row: str(row.turn == 0)),
        Column("answer", _("Answer"), _answer, phone=False),
        Column("by", _("Answered by"), lambda row: row.answered_by and row.answered_by.name, css="name", phone=False),
    )  # fmt: skip
    filters = (
        Filter("name", _("Name"), "text", _by_name),
        Filter("state", _("State"), "choice", "state", choices=State.choices),
        Filter("kind", _("Kind"), "choice", "kind", choices=ProblemRow.Kind.choices),
        Filter("match", _("Student"), "choice", "match", choices=Match.choices),
        Filter("graduating", _("Graduating grade"), "flag", lambda rows, _on: rows.filter(turn=0)),
    )  # fmt: skip
    default_sort = "grade"
    empty = Empty(_("No row of this list is yours to see"), icon="inbox")

    def row_url(self, row: Any) -> str:
        """The row."""
        return reverse("archive:problem_row", args=[row.public_id])
