"""Printed forms of supervision, all on one template: the result of an inspection, a notice, a bulletin."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from accounts.models import User
from audit.models import FULL_SCORE, Inspection
from core.formatting import day, moment
from core.pdf import render_pdf
from school.models import Unit

Facts = Sequence[tuple[str, str]]


def table(title: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """A table of a form; ``columns`` are heading and width as typst has it (``30mm``, ``1fr``)."""
    return {"title": title, "columns": [list(one) for one in columns], "rows": [list(one) for one in rows]}


def supervision_pdf(
    *, actor: User, school: Unit, number: str, name: str, facts: Facts, words: Facts = (),
    tables: Sequence[dict[str, Any]] = (), signed: bool = True,
) -> bytes:  # fmt: skip
    """A form as PDF/A: facts, texts under headings, tables, room for signature and stamp. Raises PdfFailed."""
    return render_pdf(
        "supervision",
        {
            "lang": "en" if (get_language() or "").startswith("en") else "zh",
            "school": school.label,
            "printed_by": actor.name,
            "printed_at": moment(timezone.now()),
            "form": {
                "number": number, "name": name, "facts": [list(one) for one in facts],
                "words": [list(one) for one in words], "tables": list(tables), "signed": signed,
            },
        },
    )  # fmt: skip


def result_pdf(row: Inspection, actor: User) -> bytes:
    """The result of a finished inspection. Raises PdfFailed."""
    labels = {one.value: str(one.label) for one in row.areas}
    findings = sorted(row.findings.all(), key=lambda one: list(labels).index(one.area))
    points = sum(one.score for one in findings)
    facts = [
        (pgettext("document", "Number"), row.number),
        (_("Kind"), str(row.get_kind_display())),
        (_("Department"), row.unit.label),
        (_("Period looked at"), f"{day(row.period_from)} – {day(row.period_until)}"),
        (_("Inspector"), row.inspector.name if row.inspector else ""),
        (_("Finished at"), moment(row.finished_at)),
        (_("Files worked on"), str(row.population)),
        (_("Points"), f"{points} / {row.full_score}"),
    ]
    tables = [
        table(
            _("Findings"), [(_("Area"), "52mm"), (_("Points"), "20mm"), (_("What was found"), "1fr")],
            [(labels[one.area], f"{one.score} / {FULL_SCORE}", one.words or "—") for one in findings],
        )
    ]  # fmt: skip
    files = [
        (
            one.archive_no,
            " ".join(one.fault_labels) or (_("In order") if one.judged_at else "—"),
            one.note or "—",
        )
        for one in row.files.order_by("position")
    ]
    if files:
        heads = [(_("Archive number"), "46mm"), (_("Outcome"), "52mm"), (_("Note"), "1fr")]
        tables.append(table(_("Files of the sample"), heads, files))
    return supervision_pdf(
        actor=actor, school=row.school, number=row.number, name=_("Result of an inspection"), facts=facts,
        tables=tables,
    )  # fmt: skip
