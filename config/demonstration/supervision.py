"""An inspection of the admissions office with a notice that waits to be acknowledged, and an opinion."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from audit.inspections import actions as inspections
from audit.inspections.actions import Points
from audit.opinions import actions as opinions
from audit.rectifications import actions as rectifications
from config.demonstration.intake import People
from records import reading
from records.selectors import student_file

FOUND = {
    "collection": Points(16, "抽查的档案中有缺出生证明的。"),
    "entry": Points(18, "个别地址填写不完整。"),
    "storage": Points(20, ""),
    "query": Points(20, ""),
    "use": Points(20, ""),
}
TEXT = {
    "problem": "抽查的档案缺少出生证明。",
    "basis": "学籍档案归档范围要求入学材料齐全。",
    "measure": "补齐所缺材料并扫描归档。",
}


def fill(people: People) -> None:
    """Done by the people of the demonstration in the way that everybody does it."""
    today = timezone.localdate()
    staff = {
        user.staff_no: user for user in User.objects.filter(staff_no__in=list(people)).select_related("unit")
    }
    office, archivist, head = staff["clerk1"].unit, staff["archivist1"], staff["archivehead1"]
    row = inspections.plan(
        actor=head, unit=office, kind="regular", period=(today - timedelta(days=30), today), planned_on=today,
        sample_size=3, inspector=archivist,
    )  # fmt: skip
    row = inspections.begin(actor=archivist, inspection=row)
    for place, one in enumerate(row.files.all()):
        reading.open_file(actor=archivist, file=student_file(archivist, one.subject), purpose="inspection")
        faults, note = (["incomplete"], "缺出生证明。") if place == 0 else ([], "")
        inspections.judge(actor=archivist, file=one, faults=faults, note=note)
    inspections.write_findings(actor=archivist, inspection=row, points=FOUND)
    row = inspections.finish(actor=archivist, inspection=row)
    notice = rectifications.draft(actor=archivist, source=row, unit=office, days=10, **TEXT)
    rectifications.sign(actor=head, row=notice)
    words = "建议把扫描件的清晰度要求贴在扫描仪旁边。"
    opinions.write(actor=staff["teacher1"], kind="opinion", words=words, unit=office)
