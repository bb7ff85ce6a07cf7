"""Imports while somebody else acts on the same rows at the same moment."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from enrollment.actions import save_draft
from enrollment.importing import actions
from enrollment.importing.selectors import cells_of_row
from enrollment.importing.writing import DraftWriter
from enrollment.models import Applicant, ImportJob, IntakeBatch
from jobs.tasks import run
from ledger.context import acting
from ledger.models import Event
from school.models import SchoolClass
from tests.cast import Cast, make_cast
from tests.enrollment.importing import bring_in, check, fresh, make_classes
from tests.enrollment.intake import draft, make_batch
from tests.enrollment.test_import_after import faulty, mended_copy
from tests.support.applicant_files import national_workbook, people
from tests.support.behind import behind, beside, meanwhile

rows: Any = import_module("enrollment.importing.actions.rows")
REASON = "王芳休产假"

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def cast(committed_db: str) -> Cast:
    made = make_cast()
    make_classes(made.school)
    return made


@pytest.fixture
def batch(cast: Cast) -> IntakeBatch:
    return make_batch(cast.school)


def test_a_row_is_not_dismissed_while_a_mended_file_brings_it_in(
    cast: Cast, batch: IntakeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    row = made.rows.get()
    again = check(cast.clerk, batch, mended_copy(made, keep_good=True), "marked.xlsx", queue=False)
    asked = actions.start_import(actor=cast.clerk, import_job=again, queue=False)
    real = DraftWriter.store

    def import_(pause: Callable[[], None]) -> None:
        monkeypatch.setattr(DraftWriter, "store", lambda *given: pause() or real(*given))
        run(asked.job_id)

    _done, refused = meanwhile(
        import_, lambda: actions.dismiss(actor=cast.clerk, row=row, reason="已在他校入学")
    )
    assert isinstance(refused, actions.ImportRefused)
    row.refresh_from_db()
    assert (row.state, fresh(again).imported_count) == ("mended", 1)
    assert not Event.objects.filter(action="import.row_dismissed").exists()


def test_who_waited_for_a_new_owner_is_told_so(cast: Cast, batch: IntakeBatch) -> None:
    made = check(cast.clerk, batch, faulty())

    refused = behind(
        lambda: actions.take_over_import(actor=cast.second_clerk, import_job=made, reason=REASON),
        lambda: actions.start_import(actor=cast.clerk, import_job=made, queue=False),
    )
    assert isinstance(refused, actions.NotOwner)
    assert fresh(made).state == ImportJob.State.CHECKED


def test_who_waited_for_a_new_owner_of_a_row_is_told_so(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    row = made.rows.get()

    refused = behind(
        lambda: actions.take_over(actor=cast.second_clerk, row=row, reason=REASON),
        lambda: actions.dismiss(actor=cast.clerk, row=row, reason="已在他校入学"),
    )
    assert isinstance(refused, actions.NotOwner)
    assert made.rows.get().state == "problem"


def test_an_import_is_taken_over_while_a_row_is_mended(
    cast: Cast, batch: IntakeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty(4, bad=2)))
    first, second = made.rows.order_by("row_number")
    cells = {**cells_of_row(first), "postcode": "430070"}
    real = rows.resolve

    def mend(pause: Callable[[], None]) -> Applicant:
        monkeypatch.setattr(rows, "resolve", lambda *given, **named: pause() or real(*given, **named))
        return actions.mend(actor=cast.clerk, row=first, cells=cells)

    mended, taken = meanwhile(
        mend, lambda: actions.take_over_import(actor=cast.second_clerk, import_job=made, reason=REASON)
    )
    assert isinstance(mended, Applicant)
    assert taken == 1
    second.refresh_from_db()
    assert (second.owner, fresh(made).imported_count) == (cast.second_clerk, 3)


def test_a_number_that_is_typed_while_a_row_is_mended_is_a_fault_of_the_row(
    cast: Cast, batch: IntakeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    row = made.rows.get()
    cells = {**cells_of_row(row), "postcode": "430070"}
    other = draft(cast.second_clerk, batch)
    typed = {name: cells[name] for name in ("id_number", "birth_date", "sex")}
    real = rows.check_cells

    def checked(*given: Any) -> Any:
        found = real(*given)
        monkeypatch.setattr(rows, "check_cells", real)
        saved = beside(lambda: save_draft(actor=cast.second_clerk, applicant=other, cells=typed))
        assert not isinstance(saved, Exception), saved
        return found

    monkeypatch.setattr(rows, "check_cells", checked)
    with pytest.raises(actions.StillFaulty) as still:
        actions.mend(actor=cast.clerk, row=row, cells=cells)
    assert "id_duplicate" in {fault.code for fault in still.value.faults}
    assert made.rows.get().state == "problem"


def test_a_class_that_closes_while_an_import_waits_is_noticed(cast: Cast, batch: IntakeBatch) -> None:
    made = check(cast.clerk, batch, national_workbook(list(people(3))))
    asked = actions.start_import(actor=cast.clerk, import_job=made, queue=False)

    def close() -> None:
        IntakeBatch.objects.select_for_update().get(pk=batch.pk)
        closed = SchoolClass.objects.get(school=cast.school, class_no="2026101")
        closed.is_active = False
        with acting(cast.clerk):
            closed.save(update_fields=["is_active"])

    behind(close, lambda: run(asked.job_id))
    done = fresh(made)
    assert (done.state, done.imported_count, done.error_count) == (ImportJob.State.IMPORTED, 2, 1)
