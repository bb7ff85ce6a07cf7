"""The list of corrections that students asked for."""

from dataclasses import replace
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge
from records.merits.lists import BY_STUDENT, STUDENT, by_student
from records.models import OwnCheck
from records.sections import sections
from school.models import in_language

OPEN, ANSWERED = "open", "answered"
STATES = ((OPEN, _("Waits for an answer")), (ANSWERED, _("Answered")))


def section_title(row: OwnCheck) -> str:
    """The section that is wrong, in words."""
    return str(next((one.title for one in sections() if one.key == row.section), row.section))


def state_words(row: OwnCheck) -> str:
    """Whether it is answered."""
    return str(dict(STATES)[ANSWERED if row.answered_at else OPEN])


def state_badge(row: OwnCheck) -> SafeString:
    """The same on the ground of its meaning."""
    return badge("green" if row.answered_at else "amber", state_words(row))


def _in_state(rows: QuerySet[Any], state: str) -> QuerySet[Any]:
    return rows.filter(answered_at__isnull=state != ANSWERED)


class CorrectionList(ListPage[Any]):
    """Corrections of students in one's units."""

    name = "records.corrections"
    unit_path = "here_unit"
    columns = (
        STUDENT[0],
        Column("student_no", _("Student number"), lambda row: row.here_no, sort=("here_no",), css="id", phone=False),
        Column("class", _("Class"), lambda row: in_language(row.here_class or "", row.here_class_en or "") or None,
               sort=("here_class_no",), phone=False),
        Column("section", _("Section"), section_title, sort=("section",)),
        Column("asked_at", _("Asked"), lambda row: row.asked_at, sort=("asked_at",), css="date"),
        Column("state", _("State"), state_badge, css="state", value=state_words),
        Column("answered_by", _("Answered by"), lambda row: row.answered_by.name if row.answered_by else None,
               css="name", phone=False),
    )  # fmt: skip
    filters = (
        replace(BY_STUDENT, by=partial(by_student, number="here_no")),
        Filter("state", _("State"), "choice", _in_state, choices=STATES),
    )
    default_sort = "-asked_at"
    empty = Empty(
        _("No correction was asked for"), _("Students say on their own page what is wrong in their file."),
        icon="message-circle",
    )  # fmt: skip

    def row_url(self, row: OwnCheck) -> str:
        """The page on which it is answered."""
        return reverse("records:correction", args=[row.public_id])
