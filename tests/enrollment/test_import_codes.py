"""Entries of code lists that are no longer in use: taken as they are, with a warning, in a file and in the form."""

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.utils import timezone

from enrollment import actions as intake
from enrollment.forms import ApplicantForm
from enrollment.importing.mending import choices
from enrollment.importing.template import empty_template
from enrollment.models import Applicant, ImportFault, IntakeBatch
from enrollment.selectors import book_of, examine
from enrollment.sheet import sheet
from school.models import Code
from tests.cast import Cast
from tests.enrollment.importing import bring_in, check, make_classes
from tests.enrollment.intake import draft
from tests.factories import saved
from tests.support.applicant_files import national_workbook, people


@pytest.fixture(autouse=True)
def _classes(cast: Cast) -> None:
    make_classes(cast.school)


def close(key: str, code: str) -> Code:
    row = Code.objects.get(code_list__key=key, code=code)
    row.valid_until = timezone.localdate() - timedelta(days=1)
    return saved(row)


def faults_of(made: Any) -> set[tuple[int, str, str, str]]:
    found = ImportFault.objects.filter(row__import_job=made)
    return set(found.values_list("row__row_number", "column", "level", "code"))


def test_a_closed_entry_is_a_warning_in_a_file_and_in_the_form(cast: Cast, batch: IntakeBatch) -> None:
    gone = close("health", "2")
    first, second = people(2)
    made = check(cast.clerk, batch, national_workbook([{**first, "健康状况": gone.label_zh}, second]))
    assert faults_of(made) == {(2, "健康状况", "warning", "code_closed")}
    bring_in(cast.clerk, made)
    imported = Applicant.objects.get(import_row_number=2)
    assert (imported.health, imported.warning_count) == ("2", 1)
    typed = draft(cast.clerk, batch, health="2")
    for row in (imported, typed):
        assert ("health", "code_closed", "warning") in {(f.field, f.code, f.level) for f in examine(row)}
    assert intake.self_check(actor=cast.clerk, applicant=typed).warning_count


def test_the_last_day_still_counts_and_a_first_day_to_come_does_not(cast: Cast, batch: IntakeBatch) -> None:
    today = timezone.localdate()
    row = close("health", "2")
    row.valid_until = today
    saved(row)
    assert not book_of(batch).closed_codes
    row.valid_from, row.valid_until = today + timedelta(days=1), None
    saved(row)
    assert book_of(batch).closed_codes == {"health": frozenset({"2"})}


def test_a_label_means_the_entry_in_use(cast: Cast, batch: IntakeBatch) -> None:
    old = close("health", "2")
    successor = saved(Code(code_list=old.code_list, code="2N", label_zh=old.label_zh, order=99))
    spellings = book_of(batch).codes["health"]
    assert (spellings[old.label_zh], spellings["2"]) == (successor.code, "2")


def test_only_entries_in_use_are_offered_and_old_ones_keep_their_words(
    cast: Cast, batch: IntakeBatch
) -> None:
    gone = close("health", "2")
    book = openpyxl.load_workbook(io.BytesIO(empty_template(batch)))
    offered = {cell.value for column in book["可选项"].iter_cols() for cell in column}
    kept = Code.objects.get(code_list__key="health", code="1")
    assert kept.label_zh in offered
    assert gone.label_zh not in offered
    assert gone.label_zh not in choices(batch)["health"]
    row = draft(cast.clerk, batch, health="2")
    lines = {line.field: line for section in sheet(row, masked=False) for line in section.lines}
    assert (lines["health"].value, lines["health"].code) == (gone.label_zh, "2")
    form = ApplicantForm(batch, {"health": "2"}, book_of(batch))
    html = str(form["health"])
    assert f">{gone.label_zh}<" in html
    assert html.count('value="2"') == 1
