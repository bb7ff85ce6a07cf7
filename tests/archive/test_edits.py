"""E.2: nobody changes an accepted file in place; exactly what was approved is changed, by different people."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from accounts.scope import NotPermitted, held_by
from approvals import actions as requests
from approvals import selectors
from approvals.models import Decision, Request
from approvals.refusals import AlreadyDecided, NobodyCan, OwnFile, RequestRefused, SamePerson, WrongState
from archive.edits import actions
from archive.edits.actions import NothingAsked, NotProven, StaleValue
from archive.edits.checking import asked
from archive.models import EditChange, EditRequest, EvidenceKind
from core.crypto import blind_index
from ledger.context import acting
from ledger.models import Event
from records.models import Document, FamilyMember, Student
from school.models import Code
from tests.archive.asking import WAY, draft_edit, fresh, proof, submitted_edit, walk
from tests.cast import Cast, make_cast
from tests.enrollment.test_actions_together import at_once
from tests.factories import appoint, make_user, saved, set_rule
from tests.records.files import make_student

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("S0-6.2-1", "S0-6.2-2", "S0-6.2-3", "S0-6.2-4", "S0-6.2-5", "S0-6.1-2")
def test_a_change_goes_five_steps_and_stands_with_its_number_in_the_history(cast: Cast) -> None:
    student = make_student("王小明", cast)
    typed = submitted_edit(cast, student, {"name": "王晓明"})
    assert typed.path == EditRequest.Path.FULL
    assert typed.request.number.startswith("XG-")
    typed = walk(cast, typed, *WAY[:2])
    assert Student.objects.get().name == "王小明", "approved is not carried out yet"
    typed = walk(cast, typed, WAY[2])
    assert Student.objects.get().name == "王晓明"
    assert Student.objects.get().name_pinyin == "wang xiaoming"
    typed = walk(cast, typed, *WAY[3:])
    assert typed.request.state == Request.State.CLOSED
    last = Student.history.filter(history_subject=student.public_id).latest("history_id")
    assert (last.name, last.history_user, last.history_request_no) == (
        "王晓明",
        cast.archive_head,
        typed.request.number,
    )
    event = Event.objects.get(action="student.edited")
    assert (event.detail["fields"], event.subject) == (["name"], student.public_id)
    assert Document.objects.filter(student=student).count() == 1, "the proof stays with the file"


@pytest.mark.requirement("S0-6.2-2")
@pytest.mark.parametrize(
    ("steps", "again"),
    [((), "registrar"), (WAY[:1], "academic_head"), (WAY[:2], "archivist"), (WAY[:4], "archive_head")],
)
def test_nobody_takes_two_steps_that_must_differ(cast: Cast, steps: tuple[str, ...], again: str) -> None:
    """In the page's selector, in the action and by the database."""
    person = getattr(cast, again)
    held = {one.role for one in held_by(person)}
    for role in {Role.ACADEMIC_HEAD, Role.ARCHIVIST} - held:
        appoint(person, role, cast.school)
    typed = walk(cast, submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"}), *steps)
    person = type(person).objects.get(pk=person.pk)
    step, reason = selectors.may_take(person, typed.request, typed)
    assert step is None and reason
    with pytest.raises(SamePerson):
        requests.take_step(actor=person, request=typed.request)
    column = next(
        one for one in requests.kind_of(typed.request).steps(typed) if one.key == typed.request.step
    ).person
    with pytest.raises(IntegrityError), transaction.atomic(), acting(cast.archivist):
        setattr(typed, column, person)
        typed.save(update_fields=[column])


def test_the_requester_of_the_typed_row_is_the_requests_own(cast: Cast) -> None:
    typed = submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"})
    with pytest.raises(IntegrityError), transaction.atomic(), acting(cast.archivist):
        typed.requester = cast.second_registrar
        typed.save(update_fields=["requester"])
        connection.check_constraints()


@pytest.mark.requirement("S0-6.1-1")
def test_a_value_that_changed_meanwhile_is_not_overwritten(cast: Cast) -> None:
    student = make_student("王小明", cast)
    typed = walk(cast, submitted_edit(cast, student, {"name": "王晓明"}), *WAY[:2])
    student.name = "王大明"
    saved(student)
    assert actions.is_stale(typed)
    with pytest.raises(StaleValue):
        walk(cast, typed, WAY[2])
    assert Student.objects.get().name == "王大明"
    assert fresh(typed).executor is None, "nothing half-done"
    change = EditChange.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic(), acting(cast.archivist):
        change.found_digest = b"x" * 32
        change.save(update_fields=["found_digest"])


@pytest.mark.requirement("S0-6.1-2")
def test_key_items_ask_for_the_proof_of_the_law(cast: Cast) -> None:
    student = make_student("王小明", cast, native_place="湖北武昌")
    with pytest.raises(NotProven):
        submitted_edit(cast, student, {"name": "王晓明"}, proofs=(proof(EvidenceKind.OTHER),))
    with pytest.raises(NotProven):
        submitted_edit(cast, student, {"native_place": "湖北武汉"}, proofs=(), cause="change")
    assert not Request.objects.exclude(number="").exists(), "no number is used up"


def test_a_typing_error_goes_the_short_way_and_a_key_item_never(cast: Cast) -> None:
    student = make_student("王小明", cast, native_place="湖北武昌")
    typed = submitted_edit(cast, student, {"native_place": "湖北武汉"}, cause="typing_error", proofs=())
    assert typed.path == EditRequest.Path.QUICK
    typed = walk(cast, typed, "academic_head", "archivist")
    assert (typed.request.state, Student.objects.get().native_place) == ("closed", "湖北武汉")
    assert draft_edit(cast, student, {"name": "王晓明"}, cause="typing_error").path == EditRequest.Path.FULL


def test_an_empty_field_is_supplemented_by_the_archives_alone(cast: Cast) -> None:
    student = make_student("王小明", cast)
    typed = submitted_edit(cast, student, {"native_place": "湖北武汉"}, cause="missing", proofs=())
    assert typed.path == EditRequest.Path.SUPPLEMENT
    typed = walk(cast, typed, "archivist")
    assert (typed.request.state, Student.objects.get().native_place) == ("closed", "湖北武汉")


def test_a_member_of_the_family_who_was_missing_is_added(cast: Cast) -> None:
    student = make_student("王小明", cast)
    typed = submitted_edit(
        cast, student, {"member2.name": "王强", "member2.phone": "13900001111"}, cause="missing", proofs=()
    )
    walk(cast, typed, "archivist")
    father = FamilyMember.objects.get(student=student, position=2)
    assert (father.name, father.phone, bool(father.phone_index)) == ("王强", "13900001111", True)


NUMBERS = ("420106201906031237", "420106201906031253")


def test_a_number_that_another_file_holds_is_refused_in_words(cast: Cast) -> None:
    make_student("李一", cast, id_type="1", id_number=NUMBERS[0])
    student = make_student("王小明", cast, id_type="1", id_number=NUMBERS[1])
    with pytest.raises(RequestRefused, match="另一份"):
        submitted_edit(cast, student, {"id_number": NUMBERS[0]})


def test_a_number_that_another_file_got_meanwhile_brings_the_request_back(cast: Cast) -> None:
    student = make_student("王小明", cast, id_type="1", id_number=NUMBERS[1])
    typed = walk(cast, submitted_edit(cast, student, {"id_number": NUMBERS[0]}), *WAY[:2])
    make_student("李一", cast, id_type="1", id_number=NUMBERS[0])
    with pytest.raises(RequestRefused, match="另一份"):
        walk(cast, typed, WAY[2])
    requests.send_back(actor=cast.archive_head, request=typed.request, reason="basis_weak")
    assert fresh(typed).request.state == Request.State.RETURNED
    requests.recall(actor=cast.registrar, request=typed.request)
    draft_edit(cast, student, {"name": "王晓明"})


def test_what_was_carried_out_is_reopened_and_not_returned(cast: Cast) -> None:
    typed = walk(cast, submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"}), *WAY[:3])
    requests.send_back(actor=cast.second_registrar, request=typed.request, reason="basis_weak")
    assert fresh(typed).request.step == "execute"


@pytest.mark.parametrize(
    ("asked_for", "fault"),
    [
        ({"id_number": "42010620180603123X"}, "birth_date"),
        ({"id_number": "420106201906031245"}, "sex"),
        ({"member2.phone": "13900001111"}, "member2.name"),
    ],
)
def test_a_file_does_not_come_to_contradict_itself(cast: Cast, asked_for: dict[str, str], fault: str) -> None:
    student = make_student("王小明", cast, id_type="1", id_number=NUMBERS[0])
    enrolment = student.enrolments.select_related("school").get()
    found = asked(student, enrolment, asked_for)
    assert set(found.faults) == {fault}
    with pytest.raises(NothingAsked):
        draft_edit(cast, student, asked_for)


def test_two_requests_that_are_right_alone_do_not_make_a_contradiction_together(cast: Cast) -> None:
    student = make_student("王小明", cast, id_type="1", id_number="")
    born = submitted_edit(cast, student, {"birth_date": "20180603"})
    number = submitted_edit(cast, student, {"id_number": NUMBERS[0]}, actor=cast.second_registrar)
    walk(cast, born, *WAY[:3])
    walk(cast, number, *WAY[:2])
    with pytest.raises(RequestRefused):
        walk(cast, number, WAY[2])
    assert Student.objects.get().id_number == ""


def test_a_fault_that_the_file_had_before_stands_in_nobodys_way(cast: Cast) -> None:
    student = make_student("王小明", cast, id_type="1", id_number="420106201806031235")
    typed = submitted_edit(cast, student, {"talent": "围棋"}, cause="missing", proofs=())
    assert walk(cast, typed, "archivist").request.state == "closed"


@pytest.mark.parametrize("text", ["3", "3.0"])
def test_a_number_has_one_text(cast: Cast, text: str) -> None:
    student = make_student("王小明", cast)
    typed = submitted_edit(cast, student, {"commute_km": text}, cause="missing", proofs=())
    assert walk(cast, typed, "archivist").request.state == "closed"
    student.refresh_from_db()
    enrolment = student.enrolments.select_related("school").get()
    assert not asked(student, enrolment, {"commute_km": text}).new, "it stands there already"


def test_proofs_become_documents_with_an_event_and_no_guess(cast: Cast) -> None:
    student = make_student("王小明", cast)
    walk(cast, submitted_edit(cast, student, {"name": "王晓明"}), *WAY)
    document = Document.objects.get(student=student)
    event = Event.objects.get(action="document.added")
    assert (document.brought_by, document.added_by) == ("office", cast.registrar)
    assert (event.subject, event.actor, event.detail["item"]) == (
        student.public_id,
        cast.second_archivist,
        document.item_no,
    )


def test_a_draft_shows_what_was_typed_and_no_old_number(client: Client, cast: Cast) -> None:
    student = make_student("王小明", cast, phone="13700137000", id_type="1", id_number=NUMBERS[1])
    typed = draft_edit(cast, student, {"phone": "13700137777", "id_number": NUMBERS[0]})
    client.force_login(cast.registrar)
    page = client.get(reverse("approvals:request", args=[typed.request.public_id])).content.decode()
    assert "13700137777" in page
    assert NUMBERS[0] in page, "without marks, which would tell where the old number is the same"
    assert "13700137000" not in page
    assert NUMBERS[1] not in page


def test_the_form_keeps_a_code_that_is_no_longer_in_use(client: Client, cast: Cast) -> None:
    today = timezone.localdate()
    codes = Code.objects.filter(code_list__key="blood_type").order_by("code")
    closed, future = codes[0], codes[1]
    closed.valid_until, future.valid_from = today - timedelta(days=1), today + timedelta(days=1)
    for one in (closed, future):
        saved(one)
    student = make_student("王小明", cast, blood_type=closed.code)
    client.force_login(cast.registrar)
    url = reverse("archive:edit_new", args=[student.public_id])
    form = client.get(url).context["fields"]
    offered = [code for code, _label in form.fields["blood_type"].choices]
    assert closed.code in offered
    assert future.code not in offered
    same = {name: form.initial[name] for name in form.fields}
    client.post(
        url,
        {**same, "talent": "围棋", "cause": "missing", "reason": "漏填", "basis": "登记表", "proof_kind": ""},
    )
    assert [one.field for one in EditChange.objects.all()] == ["talent"]


@pytest.mark.requirement("S0-6.2-2")
@pytest.mark.parametrize("whose", ["own", "child"])
def test_nobody_decides_on_his_own_file_or_his_childs(cast: Cast, whose: str) -> None:
    number = "420106199001011237"
    student = make_student(
        "王小明", cast, **({"id_type": "1", "id_number": number} if whose == "own" else {})
    )
    if whose == "child":
        index = blind_index("id_number", number)
        saved(FamilyMember(student=student, position=5, name="韩雪", id_number=number, id_number_index=index))
    cast.academic_head.id_number = number
    cast.academic_head.id_number_index = blind_index("id_number", number)
    saved(cast.academic_head)
    with pytest.raises(NobodyCan):
        submitted_edit(cast, student, {"name": "王大明"})
    appoint(make_user("林立", cast.teaching), Role.ACADEMIC_HEAD, cast.school)
    typed = submitted_edit(cast, student, {"name": "王晓明"})
    assert not selectors.waiting_for(cast.academic_head)
    with pytest.raises(OwnFile):
        requests.take_step(actor=cast.academic_head, request=typed.request)


def test_a_head_of_another_department_decides_nothing_here(cast: Cast) -> None:
    typed = submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"})
    with pytest.raises(NotPermitted):
        requests.take_step(actor=cast.student_affairs_head, request=typed.request)
    assert not selectors.requests(cast.outsider).exists()


def test_submitting_stops_when_nobody_is_left_for_a_step(cast: Cast) -> None:
    cast.academic_head.is_active = False
    saved(cast.academic_head)
    with pytest.raises(NobodyCan):
        submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"})


def test_a_mismatch_at_verification_reopens_the_execution(cast: Cast) -> None:
    typed = walk(cast, submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"}), *WAY[:3])
    requests.send_back(
        actor=cast.second_registrar, request=typed.request, reason="differs_from_document", comment="核对不符"
    )
    typed = fresh(typed)
    assert (typed.request.step, typed.executor) == ("execute", None)
    typed = walk(cast, typed, *WAY[2:])
    assert (typed.request.state, Student.objects.get().name) == ("closed", "王晓明")


def test_a_returned_request_goes_back_and_a_recall_ends_with_the_first_look(cast: Cast) -> None:
    typed = submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"})
    requests.send_back(actor=cast.academic_head, request=typed.request, reason="basis_weak", comment="")
    typed = fresh(typed)
    assert (typed.request.state, typed.department_head) == ("returned", None)
    requests.submit(actor=cast.registrar, request=typed.request)
    requests.note_opened(actor=cast.academic_head, request=typed.request)
    with pytest.raises(requests.Opened):
        requests.recall(actor=cast.registrar, request=typed.request)
    outcomes = Decision.objects.order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["submitted", "returned", "submitted"]


def test_small_schools_merge_steps_and_keep_three_persons(cast: Cast) -> None:
    set_rule(cast.school, "duty_scheme", "small")
    student = make_student("王小明", cast)
    typed = submitted_edit(cast, student, {"name": "王晓明"})
    typed = walk(cast, typed, "academic_head", "archivist")
    assert Student.objects.get().name == "王晓明"
    typed = walk(cast, typed, "registrar", "archivist")
    assert typed.request.state == "closed"
    assert len({typed.requester_id, typed.department_head_id, typed.archive_reviewer_id}) == 3


def test_the_same_field_is_asked_for_once_at_a_time(cast: Cast) -> None:
    student = make_student("王小明", cast)
    submitted_edit(cast, student, {"name": "王晓明"})
    with pytest.raises(WrongState):
        submitted_edit(cast, student, {"name": "王大明"}, actor=cast.second_registrar)


def test_two_deciders_at_the_same_moment(committed_db: str) -> None:
    cast = make_cast()
    other = make_user("另一负责人", cast.teaching)
    appoint(other, Role.ACADEMIC_HEAD, cast.school)
    typed = submitted_edit(cast, make_student("王小明", cast), {"name": "王晓明"})
    seen = Request.objects.get(pk=typed.request_id).version

    def take(person: object) -> object:
        try:
            return requests.take_step(
                actor=person, request=typed.request, step="department_head", version=seen
            )
        except requests.RequestRefused as refused:
            return refused

    results = at_once(lambda: take(cast.academic_head), lambda: take(other))
    lost = [one for one in results if isinstance(one, AlreadyDecided)]
    assert len(lost) == 1 and lost[0].by.name in str(lost[0])
    assert Decision.objects.filter(step="department_head", outcome="passed").count() == 1
