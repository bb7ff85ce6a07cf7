"""Batches and applicants for tests of the intake room."""

import io
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from PIL import Image

from core.idnumber import check_character
from enrollment import actions
from enrollment.models import Applicant, IntakeBatch
from tests.factories import saved

GOOD: dict[str, str] = {
    "name": "王小明",
    "sex": "男",
    "birth_date": "20190603",
    "birthplace_code": "420106000000",
    "native_place": "湖北省武汉市",
    "ethnicity": "汉族",
    "nationality": "CHN",
    "id_type": "1",
    "overseas_status": "00",
    "health": "1",
    "political_status": "13",
    "hukou_type": "1",
    "hukou_region_code": "420106000000",
    "class_no": "2026101",
    "enrol_month": "202609",
    "admission_way": "11",
    "attendance_mode": "1",
    "current_address": "武昌区中南路 1 号",
    "mailing_address": "武昌区中南路 1 号",
    "home_address": "武昌区中南路 1 号",
    "phone": "13800138000",
    "postcode": "430070",
    "is_only_child": "否",
    "had_preschool": "是",
    "left_behind": "0",
    "needs_aid": "否",
    "boarding_subsidy": "否",
    "is_orphan": "否",
    "martyr_or_benefit_child": "否",
    "migrant_worker_child": "否",
    "member1.name": "王大明",
    "member1.relation": "51",
    "member1.address": "武昌区中南路 1 号",
    "member1.hukou_code": "420106000000",
    "member1.phone": "13800138001",
    "member1.is_guardian": "是",
    "member2.name": "赵丽",
    "member2.relation": "52",
    "member2.address": "武昌区中南路 1 号",
    "member2.hukou_code": "420106000000",
    "member2.phone": "13800138002",
    "member2.is_guardian": "是",
    "checked_with_original": "1",
}
"""A pupil of class 2026101 without fault but for the identity number, see `id_number`."""


def id_number(serial: int, born: str = "20190603", region: str = "420106") -> str:
    """A synthetic identity number of a boy (``serial`` is made odd)."""
    body = f"{region}{born}{serial * 2 + 1:03d}"
    return body + check_character(body)


def make_batch(school: Any, **values: Any) -> IntakeBatch:
    """An open batch of this year's first grade that asks for no document."""
    today = timezone.localdate()
    usual = {
        "code": "TEST-2026",
        "name": "2026 级新生",
        "layout": "national",
        "school_year": 2026,
        "opens_on": date(2026, 6, 1),
        "entry_deadline": today + timedelta(days=30),
    }
    batch: IntakeBatch = saved(IntakeBatch(school=school, **{**usual, **values}))
    return batch


def draft(clerk: Any, batch: IntakeBatch, serial: int = 1, **cells: str) -> Applicant:
    """A full and faultless draft."""
    applicant = actions.start_applicant(actor=clerk, batch=batch)
    typed = {
        **GOOD,
        "id_number": id_number(serial),
        **{key.replace("__", "."): v for key, v in cells.items()},
    }
    saved_draft = actions.save_draft(actor=clerk, applicant=applicant, cells=typed)
    assert not saved_draft.refused
    return saved_draft.applicant


def submitted(clerk: Any, batch: IntakeBatch, serial: int = 1, **cells: str) -> Applicant:
    """A self-checked applicant."""
    return actions.self_check(actor=clerk, applicant=draft(clerk, batch, serial, **cells))


def approved(cast: Any, batch: IntakeBatch, serial: int = 1, **cells: str) -> Applicant:
    """An applicant whom the head has approved."""
    row = submitted(cast.clerk, batch, serial, **cells)
    actions.review_initially(actor=cast.second_clerk, applicant=row)
    return actions.approve_as_head(actor=cast.head, applicant=row)


def picture(kind: str = "JPEG") -> bytes:
    """A small real image."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 220, 240)).save(out, kind)
    return out.getvalue()
