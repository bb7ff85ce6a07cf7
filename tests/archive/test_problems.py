"""Lists of problem records: rows find their students, are answered, and confirmed by somebody else."""

import csv
import io
import threading
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from accounts.scope import NotPermitted
from approvals.models import Request
from approvals.refusals import RequestRefused, SamePerson, StaleVersion, WrongState
from archive.models import ProblemList, ProblemRow
from archive.problems import actions, selectors
from archive.problems.registers import inbox_rows
from archive.problems.showing import masked
from archive.retention.listed import erase_listed
from core.workbook import WorkbookRefused
from files.models import Blob
from files.refusals import FileRefused
from files.selectors import open_blob
from ledger.context import acting
from ledger.models import Erasure, Event
from records.models import Enrolment, Student
from tests.archive.appraising import WAY as DESTRUCTION
from tests.archive.appraising import applied, leaver, ten_years
from tests.archive.appraising import walk as walk_destruction
from tests.archive.asking import WAY, submitted_edit, walk
from tests.archive.test_destruction import rows_that_say
from tests.cast import Cast, make_cast
from tests.enrollment.intake import id_number
from tests.factories import appoint, make_class, make_user, saved
from tests.records.files import make_student

pytestmark = pytest.mark.django_db
HEADERS = ("姓名", "国网学籍号", "学号", "身份证号", "问题类型", "问题描述")
DUE = date(2099, 12, 31)
State, Match = ProblemRow.State, ProblemRow.Match


def as_csv(*rows: tuple[str, ...], headers: tuple[str, ...] = HEADERS) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([headers, *rows])
    return out.getvalue().encode()


def as_xlsx(*rows: tuple[str, ...]) -> bytes:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    for row in (HEADERS, *rows):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def number_of(student: Student) -> str:
    return student.enrolments.get().student_no


def brought(cast: Cast, *rows: tuple[str, ...], content: bytes = b"", **values: Any) -> ProblemList:
    given = {"source": "police", "title": "公安比对反馈", "due_on": DUE, "filename": "a.csv", **values}
    return actions.bring(
        **{"actor": cast.registrar, "school": cast.school, "content": content or as_csv(*rows), **given}
    )


def about(cast: Cast, student: Student, **values: Any) -> ProblemRow:
    made = brought(cast, (student.name, "", number_of(student), "", "公安", "号码未通过"), **values)
    return made.rows.get()


def explained(cast: Cast, row: ProblemRow) -> ProblemRow:
    return actions.explain(actor=cast.registrar, row=row, version=row.version, reason="户口簿无误")


@pytest.mark.requirement("S1-8-1", "S1-11.1-1", "S2-9-3")
@pytest.mark.parametrize(("make", "filename"), [(as_csv, "a.csv"), (as_xlsx, "a.xlsx")])
def test_each_row_finds_its_student_or_says_why_not(cast: Cast, make: Any, filename: str) -> None:
    one = make_student("王小明", cast, national_no="G420106201906030011")
    two = make_student("李小红", cast, id_number=id_number(2))
    three = make_student("张三", cast)
    elsewhere = make_student("外校", cast, school=cast.other_school)
    content = make(
        ("王小明", "g420106201906030011", "", "", "重复学籍", "两省均有"),
        ("李小红", "", "", id_number(2), "", ""),
        ("张山", "", number_of(three), "", "错误", "姓名不符"),
        ("外校", "", number_of(elsewhere), "", "", ""),
        ("王小明", "", number_of(one), id_number(2), "", ""),
        ("无号", "", "", "", "", ""),
        ("张三", "", number_of(three), id_number(77), "其他", ""),
    )
    made = brought(cast, content=content, filename=filename)
    found = [(row.row_no, row.student, row.match, row.kind) for row in made.rows.order_by("row_no")]
    assert found == [
        (2, one, Match.MATCHED, "duplicate"), (3, two, Match.MATCHED, "police"), (4, three, Match.NAME, "error"),
        (5, None, Match.NOBODY, "police"), (6, None, Match.SEVERAL, "police"), (7, None, Match.NO_NUMBER, "police"),
        (8, three, Match.MATCHED, "other"),
    ]  # fmt: skip
    assert open_blob(made.file) == content, "the list is kept as it came"
    event = Event.objects.get(action="problem_list.brought")
    assert event.detail == {"source": "police", "rows": 7, "unmatched": 3}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"PK\x03\x04broken", as_csv(headers=("a", "b")), as_csv(("x", "1"), headers=("姓名", "问题")),
        as_csv(("x", "1"), headers=("学号", "问题")), as_csv(*[("x",)] * 2001),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_leaves_nothing(cast: Cast, content: bytes) -> None:
    before = Blob.objects.count()
    with pytest.raises((WorkbookRefused, FileRefused)):
        brought(cast, content=content or b" ")
    assert not ProblemList.objects.exists()
    assert Blob.objects.count() == before


def test_the_same_file_twice_is_told(cast: Cast, client: Client) -> None:
    content = as_csv(("王小明", "", "1", "", "", ""))
    brought(cast, content=content)
    with pytest.raises(actions.SameFile, match="公安比对反馈"):
        brought(cast, content=content, title="again")
    client.force_login(cast.registrar)
    sent = {"source": "own", "title": "again", "due_on": DUE.isoformat(), "file": io.BytesIO(content)}
    answer = client.post(reverse("archive:problem_new"), sent)
    assert answer.status_code == 422
    assert "公安比对反馈" in answer.content.decode()
    assert ProblemList.objects.count() == 1


@pytest.mark.requirement("S1-8-2", "S1-10-9", "S0-2.4-3")
def test_a_row_is_mended_by_a_request_and_confirmed_by_another_person(cast: Cast) -> None:
    student = make_student("王小明", cast)
    before = submitted_edit(cast, student, {"talent": "围棋"})
    row = about(cast, student)
    with pytest.raises(WrongState):
        actions.mend(actor=cast.registrar, row=row, version=0, request=before.request)
    typed = submitted_edit(cast, student, {"name": "王晓明"})
    other = submitted_edit(cast, make_student("李小红", cast), {"talent": "围棋"})
    with pytest.raises(WrongState):
        actions.mend(actor=cast.registrar, row=row, version=0, request=other.request)
    row = actions.mend(actor=cast.registrar, row=row, version=0, request=typed.request)
    with pytest.raises(WrongState):
        actions.confirm(actor=cast.archivist, row=row, version=1)
    walk(cast, typed, *WAY)
    assert Request.objects.get(pk=typed.request.pk).state == Request.State.CLOSED
    row = actions.confirm(actor=cast.archivist, row=row, version=1)
    assert (row.state, row.answered_by, row.confirmed_by) == ("confirmed", cast.registrar, cast.archivist)
    acts = Event.objects.filter(subject=student.public_id, action__startswith="problem_row.")
    assert sorted(acts.values_list("action", flat=True)) == ["problem_row.answered", "problem_row.confirmed"]


@pytest.mark.requirement("S1-8-2")
def test_who_answered_does_not_confirm(cast: Cast) -> None:
    appoint(cast.registrar, Role.ARCHIVIST, cast.school)
    row = explained(cast, about(cast, make_student("王小明", cast)))
    with pytest.raises(SamePerson):
        actions.confirm(actor=cast.registrar, row=row, version=1)
    row.state, row.confirmed_by = State.CONFIRMED, cast.registrar
    with pytest.raises(IntegrityError), transaction.atomic(), acting(cast.registrar):
        row.save()
    assert [line.count for line in inbox_rows(cast.registrar, "waiting")] == []


def test_a_returned_answer_is_given_anew_and_a_stale_page_decides_nothing(cast: Cast) -> None:
    row = explained(cast, about(cast, make_student("王小明", cast)))
    with pytest.raises(StaleVersion):
        explained(cast, row)
    with pytest.raises(RequestRefused):
        actions.send_back(actor=cast.archivist, row=row, version=1, reason=" ")
    with pytest.raises(NotPermitted):
        actions.send_back(actor=cast.second_registrar, row=row, version=1, reason="x")
    row = actions.send_back(actor=cast.archivist, row=row, version=1, reason="缺证明")
    assert (row.state, row.returned, row.answered_by) == (State.OPEN, "缺证明", None)
    row = explained(cast, row)
    with pytest.raises(StaleVersion):
        actions.confirm(actor=cast.archivist, row=row, version=1)
    assert actions.confirm(actor=cast.archivist, row=row, version=3).state == State.CONFIRMED


def test_a_row_that_names_nobody_is_explained(cast: Cast) -> None:
    row = brought(cast, ("无名", "", "1", "", "", "")).rows.get()
    row = explained(cast, row)
    assert actions.confirm(actor=cast.archive_head, row=row, version=1).state == State.CONFIRMED


@pytest.mark.requirement("S1-8-2")
def test_the_graduating_grade_comes_first_and_figures_stand_on_top(cast: Cast, client: Client) -> None:
    last = make_class(cast.school, grade_level=6, entry_year=2021)
    young = make_student("王小明", cast, school_class=cast.school_class)
    old = make_student("李小红", cast, school_class=last)
    made = brought(
        cast,
        *[(one.name, "", number_of(one), "", "重复", "") for one in (young, old)],
        ("无名", "", "1", "", "", ""),
    )
    client.force_login(cast.registrar)
    page = client.get(reverse("archive:problem_list", args=[made.public_id])).content.decode()
    assert page.index("李小红") < page.index("王小明")
    counted = selectors.figures(cast.registrar, made)
    assert (counted["open"], counted["unmatched"], counted["kind_duplicate"]) == (3, 1, 2)


def test_rows_of_another_department_are_not_found(cast: Cast, client: Client) -> None:
    mine, theirs = make_student("王小明", cast), make_student("李小红", cast)
    stay = Enrolment.objects.get(student=mine)
    stay.unit = cast.teaching
    saved(stay)
    made = brought(
        cast,
        *[(one.name, "", number_of(one), "", "", "") for one in (mine, theirs)],
        ("无", "", "1", "", "", ""),
    )
    clerk = make_user("系办", cast.teaching)
    appoint(clerk, Role.REGISTRAR, cast.teaching)
    client.force_login(clerk)
    page = client.get(reverse("archive:problem_list", args=[made.public_id])).content.decode()
    assert "王小明" in page
    assert "李小红" not in page
    assert selectors.figures(clerk, made)["open"] == 1
    own, other, nobody = made.rows.order_by("row_no")
    assert client.get(reverse("archive:problem_row", args=[own.public_id])).status_code == 200
    for row in (other, nobody):
        assert client.get(reverse("archive:problem_row", args=[row.public_id])).status_code == 404
        answer = client.post(
            reverse("archive:problem_explain", args=[row.public_id]), {"version": 0, "reason": "x"}
        )
        assert answer.status_code == 404
    with pytest.raises(NotPermitted):
        actions.explain(actor=clerk, row=other, version=0, reason="x")
    assert [line.count for line in inbox_rows(clerk, "waiting")] == [1]


def test_the_inbox_has_one_line_for_each_list(cast: Cast, django_assert_num_queries: Any) -> None:
    students = [make_student(name, cast) for name in ("王小明", "李小红", "张三")]
    for number, student in enumerate(students):
        due = timezone.localdate() + timedelta(days=3 - number)
        row = about(cast, student, title=f"清单{number}", due_on=due)
    explained(cast, row)
    lines = inbox_rows(cast.registrar, "waiting")
    assert [(line.title, line.count) for line in lines] == [("清单1", 1), ("清单0", 1)], (
        "the one due first on top"
    )
    with django_assert_num_queries(1):
        inbox_rows(cast.registrar, "waiting")
    assert [line.title for line in inbox_rows(cast.archivist, "waiting")] == ["清单2"]
    assert not inbox_rows(cast.outsider, "waiting")


def test_a_list_costs_the_same_however_long(
    cast: Cast, client: Client, django_assert_max_num_queries: Any
) -> None:
    rows = [
        (one.name, "", number_of(one), "", "", "")
        for one in (make_student(f"学生{n}", cast) for n in range(12))
    ]
    few, many = brought(cast, *rows[:2], title="a"), brought(cast, *rows, title="b")
    client.force_login(cast.registrar)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for one in (few, few, many):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(reverse("archive:problem_list", args=[one.public_id])).status_code == 200
        counts.append(len(seen))
    assert counts[1] == counts[2]


@pytest.mark.parametrize(
    "asked",
    ["?what=1", "?state=nothing", "?kind=%00", "?match=", "?sort=--row", "?sort=text", "?page=x", "?page=-1",
     "?page=99999999999999999999", "?name=~0", "?graduating=x"],
)  # fmt: skip
def test_an_address_that_asks_for_what_is_not_there_breaks_nothing(
    cast: Cast, client: Client, asked: str
) -> None:
    made = brought(cast, ("无名", "", "1", "", "", ""))
    client.force_login(cast.registrar)
    for address in (
        reverse("archive:problem_list", args=[made.public_id]),
        reverse("archive:problem_lists"),
    ):
        assert client.get(address + asked).status_code == 200


def test_numbers_are_masked(cast: Cast, client: Client) -> None:
    number = id_number(1)
    student = make_student("王小明", cast, id_number=number)
    row = brought(cast, ("王小明", "", number_of(student), number, "", f"公安库为{number}")).rows.get()
    client.force_login(cast.registrar)
    page = client.get(reverse("archive:problem_row", args=[row.public_id])).content.decode()
    assert number not in page
    assert masked(number) in page


@pytest.mark.requirement("S0-4.4-3")
def test_a_destroyed_file_takes_its_rows_and_the_list_with_it(cast: Cast) -> None:
    student = make_student("司马青云", cast)
    other = make_student("王小明", cast)
    made = brought(
        cast, ("司马青云", "", number_of(student), "", "重复", "司马青云两省均有"), ("司马青云", "", "1", "", "", ""),
        ("王小明", "", number_of(other), "", "", "与司马青云重号"), ("司马云", "", "2", "", "", ""),
    )  # fmt: skip
    student.name = "司马云"
    saved(student)
    explained(cast, made.rows.get(student=student))
    with acting(cast.archivist):
        gone = erase_listed([student])
    assert gone == {made.file: student}
    assert list(made.rows.values_list("student", flat=True)) == [other.pk]
    said = rows_that_say(("司马青云",))
    assert not [one for one in said if "Problem" in one and "Historical" not in one]
    assert "archive.HistoricalProblemRow.listed_name" not in said


@pytest.mark.requirement("S0-4.4-3")
def test_a_destroyed_file_is_found_in_lists_by_its_numbers_too(cast: Cast) -> None:
    student = make_student("司马青云", cast, id_number=id_number(1))
    before = number_of(student)
    stay = student.enrolments.get()
    stay.student_no = "20990099"
    saved(stay)
    other = make_student("王小明", cast)
    made = brought(
        cast, ("司马清云", "", before + "0", id_number(1)[:-1] + "X", "", ""),
        ("王小明", "", number_of(other), "", "", f"与{id_number(1)}重复"),
    )  # fmt: skip
    nobody, named = made.rows.order_by("row_no")
    nobody.listed_number = f"1 {before}"
    saved(nobody)
    explained(cast, named)
    far = brought(cast, ("王小明", "", number_of(other), "", "", "20990099 之误"), title="另一份")
    with acting(cast.archivist):
        assert erase_listed([student]) == {made.file: student, far.file: student}
    assert list(made.rows.all()) == [named]
    named.refresh_from_db()
    assert (named.text, named.reason) == ("", "户口簿无误")
    assert far.rows.get().text == ""


@pytest.mark.requirement("S0-4.4-3")
def test_the_history_of_rows_says_nothing_of_a_destroyed_student_either(committed_db: str) -> None:
    cast = make_cast()
    ten_years(cast)
    student = leaver(cast, "司马青云", id_number=id_number(1))
    other = make_student("王小明", cast)
    made = brought(
        cast, ("司马青云", "", "1", "", "", ""), ("司马清云", "", "2", id_number(1), "", ""),
        ("王小明", "", number_of(other), "", "", ""), ("李四", "", "3", "", "", "与司马青云重复"),
        ("赵六", "", "4", "", "", ""),
    )  # fmt: skip
    by_name, by_number, others, apart, once = made.rows.order_by("row_no")
    said = actions.explain(actor=cast.registrar, row=once, version=0, reason="即司马青云")
    actions.send_back(actor=cast.archivist, row=said, version=1, reason="缺照片")
    for one in (by_name, by_number, others):
        row = actions.explain(actor=cast.registrar, row=one, version=0, reason="即司马青云")
        row = actions.send_back(actor=cast.archivist, row=row, version=1, reason="司马青云是谁")
    actions.send_back(actor=cast.archivist, row=explained(cast, apart), version=1, reason="缺证明")
    row = actions.explain(actor=cast.registrar, row=row, version=2, reason="户口簿无误")
    walk_destruction(cast, applied(cast), *DESTRUCTION)
    assert Student.objects.get(pk=student.pk).destroyed_on
    assert not [one for one in rows_that_say(("司马青云", id_number(1))) if "Problem" in one]
    row.refresh_from_db()
    assert (row.state, row.reason, row.returned) == (State.ANSWERED, "户口簿无误", "")
    assert row.history.latest("history_id").reason == "户口簿无误"
    told = [(one.reason, one.returned) for one in apart.history.order_by("history_id")]
    assert told == [("", ""), ("户口簿无误", ""), ("", "缺证明")], "what names others stays"
    apart.refresh_from_db()
    assert apart.text == "", "but for the text of the list, which named him"
    once.refresh_from_db()
    assert (once.returned, once.history.latest("history_id").returned) == ("缺照片", "缺照片")
    erased = Erasure.objects.filter(table="archive_historicalproblemrow").values_list("rows", flat=True)
    kept = ProblemRow.history.exclude(history_id__in={pk for rows in erased for pk in rows})
    assert set(kept.values_list("id", flat=True)) == {others.pk, apart.pk, once.pk}


def test_a_row_stays_with_its_unit_when_the_file_is_shelved(cast: Cast, client: Client) -> None:
    student = make_student("王小明", cast)
    row = about(cast, student)
    stay = student.enrolments.get()
    stay.ended_on = stay.shelved_on = timezone.localdate()
    saved(stay)
    client.force_login(cast.registrar)
    page = client.get(reverse("archive:problem_row", args=[row.public_id])).content.decode()
    assert reverse("records:student", args=[student.public_id]) not in page
    assert explained(cast, row).state == State.ANSWERED


def test_an_explanation_is_shown_with_its_numbers_masked(cast: Cast, client: Client) -> None:
    row = about(cast, make_student("王小明", cast))
    number = id_number(1)
    actions.explain(actor=cast.registrar, row=row, version=row.version, reason=f"公安库为{number}")
    client.force_login(cast.registrar)
    page = client.get(reverse("archive:problem_row", args=[row.public_id])).content.decode()
    assert number not in page
    assert masked(number) in page


def test_a_list_that_names_whom_a_destruction_takes_at_that_moment_is_refused(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ten_years(cast)
    student = leaver(cast, "司马青云")
    walk_destruction(cast, applied(cast), *DESTRUCTION)
    student.refresh_from_db()
    monkeypatch.setattr(actions.Matcher, "match", lambda *_given: (student, Match.MATCHED))
    client.force_login(cast.registrar)
    sent = {
        "source": "own",
        "title": "x",
        "due_on": DUE.isoformat(),
        "file": io.BytesIO(as_csv(("司马青云", "", "1"))),
    }
    before = Blob.objects.count()
    answer = client.post(reverse("archive:problem_new"), sent, headers={"accept-language": "en"})
    assert answer.status_code == 422
    assert "destroyed just now" in answer.content.decode()
    assert not ProblemList.objects.exists()
    assert Blob.objects.count() == before


@pytest.mark.parametrize("wrong", [{"row_no": 1}, {"state": State.ANSWERED}])
def test_another_refusal_of_the_database_is_not_told_as_a_destruction(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
) -> None:
    made = actions._row

    def badly(*given: Any) -> ProblemRow:
        row = made(*given)
        for name, value in wrong.items():
            setattr(row, name, value)
        return row

    monkeypatch.setattr(actions, "_row", badly)
    with pytest.raises(IntegrityError), transaction.atomic():
        brought(cast, ("王小明", "", "1", "", "", ""), ("李小红", "", "2", "", "", ""))
    assert not ProblemList.objects.exists()


def test_the_same_list_at_the_same_moment_comes_in_once(committed_db: str) -> None:
    cast = make_cast()
    content = as_csv(("王小明", "", "1", "", "", ""))
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def bring(user: Any) -> None:
        barrier.wait()
        try:
            brought(cast, content=content, actor=user)
            outcomes.append("brought")
        except actions.SameFile:
            outcomes.append("same")
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=bring, args=[user]) for user in (cast.registrar, cast.second_registrar)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["brought", "same"]
    assert ProblemList.objects.count() == 1


def test_a_list_is_brought_in_for_a_school_by_who_works_for_it(cast: Cast, client: Client) -> None:
    clerk = make_user("系办", cast.teaching)
    appoint(clerk, Role.REGISTRAR, cast.teaching)
    address = reverse("archive:problem_new")
    for user, is_offered in ((cast.registrar, True), (clerk, False), (cast.archivist, False)):
        client.force_login(user)
        page = client.get(reverse("archive:problem_lists")).content.decode()
        assert (address in page) == is_offered
        assert (client.get(address).status_code == 200) == is_offered


def test_no_row_of_a_destroyed_student_comes_in(cast: Cast) -> None:
    student = make_student("王小明", cast)
    row = about(cast, student)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = 'file_destroyed'",
            [row._meta.db_table],
        )
        assert cursor.fetchone() == (1,)
