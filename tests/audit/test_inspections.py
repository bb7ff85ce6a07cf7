"""Inspections: planned, drawn once, judged after reading, scored, finished; nobody inspects his own department."""

from datetime import date, timedelta
from uuid import uuid4

import pypdfium2
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actions import lock_user
from accounts.models import User
from accounts.roles import Role
from accounts.scope import NotPermitted, OutOfScope
from approvals.refusals import OwnFile, RequestRefused, SamePerson, WrongState
from audit.inspections import actions, selectors
from audit.inspections.actions import Points
from audit.inspections.erasing import erase
from audit.inspections.people import departments
from audit.models import AreaFinding, InspectedFile, Inspection
from core.crypto import blind_index
from ledger import events
from ledger.context import acting, service_user
from ledger.models import Event
from records.models import FamilyMember, Student
from tests.audit.supervising import begun, finished, opened, planned, worked
from tests.cast import Cast, make_cast
from tests.factories import appoint, make_unit, make_user, saved, set_rule
from tests.records.files import make_student
from tests.support.inbox import inbox_rows
from tests.support.together import at_once

pytestmark = pytest.mark.requirement("S0-7.1-1", "S0-7.1-2", "S0-2.4-4", "S3-10.1-1")


def words_of(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    return "".join(page.get_textpage().get_text_range() for page in document).replace("\r\n", "")


def test_the_sample_is_of_files_that_the_department_worked_on(cast: Cast) -> None:
    known = {one.public_id for one in worked(cast, "王小明", "李小红", "张小刚")}
    worked(cast, "刘小东", by=cast.registrar)
    make_student("陈小西", cast)
    row = begun(cast, sample_size=2)
    drawn = set(row.files.values_list("subject", flat=True))
    assert row.number.startswith("JC-") and (row.population, row.state) == (3, "running")
    assert len(drawn) == 2 and drawn <= known
    assert (row.inspector, row.inspector_unit) == (cast.archivist, cast.archives)
    with pytest.raises(WrongState):
        actions.begin(actor=cast.archivist, inspection=row)
    assert row.files.count() == 2


def test_all_files_are_drawn_when_there_are_fewer(cast: Cast) -> None:
    worked(cast, "王小明")
    assert begun(cast, sample_size=5).files.count() == 1


def test_old_work_and_shelved_files_are_not_drawn(cast: Cast) -> None:
    old, shelved = worked(cast, "王小明", "李小红")
    stay = shelved.enrolments.get()
    stay.ended_on = stay.shelved_on = timezone.localdate()
    stay.status = Student.Status.WITHDRAWN
    saved(stay)
    today = timezone.localdate()
    row = planned(cast, period=(today - timedelta(30), today - timedelta(1)))
    assert not selectors.worked_on(row.school, row.unit, row.period_from, row.period_until).exists()
    assert [one.pk for one in selectors.worked_on(cast.school, cast.admissions, today, today)] == [old.pk]


def test_nobody_inspects_his_own_department(cast: Cast) -> None:
    inner = make_user("甲", cast.admissions)
    appoint(inner, Role.ARCHIVIST, cast.school)
    row = planned(cast)
    with pytest.raises(SamePerson):
        actions.begin(actor=inner, inspection=row)
    with pytest.raises(SamePerson):
        planned(cast, inspector=inner)
    with pytest.raises(SamePerson):
        planned(cast, unit=cast.archives)
    with pytest.raises(OutOfScope):
        selectors.inspection_for(inner, row.public_id)
    row.inspector, row.inspector_unit = inner, cast.admissions
    with pytest.raises(IntegrityError, match="inspection_by_another_unit"), transaction.atomic():
        saved(row)


def test_archivists_without_a_department_are_of_the_archives(cast: Cast) -> None:
    head = make_user("甲", cast.school)
    appoint(head, Role.ARCHIVE_HEAD, cast.school)
    today = timezone.localdate()
    with pytest.raises(SamePerson):
        actions.plan(
            actor=head,
            unit=cast.archives,
            kind="safety",
            period=(today, today),
            planned_on=today,
            sample_size=0,
        )
    row = actions.plan(
        actor=cast.leader, unit=cast.archives, kind="safety", period=(today, today), planned_on=today,
        sample_size=0,
    )  # fmt: skip
    assert row not in selectors.inspections(head) and row in selectors.inspections(cast.leader)
    assert cast.archives not in departments(head) and cast.archives in departments(cast.leader)


def test_heads_and_clerks_do_not_plan_and_other_schools_are_closed(cast: Cast) -> None:
    today = timezone.localdate()
    given = {"kind": "regular", "period": (today, today), "planned_on": today, "sample_size": 1}
    for person in (cast.head, cast.archivist, cast.outsider):
        with pytest.raises(NotPermitted):
            actions.plan(actor=person, unit=cast.admissions, **given)
    other = make_unit("招生办", cast.other_school, kind="department", duty="admissions")
    with pytest.raises(NotPermitted):
        actions.plan(actor=cast.archive_head, unit=other, **given)
    assert not Inspection.objects.exists()


@pytest.mark.requirement("S1-12.2-5")
def test_the_archives_are_inspected_by_the_leader_without_files(cast: Cast) -> None:
    today = timezone.localdate()
    row = actions.plan(
        actor=cast.leader, unit=cast.archives, kind="safety", period=(today, today), planned_on=today,
        sample_size=9,
    )  # fmt: skip
    assert row.sample_size == 0
    with pytest.raises(SamePerson):
        actions.begin(actor=cast.archivist, inspection=row)
    row = actions.begin(actor=cast.leader, inspection=row)
    with pytest.raises(WrongState):
        actions.finish(actor=cast.leader, inspection=row)
    points = {"storage": Points(20, ""), "entry": Points(1, "不该计入")}
    actions.write_findings(actor=cast.leader, inspection=row, points=points)
    row = actions.finish(actor=cast.leader, inspection=row)
    assert list(row.findings.values_list("area", flat=True)) == ["storage"] and row.full_score == 20


def test_who_cannot_open_files_draws_none(cast: Cast) -> None:
    worked(cast, "王小明")
    with pytest.raises(SamePerson):
        planned(cast, inspector=cast.leader)
    with pytest.raises(SamePerson):
        actions.begin(actor=cast.leader, inspection=planned(cast))


def test_a_file_is_judged_by_its_inspector_after_reading(cast: Cast) -> None:
    worked(cast, "王小明")
    file = begun(cast).files.get()
    with pytest.raises(WrongState):
        actions.judge(actor=cast.archivist, file=file, faults=[])
    opened(cast, file, cast.second_archivist)
    with pytest.raises(WrongState):
        actions.judge(actor=cast.archivist, file=file, faults=[])
    with pytest.raises(SamePerson):
        actions.judge(actor=cast.second_archivist, file=file, faults=[])
    opened(cast, file, cast.archivist)
    with pytest.raises(RequestRefused):
        actions.judge(actor=cast.archivist, file=file, faults=["wrong"])
    with pytest.raises(RequestRefused):
        actions.judge(actor=cast.archivist, file=file, faults=["wrong"], note="王小明的地址不符")
    with pytest.raises(RequestRefused):
        actions.judge(actor=cast.archivist, file=file, faults=["wrong"], note="电话13800000000不符")
    actions.judge(actor=cast.archivist, file=file, faults=["wrong", "incomplete"], note="地址不符")
    file.refresh_from_db()
    assert (file.faults, file.judged_by) == (["incomplete", "wrong"], cast.archivist)
    assert Event.objects.get(action="inspection.judged").subject == file.subject


def child_of(person: User, student: Student) -> None:
    index = blind_index("id_number", "110101199003070000")
    person.id_number_index = index
    saved(person)
    saved(FamilyMember(student=student, position=9, relation="51", name="某", id_number_index=index))


def test_another_file_is_drawn_instead_of_one_of_the_inspectors_family(cast: Cast) -> None:
    child, other = worked(cast, "王小明", "李小红")
    child_of(cast.archivist, child)
    row = begun(cast, sample_size=1)
    assert (row.population, list(row.files.values_list("subject", flat=True))) == (1, [other.public_id])


def test_nobody_of_a_sampled_students_family_takes_over(cast: Cast, client: Client) -> None:
    child, _other = worked(cast, "王小明", "李小红")
    child_of(cast.second_archivist, child)
    row = begun(cast)
    with pytest.raises(OwnFile, match=cast.second_archivist.name):
        actions.assign(actor=cast.archive_head, inspection=row, inspector=cast.second_archivist)
    client.force_login(cast.archive_head)
    url = reverse("audit:inspection_assign", args=[row.public_id])
    page = client.post(url, {"inspector": cast.second_archivist.pk}, follow=True).content.decode()
    assert page.count(cast.second_archivist.name) > 1
    row.refresh_from_db()
    assert row.inspector == cast.archivist
    planned_one = planned(cast)
    actions.assign(actor=cast.archive_head, inspection=planned_one, inspector=cast.second_archivist)
    drawn = actions.begin(actor=cast.second_archivist, inspection=planned_one)
    assert child.public_id not in drawn.files.values_list("subject", flat=True)


def test_files_of_the_inspectors_family_stay_out(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = worked(cast, "王小明", "李小红")
    monkeypatch.setattr(actions, "related_among", lambda user, subjects: {mine.public_id} & set(subjects))
    row = begun(cast)
    assert list(row.files.values_list("subject", flat=True)) == [other.public_id] and row.population == 1
    monkeypatch.setattr(actions, "is_related", lambda user, subjects: True)
    with pytest.raises(OwnFile):
        actions.judge(actor=cast.archivist, file=row.files.get(), faults=[])


def test_it_is_finished_once_everything_is_judged_and_scored(cast: Cast) -> None:
    worked(cast, "王小明")
    row = begun(cast)
    every = {area.value: Points(20, "") for area in row.areas}
    with pytest.raises(RequestRefused):
        actions.write_findings(actor=cast.archivist, inspection=row, points={"entry": Points(12, " ")})
    actions.write_findings(actor=cast.archivist, inspection=row, points={"entry": Points(12, "有错字")})
    with pytest.raises(WrongState):
        actions.finish(actor=cast.archivist, inspection=row)
    actions.write_findings(actor=cast.archivist, inspection=row, points=every)
    with pytest.raises(WrongState):
        actions.finish(actor=cast.archivist, inspection=row)
    file = row.files.get()
    opened(cast, file, cast.archivist)
    actions.judge(actor=cast.archivist, file=file, faults=[])
    with pytest.raises(OutOfScope):
        selectors.inspection_for(cast.head, row.public_id)
    actions.finish(actor=cast.archivist, inspection=row)
    assert AreaFinding.objects.filter(inspection=row).count() == 5
    assert AreaFinding.objects.get(area="entry").score == 20
    assert selectors.inspection_for(cast.head, row.public_id).pk == row.pk
    with pytest.raises(OutOfScope):
        selectors.inspection_for(cast.academic_head, row.public_id)
    with pytest.raises(WrongState):
        actions.judge(actor=cast.archivist, file=file, faults=["wrong"], note="x")
    with pytest.raises(WrongState):
        actions.write_findings(actor=cast.archivist, inspection=row, points=every)


def test_another_inspector_goes_on_when_one_is_named(cast: Cast) -> None:
    worked(cast, "王小明")
    row = begun(cast)
    with pytest.raises(NotPermitted):
        actions.assign(actor=cast.second_archivist, inspection=row, inspector=cast.second_archivist)
    actions.assign(actor=cast.archive_head, inspection=row, inspector=cast.second_archivist)
    with pytest.raises(SamePerson):
        actions.write_findings(actor=cast.archivist, inspection=row, points={})
    actions.write_findings(actor=cast.second_archivist, inspection=row, points={"use": Points(20, "")})


def test_the_database_keeps_states_and_scores(cast: Cast) -> None:
    row = planned(cast)
    row.state = "finished"
    with pytest.raises(IntegrityError, match="inspection_state"), transaction.atomic():
        saved(row)
    finding = AreaFinding(inspection=row, area="use", score=21, written_by=cast.archivist)
    with pytest.raises(IntegrityError, match="finding_score"), transaction.atomic():
        saved(finding)
    twice = {"inspection": row, "subject": uuid4(), "archive_no": "A"}
    saved(InspectedFile(position=1, **twice))
    with pytest.raises(IntegrityError, match="inspected_file_once"), transaction.atomic():
        saved(InspectedFile(position=2, **twice))


@pytest.mark.requirement("S4-6.2-3", "S0-2.3-2", "S3-4.3-2")
def test_last_quarter_is_sampled_once_for_each_department_that_worked(cast: Cast) -> None:
    today = timezone.localdate()
    since, until = selectors.last_quarter(today)
    student = make_student("王小明", cast)
    for person in (cast.clerk, cast.archivist):
        events.record("student.viewed", actor=person, obj=student, unit_id=cast.school.pk)
    later = _next_quarter(today)
    assert actions.open_quarterly(today) == 0
    assert actions.open_quarterly(later) == 1
    assert actions.open_quarterly(later) == 0
    row = Inspection.objects.get()
    assert (row.kind, row.unit, row.inspector, row.sample_size) == ("quarterly", cast.admissions, None, 10)
    assert row.planned_on > later + timedelta(20)
    assert row.period_from == selectors.last_quarter(later)[0] > since and until < row.period_from
    assert "招生办" in "".join(str(one.title) for one in inbox_rows(cast.archivist))


def _next_quarter(today: date) -> date:
    return today.replace(day=1) + timedelta(days=92)


def test_a_school_can_leave_the_quarterly_sample_out(cast: Cast) -> None:
    worked(cast, "王小明")
    set_rule(cast.school, "quarterly_sample", "0")
    assert actions.open_quarterly(_next_quarter(timezone.localdate())) == 0


def test_quarters_are_those_of_the_calendar() -> None:
    assert selectors.last_quarter(date(2026, 1, 1)) == (date(2025, 10, 1), date(2025, 12, 31))
    assert selectors.last_quarter(date(2026, 11, 23)) == (date(2026, 7, 1), date(2026, 9, 30))
    assert selectors.last_quarter(date(2026, 6, 30)) == (date(2026, 1, 1), date(2026, 3, 31))


def test_two_begin_at_once(committed_db: None) -> None:
    cast = make_cast()
    with acting(service_user()):
        worked(cast, "王小明", "李小红", "张小刚")
    row = planned(cast, sample_size=2)
    gave = at_once(
        lambda: actions.begin(actor=cast.archivist, inspection=row),
        lambda: actions.begin(actor=cast.second_archivist, inspection=row),
    )
    assert sum(isinstance(one, WrongState) for one in gave) == 1
    assert row.files.count() == 2


def test_the_result_is_printed_by_archive_numbers(cast: Cast) -> None:
    (student,) = worked(cast, "王小明")
    running = begun(cast, unit=cast.admissions)
    with pytest.raises(WrongState):
        actions.print_result(actor=cast.archivist, inspection=running)
    row = finished(cast)
    text = words_of(actions.print_result(actor=cast.head, inspection=row))
    assert row.number in text and student.archive_no in text and "王小明" not in text and "90 / 100" in text
    assert Event.objects.filter(action="inspection.printed", actor=cast.head).count() == 1


@pytest.mark.requirement("S0-4.4-3")
def test_a_destroyed_file_leaves_its_number_and_codes(cast: Cast) -> None:
    kept, gone = worked(cast, "王小明", "李小红")
    row = finished(cast)
    with acting(cast.archivist):
        assert list(erase(gone)) == []
    file = row.files.get(subject=gone.public_id)
    assert (file.note, file.faults, file.archive_no) == ("", ["incomplete"], gone.archive_no)
    assert row.files.get(subject=kept.public_id).note


def test_the_way_through_the_pages(cast: Cast, client: Client) -> None:
    worked(cast, "王小明")
    today = timezone.localdate()
    client.force_login(cast.archive_head)
    page = client.get(reverse("audit:inspection_plan"))
    assert "档案室" not in page.content.decode().split('name="kind"')[0].split('name="unit"')[1]
    given = {
        "unit": cast.admissions.public_id, "kind": "regular", "period_from": today, "period_until": today,
        "planned_on": today, "sample_size": 3, "inspector": cast.archivist.pk,
    }  # fmt: skip
    assert (
        client.post(reverse("audit:inspection_plan"), given | {"unit": cast.archives.public_id}).status_code
        == 422
    )
    assert client.post(reverse("audit:inspection_plan"), given).status_code == 302
    row = Inspection.objects.get()
    one = [row.public_id]
    client.force_login(cast.second_archivist)
    begin = reverse("audit:inspection_begin", args=one)
    assert begin not in client.get(reverse("audit:inspection", args=one)).content.decode()
    client.post(reverse("audit:inspection_begin", args=one))
    row.refresh_from_db()
    assert row.state == "planned"
    client.force_login(cast.archivist)
    assert [line.url for line in inbox_rows(cast.archivist)] == [reverse("audit:inspection", args=one)]
    client.post(reverse("audit:inspection_begin", args=one))
    file = row.files.get()
    address = reverse("audit:inspected_file", args=[file.public_id])
    student = reverse("records:student", args=[file.subject])
    assert student in client.get(address).content.decode()
    assert client.post(address, {"faults": ["late"], "note": "晚录"}).status_code == 422
    opened(cast, file, cast.archivist)
    assert client.post(address, {"faults": ["late"], "note": "晚录"}).status_code == 302
    values = {f"finding-{area.value}_score": 20 for area in row.areas}
    bad = client.post(reverse("audit:inspection_findings", args=one), values | {"finding-use_score": 21})
    assert bad.status_code == 422
    client.post(reverse("audit:inspection_findings", args=one), values)
    client.post(reverse("audit:inspection_finish", args=one))
    row.refresh_from_db()
    assert row.state == "finished"
    client.force_login(cast.head)
    page = client.get(reverse("audit:inspection", args=one)).content.decode()
    assert file.archive_no in page and "王小明" not in page and "100 / 100" in page
    assert client.get(address).status_code == 403
    assert client.post(reverse("audit:inspection_print", args=one))["Content-Type"] == "application/pdf"


def test_the_register_costs_the_same_for_many(cast: Cast, client: Client) -> None:
    client.force_login(cast.archive_head)
    planned(cast)
    address = reverse("audit:inspections")
    client.get(address)
    counts = []
    for _turn in range(2):
        with CaptureQueriesContext(connection) as found:
            client.get(address)
        counts.append(len(found))
        for _more in range(8):
            planned(cast)
    assert counts[0] == counts[1]


def test_a_locked_inspector_is_replaced(cast: Cast) -> None:
    row = planned(cast, inspector=cast.archivist)
    lock_user(actor=cast.system_admin, user=cast.archivist, reason="离岗")
    actions.assign(actor=cast.archive_head, inspection=row, inspector=cast.second_archivist)
    assert actions.begin(actor=cast.second_archivist, inspection=row).inspector == cast.second_archivist


def test_finishing_keeps_what_was_typed_and_says_where_words_are_missing(cast: Cast, client: Client) -> None:
    row = begun(cast, unit=cast.admissions, sample_size=0)
    finish = reverse("audit:inspection_finish", args=[row.public_id])
    client.force_login(cast.archivist)
    values = {f"finding-{area.value}_score": 20 for area in row.areas} | {"finding-use_score": 18}
    page = client.post(finish, values)
    assert page.status_code == 422
    assert 'id="id_finding-use_words-error"' in page.content.decode()
    assert client.post(finish, values | {"finding-use_words": "借出未登记"}).status_code == 302
    row.refresh_from_db()
    assert row.state == "finished"
    assert row.findings.get(area="use").words == "借出未登记"


@pytest.mark.parametrize("typed", ["20261101", "2026-11-01", "2026/11/01", "2026.11.01"])
def test_days_are_typed_as_on_the_other_pages(cast: Cast, client: Client, typed: str) -> None:
    client.force_login(cast.archive_head)
    assert 'type="date"' not in client.get(reverse("audit:inspection_plan")).content.decode()
    given = {
        "unit": cast.admissions.public_id, "kind": "regular", "period_from": typed, "period_until": "2026-11-20",
        "planned_on": typed, "sample_size": 3,
    }  # fmt: skip
    assert client.post(reverse("audit:inspection_plan"), given).status_code == 302
    assert Inspection.objects.get().period_from == date(2026, 11, 1)
