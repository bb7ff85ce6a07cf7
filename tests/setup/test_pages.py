"""The pages of the settings: what people see there, do there, and how much that costs."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from school.models import (
    CalendarPeriod,
    ClassStaff,
    Code,
    CodeList,
    Programme,
    Region,
    Rule,
    SchoolClass,
    Term,
    Unit,
)
from setup import actions
from tests.cast import Cast
from tests.factories import make_class, make_unit, saved, set_rule

TODAY = timezone.localdate


def _client(user: User) -> Client:
    user.last_seen_on = TODAY()
    saved(user)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def _text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


@pytest.fixture
def admin(cast: Cast) -> Client:
    return _client(cast.system_admin)


@pytest.fixture
def registrar(cast: Cast) -> Client:
    return _client(cast.registrar)


@pytest.fixture
def top(top_admin: User) -> Client:
    return _client(top_admin)


def _more_units(cast: Cast, count: int) -> None:
    start = Unit.objects.count()
    for number in range(start, start + count):
        make_unit(f"部门{number}", cast.school, kind=Unit.Kind.DEPARTMENT)


def _more_classes(cast: Cast, count: int) -> None:
    start = 10 + SchoolClass.objects.count()
    for number in range(start, start + count):
        make_class(cast.school, number=number)


def _more_codes(cast: Cast, count: int) -> None:
    code_list = CodeList.objects.filter(key="many").first() or saved(CodeList(key="many", label_zh="多"))
    start = Code.objects.filter(code_list=code_list).count()
    for number in range(start, start + count):
        saved(Code(code_list=code_list, code=f"{number}", label_zh=f"项{number}", order=number))


def _more_programmes(cast: Cast, count: int) -> None:
    start = Programme.objects.count()
    for number in range(start, start + count):
        saved(Programme(unit=cast.school, code=f"{number:06}", name=f"专业{number}", study_years=3))


def _more_regions(cast: Cast, count: int) -> None:
    start = Region.objects.count()
    for number in range(start, start + count):
        saved(Region(code=f"97{number:04}", name_zh=f"县{number}", level=3))


def _more_periods(cast: Cast, count: int) -> None:
    start = CalendarPeriod.objects.count()
    for number in range(start, start + count):
        day = date(2026, 1, 1) + timedelta(days=2 * number)
        saved(CalendarPeriod(unit=cast.school, kind="holiday", valid_from=day, valid_until=day))


def _more_rules(cast: Cast, count: int) -> None:
    start = Rule.objects.count()
    for number in range(start, start + count):
        set_rule(cast.school, "bulk_limit", "7", valid_from=date(2020, 1, 1) + timedelta(days=number))


PAGES: dict[str, tuple[Callable[[Cast], str], Callable[[Cast, int], None]]] = {
    "units": (lambda cast: reverse("setup:units"), _more_units),
    "unit": (lambda cast: reverse("setup:unit", args=[cast.school.public_id]), _more_units),
    "classes": (lambda cast: reverse("setup:classes"), _more_classes),
    "programmes": (lambda cast: reverse("setup:programmes"), _more_programmes),
    "codes": (lambda cast: reverse("setup:code_list", args=["many"]), _more_codes),
    "regions": (lambda cast: reverse("setup:regions"), _more_regions),
    "calendar": (lambda cast: reverse("setup:calendar", args=[cast.school.public_id]), _more_periods),
    "rules": (lambda cast: reverse("setup:rules", args=[cast.school.public_id]), _more_rules),
    "rule": (lambda cast: reverse("setup:rule", args=[cast.school.public_id, "bulk_limit"]), _more_rules),
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_costs_the_same_for_few_and_many(cast: Cast, admin: Client, page: str) -> None:
    address_of, more = PAGES[page]
    more(cast, 3)
    address = address_of(cast)
    _text(admin, address)
    with CaptureQueriesContext(
        connection,
    ) as few:
        _text(admin, address)
    more(cast, 27)
    with CaptureQueriesContext(connection) as many:
        _text(admin, address)
    assert len(many) == len(few)


def test_the_tree_shows_what_is_in_sight_in_its_order(cast: Cast, admin: Client) -> None:
    page = _text(admin, reverse("setup:units"))
    assert cast.bureau.label not in page
    assert page.index("Honghua Primary School") < page.index("招生办") < page.index("财务室")
    assert cast.other_school.label_en not in page
    assert 'xj-branch-2">招生办' in page


def test_a_unit_is_added_changed_and_closed_on_its_pages(cast: Cast, admin: Client) -> None:
    address = reverse("setup:unit_add", args=[cast.school.public_id])
    refused = admin.post(address, {"kind": "site", "name": " ", "order": "0"})
    assert refused.status_code == 422
    assert "This field is required" in refused.content.decode()
    admin.post(address, {"kind": "site", "name": "竹溪教学点", "order": "0"})
    site = Unit.objects.get(name="竹溪教学点")
    change = reverse("setup:unit_change", args=[site.public_id])
    seen = actions.version_of(site)
    admin.post(change, {"name": "竹溪村教学点", "order": "1", "seen": seen})
    site.refresh_from_db()
    assert site.name == "竹溪村教学点"
    stale = admin.post(change, {"name": "别名", "order": "1", "seen": seen})
    page = stale.content.decode()
    assert stale.status_code == 422
    assert "竹溪村教学点. Saving again keeps" in page
    assert f'name="seen" value="{actions.version_of(site)}"' in page
    assert Unit.objects.get(pk=site.pk).name == "竹溪村教学点"
    close = reverse("setup:unit_close", args=[site.public_id])
    admin.post(close, {"reason": ""})
    assert Unit.objects.get(pk=site.pk).is_active
    admin.post(close, {"reason": "撤并"})
    assert not Unit.objects.get(pk=site.pk).is_active
    history = _text(admin, reverse("setup:unit", args=[site.public_id]))
    assert "撤并" in history
    assert "System administrator" in history


def test_the_buttons_follow_the_rights(cast: Cast, admin: Client, registrar: Client) -> None:
    address = reverse("setup:unit", args=[cast.school.public_id])
    assert reverse("setup:unit_add", args=[cast.school.public_id]) in _text(admin, address)
    leader = _client(cast.leader)
    assert reverse("setup:unit_add", args=[cast.school.public_id]) not in _text(leader, address)
    rule = reverse("setup:rule", args=[cast.school.public_id, "bulk_limit"])
    assert "Set the rule" in _text(admin, rule)
    assert "Set the rule" not in _text(registrar, rule)
    scheme = reverse("setup:rule", args=[cast.school.public_id, "duty_scheme"])
    assert "Set the rule" not in _text(admin, scheme)
    assert "Set the rule" in _text(_client(cast.bureau_officer), scheme)


def test_a_rule_is_read_set_and_taken_back(cast: Cast, admin: Client) -> None:
    set_rule(cast.bureau, "head_review_days", "4")
    rules = reverse("setup:rules", args=[cast.school.public_id])
    page = _text(admin, rules)
    assert cast.bureau.label_en in page
    tomorrow = TODAY() + timedelta(days=1)
    address = reverse("setup:rule_set", args=[cast.school.public_id, "head_review_days"])
    assert admin.post(address, {"value": "99", "valid_from": tomorrow, "reason": "试"}).status_code == 422
    admin.post(address, {"value": "2", "valid_from": tomorrow, "reason": "提速"})
    row = Rule.objects.get(unit=cast.school, key="head_review_days")
    assert (row.value, row.valid_from) == ("2", tomorrow)
    assert "A change is set" in _text(admin, rules)
    back = reverse("setup:rule_withdraw", args=[cast.school.public_id, "head_review_days"])
    admin.post(back, {"valid_from": tomorrow, "reason": "误设"})
    assert not Rule.objects.filter(unit=cast.school, key="head_review_days").exists()
    assert admin.get(reverse("setup:rule", args=[cast.school.public_id, "nonsense"])).status_code == 404


def test_a_class_is_made_and_staffed_on_its_pages(cast: Cast, registrar: Client) -> None:
    address = reverse("setup:class_add", args=[cast.school.public_id])
    assert "rule W" in _text(registrar, address)
    facts = {
        "school_year": 2026,
        "entry_year": 2024,
        "grade_level": 3,
        "number": 2,
        "name": "三年级（2）班",
        "seats": 45,
    }
    wrong = registrar.post(address, facts | {"grade_level": 2})
    assert "is in grade 3" in wrong.content.decode()
    registrar.post(address, facts)
    row = SchoolClass.objects.get(class_no="2024302")
    staff_add = reverse("setup:class_staff_add", args=[row.public_id])
    choices = _text(registrar, staff_add)
    assert cast.adviser.staff_no in choices
    assert cast.clerk.staff_no not in choices
    duty = {"user": cast.adviser.pk, "duty": "class_adviser", "valid_from": TODAY()}
    registrar.post(staff_add, duty)
    again = registrar.post(staff_add, duty | {"user": cast.teacher.pk})
    assert "has an adviser in these days" in again.content.decode()
    staff = ClassStaff.objects.get(school_class=row)
    end = reverse("setup:class_staff_end", args=[row.public_id])
    registrar.post(end, {"staff": staff.pk, "last_day": TODAY(), "reason": "调岗"})
    staff.refresh_from_db()
    assert staff.valid_until == TODAY()
    elsewhere = ClassStaff.objects.filter(school_class=cast.school_class).first()
    assert elsewhere is not None
    answer = registrar.post(end, {"staff": elsewhere.pk, "last_day": TODAY(), "reason": "调岗"})
    assert answer.status_code == 404
    change = reverse("setup:class_change", args=[row.public_id])
    registrar.post(change, {"name": "三二班", "seats": 40})
    registrar.post(reverse("setup:class_close", args=[row.public_id]), {"reason": "并班"})
    row.refresh_from_db()
    assert (row.name, row.seats, row.is_active) == ("三二班", 40, False)
    assert "并班" in _text(registrar, reverse("setup:school_class", args=[row.public_id]))


def test_the_calendar_takes_terms_and_days(cast: Cast, registrar: Client) -> None:
    page = reverse("setup:calendar", args=[cast.school.public_id])
    assert registrar.get(reverse("setup:calendars")).headers["Location"] == page
    registrar.post(
        reverse("setup:term_add", args=[cast.school.public_id]),
        {"school_year": 2026, "number": 1, "valid_from": "2026-09-01", "valid_until": "20270129"},
    )
    term = Term.objects.get(school=cast.school)
    assert term.valid_until == date(2027, 1, 29)
    registrar.post(
        reverse("setup:term_change", args=[cast.school.public_id, 2026, 1]),
        {"valid_from": "2026-09-01", "valid_until": "2027-01-22"},
    )
    registrar.post(
        reverse("setup:period_add", args=[cast.school.public_id]),
        {"kind": "vacation", "valid_from": "2027-01-23", "valid_until": "2027-02-20", "note": "寒假"},
    )
    shown = _text(registrar, page)
    assert "22 Jan 2027" in shown
    assert "寒假" in shown
    period = CalendarPeriod.objects.get()
    remove = reverse("setup:period_remove", args=[cast.school.public_id])
    registrar.post(remove, {"period": period.pk, "reason": ""})
    assert CalendarPeriod.objects.exists()
    registrar.post(remove, {"period": period.pk, "reason": "误设"})
    assert not CalendarPeriod.objects.exists()


def test_programmes_are_shown_to_all_and_changed_by_few(cast: Cast, registrar: Client) -> None:
    values = {"code": "510203", "name": "软件技术", "study_years": "3", "is_active": "on"}
    registrar.post(reverse("setup:programme_add", args=[cast.school.public_id]), values)
    row = Programme.objects.get()
    address = reverse("setup:programme_change", args=[row.public_id])
    registrar.post(address, values | {"code": "1", "name": "软件工程技术"})
    row.refresh_from_db()
    assert (row.code, row.name) == ("510203", "软件工程技术")
    leader = _client(cast.leader)
    assert "You can see this but not change it" in _text(leader, address)
    assert leader.post(address, values).status_code == 403


@pytest.fixture
def travel(cast: Cast) -> CodeList:
    row: CodeList = saved(CodeList(key="travel", label_zh="交通方式", label_en="Travel", source="某标准"))
    saved(Code(code_list=row, code="1", label_zh="步行", label_en="On foot", aliases=["走路"], order=0))
    return row


def test_a_code_is_added_changed_and_ended(travel: CodeList, top: Client) -> None:
    address = reverse("setup:code_add", args=["travel"])
    values = {"code": "2", "label_zh": "骑行", "aliases": "单车\n自行车\n", "order": "1"}
    assert top.post(address, values | {"code": "二"}).status_code == 422
    top.post(address, values)
    code = Code.objects.get(code_list=travel, code="2")
    assert code.aliases == ["单车", "自行车"]
    change = reverse("setup:code_change", args=["travel", "2"])
    seen = actions.version_of(code)
    top.post(change, values | {"label_en": "By bicycle", "seen": seen})
    stale = top.post(change, values | {"label_zh": "骑车", "label_en": "Bike", "seen": seen})
    assert "By bicycle. Saving again keeps" in stale.content.decode()
    top.post(reverse("setup:code_close", args=["travel", "2"]), {"last_day": "2026-12-31", "reason": "停用"})
    code.refresh_from_db()
    assert (code.label_en, code.valid_until) == ("By bicycle", date(2026, 12, 31))
    assert "By bicycle" in _text(top, reverse("setup:code_list", args=["travel"]))


def test_words_of_a_filter_find_codes_and_regions(travel: CodeList, top: Client) -> None:
    saved(Region(code="970000", name_zh="某省", level=1))
    saved(Region(code="980000", name_zh="另省", level=1))
    posted = {"list_form": "filter", "q": "走路"}
    found = top.post(reverse("setup:code_list", args=["travel"]), posted, follow=True).content.decode()
    assert "On foot" in found
    regions = top.post(
        reverse("setup:regions"), {"list_form": "filter", "q": "9700"}, follow=True
    ).content.decode()
    assert "某省" in regions
    assert '<td class="">另省' not in regions


def _upload(client: Client, text: str) -> Any:
    file = SimpleUploadedFile("travel.csv", text.encode("gb18030"))
    return client.post(reverse("setup:codes_import", args=["travel"]), {"file": file})


def test_a_file_is_looked_at_before_it_is_imported(travel: CodeList, top: Client) -> None:
    present = top.get(reverse("setup:codes_download", args=["travel"])).content.decode("utf-8-sig")
    assert present == "code,label_zh,label_en,valid_from,valid_to,aliases\n1,步行,On foot,,,走路\n"
    answer = _upload(top, present.replace("On foot", "Walking") + "2,骑行,Cycling,,,\n")
    page = answer.content.decode()
    assert "Walking" in page
    assert Code.objects.filter(code_list=travel).count() == 1
    given = {"token": answer.context["token"], "fingerprint": answer.context["plan"].fingerprint}
    address = reverse("setup:codes_import", args=["travel"])
    top.post(address, given)
    assert dict(Code.objects.filter(code_list=travel).values_list("code", "label_en")) == {
        "1": "Walking",
        "2": "Cycling",
    }
    again = top.post(address, given, follow=True).content.decode()
    assert "no longer kept" in again


def test_a_file_with_faults_or_overtaken_by_events_changes_nothing(
    travel: CodeList, top: Client, top_admin: User
) -> None:
    assert (
        "Line 2, column label_zh"
        in _upload(top, "code,label_zh,label_en,valid_from,valid_to,aliases\n2,,,,,\n").content.decode()
    )
    assert "columns are missing" in _upload(top, "a,b\n1,2\n").content.decode()
    answer = _upload(top, "code,label_zh,label_en,valid_from,valid_to,aliases\n2,骑行,Cycling,,,\n")
    actions.add_code(actor=top_admin, code_list=travel, code="2", label_zh="骑行", order=5)
    given = {"token": answer.context["token"], "fingerprint": answer.context["plan"].fingerprint}
    overtaken = top.post(reverse("setup:codes_import", args=["travel"]), given)
    assert "changed meanwhile" in overtaken.content.decode()
    assert Code.objects.get(code_list=travel, code="2").label_en == ""


def test_regions_are_kept_on_their_pages(cast: Cast, top: Client, admin: Client) -> None:
    top.post(reverse("setup:region_add"), {"code": "970000", "name_zh": "某省"})
    address = reverse("setup:region_change", args=["970000"])
    top.post(address, {"name_zh": "某自治区", "source": "公告"})
    top.post(reverse("setup:region_close", args=["970000"]), {"last_day": "2026-10-01", "reason": "更名"})
    row = Region.objects.get(code="970000")
    assert (row.name_zh, row.valid_until) == ("某自治区", date(2026, 10, 1))
    assert admin.get(address).status_code == 403
    assert reverse("setup:region_add") not in _text(admin, reverse("setup:regions"))
    file = top.get(reverse("setup:codes_download", args=["regions"])).content.decode("utf-8-sig")
    assert "970000,某自治区,,,1,,2026-10-01,公告" in file.splitlines()
