"""Impact assessments for tests."""

from typing import Any
from uuid import uuid4

from django.utils import timezone

from archive.assessments import actions
from archive.models import ImpactAssessment
from tests.cast import Cast

TEXTS = {
    "title": "导出完整证件号码", "kinds": "在校生姓名、证件号码、联系电话", "purpose": "核对学籍，校内使用",
    "necessity": "脱敏号码无法核对", "risk": "泄露后可能被用于诈骗", "measures": "加密保存，一日后删除",
}  # fmt: skip


def written(cast: Cast, **values: Any) -> ImpactAssessment:
    """One by the head of archives, valid for this year."""
    usual: dict[str, Any] = {
        "actor": cast.archive_head, "key": uuid4(), "school": cast.school, "conclusion": "measures",
        "valid_until": actions.last_day(timezone.localdate()), **TEXTS,
    }  # fmt: skip
    return actions.write(**{**usual, **values})


def assessed(cast: Cast, **values: Any) -> ImpactAssessment:
    """The same, confirmed by the school's leader."""
    return actions.confirm(actor=cast.leader, assessment=written(cast, **values))


def standing(cast: Cast) -> ImpactAssessment:
    """One that stands for the cast's school; the same each time."""
    found = ImpactAssessment.objects.filter(school=cast.school, confirmed_at__isnull=False).first()
    return found or assessed(cast)
