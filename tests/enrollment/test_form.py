"""The applicant form and the review pages as their users get them."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from enrollment import actions
from enrollment.models import Applicant, IntakeBatch
from ledger.models import Event
from tests.cast import Cast
from tests.enrollment.intake import GOOD, approved, draft, id_number, make_batch, submitted

State = Applicant.State


@pytest.fixture
def client_of(client: Client):
    def signed_in(user: object) -> Client:
        client.force_login(user)
        return client

    return signed_in


def fresh(row: Applicant) -> Applicant:
    return Applicant.objects.get(pk=row.pk)


def typed(row: Applicant, **cells: str) -> dict[str, str]:
    return {
        **GOOD,
        "id_number": id_number(1),
        "version": str(row.version),
        "checked_with_original_shown": "1",
        **{key.replace("__", "."): text for key, text in cells.items()},
    }


def form_url(row: Applicant) -> str:
    return reverse("enrollment:applicant_form", args=[row.public_id])


def faults_listed(page: str) -> list[str]:
    box = page[page.index("xj-fault-list") :]
    return re.findall(r'<a href="#id_([^"]+)"', box[: box.index("</ul>")])


def test_an_empty_draft_opens_without_faults_and_lists_them_in_its_own_order_when_submitted(
    cast: Cast, batch: IntakeBatch, client_of
) -> None:
    client = client_of(cast.clerk)
    client.post(reverse("enrollment:applicant_start", args=[batch.public_id]))
    row = Applicant.objects.get()
    page = client.get(form_url(row)).content.decode()
    assert "xj-fault" not in page
    empty = {"version": str(row.version), "checked_with_original_shown": "1", "id_type": "1", "act": "submit"}
    answer = client.post(form_url(row), empty)
    assert answer.status_code == 422
    listed = faults_listed(answer.content.decode())
    shown = re.findall(r'data-field="([^"]+)"', answer.content.decode())
    assert listed[:2] == ["id_number", "name"]
    assert listed[-1] == "checked_with_original"
    assert listed == sorted(listed, key=shown.index)


def test_the_clerk_starts_types_and_submits(cast: Cast, batch: IntakeBatch, client_of) -> None:
    client = client_of(cast.clerk)
    answer = client.post(reverse("enrollment:applicant_start", args=[batch.public_id]))
    row = Applicant.objects.get()
    assert answer.url == form_url(row)
    page = client.get(form_url(row)).content.decode()
    assert "证件类型" in page or "Type of identity document" in page
    assert page.index('name="id_type"') < page.index('name="id_number"') < page.index('name="name"')
    answer = client.post(form_url(row), {**typed(row, birth_date="", sex=""), "act": "submit"})
    assert answer.status_code == 302, re.findall(r"<li>.*?</li>", answer.content.decode())
    row = fresh(row)
    assert (row.state, row.birth_date.isoformat(), row.sex) == (State.SELF_CHECKED, "2019-06-03", "1")


def test_save_and_enter_next_opens_a_fresh_form(cast: Cast, batch: IntakeBatch, client_of) -> None:
    row = actions.start_applicant(actor=cast.clerk, batch=batch)
    answer = client_of(cast.clerk).post(form_url(row), {**typed(row), "act": "next"})
    following = Applicant.objects.exclude(pk=row.pk).get()
    assert (answer.url, following.state) == (form_url(following), State.DRAFT)


def test_a_refused_submission_names_each_fault_and_keeps_what_was_typed(
    cast: Cast, batch: IntakeBatch, client_of
) -> None:
    row = actions.start_applicant(actor=cast.clerk, batch=batch)
    wrong = typed(row, postcode="43007", member1__name="", birth_date="2019-13-40", checked_with_original="")
    answer = client_of(cast.clerk).post(form_url(row), {**wrong, "act": "submit"})
    page = answer.content.decode()
    assert answer.status_code == 422
    for field in ("postcode", "member1.name", "birth_date", "checked_with_original"):
        assert f'href="#id_{field}"' in page
    assert 'value="2019-13-40"' in page
    assert 'value="43007"' in page
    assert fresh(row).state == State.DRAFT


def test_no_message_tells_the_right_digit(cast: Cast, batch: IntakeBatch, client_of) -> None:
    row = actions.start_applicant(actor=cast.clerk, batch=batch)
    good = id_number(1)
    bad = good[:-1] + ("0" if good[-1] != "0" else "1")
    url = reverse("enrollment:applicant_check", args=[row.public_id])
    answer = client_of(cast.clerk).post(url, typed(row, id_number=bad)).json()
    (fault,) = answer["faults"]["id_number"]
    assert fault["code"] == "id_check_digit"
    assert good not in str(answer)
    assert answer["filled"] == {}
    assert fresh(row).version == row.version, "checking saves nothing"


def test_the_check_fills_birth_date_and_sex_and_names_regions(
    cast: Cast, batch: IntakeBatch, client_of
) -> None:
    row = actions.start_applicant(actor=cast.clerk, batch=batch)
    url = reverse("enrollment:applicant_check", args=[row.public_id])
    answer = client_of(cast.clerk).post(url, typed(row, birth_date="", sex="")).json()
    assert answer["filled"] == {"birth_date": "2019-06-03", "sex": "1"}
    assert "武昌" in answer["regions"]["birthplace_code"]
    assert "birth_date" not in answer["faults"]
    assert client_of(cast.clerk).get(url).status_code == 405, "no values in addresses"


def test_regions_are_found_by_name_and_by_code(cast: Cast, batch: IntakeBatch, client_of) -> None:
    client = client_of(cast.clerk)
    by_name = client.post(reverse("enrollment:regions"), {"q": "武昌"}).json()["options"]
    assert ["420106000000", "湖北省武汉市武昌区"] in by_name
    by_code = client.post(reverse("enrollment:regions"), {"q": "4201"}).json()["options"]
    assert {code[:4] for code, _name in by_code} == {"4201"}
    assert client.post(reverse("enrollment:regions"), {"q": "4"}).json()["options"] == []


def test_autosave_answers_with_time_and_version_and_refuses_a_stale_one(
    cast: Cast, batch: IntakeBatch, client_of
) -> None:
    row = actions.start_applicant(actor=cast.clerk, batch=batch)
    url = reverse("enrollment:applicant_save", args=[row.public_id])
    client = client_of(cast.clerk)
    answer = client.post(url, typed(row, postcode="43")).json()
    assert answer["version"] == row.version + 1
    assert re.fullmatch(r"\d\d:\d\d", answer["saved_at"])
    assert fresh(row).name == "王小明"
    stale = client.post(url, typed(row, name="王小红"))
    assert stale.status_code == 409
    assert fresh(row).name == "王小明"


def test_a_conflict_shows_both_values(cast: Cast, batch: IntakeBatch, client_of) -> None:
    row = draft(cast.clerk, batch)
    seen = row.version
    actions.save_draft(actor=cast.clerk, applicant=row, cells={"talent": "围棋"})
    answer = client_of(cast.clerk).post(
        form_url(row), {**typed(row, talent="书法"), "version": str(seen), "act": "save"}
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "围棋" in page
    assert "书法" in page
    assert f'name="version" value="{seen + 1}"' in page
    assert fresh(row).talent == "围棋"


def test_a_returned_form_marks_the_fields(cast: Cast, batch: IntakeBatch, client_of) -> None:
    row = submitted(cast.clerk, batch)
    actions.send_back(
        actor=cast.second_clerk, applicant=row, reason="scan_unclear", fields=["postcode"], comment="第二页"
    )
    page = client_of(cast.clerk).get(form_url(row)).content.decode()
    assert "xj-alert xj-orange" in page
    assert "第二页" in page
    assert page.count("is-marked") == 1


def test_others_do_not_get_the_form(cast: Cast, batch: IntakeBatch, client_of) -> None:
    row = draft(cast.clerk, batch)
    answer = client_of(cast.second_clerk).get(form_url(row))
    assert answer.url == reverse("enrollment:review", args=[row.public_id])
    assert client_of(cast.outsider).get(form_url(row)).status_code == 404
    answer = client_of(cast.outsider).post(form_url(row), typed(row))
    assert answer.status_code == 404
    assert Event.objects.filter(actor=cast.outsider, result="refused").count() == 2


def test_late_entry_shows_a_banner(cast: Cast, client_of) -> None:
    late = make_batch(cast.school, entry_deadline=timezone.localdate() - timedelta(days=1))
    row = actions.start_applicant(actor=cast.clerk, batch=late)
    page = client_of(cast.clerk).get(form_url(row)).content.decode()
    assert "xj-alert xj-amber" in page


def test_titles_and_addresses_hold_no_name_and_no_number(cast: Cast, batch: IntakeBatch, client_of) -> None:
    row = submitted(cast.clerk, batch)
    for user in (cast.clerk, cast.second_clerk):
        page = client_of(user).get(reverse("enrollment:review", args=[row.public_id])).content.decode()
        title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
        assert title
        assert "王小明" not in title[1]
        assert not any(id_number(1) in href for href in re.findall(r'(?:href|action)="([^"]*)"', page))


def review_url(row: Applicant) -> str:
    return reverse("enrollment:review", args=[row.public_id])


def test_the_reviewer_reads_every_digit_others_read_masks(cast: Cast, batch: IntakeBatch, client_of) -> None:
    row = submitted(cast.clerk, batch)
    assert id_number(1) in client_of(cast.second_clerk).get(review_url(row)).content.decode()
    masked = client_of(cast.registrar).get(review_url(row)).content.decode()
    assert id_number(1) not in masked
    assert "13800138000" not in masked
    opened = Event.objects.filter(action="applicant.opened")
    assert list(opened.order_by("id").values_list("actor", "subject")) == [
        (cast.second_clerk.pk, row.public_id),
        (cast.registrar.pk, row.public_id),
    ]


def test_yes_and_no_are_read_in_the_readers_language(cast: Cast, batch: IntakeBatch, client_of) -> None:
    row = submitted(cast.clerk, batch)
    page = client_of(cast.second_clerk).get(review_url(row), HTTP_ACCEPT_LANGUAGE="en")
    shown = {line.field: str(line.value) for part in page.context["sections"] for line in part.lines}
    assert (shown["is_only_child"], shown["had_preschool"]) == ("No", "Yes")


def test_after_a_decision_the_next_one_opens(cast: Cast, batch: IntakeBatch, client_of) -> None:
    rows = [
        submitted(cast.clerk, batch, serial, name=name)
        for serial, name in enumerate(("安一", "白二", "曹三"))
    ]
    client = client_of(cast.second_clerk)
    page = client.get(review_url(rows[1])).content.decode()
    assert f'href="{review_url(rows[0])}" data-key="k"' in page
    assert f'href="{review_url(rows[2])}" data-key="j"' in page
    url = reverse("enrollment:review_pass", args=[rows[1].public_id])
    answer = client.post(url, {"step": "initial_review", "version": str(rows[1].version)})
    assert answer.url == review_url(rows[2])
    assert fresh(rows[1]).state == State.INITIAL_REVIEWED
    url = reverse("enrollment:review_return", args=[rows[2].public_id])
    told = {"step": "initial_review", "version": str(rows[2].version), "reason": "other", "comment": ""}
    answer = client.post(url, told)
    assert answer.status_code == 422
    assert "data-open-now" in answer.content.decode()
    answer = client.post(url, {**told, "comment": "请补地址", "fields_marked": ["home_address"]})
    assert answer.url == review_url(rows[0])
    returned = fresh(rows[2])
    assert (returned.state, returned.returned_by) == (State.RETURNED, cast.second_clerk)


def test_a_lost_race_names_the_winner_on_the_page(cast: Cast, batch: IntakeBatch, client_of) -> None:
    row = approved(cast, batch)
    actions.accept(actor=cast.archivist, applicant=row)
    client = client_of(cast.archive_head)
    url = reverse("enrollment:review_pass", args=[row.public_id])
    page = client.post(url, {"step": "acceptance", "version": str(row.version)}, follow=True).content.decode()
    assert "刘敏" in page
    assert "xj-alert xj-red" in page


def test_in_use_says_who_is_looking(cast: Cast, batch: IntakeBatch, client_of) -> None:
    row = approved(cast, batch)
    client_of(cast.archivist).get(review_url(row))
    assert "刘敏" in client_of(cast.archive_head).get(review_url(row)).content.decode()


def test_who_entered_it_sees_why_he_cannot_decide(cast: Cast, batch: IntakeBatch, client_of) -> None:
    row = submitted(cast.clerk, batch)
    page = client_of(cast.clerk).get(review_url(row)).content.decode()
    assert "xj-decision" not in page
    assert "xj-alert xj-grey" in page


@pytest.mark.parametrize("count", [3, 12])
def test_the_list_costs_the_same_for_few_and_many(
    cast: Cast, batch: IntakeBatch, client_of, count: int, django_assert_max_num_queries
) -> None:
    for serial in range(count):
        draft(cast.clerk, batch, serial)
    client = client_of(cast.clerk)
    url = reverse("enrollment:applicants", args=[batch.public_id])
    client.get(url)
    with django_assert_max_num_queries(30) as counted:
        page = client.get(url).content.decode()
    assert page.count("BM2026") >= count
    LIST_COSTS[count] = len(counted)
    if len(LIST_COSTS) == 2:
        assert len(set(LIST_COSTS.values())) == 1


LIST_COSTS: dict[int, int] = {}


def test_a_number_that_the_field_cannot_hold_does_not_stop_the_draft(cast: Cast, batch: IntakeBatch) -> None:
    row = draft(cast.clerk, batch)
    kept = actions.save_draft(
        actor=cast.clerk, applicant=row, cells={"commute_km": "999.95", "talent": "围棋"}
    )
    assert [fault.code for fault in kept.refused] == ["number_form"]
    assert (kept.applicant.talent, kept.applicant.commute_km) == ("围棋", None)
