"""Code lists and regions: kept on the top unit, closed and never removed, loaded again from a file."""

import io
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.scope import NotPermitted
from ledger.models import Event
from school.models import Code, CodeList, Region
from setup import actions
from setup.codefiles import NotReadable, Plan, decoded, plan_codes, plan_regions
from tests.cast import Cast
from tests.factories import saved

HEADER = "code,label_zh,label_en,valid_from,valid_to,aliases\n"
FILE = HEADER + "1,步行,On foot,,,走路\n2,自行车,Bicycle,,,单车|骑车\n3,地铁,Underground,2026-09-01,,\n"


@pytest.fixture
def travel(cast: Cast) -> CodeList:
    code_list: CodeList = saved(CodeList(key="travel", label_zh="交通方式", label_en="Travel"))
    saved(Code(code_list=code_list, code="1", label_zh="步行", label_en="On foot", aliases=["走路"], order=0))
    saved(Code(code_list=code_list, code="2", label_zh="自行车", aliases=["单车"], order=1))
    saved(Code(code_list=code_list, code="9", label_zh="其他", order=9))
    return code_list


def _fault(call: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        call()
    return getattr(caught.value, "message_dict", {"": caught.value.messages})


def test_codes_are_added_changed_and_closed(travel: CodeList, top_admin: User) -> None:
    code = actions.add_code(
        actor=top_admin, code_list=travel, code="3", label_zh="地铁", label_en="Underground", aliases=[]
    )
    actions.change_code(actor=top_admin, code=code, aliases=["轨道交通"], code_ignored="x")
    actions.close_code(actor=top_admin, code=code, last_day=date(2026, 12, 31), reason="停用")
    stored = Code.objects.get(pk=code.pk)
    assert (stored.aliases, stored.valid_until) == (["轨道交通"], date(2026, 12, 31))
    assert [event.action for event in Event.objects.filter(action__startswith="code.").order_by("pk")] == [
        "code.added",
        "code.changed",
        "code.closed",
    ]
    assert stored.history.count() == 3


def test_a_spelling_means_one_code(travel: CodeList, top_admin: User) -> None:
    for values in ({"label_zh": "走路"}, {"label_zh": "骑行", "aliases": ["单车"]}):
        faults = _fault(
            lambda values=values: actions.add_code(  # type: ignore[misc]  # bound in the loop
                actor=top_admin, code_list=travel, code="4", **values
            )
        )
        assert "label_zh" in faults
    assert "code" in _fault(
        lambda: actions.add_code(actor=top_admin, code_list=travel, code="9", label_zh="别的")
    )


def test_what_serves_all_schools_is_kept_on_top(cast: Cast, travel: CodeList) -> None:
    for actor in (cast.system_admin, cast.registrar):
        with pytest.raises(NotPermitted):
            actions.add_code(actor=actor, code_list=travel, code="4", label_zh="马")
        with pytest.raises(NotPermitted):
            actions.import_codes(actor=actor, key="travel", text=FILE, fingerprint="")
        with pytest.raises(NotPermitted):
            actions.add_region(actor=actor, code="999999", name_zh="某县")


def test_a_file_is_first_planned_and_then_applied(travel: CodeList, top_admin: User) -> None:
    plan = plan_codes(travel, FILE)
    assert [row.code for row in plan.added] == ["3"]
    assert [(change.row.code, change.changes) for change in plan.changed] == [
        ("2", [("label_en", "", "Bicycle"), ("aliases", "单车", "单车|骑车")])
    ]
    assert (plan.same, plan.missing, plan.faults) == (1, ["9"], [])
    assert Code.objects.filter(code_list=travel).count() == 3
    actions.import_codes(actor=top_admin, key="travel", text=FILE, fingerprint=plan.fingerprint)
    codes = {code.code: code for code in Code.objects.filter(code_list=travel)}
    assert set(codes) == {"1", "2", "3", "9"}
    assert codes["2"].aliases == ["单车", "骑车"]
    assert codes["3"].valid_from == date(2026, 9, 1)
    assert codes["2"].history.first().history_user == top_admin
    assert Event.objects.get(action="codes.imported").detail == {"list": "travel", "added": 1, "changed": 1}
    again = plan_codes(travel, FILE)
    assert (again.added, again.changed) == ([], [])


def test_a_plan_that_has_grown_old_is_not_applied(travel: CodeList, top_admin: User) -> None:
    plan = plan_codes(travel, FILE)
    actions.add_code(actor=top_admin, code_list=travel, code="3", label_zh="地铁")
    with pytest.raises(actions.PlanChanged):
        actions.import_codes(actor=top_admin, key="travel", text=FILE, fingerprint=plan.fingerprint)
    assert Code.objects.get(code_list=travel, code="3").valid_from is None


@pytest.mark.parametrize(
    ("lines", "line", "column"),
    [
        ("1,步行,,,,\n1,走,,,,", 3, "code"),
        (",步行,,,,", 2, "code"),
        ("1,,,,,", 2, "label_zh"),
        ("1,步行,,2026/9/1,,", 2, "valid_from"),
        ("1,步行,,,,\n2,自行车,,,,步行", 3, "aliases"),
        ("123456789,步行,,,,", 2, "code"),
        ("A/B,步行,,,,", 2, "code"),
        ("1,步行,,2026-09-02,2026-09-01,", 2, "valid_to"),
        ("3,其他,,,,", 2, "aliases"),
        ("3,地铁,,,,9", 2, "aliases"),
    ],
)
def test_faults_are_told_by_line_and_nothing_is_applied(
    travel: CodeList, top_admin: User, lines: str, line: int, column: str
) -> None:
    text = HEADER + lines + "\n"
    plan = plan_codes(travel, text)
    assert (plan.faults[0].line, plan.faults[0].column) == (line, column)
    assert _fault(
        lambda: actions.import_codes(actor=top_admin, key="travel", text=text, fingerprint=plan.fingerprint)
    )
    assert Code.objects.filter(code_list=travel).count() == 3


@pytest.mark.parametrize("content", [b"\xff\xff\xff", b"PK\x03\x04\0\0", b"a,b\n1,2\n", b'code,"x\n'])
def test_files_that_are_no_lists_are_refused(travel: CodeList, content: bytes) -> None:
    with pytest.raises(NotReadable):
        plan_codes(travel, decoded(content))


def test_chinese_files_of_spreadsheets_are_read() -> None:
    assert decoded("步行".encode("gb18030")) == "步行"
    assert decoded("步行".encode("utf-8-sig")) == "步行"
    with pytest.raises(NotReadable):
        decoded(b"x" * 5_000_000)


def test_regions_are_added_changed_closed_and_loaded(cast: Cast, top_admin: User) -> None:
    province = actions.add_region(actor=top_admin, code="970000", name_zh="某省")
    county = actions.add_region(actor=top_admin, code="970101", name_zh="某县", parent_code="970000")
    assert (province.level, county.level) == (1, 3)
    actions.change_region(actor=top_admin, region=county, name_zh="某区")
    actions.close_region(actor=top_admin, region=county, last_day=date(2026, 10, 1), reason="撤县设区")
    stored = Region.objects.get(code="970101")
    assert (stored.name_zh, stored.valid_until) == ("某区", date(2026, 10, 1))
    for values, field in (
        ({"code": "97010", "name_zh": "短"}, "code"),
        ({"code": "970101", "name_zh": "重"}, "code"),
        ({"code": "970102", "name_zh": "无根", "parent_code": "980000"}, "parent_code"),
    ):
        assert field in _fault(
            lambda values=values: actions.add_region(actor=top_admin, **values)  # type: ignore[misc]  # bound in the loop
        )
    header = "code,name_zh,name_en,parent,level,valid_from,valid_to,source\n"
    text = header + "970101,某区,,970000,3,,2026-10-01,\n970102,新区,New,970000,3,2026-10-02,,公告\n"
    plan = plan_regions(text)
    assert [row.code for row in plan.added] == ["970102"]
    actions.import_codes(actor=top_admin, key="regions", text=text, fingerprint=plan.fingerprint)
    assert Region.objects.get(code="970102").source == "公告"
    bad = plan_regions(header + "97,短,,,3,,,\n970103,,,,3,,,\n970104,无根,,980000,3,,,\n970105,级,,,9,,,\n")
    assert [(fault.line, fault.column) for fault in bad.faults] == [
        (2, "code"),
        (3, "name_zh"),
        (5, "level"),
        (4, "parent"),
    ]


def test_a_region_that_ends_before_it_begins_is_a_fault(cast: Cast) -> None:
    header = "code,name_zh,name_en,parent,level,valid_from,valid_to,source\n"
    plan = plan_regions(header + "970101,某区,,,3,2026-10-02,2026-10-01,\n")
    assert [(fault.line, fault.column) for fault in plan.faults] == [(2, "valid_to")]


def test_a_region_added_meanwhile_is_told_and_nothing_is_written(
    cast: Cast, top_admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "code,name_zh,name_en,parent,level,valid_from,valid_to,source\n970000,某省,,,1,,,\n"

    def overtaken(text: str) -> Plan:
        plan = plan_regions(text)
        actions.add_region(actor=top_admin, code="970000", name_zh="某省")
        return plan

    fingerprint = plan_regions(text).fingerprint
    monkeypatch.setattr("setup.actions.codes.plan_regions", overtaken)
    with transaction.atomic():
        told = _fault(
            lambda: actions.import_codes(actor=top_admin, key="regions", text=text, fingerprint=fingerprint)
        )
    assert list(told) == ["code"]
    assert not Region.objects.filter(code="970000").exists()


def test_loading_again_leaves_what_somebody_changed_and_mends_the_rest(cast: Cast, top_admin: User) -> None:
    closed, renamed, untouched = Code.objects.filter(code_list__key="ethnicity")[:3]
    actions.close_code(actor=top_admin, code=closed, last_day=date(2026, 10, 1), reason="停用")
    actions.change_code(actor=top_admin, code=renamed, label_en="Our own word")
    region = Region.objects.get(code="420106")
    actions.close_region(actor=top_admin, region=region, last_day=date(2026, 10, 1), reason="撤销")
    label, untouched.label_zh = untouched.label_zh, "旧称"
    saved(untouched)
    call_command("load_reference_data", stdout=io.StringIO())
    for row in (closed, renamed, region, untouched):
        row.refresh_from_db()
    assert (closed.valid_until, region.valid_until) == (date(2026, 10, 1), date(2026, 10, 1))
    assert (renamed.label_en, untouched.label_zh) == ("Our own word", label)


def test_a_code_is_once_in_its_list_in_the_database(travel: CodeList) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        saved(Code(code_list=travel, code="1", label_zh="重复"))
