"""Import of the national template: what comes in, what is found, what stays out."""

import json

import pytest

from enrollment.models import Applicant, ImportFault, ImportJob, ImportRow, IntakeBatch
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
