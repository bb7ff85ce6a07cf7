"""Responsibility letters: a published text is signed once by each person whom it asks, and nobody changes it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.scope import NotPermitted, OutOfScope
from approvals.refusals import RequestRefused, SamePerson, StaleVersion, WrongState
from audit.letters import actions, selectors
from audit.models import Letter, LetterSignature, LetterVersion
from files.actions import keep_scan
from ledger.models import Event, Unrecorded
from tests.audit.supervising import scan
from tests.cast import Cast, make_cast
from tests.enrollment.intake import picture
from tests.factories import PASSWORD, appoint, make_user, saved
from tests.support.behind import behind
from tests.support.inbox import inbox_rows
from tests.support.together import at_once

pytestmark = pytest.mark.requirement("S1-4-2")

TEXT = "一、不泄露学生信息。\n二、不把账号借给他人。"
ROLES = [Role.REGISTRAR, Role.TEACHER]


def published(cast: Cast, by: User | None = None, **values: Any) -> LetterVersion:
    given: dict[str, Any] = {
        "key": uuid4(), "school": cast.school, "title": "学籍信息安全责任书", "text": TEXT, "roles": ROLES,
        "months": 12, **values,
    }  # fmt: skip
    return actions.publish(actor=by or cast.archive_head, **given)


def renewed(cast: Cast, old: LetterVersion, **values: Any) -> LetterVersion:
    return published(cast, instead_of=old, **values)


def written(old: LetterVersion, **values: Any) -> LetterVersion:
    """The next version as a row of its own, in a way that no action writes it."""
    given = {"title": old.title, "text": old.text, "roles": old.roles, "digest": old.digest, **values}
    made: LetterVersion = LetterVersion.objects.create(
        letter=old.letter, version=old.version + 1, published_by=old.published_by,
        **{"valid_until": old.valid_until, **given},
    )  # fmt: skip
    return made


def letters_in_inbox(user: User) -> list[str]:
    return [str(row.title) for row in inbox_rows(User.objects.get(pk=user.pk), kind="letters")]


def test_who_holds_one_of_its_roles_finds_it_and_signs_with_the_password(cast: Cast, client: Client) -> None:
    cache.clear()
    version = published(cast)
    assert letters_in_inbox(cast.registrar) == letters_in_inbox(cast.teacher) == [version.title]
    for other in (cast.clerk, cast.archive_head, cast.outsider, cast.auditor):
        assert letters_in_inbox(other) == []
    client.force_login(cast.registrar)
    (row,) = inbox_rows(cast.registrar, kind="letters")
    page = client.get(row.url).content.decode()
    assert "一、不泄露学生信息。" in page and "二、不把账号借给他人。" in page
    answer = client.post(row.url, {"is_read": "on", "password": "not mine"}, REMOTE_ADDR="10.1.2.3")
    assert answer.status_code == 422 and not LetterSignature.objects.exists()
    refused = Event.objects.get(action="letter.password_refused")
    assert (refused.actor, refused.result, refused.object_id) == (cast.registrar, "refused", version.pk)
    assert client.post(row.url, {"password": PASSWORD}).status_code == 422
    answer = client.post(row.url, {"is_read": "on", "password": PASSWORD}, REMOTE_ADDR="10.1.2.3")
    assert answer.status_code == 302
    made = LetterSignature.objects.get()
    assert (made.person, made.version, made.unit) == (cast.registrar, version, cast.teaching)
    assert made.digest == version.digest == selectors.digest(version.title, TEXT)
    assert (made.signed_on, made.address, made.registered_by) == (timezone.localdate(), "10.1.2.3", None)
    event = Event.objects.get(action="letter.signed")
    assert (event.actor, event.role, event.unit_id) == (cast.registrar, "registrar", cast.school.pk)
    assert letters_in_inbox(cast.registrar) == []
    assert made.digest in client.get(row.url).content.decode()
    assert version.title in client.get(reverse("audit:letters_mine")).content.decode()
    with pytest.raises(WrongState):
        actions.sign(actor=cast.registrar, version=version)


def test_guessing_the_password_is_stopped(cast: Cast, client: Client) -> None:
    cache.clear()
    url = reverse("audit:letter_sign", args=[published(cast).public_id])
    client.force_login(cast.registrar)
    for _guess in range(12):
        client.post(url, {"is_read": "on", "password": "guess"})
    client.post(url, {"is_read": "on", "password": PASSWORD})
    assert not LetterSignature.objects.exists()
    cache.clear()


def test_who_is_not_asked_neither_reads_nor_signs(cast: Cast, client: Client) -> None:
    version = published(cast)
    for other in (cast.clerk, cast.outsider, cast.system_admin, cast.head):
        client.force_login(other)
        for name in ("letter_sign", "letter"):
            assert client.get(reverse(f"audit:{name}", args=[version.public_id])).status_code in (403, 404)
        with pytest.raises(NotPermitted):
            actions.sign(actor=other, version=version)
        with pytest.raises(OutOfScope):
            selectors.version_to_read(other, version.public_id)
    assert not LetterSignature.objects.exists()


def test_a_role_that_ended_or_is_held_elsewhere_asks_for_nothing(cast: Cast) -> None:
    version = published(cast)
    below = make_user("外校教师", cast.other_school)
    appoint(below, Role.TEACHER, cast.other_school)
    late = make_user("旧教师", cast.teaching)
    row = appoint(late, Role.TEACHER, cast.teaching)
    assert selectors.to_sign(below) == [] and selectors.to_sign(late) == [version]
    row.withdrawn_at = timezone.now()
    saved(row)
    assert selectors.to_sign(late) == []
    with pytest.raises(NotPermitted):
        actions.sign(actor=late, version=version)


def test_each_school_asks_its_own_people(cast: Cast) -> None:
    leader, below = make_user("外校校长", cast.other_school), make_user("外校教师", cast.other_school)
    appoint(leader, Role.LEADER, cast.other_school)
    appoint(below, Role.TEACHER, cast.other_school)
    ours, theirs = published(cast), published(cast, by=leader, school=cast.other_school)
    assert selectors.to_sign(cast.teacher) == [ours] and selectors.to_sign(below) == [theirs]
    assert list(selectors.letters(cast.archivist)) == [ours] and list(selectors.letters(leader)) == [theirs]
    assert selectors.open_letters([below.pk]) == {below.pk: 1}


def test_a_published_version_is_never_changed(cast: Cast) -> None:
    version = published(cast)
    signature = actions.sign(actor=cast.teacher, version=version)
    for row in (version, signature):
        with pytest.raises(Unrecorded):
            row.save()
        with pytest.raises(Unrecorded):
            row.delete()
    for table, what in (("letterversion", "text = 'x'"), ("lettersignature", "signed_on = '2020-01-01'")):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(f"UPDATE audit_{table} SET {what}")


def test_a_new_version_is_signed_anew_and_the_signatures_of_the_old_one_stay(cast: Cast) -> None:
    first = published(cast)
    actions.sign(actor=cast.teacher, version=first)
    second = renewed(cast, first, text=TEXT + "\n三、及时上报。")
    assert (second.letter, second.version) == (first.letter, 2)
    assert selectors.to_sign(cast.teacher) == [second]
    with pytest.raises(StaleVersion):
        actions.sign(actor=cast.registrar, version=first)
    with pytest.raises(StaleVersion):
        renewed(cast, first)
    actions.sign(actor=cast.teacher, version=second)
    assert LetterSignature.objects.filter(person=cast.teacher).count() == 2
    assert [one.version for one in selectors.versions_of(first.letter)] == [2, 1]


def test_who_still_has_the_old_version_open_is_told(cast: Cast, client: Client) -> None:
    cache.clear()
    first = published(cast)
    second = renewed(cast, first)
    client.force_login(cast.teacher)
    url = reverse("audit:letter_sign", args=[first.public_id])
    assert "is_read" not in client.get(url).content.decode()
    answer = client.post(url, {"is_read": "on", "password": PASSWORD}, follow=True)
    (why,) = answer.context["messages"]
    assert why.level_tag == "error" and answer.context["to_sign"] == [second]
    assert not LetterSignature.objects.exists()


def test_a_letter_ends_with_its_last_day_and_its_publishers_are_told_before(cast: Cast) -> None:
    today = timezone.localdate()
    version = published(cast, months=12)
    assert today + timedelta(days=363) <= version.valid_until <= today + timedelta(days=365)
    assert letters_in_inbox(cast.leader) == []
    version = written(version, valid_until=today)
    assert selectors.to_sign(cast.teacher) == [version]
    (row,) = inbox_rows(cast.leader, kind="letters")
    assert row.due == today and version.letter.number in str(row.title)
    version = written(version, valid_until=today - timedelta(days=1))
    assert selectors.to_sign(cast.teacher) == []
    with pytest.raises(WrongState):
        actions.sign(actor=cast.teacher, version=version)
    renewed(cast, version)
    assert letters_in_inbox(cast.leader) == []


def test_an_ended_letter_asks_nobody_and_takes_no_version(cast: Cast) -> None:
    version = published(cast)
    with pytest.raises(NotPermitted):
        actions.end(actor=cast.archivist, version=version)
    actions.end(actor=cast.leader, version=version)
    with pytest.raises(WrongState):
        actions.end(actor=cast.leader, version=version)
    version = LetterVersion.objects.get()
    assert selectors.to_sign(cast.teacher) == []
    for act in (
        lambda: actions.sign(actor=cast.teacher, version=version),
        lambda: renewed(cast, version),
    ):
        with pytest.raises(WrongState):
            act()
    assert Letter.history.filter(history_type="~").count() == 1


def test_the_head_of_archives_or_the_leader_publishes_for_the_own_school(cast: Cast) -> None:
    assert published(cast, by=cast.leader).published_by == cast.leader
    for other in (cast.archivist, cast.registrar, cast.security_admin, cast.auditor, cast.system_admin):
        with pytest.raises(NotPermitted):
            published(cast, by=other)
    with pytest.raises(NotPermitted):
        published(cast, school=cast.other_school)
    for wrong in ({"title": " "}, {"text": "\n"}, {"roles": []}, {"roles": ["student"]}, {"roles": ["x"]}):
        with pytest.raises(RequestRefused):
            published(cast, **wrong)
    assert Event.objects.filter(action="letter.published").count() == 1


@pytest.mark.parametrize("again", ["first", "next"])
def test_the_same_form_publishes_once(committed_db: None, again: str) -> None:
    cast, key = make_cast(), uuid4()
    old = published(cast) if again == "next" else None
    gave = at_once(
        lambda: published(cast, key=key, instead_of=old), lambda: published(cast, key=key, instead_of=old)
    )
    assert gave[0] == gave[1] and LetterVersion.objects.count() == 1 + (old is not None)


def test_a_form_that_published_one_text_publishes_no_other(cast: Cast, client: Client) -> None:
    first = published(cast)
    key = first.public_id
    assert published(cast, key=key, text=TEXT.replace("\n", "\r\n"), roles=ROLES[::-1]) == first
    others: list[dict[str, Any]] = [
        {"text": TEXT + "三"}, {"title": "另一份"}, {"roles": [Role.TEACHER]}, {"by": cast.leader},
        {"instead_of": first},
    ]  # fmt: skip
    for other in others:
        with pytest.raises(WrongState), transaction.atomic():
            published(cast, key=key, **other)
    leader = make_user("外校校长", cast.other_school)
    appoint(leader, Role.LEADER, cast.other_school)
    with pytest.raises(WrongState), transaction.atomic():
        published(cast, key=key, by=leader, school=cast.other_school)
    client.force_login(cast.leader)
    sent = {
        "key": key,
        "school": cast.school.public_id,
        "title": "责任书",
        "text": "另一份",
        "roles": ["teacher"],
    }
    answer = client.post(reverse("audit:letter_new"), {**sent, "months": 6})
    assert answer.status_code == 422 and answer.context["form"].non_field_errors()
    assert LetterVersion.objects.get() == first


def test_two_signatures_at_once_are_one(committed_db: None) -> None:
    cast = make_cast()
    version = published(cast)

    def sign() -> Any:
        try:
            return actions.sign(actor=User.objects.get(pk=cast.teacher.pk), version=version)
        except WrongState as late:
            return late

    gave = at_once(sign, sign)
    assert sorted(type(one).__name__ for one in gave) == ["LetterSignature", "WrongState"]
    assert LetterSignature.objects.count() == 1


def test_nobody_signs_a_version_while_the_next_one_is_published(committed_db: None) -> None:
    cast = make_cast()
    first = published(cast)
    late = behind(
        lambda: renewed(cast, first),
        lambda: actions.sign(actor=User.objects.get(pk=cast.teacher.pk), version=first),
    )
    assert isinstance(late, StaleVersion) and not LetterSignature.objects.exists()


def test_a_version_published_while_somebody_signs_comes_after_the_signature(committed_db: None) -> None:
    cast = make_cast()
    first = published(cast)
    second = behind(
        lambda: actions.sign(actor=User.objects.get(pk=cast.teacher.pk), version=first),
        lambda: renewed(cast, first),
    )
    assert isinstance(second, LetterVersion)
    assert LetterSignature.objects.get(version=first).at <= second.published_at


def test_a_text_that_does_not_agree_with_its_digest_is_not_signed(cast: Cast) -> None:
    version = written(published(cast), text="x")
    with pytest.raises(WrongState):
        actions.sign(actor=cast.teacher, version=version)


# On paper


def test_the_office_registers_a_paper_with_its_scan(cast: Cast, client: Client) -> None:
    version, today = published(cast), timezone.localdate()
    client.force_login(cast.archivist)
    url = reverse("audit:letter_paper", args=[version.public_id])
    sent = {"person": cast.teacher.public_id, "signed_on": f"{today}"}
    assert client.post(url, sent).status_code == 422
    broken = SimpleUploadedFile("a.jpg", b"no picture", "image/jpeg")
    assert client.post(url, {**sent, "scan": broken}).status_code == 422
    stranger = {**sent, "person": cast.outsider.public_id}
    assert client.post(url, {**stranger, "scan": SimpleUploadedFile("a.jpg", picture())}).status_code == 422
    assert client.post(url, {**sent, "scan": SimpleUploadedFile("a.jpg", picture())}).status_code == 302
    made = LetterSignature.objects.get()
    assert (made.person, made.registered_by, made.signed_on) == (cast.teacher, cast.archivist, today)
    assert letters_in_inbox(cast.teacher) == []
    page = client.get(reverse("audit:letter", args=[version.public_id])).content.decode()
    address = reverse("audit:letter_scan", args=[made.public_id])
    assert address in page
    assert client.get(address)["Content-Type"] == "image/jpeg"
    assert Event.objects.get(action="letter.scan_viewed").actor == cast.archivist
    client.force_login(cast.teacher)
    assert client.get(address).status_code == 403


def test_a_paper_is_registered_by_another_in_its_time_and_once(cast: Cast) -> None:
    appoint(cast.archivist, Role.TEACHER, cast.school)
    version, today = published(cast), timezone.localdate()
    with pytest.raises(SamePerson):
        actions.register(
            actor=cast.archivist, version=version, person=cast.archivist, signed_on=today, scan=scan()
        )
    with pytest.raises(NotPermitted):
        actions.register(actor=cast.head, version=version, person=cast.teacher, signed_on=today, scan=scan())
    given = {"actor": cast.archivist, "version": version, "scan": scan()}
    for person, day in (
        (cast.clerk, today),
        (cast.teacher, today + timedelta(days=1)),
        (cast.teacher, today - timedelta(days=1)),
    ):
        with pytest.raises(RequestRefused):
            actions.register(person=person, signed_on=day, **given)
    actions.register(person=cast.teacher, signed_on=today, **given)
    with pytest.raises(WrongState):
        actions.register(person=cast.teacher, signed_on=today, **given)
    with pytest.raises(WrongState):
        actions.sign(actor=cast.teacher, version=version)


def test_who_left_meanwhile_had_signed_on_paper(cast: Cast) -> None:
    person = make_user("旧教师", cast.teaching)
    row = appoint(person, Role.TEACHER, cast.school)
    version = published(cast)
    row.withdrawn_at = timezone.now()
    saved(row)
    actions.register(
        actor=cast.archivist, version=version, person=person, signed_on=timezone.localdate(), scan=scan()
    )
    assert LetterSignature.objects.get().person == person


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"registered_by": "teacher", "scan": True}, "letter_registered_by_another"),
        ({"registered_by": "archivist"}, "letter_paper_has_its_scan"),
        ({"scan": True}, "letter_paper_has_its_scan"),
        ({"twice": True}, "letter_signed_once"),
    ],
)
def test_the_database_holds_what_a_signature_is(cast: Cast, values: dict[str, Any], name: str) -> None:
    version = published(cast)
    if values.get("twice"):
        actions.sign(actor=cast.teacher, version=version)
    by = values.get("registered_by")
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        LetterSignature.objects.create(
            version=version, person=cast.teacher, digest="x", signed_on=timezone.localdate(),
            registered_by=getattr(cast, by) if by else None,
            scan=keep_scan(cast.archivist, scan()) if values.get("scan") else None,
        )  # fmt: skip
