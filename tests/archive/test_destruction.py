"""E.10, the destruction: by approval and two executors alone, whole, for good; and whatever forbids it."""

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import override

from accounts.scope import NotPermitted
from approvals import actions as requests
from approvals.models import Request
from approvals.reasons import ReturnReason
from approvals.refusals import RequestRefused, SamePerson, WrongState
from approvals.spot_check_models import SpotCheck, SpotCheckItem
from archive.certificates import actions as certificates
from archive.copies import actions as copies
from archive.inquiries import actions as inquiries
from archive.keeping import actions as keeping
from archive.models import (
    AppraisedFile,
    Certificate,
    DestroyedBlob,
    DestroyedFile,
    DestructionRequest,
    EditChange,
    FileCopy,
    LegalHold,
    PaperLoan,
    RetentionTerm,
)
from archive.problems import actions as problems
from archive.retention import actions, destroying
from archive.retention.obstacles import InTheWay
from files.actions import Scan
from files.models import Blob, Discarded
from jobs.running import Running
from ledger.history import is_history
from ledger.models import Erasure, Event
from records import selectors
from records.merits.actions import entries
from records.models import Enrolment, FamilyMember, Student
from tests.archive.appraising import MEMBERS, WAY, applied, fresh, leaver, ten_years, voted, walk
from tests.archive.asking import WAY as EDIT_WAY
from tests.archive.asking import submitted_edit
from tests.archive.asking import walk as walk_edit
from tests.archive.test_deletions import REWARD, held, lent
from tests.archive.test_sharing import drafted as drafted_sharing
from tests.cast import Cast
from tests.enrollment.intake import picture
from tests.factories import saved, set_rule
from tests.records.files import make_student
from tests.records.merits.people import enrolment_of, officer, scan

pytestmark = pytest.mark.django_db
SECRETS = ("王小明", "wangxiaoming", "围棋小能手", "优秀学生干部", "户口簿已变更", "珞珈山路")
"""What of a full file must be found nowhere after its destruction."""


def class_set(cast: Cast) -> None:
    """Certificates of the whole class in one PDF."""
    made = certificates.order(
        actor=cast.registrar, school_class=cast.school_class, purpose="办理社保", language="zh", key=uuid4()
    )
    certificates.work(Running(made.job, cast.registrar, lambda done, total: None))


def full_file(cast: Cast) -> Student:
    """A file with values, family, an entry with a scan, an edit with its proof, a hold that was lifted, a certificate
    that was voided, certificates of his class, a copy that was refused, rows of a list of problem records."""
    student = make_student(
        "王小明", cast, school_class=cast.school_class, current_address="珞珈山路 8 号", phone="13912345678"
    )
    saved_by = officer(cast)
    entries.enter_rewards(
        actor=saved_by,
        enrolments=[enrolment_of(student)],
        values=REWARD | {"name": "优秀学生干部"},
        scan=scan(),
    )
    walk_edit(cast, submitted_edit(cast, student, {"talent": "围棋小能手", "name": "王小明明"}), *EDIT_WAY)
    hold = held(cast, student)
    file = selectors.student_file(cast.archive_head, student.public_id)
    keeping.lift_hold(actor=cast.archive_head, file=file, hold=hold, reason="王小明案已结")
    stay = student.enrolments.get()
    asked = certificates.Asked(kind="history", purpose="王小明办理居住证")
    certificates.issue(actor=cast.registrar, enrolment=stay, asked=asked, key=uuid4())
    certificates.void(actor=cast.registrar, certificate=Certificate.objects.get(), reason="王小明遗失")
    class_set(cast)
    copies.refuse(
        actor=cast.archive_head, file=file, reason="不是王小明的监护人",
        asked=copies.Asked(asker="guardian", name="王小明之叔", relation="叔父", proof="id_card", form="pdf"),
    )  # fmt: skip
    listed = problems.bring(
        actor=cast.registrar, school=cast.school, source="police", title="公安比对", due_on=timezone.localdate(),
        content=f"姓名,学号,问题\n王小明,{stay.student_no},王小明未通过\n王小明明,1,王小明\n".encode(),
        filename="王小明.csv",
    )  # fmt: skip
    row = listed.rows.get(row_no=2)
    row = problems.explain(actor=cast.registrar, row=row, version=0, reason="王小明户口已迁")
    problems.send_back(actor=cast.archivist, row=row, version=1, reason="王小明的证明未附")
    stay.started_on = stay.started_on.replace(year=2005)
    stay.ended_on, stay.status = stay.started_on.replace(year=2011), Student.Status.GRADUATED
    saved(stay)
    return Student.objects.get(pk=student.pk)


def rows_that_say(texts: tuple[str, ...]) -> list[str]:
    """Every table and column of the database that still holds one of these texts, plain or decrypted."""
    found = []
    for model in apps.get_models():
        for row in model._base_manager.all().iterator():
            for field in model._meta.concrete_fields:
                value = getattr(row, field.attname)
                said = str(value if not isinstance(value, (bytes, memoryview)) else bytes(value)).casefold()
                if any(text.casefold() in said for text in texts):
                    found.append(f"{model._meta.label}.{field.name}")
    return sorted(set(found))


@pytest.mark.requirement("S0-4.4-3", "S3-9.1-1", "S3-9.2-1", "S3-9.2-2", "S3-9.2-3", "S3-9.2-4")
def test_a_destroyed_file_is_nowhere(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    ten_years(cast)
    student = full_file(cast)
    assert len(rows_that_say(SECRETS)) > 8, "the search of this test finds what is there"
    blobs = list(Blob.objects.all())
    typed = applied(cast)
    typed = walk(cast, typed, *WAY[:2])
    assert Student.objects.get(pk=student.pk).destroyed_on is None, "one executor alone destroys nothing"
    with django_capture_on_commit_callbacks(execute=True):
        typed = walk(cast, typed, WAY[2])
    assert typed.request.state == Request.State.CLOSED
    assert rows_that_say(SECRETS) == []
    left = Student.objects.get(pk=student.pk)
    assert (left.public_id, left.archive_no, left.destroyed_on) == (
        student.public_id, student.archive_no, timezone.localdate(),
    )  # fmt: skip
    assert not Enrolment.objects.exists() and not FamilyMember.objects.exists()
    line = DestroyedFile.objects.get()
    assert (line.subject, line.archive_no, line.number) == (
        student.public_id, student.archive_no, typed.request.number,
    )  # fmt: skip
    assert [line.approver, line.first_executor, line.second_executor] == [getattr(cast, name) for name in WAY]
    assert not {"archive.AppraisedFile", "archive.RetentionTerm"} & set(line.contents)
    assert line.contents["records.Reward"] == line.contents["records.Enrolment"] == 1
    gone = {one.blob_id for one in DestroyedBlob.objects.all()}
    kept = {typed.round.report_id}
    assert gone == {one.pk for one in blobs}
    for one in Blob.objects.all():
        assert default_storage.exists(one.storage_key) == (one.pk in kept)
    told = Event.objects.filter(subject=student.public_id)
    assert told.filter(action="file.destroyed").count() == 1
    assert not any(one.reason or one.purpose for one in told)


@pytest.mark.requirement("S3-9.2-3")
def test_what_others_wrote_goes_with_the_file(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    ten_years(cast)
    student = leaver(cast)
    number = [student.enrolments.get().student_no]
    asked = inquiries.draft(
        actor=cast.registrar, school=cast.school, numbers=number, sections=["basic"], purpose="王小明奖助核对",
        reader="王大明", reader_unit="王小明之父所在单位", letter=Scan("王小明介绍信.png", picture()),
    )  # fmt: skip
    given = drafted_sharing(cast, [student])
    given.end_reason = "王小明之父要求收回"
    saved(given)
    sample = saved(SpotCheck(school=cast.school, month=timezone.localdate().replace(day=1), population=1))
    saved(
        SpotCheckItem(
            spot_check=sample, kind="intake", case=uuid4(), number="BM-1", subject=student.public_id,
            finding="王小明的户口簿缺页",
        )
    )  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        walk(cast, applied(cast), *WAY)
    assert rows_that_say((*SECRETS, "王大明")) == []
    assert asked.letter is not None and not default_storage.exists(asked.letter.storage_key)


def test_no_copy_of_a_destroyed_file_is_printed_handed_out_or_refused(cast: Cast) -> None:
    ten_years(cast)
    student = leaver(cast)
    file = selectors.student_file(cast.archive_head, student.public_id)
    walk(cast, applied(cast), *WAY)
    asked = copies.Asked(asker="student", proof="id_card", form="json")
    for act in (
        lambda: copies.print_file(actor=cast.archive_head, file=file, purpose="核对"),
        lambda: copies.hand_out(actor=cast.archive_head, file=file, asked=asked),
        lambda: copies.refuse(actor=cast.archive_head, file=file, asked=asked, reason="已销毁"),
    ):
        with pytest.raises(RequestRefused, match="destroyed"), override("en"):
            act()
    assert not FileCopy.objects.exists()


@pytest.mark.requirement("S3-9.2-3")
def test_the_ledger_keeps_the_rows_and_says_which_it_blanked(cast: Cast) -> None:
    ten_years(cast)
    student = full_file(cast)
    tables: dict[str, set[int]] = {}
    for model in apps.get_models():
        if is_history(model):
            rows = model._base_manager.filter(history_subject=student.public_id)
            tables[model._meta.db_table] = set(rows.values_list("history_id", flat=True))
    salts = dict(Student.history.values_list("history_id", "salt"))
    walk(cast, applied(cast), *WAY)
    erased: dict[str, set[int]] = defaultdict(set)
    for one in Erasure.objects.filter(subject=student.public_id):
        erased[one.table] |= set(one.rows)
    for table, ids in tables.items():
        if table not in ("approvals_historicalrequest", "archive_historicalappraisedfile"):
            assert ids <= erased[table], table
    left = dict(Student.history.values_list("history_id", "salt"))
    assert salts.keys() <= left.keys()
    assert not set(salts.values()) & set(left.values()), (
        "with the old salts contents could be guessed from the seals"
    )
    first = Student.history.order_by("history_id").first()
    assert (first.id, first.name, first.history_user_id is not None) == (student.pk, "", True)


def _refused_by_database(act: Callable[[], object]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        act()


@pytest.mark.requirement("S3-9.2-3")
def test_the_function_that_erases_takes_nothing_but_what_is_registered(cast: Cast) -> None:
    ten_years(cast)
    student = full_file(cast)

    def call(name: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {name}(%s)", [[student.public_id]])

    _refused_by_database(lambda: call("archive_forget"))
    _refused_by_database(lambda: call("enrollment_forget"))

    def ledger_forget() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT ledger_forget(%s, ARRAY['']::text[], ARRAY['']::text[])", [[student.public_id]]
            )

    _refused_by_database(ledger_forget)

    def by_hand() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('xueji.erasing', pg_current_xact_id()::text, true)")
            cursor.execute("UPDATE records_historicalstudent SET name = ''")

    _refused_by_database(by_hand)
    _refused_by_database(lambda: Erasure.objects.create(subject=student.public_id, table="x", rows=[1]))
    student.destroyed_on = timezone.localdate()
    _refused_by_database(lambda: saved(student))


def _line(typed: DestructionRequest, student: Student, **values: Any) -> DestroyedFile:
    usual = {
        "subject": student.public_id, "archive_no": student.archive_no, "school": typed.request.school,
        "number": typed.request.number, "round_no": typed.round.number, "documents": 0,
        "approver": typed.approver, "first_executor": typed.first_executor,
        "second_executor": typed.second_executor,
    }  # fmt: skip
    made: DestroyedFile = DestroyedFile.objects.create(**{**usual, **values})
    return made


def test_the_register_takes_no_line_but_of_a_destruction_that_is_due(cast: Cast) -> None:
    ten_years(cast)
    student = leaver(cast)
    typed = walk(cast, applied(cast), *WAY[:2])
    three = {
        "approver": cast.leader,
        "first_executor": cast.second_archivist,
        "second_executor": cast.archive_head,
    }
    _refused_by_database(lambda: _line(typed, student, **three))
    typed.second_executor, typed.executed_at = cast.archive_head, timezone.now()
    saved(typed)
    for wrong in (
        {"second_executor": cast.archivist}, {"approver": cast.archivist}, {"number": "XH-2026-000999"},
        {"subject": make_student("李小红", cast).public_id}, {"school": cast.other_school},
        {"first_executor": cast.archive_head},
    ):  # fmt: skip
        _refused_by_database(lambda wrong=wrong: _line(typed, student, **wrong))
    for stands in (held, lent, marked, marked_for_today):
        with pytest.raises(IntegrityError, match="in the way"), transaction.atomic():
            stands(cast, student)
            _line(typed, student)
    with pytest.raises(IntegrityError, match="in the way"), transaction.atomic():
        saved(
            Enrolment(
                student=student, school=cast.school, unit=cast.school, student_no="2026999999",
                started_on=timezone.localdate(),
            )
        )  # fmt: skip
        _line(typed, student)
    assert _line(typed, student).pk


@pytest.mark.requirement("S0-4.4-4", "S3-9.2-2")
def test_appraisers_approver_and_executors_are_different_people(cast: Cast) -> None:
    ten_years(cast)
    leaver(cast)
    typed = applied(cast)
    for name in (*MEMBERS, "archivist", "archive_head", "registrar"):
        with pytest.raises((RequestRefused, NotPermitted)):
            walk(cast, typed, name)
    typed = walk(cast, typed, "leader", "second_archivist")
    with pytest.raises(SamePerson):
        walk(cast, typed, "second_archivist")
    for column, name in (
        ("approver", "archivist"), ("approver", "second_archivist"), ("second_executor", "second_archivist"),
        ("second_executor", "leader"), ("approver", "head"), ("second_executor", "academic_head"),
    ):  # fmt: skip
        again = fresh(typed)
        setattr(again, column, getattr(cast, name))
        with pytest.raises(IntegrityError), transaction.atomic():
            saved(again)


def test_an_appraiser_who_may_destroy_does_not(cast: Cast) -> None:
    ten_years(cast)
    leaver(cast)
    row = actions.open_round(actor=cast.archivist, school=cast.school)
    people = (*MEMBERS, "archive_head")
    for name in people:
        actions.name_appraiser(actor=cast.archivist, row=row, user=getattr(cast, name))
    voted(cast, row, people=people)
    row = actions.close_round(actor=cast.archivist, row=row, kept_years=10)
    typed = destroying.apply(actor=cast.archivist, row=row, reason="保管期限届满")
    requests.submit(actor=cast.archivist, request=typed.request)
    typed = walk(cast, typed, "leader", "second_archivist")
    with pytest.raises(SamePerson):
        walk(cast, typed, "archive_head")
    typed = walk(cast, typed, "archivist")
    assert typed.request.state == Request.State.CLOSED, "the one who applied may be an executor"


def test_a_small_school_has_no_shorter_way(cast: Cast) -> None:
    set_rule(cast.school, "duty_scheme", "small")
    ten_years(cast)
    leaver(cast)
    typed = walk(cast, applied(cast), *WAY)
    assert typed.request.state == Request.State.CLOSED
    assert typed.request.decisions.filter(outcome="passed").values("actor").distinct().count() == 3


@pytest.mark.requirement("S0-4.4-3")
@pytest.mark.parametrize("steps", [0, 1, 2])
def test_what_came_in_the_way_meanwhile_stops_the_destruction(cast: Cast, steps: int) -> None:
    ten_years(cast)
    student = leaver(cast)
    typed = walk(cast, applied(cast), *WAY[:steps])
    for stands, undo in (
        (held, LegalHold), (lent, PaperLoan), (_back, Enrolment), (marked, RetentionTerm),
        (marked_for_today, RetentionTerm), (_longer_rule, Enrolment),
        (lambda cast, student: submitted_edit(cast, student, {"talent": "围棋"}), EditChange),
    ):  # fmt: skip
        with transaction.atomic():
            stands(cast, student)
            assert undo._default_manager.filter(student=student).exists()
            with pytest.raises((InTheWay, WrongState)):
                walk(cast, typed, WAY[steps])
            transaction.set_rollback(True)
    assert walk(cast, typed, *WAY[steps:]).request.state == Request.State.CLOSED


def marked(cast: Cast, student: Student) -> None:
    """The file is kept for ever."""
    file = selectors.student_file(cast.archivist, student.public_id)
    actions.mark(actor=cast.archivist, file=file, until=None, reason="校史需要")


def marked_for_today(cast: Cast, student: Student) -> None:
    """The file is kept until the end of this day."""
    RetentionTerm.objects.create(
        student=student, school=cast.school, until=timezone.localdate(), reason="校史", set_by=cast.archivist
    )


def _longer_rule(cast: Cast, student: Student) -> None:
    set_rule(cast.school, "retention_years", "30", valid_from=timezone.localdate())


def _back(cast: Cast, student: Student) -> None:
    saved(
        Enrolment(
            student=student, school=cast.school, unit=cast.school, student_no="2026999998",
            started_on=timezone.localdate(),
        )
    )  # fmt: skip


def test_the_second_executor_confirms_beside_the_first(cast: Cast) -> None:
    ten_years(cast)
    student = leaver(cast)
    typed = walk(cast, applied(cast), *WAY[:2])
    later = timezone.now() + destroying.PRESENCE + timedelta(minutes=1)
    with patch("archive.retention.destroying.timezone.now", return_value=later), pytest.raises(WrongState):
        walk(cast, typed, WAY[2])
    assert Student.objects.get(pk=student.pk).destroyed_on is None
    requests.send_back(
        actor=cast.archive_head, request=typed.request, reason=ReturnReason.OTHER, comment="未在场"
    )
    assert walk(cast, fresh(typed), *WAY[1:]).request.state == Request.State.CLOSED


def test_a_crash_in_the_middle_leaves_nothing_half_done(cast: Cast) -> None:
    ten_years(cast)
    student = full_file(cast)
    typed = walk(cast, applied(cast), *WAY[:2])
    before = rows_that_say(SECRETS)
    discarded = Discarded.objects.count()
    with (
        patch.object(destroying, "sections", side_effect=RuntimeError("crash")),
        pytest.raises(RuntimeError),
        transaction.atomic(),
    ):
        walk(cast, typed, WAY[2])
    assert rows_that_say(SECRETS) == before
    assert Discarded.objects.count() == discarded and not DestroyedFile.objects.exists()
    assert Student.objects.get(pk=student.pk).destroyed_on is None
    assert walk(cast, typed, WAY[2]).request.state == Request.State.CLOSED


def test_refused_and_recalled_files_can_be_appraised_again(cast: Cast) -> None:
    ten_years(cast)
    leaver(cast)
    typed = applied(cast)
    requests.refuse(actor=cast.leader, request=typed.request, reason=ReturnReason.OTHER, comment="再议")
    assert AppraisedFile.objects.get().outcome == "released"
    with pytest.raises(WrongState):
        destroying.apply(actor=cast.archivist, row=typed.round, reason="再申请")
    again = applied(cast)
    requests.recall(actor=cast.archivist, request=again.request)
    assert set(AppraisedFile.objects.values_list("outcome", flat=True)) == {"released"}


def test_nothing_can_be_hung_on_what_is_left(cast: Cast) -> None:
    ten_years(cast)
    student = leaver(cast)
    walk(cast, applied(cast), *WAY)
    left = Student.objects.get(pk=student.pk)
    left.name = "王小明"
    _refused_by_database(lambda: saved(left))
    left = Student.objects.get(pk=student.pk)
    left.destroyed_on = None
    _refused_by_database(lambda: saved(left))
    _refused_by_database(lambda: _back(cast, left))
    _refused_by_database(lambda: saved(FamilyMember(student=left, position=1, name="赵丽")))
    _refused_by_database(
        lambda: saved(
            LegalHold(student=left, school=cast.school, reason="迟", basis="迟", placed_by=cast.archivist)
        )
    )


@pytest.mark.requirement("S3-9.2-3", "S3-9.2-4")
def test_a_restore_brings_nothing_back(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    ten_years(cast)
    student = full_file(cast)
    out = StringIO()
    call_command("reapply_destruction", stdout=out)
    assert "0 files and 0 stored" in out.getvalue(), "what was never destroyed is left alone"
    assert rows_that_say(SECRETS)
    with patch.object(destroying, "erase"), django_capture_on_commit_callbacks(execute=True):
        walk(cast, applied(cast), *WAY)
    assert rows_that_say(SECRETS), "as after a restore: registered, and alive"
    with django_capture_on_commit_callbacks(execute=True):
        call_command("reapply_destruction", stdout=out)
    assert "1 files and" in out.getvalue()
    assert rows_that_say(SECRETS) == []
    assert Student.objects.get(pk=student.pk).destroyed_on == timezone.localdate()
    key = DestroyedBlob.objects.select_related("blob").first().blob.storage_key
    default_storage.save(key, ContentFile(b"brought back by a backup of the bucket"))
    call_command("reapply_destruction", stdout=out)
    assert "0 files and 1 stored" in out.getvalue()
    assert not default_storage.exists(key)
    assert DestroyedFile.objects.count() == 1
