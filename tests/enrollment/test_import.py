"""Import of the national template: what comes in, what is found, what stays out."""

import json
from itertools import chain
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from enrollment.actions import new_applicant
from enrollment.cells import Members, apply_values, layout_of, place, programme_units
from enrollment.importing.checking import Checker
from enrollment.importing.source import open_source
from enrollment.models import Applicant, ApplicantMember, ImportFault, ImportJob, ImportRow, IntakeBatch
from enrollment.selectors import book_of
from ledger import events
from ledger.context import acting
from ledger.models import Event
from tests.cast import Cast
from tests.enrollment.importing import EXPECTED, SAMPLE, bring_in, check, make_classes


@pytest.fixture(autouse=True)
def _classes(cast: Cast) -> None:
    make_classes(cast.school)


@pytest.mark.requirement("S1-2.2-1", "S2-11.3-1")
def test_exactly_the_forty_bad_rows_stay_out(cast: Cast, batch: IntakeBatch) -> None:
    made = check(cast.clerk, batch, SAMPLE.read_bytes())
    assert (made.row_count, made.good_count, made.error_count) == (2000, 1960, 40)
    assert not Applicant.objects.exists()
    found = ImportFault.objects.filter(row__import_job=made, level="error")
    wanted = {(one["row"], one["column"]) for one in json.loads(EXPECTED.read_text(encoding="utf-8"))["bad"]}
    assert set(found.values_list("row__row_number", "column")) == wanted
    assert found.count() == 40
    made = bring_in(cast.clerk, made)
    assert (made.state, made.imported_count) == (ImportJob.State.IMPORTED, 1960)
    assert Applicant.objects.filter(state="draft", entered_by=cast.clerk).count() == 1960
    assert ImportRow.objects.filter(state="problem", owner=cast.clerk).count() == 40


APART = {"id", "public_id", "number", "applicant_id", "import_job_id", "import_row_number", "warning_count"}
APART |= {
    "entered_at",
    "history_id",
    "history_date",
    "history_subject",
    "salt",
    "at",
    "object_id",
    "object_uuid",
}
APART |= {"subject", "action", "detail"}
"""What differs between two people, or between a form and an import."""


def test_the_quick_way_stores_what_the_form_would(cast: Cast, batch: IntakeBatch) -> None:
    book, layout = book_of(batch), layout_of(batch)
    made = check(cast.clerk, batch, SAMPLE.read_bytes(), at_once=True)
    source = open_source(SAMPLE.read_bytes(), layout, max_rows=5000)
    rows = {row.source.number: row for row in chain.from_iterable(Checker(batch, book, source).checked())}
    for quick in Applicant.objects.filter(import_job=made, import_row_number__lte=150):
        row = rows[quick.import_row_number or 0]
        with acting(cast.clerk, role="admissions_clerk"), transaction.atomic():
            slow = new_applicant(
                batch, cast.clerk, f"S{quick.pk}", scheme=quick.scheme, today=timezone.localdate()
            )
            members: Members = {}
            apply_values(slow, members, row.values, book)
            place(slow, programme_units(batch))
            taken, slow.id_number_index = slow.id_number_index, None
            exam_no, slow.exam_no = slow.exam_no, ""
            slow.save()
            for position in sorted(members):
                members[position].applicant = slow
                members[position].save()
            event = events.record("applicant.started", actor=cast.clerk, obj=slow)
        assert (quick.id_number_index, quick.exam_no) == (taken, exam_no)
        assert _stored(quick) == _stored(slow)
        assert quick.warning_count == row.warnings
        assert _subjects(quick) == {quick.public_id} and _subjects(slow) == {slow.public_id}
        told = Event.objects.filter(object_type="enrollment.Applicant", object_id=quick.pk).values().get()
        assert (told["subject"], told["object_uuid"]) == (quick.public_id, quick.public_id)
        assert told["action"] == "applicant.imported"
        assert _told(told) == _told(Event.objects.filter(pk=event.pk).values().get())


def _told(row: dict[str, Any]) -> dict[str, Any]:
    numbered = {"id_number_index", "exam_no", "xid", "history_request_id", "request_id"}
    return {name: value for name, value in row.items() if name not in APART | numbered}


def _stored(applicant: Applicant) -> list[list[dict[str, Any]]]:
    """The draft, its family, and the history of both, as the database holds them."""
    key, family = {"id": applicant.pk}, {"applicant_id": applicant.pk}
    found = [
        Applicant.objects.filter(**key),
        Applicant.history.filter(**key),
        ApplicantMember.objects.filter(**family).order_by("position"),
        ApplicantMember.history.filter(**family).order_by("position"),
    ]
    return [[_told(row) for row in rows.values()] for rows in found]


def _subjects(applicant: Applicant) -> set[Any]:
    history = [
        Applicant.history.filter(id=applicant.pk),
        ApplicantMember.history.filter(applicant_id=applicant.pk),
    ]
    return {subject for rows in history for subject in rows.values_list("history_subject", flat=True)}


def test_good_rows_come_in_at_once_when_asked(cast: Cast, batch: IntakeBatch) -> None:
    made = check(cast.clerk, batch, SAMPLE.read_bytes(), at_once=True)
    assert (made.state, made.imported_count, made.error_count) == (ImportJob.State.IMPORTED, 1960, 40)
    assert Applicant.objects.count() == 1960
