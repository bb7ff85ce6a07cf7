"""Buttons that the archives' room adds to a student file."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from archive.consents.selectors import READERS
from archive.four_checks.selectors import PERM as CHECKS
from records.sections import Act, register_act
from records.selectors import StudentFile

COPIES = ("export_package", "print_student")


def _edit(user: User, file: StudentFile) -> str:
    return reverse("archive:edit_new", args=[file.student.public_id])


def _delete(user: User, file: StudentFile) -> str:
    return reverse("archive:deletion_new", args=[file.student.public_id])


def _keeping(user: User, file: StudentFile) -> str:
    return reverse("archive:keeping", args=[file.student.public_id])


def _consents(user: User, file: StudentFile) -> str:
    return reverse("archive:consents", args=[file.student.public_id])


def _checks(user: User, file: StudentFile) -> str:
    return reverse("archive:file_checks", args=[file.student.public_id])


def _copies(user: User, file: StudentFile) -> str:
    return reverse("archive:copies", args=[file.student.public_id])


def _certificates(user: User, file: StudentFile) -> str:
    return reverse("archive:certificate_new", args=[file.student.public_id])


def register_all() -> None:
    """Called once when the room starts."""
    register_act(
        "edit", Act(_("Ask for a change"), "file-pencil", _edit, ("request_change",), key="e", order=20)
    )
    register_act("delete", Act(_("Ask for deletion"), "trash", _delete, ("request_change",), order=900))
    register_act(
        "certificates",
        Act(_("Issue a certificate"), "certificate", _certificates, ("issue_certificate",), order=110),
    )
    register_act("consents", Act(_("Consents"), "checklist", _consents, READERS, order=700))
    register_act("copies", Act(_("Copies and packages"), "copy", _copies, COPIES, order=760))
    register_act("checks", Act(_("Four checks"), "shield-check", _checks, (CHECKS,), order=780))
    register_act(
        "keeping", Act(_("Holds and loans"), "lock", _keeping, ("manage_retention", "manage_loan"), order=800)
    )
