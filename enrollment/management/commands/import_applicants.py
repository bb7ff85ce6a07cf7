"""``manage.py import_applicants FILE --batch CODE``: the import of the browser, for the command line."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import User
from core.formatting import moment
from core.workbook import WorkbookRefused
from enrollment.actions import BatchClosed
from enrollment.importing import actions
from enrollment.importing.reporting import Report, examine_file, refused_report, report_of
from enrollment.importing.selectors import refusal_of
from enrollment.models import ImportJob, IntakeBatch
from files.refusals import FileRefused
from jobs.models import Job
from jobs.tasks import run
from ledger.context import acting, service_user


class Command(BaseCommand):
    """Check a file of applicants and import its good rows as drafts."""

    help = (
        "Check a file of applicants (.xlsx, .xls, .csv, .zip) and import its good rows as drafts. "
        "The exit status is 1 when a row has errors or the file is refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--batch", required=True, metavar="CODE", help="code of the intake batch")
        parser.add_argument("--dry-run", action="store_true", help="check only, write nothing")
        parser.add_argument(
            "--all-or-nothing", action="store_true", help="import only when no row has errors"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        parser.add_argument(
            "--as",
            dest="staff_no",
            metavar="STAFF_NO",
            help="whose drafts they become; without it those of the service account",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        batch = IntakeBatch.objects.select_related("school").filter(code=options["batch"]).first()
        if batch is None:
            raise CommandError(
                _("There is no intake batch with the code %(code)s.") % {"code": options["batch"]}
            )
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(
                _("The file cannot be read: %(reason)s") % {"reason": error.strerror}
            ) from error
        report = self._report(batch, content, options)
        self._print(report, as_json=options["json"])
        if report.errors:
            sys.exit(1)

    def _report(self, batch: IntakeBatch, content: bytes, options: dict[str, Any]) -> Report:
        try:
            if options["dry_run"]:
                return examine_file(batch, content)
            actor = _actor(options["staff_no"])
            with acting(actor):
                return self._import(actor, batch, content, options)
        except WorkbookRefused as refused:
            return refused_report(refused)
        except FileRefused as refused:
            report = Report()
            report.add("error", {"row": 0}, "", "", refused.message)
            return report

    def _import(self, actor: User, batch: IntakeBatch, content: bytes, options: dict[str, Any]) -> Report:
        try:
            made = _run(_taken_in(actor, batch, content, options))
            if made.mends and (refused := actions.owned_by_other(actor, made.mends)):
                raise refused
        except actions.RepeatedFile as repeated:
            return self._repeated(repeated.import_job)
        except (actions.ImportRefused, BatchClosed) as refused:
            raise CommandError(str(refused)) from refused
        if made.state == ImportJob.State.REFUSED:
            report = Report()
            report.add("error", {"row": 0}, "", "", refusal_of(made, made.owner))
            return report
        return report_of(made)

    def _repeated(self, earlier: ImportJob) -> Report:
        text = _("%(name)s uploaded this file at %(time)s. Nothing was added.")
        self.stderr.write(text % {"name": earlier.created_by.name, "time": moment(earlier.created_at)})
        report = report_of(earlier)
        report.imported = 0
        return report

    def _print(self, report: Report, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report.as_dict(), ensure_ascii=False, indent=1))
            return
        for level, entries in ((_("error"), report.errors), (_("warning"), report.warnings)):
            for entry in entries:
                where = f"{entry.get('file', '')} {entry['row']}".strip()
                self.stdout.write(f"{where}\t{entry['column']}\t{level}\t{entry['message']}")
        text = _("%(rows)s rows, %(imported)s imported, %(errors)s errors, %(warnings)s warnings")
        counts = {"errors": len(report.errors), "warnings": len(report.warnings)}
        self.stdout.write(text % {"rows": report.rows, "imported": report.imported, **counts})


def _actor(staff_no: str | None) -> User:
    if not staff_no:
        found = service_user()
        if isinstance(found, User):
            return found
    user: User | None = User.objects.filter(staff_no__iexact=staff_no, is_active=True).first()
    if user is None:
        raise CommandError(_("There is no account %(staff_no)s.") % {"staff_no": staff_no})
    return user


def _taken_in(actor: User, batch: IntakeBatch, content: bytes, options: dict[str, Any]) -> ImportJob:
    """The file as an import that is to run; one that was checked for the actor before, and still waits, goes on."""
    wanted = options["all_or_nothing"]
    try:
        return actions.upload(
            actor=actor,
            batch=batch,
            content=content,
            filename=options["file"].name,
            at_once=True,
            all_or_nothing=wanted,
            queue=False,
        )
    except actions.RepeatedFile as repeated:
        known = repeated.import_job
        waits = known.state == ImportJob.State.CHECKED and known.owner_id == actor.pk
        if wanted or not waits or not known.good_count:
            raise
        return actions.start_import(actor=actor, import_job=known, queue=False)


def _run(import_job: ImportJob) -> ImportJob:
    """Do the job here and now. Raises CommandError when it failed."""
    import_job.refresh_from_db()
    run(import_job.job_id)
    job = Job.objects.get(pk=import_job.job_id)
    if job.state != Job.State.DONE:
        raise CommandError(
            _("The work failed and nothing was written. Error number: %(number)s")
            % {"number": job.error_number}
        )
    return ImportJob.objects.select_related("batch__school", "created_by").get(pk=import_job.pk)
