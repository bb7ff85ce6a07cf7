"""A bulletin in words, for its page and its print."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from audit.inspections.printing import supervision_pdf, table
from audit.models import Bulletin, Inspection, Rectification
from core.formatting import day, moment
from school.models import in_language


def quarter_words(year: int, quarter: int) -> str:
    """2026年第三季度, or Quarter 3 of 2026."""
    return _("Quarter %(quarter)s of %(year)s") % {"quarter": quarter, "year": year}


def tables(lines: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Results of inspections and the state of notices; a table without rows is left out."""
    kinds, states = dict(Inspection.Kind.choices), dict(Rectification.State.choices)
    inspected = [
        (one["number"], _name(one), str(kinds[one["kind"]]), f"{one['points']} / {one['full']}",
         f"{one['faulty']} / {one['files']}")
        for one in lines["inspections"]
    ]  # fmt: skip
    asked = [
        (
            one["number"],
            _name(one),
            day(date.fromisoformat(one["due"])),
            str(states[one["state"]]),
            _("Yes") if one["overdue"] else "—",
        )
        for one in lines["rectifications"]
    ]
    number = (pgettext("document", "Number"), "36mm")
    found = [
        table(
            _("Inspections finished"),
            [number, (_("Department"), "1fr"), (_("Kind"), "32mm"), (_("Points"), "22mm"),
             (_("Files with faults"), "26mm")],
            inspected,
        ),
        table(
            _("Rectification notices"),
            [number, (_("Department"), "1fr"), (_("Deadline"), "26mm"), (_("State"), "28mm"), (_("Overdue"), "18mm")],
            asked,
        ),
    ]  # fmt: skip
    return [one for one in found if one["rows"]]


def shown(lines: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The same for a page, each cell with its heading."""
    found = tables(lines)
    for one in found:
        headings = [name for name, _width in one["columns"]]
        one["labelled"] = [list(zip(headings, row, strict=True)) for row in one["rows"]]
    return found


def _name(line: dict[str, Any]) -> str:
    return in_language(line["unit"], line["unit_en"])


def bulletin_pdf(row: Bulletin, actor: User) -> bytes:
    """The bulletin as it was published. Raises PdfFailed."""
    facts = [
        (pgettext("document", "Number"), row.number),
        (_("Quarter"), quarter_words(row.year, row.quarter)),
        (_("Published by"), row.published_by.name),
        (_("Published at"), moment(row.published_at)),
    ]
    words = [(_("Words"), row.words)] if row.words else []
    return supervision_pdf(
        actor=actor, school=row.school, number=row.number, name=_("Bulletin"), facts=facts, words=words,
        tables=tables(row.lines),
    )  # fmt: skip
