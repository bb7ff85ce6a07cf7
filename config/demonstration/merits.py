"""What departments have entered into the first files: rewards, conduct, a learning problem, a case, an internship."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from config.demonstration.intake import NEW_CLASSES, OLD_CLASS, People
from records.merits.actions import entries, penalties
from records.models import Enrolment

COMPUTING_CLASS = "2651020301"


def fill(people: People) -> None:
    """A few of each, done by the people of the demonstration in the way that everybody does it."""
    today = timezone.localdate()
    staff = {user.staff_no: user for user in User.objects.filter(staff_no__in=list(people))}
    old, new, students = _pupils(OLD_CLASS), _pupils(NEW_CLASSES[0]), _pupils(COMPUTING_CLASS)
    entries.enter_rewards(
        actor=staff["affairs1"],
        enrolments=old[:3],
        values={
            "name": "三好学生", "level": "60", "grade": "6", "category": "5", "kind": "3", "way": "2",
            "school_year": today.year - 1, "granted_on": today, "granting_unit": "红花小学",
            "document_no": "红花小学〔2026〕8 号",
        },
    )  # fmt: skip
    praise = {
        "happened_on": today,
        "kind": "praise",
        "area": "labour",
        "text": "主动留下打扫教室，帮助同学整理图书角。",
    }
    entries.record_conduct(actor=staff["adviser1"], enrolments=new[:2], values=praise)
    problem = {"noticed_on": today, "kind": "homework", "text": "近两周作业经常未完成，上课注意力不集中。"}
    entries.report_problem(actor=staff["teacher1"], enrolments=new[2:3], values=problem)
    practice = {
        "kind": "post", "organisation": "东湖软件园", "post": "测试助理", "mentor": staff["counsellor1"].name,
        "starts_on": today, "planned_until": today + timedelta(days=90),
    }  # fmt: skip
    entries.enter_internships(actor=staff["counsellor1"], enrolments=students[:2], values=practice)
    _case(staff["c-affairs1"], students[2])


def _case(officer: User, enrolment: Enrolment) -> None:
    """A case of the college of which the student was told."""
    today = timezone.localdate()
    began = max(enrolment.started_on, today - timedelta(days=10))
    if began > today:
        return
    case = {
        "violation": "12", "violation_on": began, "facts": "在宿舍使用大功率电器，值班员当场发现并登记。",
        "basis": "学生宿舍管理办法第 9 条", "proposed_kind": "1", "proposed_months": 6,
    }  # fmt: skip
    row = penalties.prepare(actor=officer, enrolment=enrolment, case=case)
    told = penalties.Paper(on=today, way="direct", told="both")
    penalties.give_notice(actor=officer, penalty=row, paper=told)


def _pupils(class_no: str) -> list[Enrolment]:
    rows = Enrolment.objects.filter(school_class__class_no=class_no, ended_on__isnull=True)
    return list(rows.order_by("student_no")[:3])
