"""``manage.py four_checks``: the four checks (四性检测) of all files, of a school's, or of one."""

import json
import sys
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from archive.four_checks import actions, selectors
from archive.four_checks.items import Occasion
from archive.four_checks.showing import lines_of
from archive.models import FourCheckItem, FourCheckRun
from files.refusals import NotChecked
from ledger.context import service_user
from records.models import Student
from school.models import Unit

GONE = "gone"


class Command(BaseCommand):
    """Check student files, keep each run, and tell what failed."""

    help = (
        "Put student files through the four checks and print what failed. The exit status is 1 when a file fails or "
        "could not be checked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--school", metavar="CODE", help="code of the school; without it all schools")
        parser.add_argument("--archive-no", default="", metavar="NO", help="archive number of one file")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        ids = selectors.files_to_check(school=_school(options["school"]), archive_no=options["archive_no"])
        if not ids:
            raise CommandError(_("There is no such file."))
        failed: list[dict[str, Any]] = []
        unanswered: dict[int, NotChecked] = {}
        for runs, silent in actions.check_slices(
            _in_slices(ids), actor=service_user(), occasion=Occasion.HAND
        ):
            unanswered |= silent
            failed += [_told(run) for run in runs if run.faults]
        numbers = {one.pk: one.archive_no for one in selectors.by_ids(list(unanswered))}
        reasons = [
            {"archive_no": numbers[pk], "code": why.code, "reason": str(why)}
            for pk, why in unanswered.items()
        ]
        gone = sum(one["code"] == GONE for one in reasons)
        not_checked = len(reasons) - gone
        found = {"files": len(ids), "failed": len(failed), "not_checked": not_checked, "gone": gone}
        if options["json"]:
            told = {**found, "failures": failed, "unanswered": reasons}
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=1))
        else:
            self._print(found, failed, reasons)
        if failed or not_checked:
            sys.exit(1)

    def _print(
        self, found: dict[str, int], failed: list[dict[str, Any]], reasons: list[dict[str, str]]
    ) -> None:
        for one in failed:
            for item in one["items"]:
                self.stdout.write(f"{one['archive_no']}\t{item['code']}\t{item['title']}\t{item['detail']}")
        for unanswered in reasons:
            self.stdout.write(f"{unanswered['archive_no']}\t{unanswered['reason']}")
        self.stdout.write(
            _("%(files)s files, %(failed)s failed, %(not_checked)s not checked, %(gone)s no longer here")
            % found
        )


def _told(run: FourCheckRun) -> dict[str, Any]:
    items = lines_of(run.items.filter(outcome=FourCheckItem.Outcome.FAILED).order_by("pk"))
    told = [{"code": one.code, "title": str(one.title), "detail": one.detail} for one in items]
    return {"archive_no": run.archive_no, "items": told}


def _school(code: str | None) -> Unit | None:
    if code is None:
        return None
    school: Unit | None = selectors.schools_with_files().filter(code=code).first()
    if school is None:
        raise CommandError(_("There is no school with the code %(code)s that keeps files.") % {"code": code})
    return school


def _in_slices(ids: list[int]) -> Iterator[list[Student]]:
    for start in range(0, len(ids), actions.AT_ONCE):
        yield selectors.by_ids(ids[start : start + actions.AT_ONCE])
