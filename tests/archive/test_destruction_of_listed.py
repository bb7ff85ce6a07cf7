"""Lists of problem records are read through once, however many files a destruction takes (S0-4.4-3)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from archive.models import DestroyedBlob, ProblemRow
from archive.problems import actions
from archive.retention import destroying
from archive.retention.listed import erase_listed
from ledger.context import acting
from ledger.models import Erasure
from records.models import Student
from tests.archive.appraising import WAY, applied, leaver, ten_years, walk
from tests.archive.test_destruction import rows_that_say
from tests.archive.test_problems import brought, number_of
from tests.cast import Cast
from tests.enrollment.intake import id_number
from tests.records.files import make_student

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S0-4.4-3")]
NAMES = ("司马青云", "欧阳长风", "上官明月", "诸葛晓天", "东方旭日")


def test_what_lists_say_of_several_destroyed_files_goes_in_one_pass(cast: Cast) -> None:
    ten_years(cast)
    first, second = leaver(cast, NAMES[0], id_number=id_number(1)), leaver(cast, NAMES[1])
    other = make_student("王小明", cast)
    both = brought(
        cast, (NAMES[0], "", number_of(first), "", "重复", f"与{NAMES[1]}重号"), (NAMES[1], "", "1", "", "", ""),
        ("王小明", "", number_of(other), "", "", f"与{NAMES[0]}、{NAMES[1]}重号"), ("李四", "", "2", "", "", "无照片"),
    )  # fmt: skip
    apart = brought(cast, ("李四", "", "3", "", "", f"即{NAMES[1]}"), title="另一份")
    kept = brought(cast, ("李四", "", "4", "", "", "缺照片"), title="不相干")
    row = both.rows.get(student=other)
    row = actions.explain(actor=cast.registrar, row=row, version=0, reason=f"{id_number(1)}为误登")
    row = actions.send_back(actor=cast.archivist, row=row, version=1, reason=f"{NAMES[1]}是谁")
    row = actions.explain(actor=cast.registrar, row=row, version=2, reason="户口簿无误")
    walk(cast, applied(cast), *WAY)
    assert Student.objects.filter(destroyed_on__isnull=False).count() == 2
    assert [one for one in rows_that_say((*NAMES, id_number(1))) if "Problem" in one] == []
    assert [one.listed_name for one in both.rows.order_by("row_no")] == ["王小明", "李四"]
    row.refresh_from_db()
    assert (row.text, row.reason, row.returned) == ("", "户口簿无误", "")
    assert row.history.latest("history_id").reason == "户口簿无误"
    assert Erasure.objects.filter(table="archive_historicalproblemrow").exists()
    gone = dict(DestroyedBlob.objects.values_list("blob", "destroyed__subject"))
    assert gone[both.file_id] == first.public_id
    assert gone[apart.file_id] == second.public_id
    assert kept.file_id not in gone
    assert (apart.rows.get().text, kept.rows.get().text) == ("", "缺照片")


def test_a_namesake_on_the_list_of_another_school_stays(cast: Cast) -> None:
    student = make_student(NAMES[0], cast)
    elsewhere = make_student(NAMES[1], cast, school=cast.other_school)
    made = brought(
        cast, (NAMES[1], "", "1", "", "", f"与{NAMES[0]}重号"), ("李四", "", "2", "", "", NAMES[1])
    )
    with acting(cast.archivist):
        assert erase_listed([elsewhere]) == {}
        assert erase_listed([student, elsewhere]) == {made.file: student}
    assert [one.text for one in made.rows.order_by("row_no")] == ["", NAMES[1]]


def test_a_destruction_reads_the_lists_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ten_years(cast)
    other = make_student("王小明", cast)
    brought(cast, *(("王小明", "", number_of(other), "", "", f"缺照片{place}") for place in range(30)))
    counts = []
    real = destroying.erase

    def counted(lines: list[destroying.DestroyedFile]) -> None:
        with CaptureQueriesContext(connection) as queries:
            real(lines)
        counts.append(sum("problemrow" in one["sql"] for one in queries))

    monkeypatch.setattr(destroying, "erase", counted)
    for names in (NAMES[:1], NAMES[1:]):
        for name in names:
            leaver(cast, name)
        walk(cast, applied(cast), *WAY)
    assert counts[0] == counts[1]
    assert ProblemRow.objects.count() == 30
