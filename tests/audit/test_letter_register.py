"""The register of responsibility letters: who signed, who did not, and where else that shows."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Role
from audit.grant_reviews.actions import open_review
from audit.letters import actions, selectors
from audit.models import Letter, LetterVersion
from ledger.models import Event
from tests.audit.test_inspections import words_of
from tests.audit.test_letters import TEXT, letters_in_inbox, published
from tests.audit.test_rights import submitted
from tests.cast import Cast
from tests.factories import appoint, make_user, saved, set_rule

pytestmark = pytest.mark.requirement("S1-4-2")


def test_the_register_shows_who_signed_and_who_did_not(cast: Cast, client: Client) -> None:
    version = published(cast)
    actions.sign(actor=cast.teacher, version=version)
    url = reverse("audit:letter", args=[version.public_id])
    for reader in (cast.archivist, cast.archive_head, cast.leader, cast.security_admin, cast.auditor):
        client.force_login(reader)
        page = client.get(url).content.decode()
        assert cast.teacher.name in page and cast.registrar.name in page and cast.clerk.name not in page
    page = client.get(url, {"state": "open"}).content.decode()
    assert cast.registrar.name in page and cast.teacher.name not in page
    page = client.get(url, {"unit": cast.archives.pk}).content.decode()
    assert cast.registrar.name not in page
    text = client.get(reverse("audit:letters")).content.decode()
    assert version.letter.number in text
    for other in (cast.head, cast.clerk, cast.system_admin, cast.outsider):
        client.force_login(other)
        assert client.get(url).status_code == 403


def test_the_signature_of_who_left_stays_in_the_register(cast: Cast, client: Client) -> None:
    version = published(cast)
    actions.sign(actor=cast.teacher, version=version)
    cast.teacher.is_active = False
    saved(cast.teacher)
    client.force_login(cast.archivist)
    page = client.get(reverse("audit:letter", args=[version.public_id]), {"state": "signed"}).content.decode()
    assert cast.teacher.name in page
    (row,) = selectors.people(version).filter(pk=cast.teacher.pk)
    assert row.signed_on and not row.still_asked


def test_the_printed_register_is_of_one_department_on_demand(cast: Cast, client: Client) -> None:
    version = published(cast, roles=[Role.TEACHER, Role.FINANCE])
    actions.sign(actor=cast.teacher, version=version)
    client.force_login(cast.auditor)
    url = reverse("audit:letter_register_print", args=[version.public_id])
    text = words_of(client.post(url).content)
    assert cast.teacher.name in text and cast.finance.name in text and version.letter.number in text
    text = words_of(client.post(url, {"unit": cast.finance_office.public_id}).content)
    assert cast.finance.name in text and cast.teacher.name not in text
    text = words_of(client.post(url, {"only_open": "on"}).content)
    assert cast.finance.name in text and cast.teacher.name not in text
    assert client.post(url, {"unit": cast.other_school.public_id}).status_code == 302
    assert Event.objects.filter(action="letter.register_printed").count() == 3


def test_a_printed_part_of_the_register_says_that_it_is_one(cast: Cast, client: Client) -> None:
    version = published(cast, roles=[Role.TEACHER, Role.FINANCE, Role.LEADER])
    actions.sign(actor=cast.teacher, version=version)
    client.force_login(cast.auditor)
    url = reverse("audit:letter_register_print", args=[version.public_id])
    asked = selectors.people(version).count()
    signed, left = f"{_('Signed, whole version')}1", f"{_('Not signed, whole version')}{asked - 1}"

    def printed(**part: Any) -> tuple[str, dict[str, Any]]:
        text = words_of(client.post(url, part).content).replace(" ", "")
        event = Event.objects.filter(action="letter.register_printed").latest("pk")
        return text, {name: event.detail.get(name) for name in ("unit", "only_open")}

    words = [_("Register of signatures (part)"), _("Part printed"), _("People in this part")]
    whole, detail = printed()
    assert detail == {"unit": None, "only_open": None} and not any(
        one.replace(" ", "") in whole for one in words
    )
    office = cast.finance_office
    part, detail = printed(unit=office.public_id)
    assert detail == {"unit": office.pk, "only_open": None} and office.label in part
    rest, detail = printed(only_open="on")
    assert (
        detail == {"unit": None, "only_open": True} and _("Only who has not signed").replace(" ", "") in rest
    )
    for text in (part, rest):
        assert all(one.replace(" ", "") in text for one in words)
    for text in (whole, part, rest):
        assert signed.replace(" ", "") in text and left.replace(" ", "") in text


def test_the_letter_prints_with_ones_signature_or_with_room_for_one(cast: Cast, client: Client) -> None:
    version = published(cast)
    url = reverse("audit:letter_print", args=[version.public_id])
    client.force_login(cast.teacher)
    text = words_of(client.post(url).content)
    assert "一、不泄露学生信息。" in text and version.digest[:20] in text.replace("\n", "")
    assert cast.teacher.staff_no not in text
    actions.sign(actor=cast.teacher, version=version)
    assert cast.teacher.staff_no in words_of(client.post(url).content)
    client.force_login(cast.clerk)
    assert client.post(url).status_code == 404


def test_publishing_through_the_page(cast: Cast, client: Client) -> None:
    client.force_login(cast.leader)
    key = uuid4()
    sent = {
        "key": key,
        "school": cast.school.public_id,
        "title": "责任书",
        "text": TEXT,
        "roles": ["teacher"],
        "months": 6,
    }
    page = reverse("audit:letter_new")
    assert client.get(page).context["form"]["months"].value() == 12
    set_rule(cast.school, "letter_months", "6")
    assert client.get(page).context["form"]["months"].value() == 6
    looked = client.post(page, {**sent, "preview": "1"})
    assert looked.status_code == 200 and not Letter.objects.exists()
    assert client.post(page, {**sent, "text": " "}).status_code == 422
    assert client.post(page, {**sent, "school": cast.other_school.public_id}).status_code == 422
    assert client.post(page, sent).status_code == client.post(page, sent).status_code == 302
    version = LetterVersion.objects.get()
    following = reverse("audit:letter_next", args=[version.public_id])
    assert "一、不泄露学生信息。" in client.get(following).content.decode()
    assert client.post(following, {**sent, "key": uuid4(), "text": "新"}).status_code == 302
    assert client.post(following, {**sent, "key": uuid4(), "text": "旧"}).status_code == 422
    newest = LetterVersion.objects.latest("version")
    assert (newest.version, newest.text, newest.letter) == (2, "新", version.letter)
    client.post(reverse("audit:letter_end", args=[newest.public_id]))
    assert Letter.objects.get().ended_by == cast.leader


# Where others see it


def test_the_review_of_roles_and_the_request_for_one_show_what_is_not_signed(
    cast: Cast, client: Client
) -> None:
    version = published(cast, title="信息安全责任书")
    actions.sign(actor=cast.teacher, version=version)
    assert selectors.open_letters([cast.teacher.pk, cast.registrar.pk, cast.clerk.pk]) == {
        cast.teacher.pk: 0, cast.registrar.pk: 1, cast.clerk.pk: 0,
    }  # fmt: skip
    review = open_review(actor=cast.security_admin, school=cast.school)
    client.force_login(cast.security_admin)
    page = client.get(reverse("audit:grant_review", args=[review.public_id]), {"size": 100})
    left = {one.person.name: one.letters for one in page.context["list"].objects}
    assert (left[cast.registrar.name], left[cast.teacher.name]) == (1, 0)
    request = submitted(make_user("新教师", cast.teaching), Role.TEACHER)
    client.force_login(cast.academic_head)
    page = client.get(reverse("approvals:request", args=[request.public_id]))
    assert page.context["letters"] == [(version, None)] and "信息安全责任书" in page.content.decode()
    other = submitted(make_user("新班主任", cast.teaching), Role.CLASS_ADVISER)
    assert client.get(reverse("approvals:request", args=[other.public_id])).context["letters"] == []


def test_nothing_is_locked_by_a_missing_signature(cast: Cast, client: Client) -> None:
    published(cast)
    client.force_login(cast.registrar)
    assert client.get(reverse("records:students")).status_code == 200


def test_lists_and_inbox_cost_the_same_for_many(cast: Cast, client: Client) -> None:
    def counted(act: Any) -> int:
        with CaptureQueriesContext(connection) as found:
            act()
        return len(found)

    def more(count: int) -> None:
        for number in range(count):
            version = published(cast, title=f"责任书{number}")
            actions.sign(actor=cast.second_registrar, version=version)
            appoint(make_user("教师", cast.teaching), Role.TEACHER, cast.school)

    client.force_login(cast.archivist)
    version = published(cast)
    more(1)
    pages = [reverse("audit:letters"), reverse("audit:letter", args=[version.public_id])]
    for page in pages:
        client.get(page)
    asks = [lambda: letters_in_inbox(cast.teacher), *(lambda page=page: client.get(page) for page in pages)]
    before = [counted(ask) for ask in asks]
    more(6)
    assert [counted(ask) for ask in asks] == before


def test_who_signs_reads_neither_other_schools_letters_nor_texts(cast: Cast, client: Client) -> None:
    leader = make_user("外校校长", cast.other_school)
    appoint(leader, Role.LEADER, cast.other_school)
    ours = published(cast)
    published(cast, roles=[Role.FINANCE])
    published(cast, by=leader, school=cast.other_school, text="外校的正文")
    mine = reverse("audit:letters_mine")
    client.force_login(cast.teacher)
    client.get(mine)
    asks = [
        lambda: letters_in_inbox(cast.teacher),
        lambda: selectors.open_letters([cast.teacher.pk]),
        lambda: selectors.letters_for(cast.teacher, Role.TEACHER, cast.teaching),
        lambda: list(selectors.letters(cast.archivist)),
        lambda: client.get(mine),
        lambda: list(selectors.signed_by(cast.teacher)),
    ]
    actions.sign(actor=cast.second_registrar, version=ours)
    loaded = _versions_loaded(asks)
    assert loaded == {(ours.pk, False)} | {(row.pk, False) for row in selectors.letters(cast.archivist)}
    assert _versions_loaded(asks[:3]) == {(ours.pk, False)}
    page = client.get(reverse("audit:letter_sign", args=[ours.public_id])).content.decode()
    assert "一、不泄露学生信息。" in page


def _versions_loaded(acts: Iterable[Callable[[], object]]) -> set[tuple[int, bool]]:
    """Ids of the versions that were read meanwhile, and whether with the text."""
    loaded = set()

    def note(instance: LetterVersion, **_rest: Any) -> None:
        loaded.add((instance.pk, "text" not in instance.get_deferred_fields()))

    post_init.connect(note, sender=LetterVersion)
    try:
        for act in acts:
            act()
    finally:
        post_init.disconnect(note, sender=LetterVersion)
    return loaded
