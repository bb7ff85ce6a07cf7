"""Import of the national template: what comes in, what is found, what stays out."""

import json
from typing import Any

import pytest

from enrollment.cells import Members, apply_values, layout_of
from enrollment.importing.building import Builder
from enrollment.importing.checking import Checker
from enrollment.importing.source import open_source
from enrollment.models import Applicant, ImportFault, ImportJob, ImportRow, IntakeBatch
from enrollment.selectors import book_of
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


def test_the_quick_way_builds_what_the_form_would(cast: Cast, batch: IntakeBatch) -> None:
    book, layout = book_of(batch), layout_of(batch)
    source = open_source(SAMPLE.read_bytes(), layout, max_rows=5000)
    rows = [row for chunk in Checker(batch, book, source).chunks() for row in chunk if row.is_good][:300]
    builder = Builder(batch, layout, book, unit_id=batch.school_id)
    for row in rows:
        quick, family = builder.build(row.values)
        slow = Applicant(batch=batch, unit_id=batch.school_id)
        members: Members = {}
        apply_values(slow, members, row.values, book)
        assert _columns(quick) == _columns(slow)
        assert [_columns(one) for one in family] == [_columns(members[place]) for place in sorted(members)]


def _columns(row: Any) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name != "public_id"
    }


def test_good_rows_come_in_at_once_when_asked(cast: Cast, batch: IntakeBatch) -> None:
    made = check(cast.clerk, batch, SAMPLE.read_bytes(), at_once=True)
    assert (made.state, made.imported_count, made.error_count) == (ImportJob.State.IMPORTED, 1960, 40)
    assert Applicant.objects.count() == 1960
