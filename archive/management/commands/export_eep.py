"""``manage.py export_eep STUDENT_NO``: one student file as a signed archival package (DA/T 48-2009)."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from approvals.refusals import RequestRefused
from archive.eep.actions import package
from ledger.context import service_user
from records.models import Enrolment


class Command(BaseCommand):
    """Write the package of one student file."""

    help = (
        "Write one student file as an archival package (XML, DA/T 48-2009), signed. The file holds personal data: "
        "it is readable for its owner alone. Nothing is written when the file fails the four checks."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("student_no", metavar="STUDENT_NO")
        parser.add_argument(
            "--school", metavar="CODE", help="code of the school, where two schools have this number"
        )
        parser.add_argument("--output", type=Path, metavar="FILE", help="without it <archive number>.xml")
        parser.add_argument("--force", action="store_true", help="replace a file that is there")

    def handle(self, *args: Any, **options: Any) -> None:
        stretch = _found(options["student_no"], options["school"])
        path: Path = options["output"] or Path(f"{stretch.student.archive_no}.xml")
        if path.exists() and not options["force"]:
            raise CommandError(_("%(path)s is there already; --force replaces it.") % {"path": path})
        newest = Enrolment.objects.current().get(student=stretch.student)
        try:
            content = package(
                actor=service_user(), student=stretch.student, role="service", unit_id=newest.unit_id
            )
        except RequestRefused as refused:
            raise CommandError(str(refused)) from refused
        _write(path, content, force=options["force"])
        self.stdout.write(str(path))


def _found(number: str, school: str | None) -> Enrolment:
    rows = Enrolment.objects.filter(student_no=number).select_related("student", "school").order_by("school")
    if school is not None:
        rows = rows.filter(school__code=school)
    found: dict[int, Enrolment] = {row.student_id: row for row in rows}
    if not found:
        raise CommandError(_("Nobody has this student number."))
    if len(found) > 1:
        choices = _(", ").join(f"{row.school.code} {row.school.name}" for row in found.values())
        words = _("Several schools have this number. Name one with --school: %(choices)s")
        raise CommandError(words % {"choices": choices})
    return next(iter(found.values()))


def _write(path: Path, content: bytes, *, force: bool) -> None:
    """Write for the owner alone; without ``force`` never over a file that came meanwhile."""
    if force:
        path.unlink(missing_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CommandError(
            _("The file cannot be written: %(reason)s") % {"reason": error.strerror}
        ) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
