"""Inspections and notices on their way, for the tests of supervision."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from audit.inspections import actions
from audit.inspections.actions import Points
from audit.models import InspectedFile, Inspection, Rectification
from audit.rectifications import actions as rectifications
from files.actions import Scan
from ledger import events
from records import reading
from records.models import Student
from records.selectors import student_file
from tests.cast import Cast
from tests.enrollment.intake import picture
from tests.records.files import make_student

TEXT = {"problem": "三份档案缺少监护人材料", "basis": "学籍管理办法第九条", "measure": "补齐材料"}


def worked(cast: Cast, *names: str, by: User | None = None) -> list[Student]:
    """Students whose files somebody of the admissions office worked on just now."""
    made = [make_student(name, cast, school_class=cast.school_class) for name in names]
    for one in made:
        events.record("student.viewed", actor=by or cast.clerk, obj=one, unit_id=cast.school.pk)
    return made


def planned(cast: Cast, **values: Any) -> Inspection:
    """An inspection of the admissions office that the head of archives planned."""
    today = timezone.localdate()
    given = {
        "unit": cast.admissions, "kind": "regular", "period": (today - timedelta(30), today), "planned_on": today,
        "sample_size": 2, "inspector": None, **values,
    }  # fmt: skip
    return actions.plan(actor=cast.archive_head, **given)


def opened(cast: Cast, file: InspectedFile, by: User) -> None:
    """The file of the sample was opened."""
    reading.open_file(actor=by, file=student_file(by, file.subject))


def begun(cast: Cast, by: User | None = None, **values: Any) -> Inspection:
    """The same, begun by the archivist."""
    return actions.begin(actor=by or cast.archivist, inspection=planned(cast, **values))


def finished(cast: Cast, by: User | None = None, **values: Any) -> Inspection:
    """The same, judged and scored."""
    inspector = by or cast.archivist
    row = begun(cast, inspector, **values)
    for one in row.files.all():
        opened(cast, one, inspector)
        actions.judge(actor=inspector, file=one, faults=["incomplete"], note="缺出生证明")
    points = {area.value: Points(18, "部分材料不全") for area in row.areas}
    actions.write_findings(actor=inspector, inspection=row, points=points)
    return actions.finish(actor=inspector, inspection=row)


def drafted(cast: Cast, **values: Any) -> Rectification:
    """A notice to the admissions office, to be signed."""
    source = values.pop("source", None) or finished(cast)
    given: dict[str, Any] = {"unit": cast.admissions, "days": 10, **TEXT, **values}
    return rectifications.draft(actor=cast.archivist, source=source, **given)


def issued(cast: Cast, **values: Any) -> Rectification:
    """The same, signed by the head of archives."""
    return rectifications.sign(actor=cast.archive_head, row=drafted(cast, **values))


def scan(name: str = "证明.jpg") -> Scan:
    """A scan that proves something."""
    return Scan(name, picture())


def answered(cast: Cast, row: Rectification | None = None) -> Rectification:
    """The same, acknowledged and answered by the head of admissions."""
    notice = row or issued(cast)
    if notice.state == Rectification.State.ISSUED:
        notice = rectifications.acknowledge(actor=cast.head, row=notice)
    return rectifications.answer(actor=cast.head, row=notice, words="已补齐", scans=[scan()])
