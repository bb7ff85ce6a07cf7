"""The benchmark itself: its people are what they claim, its figures are told, and a small run goes through."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from bench.measure import Line, in_turns, table
from core.idnumber import parse_id_number
from tests.support.clones import BASE_DIR
from tools import services


def test_a_line_says_whether_the_aim_is_met() -> None:
    met, missed = Line("near", 0.01, 0.02, 3.0), Line("far", 0.01, 0.05, 3.0, "why")
    shown = table([met, missed, Line("unaimed", 2.0, 3.0)]).splitlines()
    assert (met.verdict, missed.verdict, missed.ratio) == ("met", "missed", 5.0)
    assert shown[1].split() == ["near", "10.00", "ms", "20.00", "ms", "2.00", "<=", "3", "met"]
    assert shown[2].endswith("missed  why")
    assert "2.00 s" in shown[3]


def test_floor_and_subject_take_turns() -> None:
    order: list[str] = []
    in_turns(lambda: order.append("floor"), lambda: order.append("subject"), repeat=2, warm=1)
    assert order == ["floor", "subject"] * 3


@pytest.mark.django_db
def test_invented_people_are_different_sound_and_the_same_for_a_seed(cast: Any) -> None:
    from bench.synthetic import Population, workbook

    made = Population([cast.school_class]).students(400)
    again = Population([cast.school_class]).students(400)
    assert [one.name for one, _, _ in made] == [one.name for one, _, _ in again]
    numbers = {student.id_number for student, _, _ in made}
    assert len(numbers) == len({entry.student_no for _, entry, _ in made}) == 400
    for student, _, family in made:
        parsed = parse_id_number(student.id_number)
        assert (parsed.birth_date, parsed.sex) == (student.birth_date, student.sex)
        assert student.name[0] in student.name_tokens
        assert [member.position for member in family] == [1, 2]
    assert workbook(100)[:2] == b"PK"


def test_a_small_run_measures_everything() -> None:
    sizes = ["--rows", "300", "--students", "2500", "--events", "20000", "--repeat", "1"]
    command = [sys.executable, "-m", "bench", *sizes]
    before = set((services.var_dir() / "bench").glob("*.json"))
    done = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = set((services.var_dir() / "bench").glob("*.json")) - before
    kept = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    asked = [line["what"] for line in kept["lines"]]
    assert "import of 300 rows" in asked
    assert "search: one character" in asked
    assert "student file" in asked
    notes = {line["what"]: line["note"] for line in kept["lines"]}
    assert re.search(r"20 found, [12] of \d\d partitions", notes["events: half of the schools, last 30 days"])
    assert all(line["floor"] > 0 and line["subject"] > 0 for line in kept["lines"])
    assert "list: 1,000 rows in pages" in done.stdout
