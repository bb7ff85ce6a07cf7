"""Handing a file out as an archival package: checked first, built, kept in the ledger."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import NotPermitted, role_for
from approvals.refusals import OwnFile, RequestRefused
from approvals.relation import is_related
from archive.eep.building import build
from archive.eep.reading import PackageFaulty
from archive.four_checks.actions import bar, check_file
from archive.four_checks.items import Occasion
from files.refusals import NotChecked
from ledger import events
from records import reading
from records.documents.rights import SECRET
from records.models import Document, Secrecy, Student
from records.selectors import StudentFile

PERM = "export_package"


class NoPackage(RequestRefused):
    """No package of this file can be made as it stands."""


def package(*, actor: Any, student: Student, role: str, unit_id: int) -> bytes:
    """The package of a file that passes the four checks as far as others may rely on it. Raises NoPackage.

    The run of the checks is kept also when it keeps the package from being made.
    """
    try:
        run = check_file(actor=actor, student=student, occasion=Occasion.PACKAGE, role=role)
    except NotChecked as silent:
        raise NoPackage(str(silent)) from silent
    if bar(run):
        raise NoPackage(_("The file fails the four checks, so no package of it is made. See its last run."))
    with transaction.atomic():
        locked = Student.objects.select_for_update().get(pk=student.pk)
        try:
            content = build(locked)
        except PackageFaulty as faulty:
            raise NoPackage(str(faulty)) from faulty
        events.record(
            "student.packaged", actor=actor, obj=locked, unit_id=unit_id, role=role,
            detail={"bytes": len(content), "contents": run.contents},
        )  # fmt: skip
    return content


def demand_no_relation(actor: User, student: Student) -> None:
    """Nobody hands his own file out, nor his family's. Raises OwnFile."""
    if is_related(actor, [student.public_id]):
        raise OwnFile(_("Nobody hands out a copy of his own file or of his family's."))


def demand_whole(actor: User, file: StudentFile) -> str:
    """The role in which somebody hands out all that stands in a file. Raises NotPermitted, OwnFile."""
    unit_id = file.enrolment.unit_id
    role = role_for(actor, PERM, unit_id)
    demand_no_relation(actor, file.student)
    secret = Document.objects.filter(student=file.student).exclude(secrecy=Secrecy.ORDINARY)
    if secret.exists() and not file.allows(SECRET):
        raise NotPermitted(SECRET, obj=file.student, unit_id=unit_id)
    return role


def package_of(*, actor: User, file: StudentFile) -> bytes:
    """The package of an open file, secret documents and all. Raises NotPermitted, OwnFile, NoPackage."""
    unit_id, role = file.enrolment.unit_id, demand_whole(actor, file)
    content = package(actor=actor, student=file.student, role=role, unit_id=unit_id)
    with transaction.atomic():
        reading.count(actor=actor, file=file)
    return content
