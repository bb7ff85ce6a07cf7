"""The text to the students can be written while somebody on the list has not read it (E.16)."""

from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals.refusals import WrongState
from audit.incidents import actions
from audit.models import DataKind, Incident, IncidentStep, Step
from ledger.models import Event
from tests.audit.test_incidents import TEXT, reported, take, told_case
from tests.cast import Cast
from tests.records.files import make_student

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S0-7.3-1")]


def typed(*further: str) -> dict[str, Any]:
    """The text as the page sends it, with further kinds of data."""
    values: dict[str, Any] = {**TEXT, "data_kinds": [*TEXT["data_kinds"], *further]}
    return {f"letter-{name}": value for name, value in values.items()}


def assessed_without_students(cast: Cast) -> Incident:
    """A case of which everybody thought that it concerns no student."""
    incident = reported(cast)
    take(cast, incident, Step.ISOLATED, Step.AUTHORITY_NOTIFIED, Step.ASSESSED, Step.STUDENTS_NOTIFIED)
    return incident


def test_a_case_of_nobody_to_which_a_student_comes_later_can_be_closed(cast: Cast, client: Client) -> None:
    make_student("王小明", cast, school_class=cast.school_class)
    incident = assessed_without_students(cast)
    take(cast, incident, Step.REMEDIED, Step.ACCOUNTABILITY, Step.LESSONS)
    actions.add_class(actor=cast.security_admin, incident=incident, school_class=cast.school_class)
    with pytest.raises(WrongState):
        take(cast, incident, Step.STUDENTS_NOTIFIED)
    client.force_login(cast.security_admin)
    address = reverse("audit:incident_letter", args=[incident.public_id])
    assert address in client.get(reverse("audit:incident", args=[incident.public_id])).content.decode()
    assert client.post(address, typed()).status_code == 302
    take(cast, incident, Step.STUDENTS_NOTIFIED)
    actions.close(actor=cast.leader, incident=incident, note="已结案")
    incident.refresh_from_db()
    assert incident.state == Step.CLOSED


def test_the_text_is_widened_for_those_who_come_later_and_stands_once_all_were_told(
    cast: Cast, client: Client
) -> None:
    first, later = make_student("王小明", cast), make_student("李小红", cast)
    numbers = [[one.enrolments.get().student_no] for one in (first, later)]
    incident = reported(cast)
    take(cast, incident, Step.ISOLATED)
    actions.add_numbers(actor=cast.security_admin, incident=incident, numbers=numbers[0])
    take(cast, incident, Step.ASSESSED)
    actions.write_letter(actor=cast.security_admin, incident=incident, **TEXT)
    take(cast, incident, Step.STUDENTS_NOTIFIED)
    client.force_login(cast.security_admin)
    page, address = (
        reverse(f"audit:{name}", args=[incident.public_id]) for name in ("incident", "incident_letter")
    )
    wider = typed(DataKind.HEALTH)
    assert client.post(address, wider).status_code == 422
    assert address not in client.get(page).content.decode()
    actions.add_numbers(actor=cast.security_admin, incident=incident, numbers=numbers[1])
    assert address in client.get(page).content.decode()
    assert client.post(address, wider).status_code == 302
    incident.refresh_from_db()
    assert DataKind.HEALTH in incident.data_kinds
    take(cast, incident, Step.STUDENTS_NOTIFIED)
    assert [(one.concerned, one.data_kinds) for one in incident.steps.filter(step="students")] == [
        (1, ["id_number", "contact"]),
        (2, ["id_number", "contact", "health"]),
    ]
    with pytest.raises(WrongState):
        actions.write_letter(actor=cast.security_admin, incident=incident, **TEXT)


@pytest.fixture
def rewritten(cast: Cast) -> Incident:
    """A case of which one student was told, then a second came and the text was written anew for him."""
    incident = reported(cast)
    take(cast, incident, Step.ISOLATED)
    for name in ("王小明", "李小红"):
        student = make_student(name, cast, school_class=cast.school_class)
        number = student.enrolments.get().student_no
        actions.add_numbers(actor=cast.security_admin, incident=incident, numbers=[number])
        if name == "王小明":
            take(cast, incident, Step.ASSESSED)
            actions.write_letter(actor=cast.security_admin, incident=incident, **TEXT)
            take(cast, incident, Step.STUDENTS_NOTIFIED)
    anew = {**TEXT, "cause": "服务器被入侵"}
    actions.write_letter(actor=cast.security_admin, incident=incident, **anew)
    return incident


def letters_of(content: bytes) -> dict[str, str]:
    """The pages of the letters after the list, by the student they go to."""
    document = pypdfium2.PdfDocument(content)
    pages = ["".join(page.get_textpage().get_text_range().split()) for page in document]
    document.close()
    return {name: page for page in pages[1:] for name in ("王小明", "李小红") if name in page}


@pytest.mark.parametrize("all_told", [False, True])
def test_each_letter_holds_what_its_student_was_told(
    cast: Cast, client: Client, rewritten: Incident, *, all_told: bool
) -> None:
    if all_told:
        take(cast, rewritten, Step.STUDENTS_NOTIFIED)
    client.force_login(cast.archive_head)
    url = reverse("audit:incident_letters", args=[rewritten.public_id])
    answer = client.post(url, {"school_class": str(cast.school_class.public_id)})
    pages = letters_of(answer.content)
    assert "笔记本电脑被盗" in pages["王小明"] and "服务器被入侵" not in pages["王小明"]
    assert "服务器被入侵" in pages["李小红"] and "笔记本电脑被盗" not in pages["李小红"]


@pytest.mark.parametrize("all_told", [False, True])
def test_the_pages_show_what_the_first_were_told_beside_the_new_text(
    cast: Cast, client: Client, rewritten: Incident, *, all_told: bool
) -> None:
    if all_told:
        take(cast, rewritten, Step.STUDENTS_NOTIFIED)
    for person, name in ((cast.security_admin, "incident"), (cast.archive_head, "incident_letters")):
        client.force_login(person)
        answer = client.get(reverse(f"audit:{name}", args=[rewritten.public_id]))
        ((step, count),) = answer.context["otherwise"]
        assert (step.cause, count) == ("笔记本电脑被盗", 1)
        page = answer.content.decode()
        assert "笔记本电脑被盗" in page and "服务器被入侵" in page


def test_nobody_counts_as_told_by_a_letter_with_an_earlier_text(cast: Cast, rewritten: Incident) -> None:
    printed = {
        "actor": cast.archive_head,
        "incident": rewritten,
        "class_id": cast.school_class.pk,
        "untold": True,
    }
    actions.print_letters(**printed)
    anew = {**TEXT, "cause": "两台服务器被入侵"}
    actions.write_letter(actor=cast.security_admin, incident=rewritten, **anew)
    with pytest.raises(WrongState):
        take(cast, rewritten, Step.STUDENTS_NOTIFIED)
    actions.print_letters(**printed)
    take(cast, rewritten, Step.STUDENTS_NOTIFIED)
    told = rewritten.steps.filter(step="students").latest("pk")
    assert told.cause == "两台服务器被入侵"


def test_the_same_text_again_leaves_printed_letters_good(cast: Cast, rewritten: Incident) -> None:
    actions.print_letters(
        actor=cast.archive_head, incident=rewritten, class_id=cast.school_class.pk, untold=True
    )
    rewritten.refresh_from_db()
    said = {**rewritten.text, "cause": f" {rewritten.cause}\n"}
    before = Event.objects.filter(action="incident.letter").count(), rewritten.history.count()
    actions.write_letter(actor=cast.security_admin, incident=rewritten, **said)
    assert (Event.objects.filter(action="incident.letter").count(), rewritten.history.count()) == before
    take(cast, rewritten, Step.STUDENTS_NOTIFIED)


def test_a_text_that_was_not_written_anew_is_shown_once(cast: Cast, client: Client) -> None:
    incident = told_case(cast)
    client.force_login(cast.security_admin)
    answer = client.get(reverse("audit:incident", args=[incident.public_id]))
    assert answer.context["otherwise"] == []
    assert answer.content.decode().count("笔记本电脑被盗") == 1


def test_the_database_takes_no_telling_without_its_text(cast: Cast) -> None:
    values = {"incident": reported(cast), "by": cast.security_admin, "note": "x"}
    for wrong in (
        {"step": "students", "concerned": 1},
        {"step": "students", "concerned": 0, "data_kinds": ["contact"]},
        {"step": "isolated", "data_kinds": ["contact"]},
    ):
        with pytest.raises(IntegrityError, match="incident_text_told"), transaction.atomic():
            IncidentStep.objects.create(**values, **wrong)


@pytest.mark.requirement("S1-4-4")
def test_the_authority_is_told_first_of_all_and_no_leak_is_closed_without(cast: Cast, client: Client) -> None:
    incident = reported(cast)
    client.force_login(cast.security_admin)
    url = reverse("audit:incident_step", args=[incident.public_id])
    told_at = timezone.localtime() - timedelta(minutes=5)
    given = {
        "step-step": Step.AUTHORITY_NOTIFIED, "step-note": "已电话报告", "step-authority": "区教育局",
        "step-reference": "东教函〔2026〕8号", "step-told_at": f"{told_at:%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    assert client.post(url, {**given, "step-authority": ""}).status_code == 422
    assert not incident.steps.exists()
    assert client.post(url, given).status_code == 302
    step = incident.steps.get()
    assert (step.authority, step.reference, step.by) == (
        "区教育局",
        "东教函〔2026〕8号",
        cast.security_admin,
    )
    assert Event.objects.get(action="incident.step").detail == {"step": "authority"}
    late = reported(cast)
    take(cast, late, Step.ISOLATED, Step.ASSESSED, Step.STUDENTS_NOTIFIED)
    with pytest.raises(WrongState):
        take(cast, late, Step.REMEDIED)
    with pytest.raises(WrongState):
        actions.close(actor=cast.leader, incident=late, note="x")
