"""Imports while somebody else acts on the same rows at the same moment."""

import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, connections, transaction

from enrollment.actions import save_draft
from enrollment.importing import actions
from enrollment.importing.selectors import cells_of_row
from enrollment.importing.writing import DraftWriter
from enrollment.models import Applicant, ImportJob, IntakeBatch
from jobs.tasks import run
from ledger.models import Event
from tests.cast import Cast, make_cast
from tests.enrollment.importing import bring_in, check, fresh, make_classes
from tests.enrollment.intake import draft, make_batch
from tests.enrollment.test_import_after import faulty, mended_copy

rows: Any = import_module("enrollment.importing.actions.rows")
PAUSE = 0.5
"""Seconds for which the first of two waits before it commits; the second begins meanwhile."""
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


def meanwhile(first: Callable[[Callable[[], None]], object], second: Callable[[], object]) -> list[object]:
    """What two acts gave or raised: the first calls what it is given, at which the second begins in another thread."""
    results: list[object] = [None, None]
    begun = threading.Event()

    def pause() -> None:
        begun.set()
        time.sleep(PAUSE)

    def do(place: int, act: Callable[[], object]) -> None:
        try:
            results[place] = act()
        except (actions.ImportRefused, actions.StillFaulty, DatabaseError, ObjectDoesNotExist) as raised:
            results[place] = raised
        finally:
            connections.close_all()

    def late() -> object:
        assert begun.wait(20)
        return second()

    threads = [
        threading.Thread(target=do, args=[0, lambda: first(pause)]),
        threading.Thread(target=do, args=[1, late]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


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

    def take_over(pause: Callable[[], None]) -> None:
        with transaction.atomic():
            actions.take_over_import(actor=cast.second_clerk, import_job=made, reason=REASON)
            pause()

    _done, refused = meanwhile(
        take_over, lambda: actions.start_import(actor=cast.clerk, import_job=made, queue=False)
    )
    assert isinstance(refused, actions.NotOwner)
    assert fresh(made).state == ImportJob.State.CHECKED


def test_who_waited_for_a_new_owner_of_a_row_is_told_so(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    row = made.rows.get()

    def take_over(pause: Callable[[], None]) -> None:
        with transaction.atomic():
            actions.take_over(actor=cast.second_clerk, row=row, reason=REASON)
            pause()

    _done, refused = meanwhile(
        take_over, lambda: actions.dismiss(actor=cast.clerk, row=row, reason="已在他校入学")
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
    real = rows.check_cells

    def mend(pause: Callable[[], None]) -> Applicant:
        def checked(*given: Any) -> Any:
            found = real(*given)
            pause()
            return found

        monkeypatch.setattr(rows, "check_cells", checked)
        return actions.mend(actor=cast.clerk, row=row, cells=cells)

    typed = {name: cells[name] for name in ("id_number", "birth_date", "sex")}
    still, _saved = meanwhile(mend, lambda: save_draft(actor=cast.second_clerk, applicant=other, cells=typed))
    assert isinstance(still, actions.StillFaulty)
    assert "id_duplicate" in {fault.code for fault in still.faults}
    assert made.rows.get().state == "problem"
