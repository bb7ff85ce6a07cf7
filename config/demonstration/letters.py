"""A responsibility letter that some have signed and that waits in the inbox of the others."""

from uuid import uuid4

from accounts.models import User
from accounts.roles import Role
from audit.letters import actions
from config.demonstration.units import SCHOOL_CODE
from school.models import Unit

TITLE = "学籍档案信息安全责任书"
TEXT = """为加强学籍档案管理，保护学生个人信息，本人在履行职责期间承诺：

一、只因工作需要查看、修改和提供学生学籍信息，不查看与本人职责无关的档案。
二、不将本人账号和密码交给他人使用，离开岗位时退出系统。
三、不擅自复制、拍摄、导出或向任何单位和个人提供学生及其家庭成员的信息。
四、采集和录入信息时核对证件原件，做到真实、准确、完整，不弄虚作假。
五、妥善保管纸质材料和打印件，不再使用的按规定销毁。
六、发现信息泄露、丢失或被篡改，立即报告，并配合调查和处理。
七、调离岗位或离职后，继续对知悉的学生信息保密。

违反上述承诺的，按有关法律法规和学校规定承担责任。"""
ROLES = (
    Role.ADMISSIONS_CLERK, Role.ADMISSIONS_HEAD, Role.CLASS_ADVISER, Role.TEACHER, Role.REGISTRAR,
    Role.ACADEMIC_HEAD, Role.STUDENT_AFFAIRS, Role.STUDENT_AFFAIRS_HEAD, Role.ARCHIVIST, Role.ARCHIVE_HEAD,
)  # fmt: skip
SIGNED = (
    "clerk1",
    "head1",
    "registrar1",
    "academichead1",
    "adviser1",
    "affairs1",
    "archivist1",
    "archivehead1",
)


def fill() -> None:
    """Published by the head of archives, signed by eight people."""
    staff = {one.staff_no: one for one in User.objects.filter(staff_no__in=SIGNED).select_related("unit")}
    head = staff["archivehead1"]
    school = Unit.objects.get(code=SCHOOL_CODE)
    version = actions.publish(
        actor=head, key=uuid4(), school=school, title=TITLE, text=TEXT, roles=ROLES, months=12
    )
    for number in SIGNED:
        actions.sign(actor=staff[number], version=version)
