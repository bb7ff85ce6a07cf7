"""An inspection of the admissions office with a notice that waits to be acknowledged, an opinion, assessments."""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from accounts.models import User
from archive.assessments import actions as assessments
from archive.keepers import school_of
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
ASSESSED = {
    "title": "导出、对外提供在校生学籍信息",
    "kinds": "在校生姓名、性别、证件号码、联系电话、家庭住址，每次不超过所需的学生和项目。",
    "purpose": "核对全国学籍系统数据；经本人或监护人同意，或依法律规定，向校外单位提供。",
    "necessity": "核对和办理需要完整号码，脱敏号码无法比对；其他用途只用脱敏号码。",
    "risk": "泄露后可能被用于诈骗、骚扰；可能性低，对未成年人影响较大。",
    "measures": "双人确认，档案负责人批准；文件加密，一日后删除；对外数据包设密码并约定删除期限。",
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
    until = today + timedelta(days=365)
    for by, other in (("archivehead1", "leader1"), ("c-archivehead1", "c-leader1")):
        school = school_of(staff[by], "decide_for_archives")
        made = assessments.write(
            actor=staff[by], key=uuid4(), school=school, conclusion="measures", valid_until=until, **ASSESSED
        )
        assessments.confirm(actor=staff[other], assessment=made)
