"""Persons who have a file from before: one file stays, and several are written together."""

from collections.abc import Sequence
from typing import Any

import pytest

from enrollment import actions
from enrollment.actions.acceptance import _admission
from enrollment.models import IntakeBatch
from ledger.context import acting
from ledger.history import update_rows
from records.actions import open_files
from records.models import Enrolment, Student
from tests.cast import Cast
from tests.enrollment.intake import approved, make_batch


def test_a_person_known_from_before_keeps_one_file(cast: Cast, batch: IntakeBatch) -> None:
    first = actions.accept(actor=cast.archivist, applicant=approved(cast, batch)).student
    assert first is not None
    enrolment = first.enrolments.get()
    enrolment.ended_on = enrolment.started_on
    with acting(cast.registrar):
        enrolment.save(update_fields=["ended_on"])
    row = approved(cast, make_batch(cast.school, code="NEXT"), talent="围棋")
    again = actions.accept(actor=cast.archivist, applicant=row).student
    assert again is not None
    assert (again.pk, again.talent) == (first.pk, "围棋")
    assert sorted(again.enrolments.values_list("student_no", flat=True)) == ["20260001", "20260002"]
    assert again.family.count() == 2


def test_several_known_persons_are_written_together(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [approved(cast, make_batch(cast.school, code=f"A{serial}"), serial) for serial in (1, 2, 3)]
    students = [actions.accept(actor=cast.archivist, applicant=row).student for row in rows]
    with acting(cast.registrar):
        for enrolment in Enrolment.objects.all():
            enrolment.ended_on = enrolment.started_on
            enrolment.save(update_fields=["ended_on"])
    batch = make_batch(cast.school, code="NEXT")
    again = [approved(cast, batch, serial, talent="围棋") for serial in (1, 2, 3)]
    written: list[int] = []

    def counted(rows: Sequence[Student], *fields: Any, **by: Any) -> list[Student]:
        written.append(len(rows))
        return update_rows(rows, *fields, **by)

    monkeypatch.setattr("records.actions.update_rows", counted)
    open_files(actor=cast.archivist, admissions=[_admission(row) for row in again])
    assert written == [3]
    assert [Student.objects.get(pk=one.pk).talent for one in students if one] == ["围棋"] * 3
