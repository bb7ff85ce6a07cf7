"""The register of destruction (销毁清册) as a signed file, and back into a database that was restored from a backup.

What was destroyed since the backup was made lives again after a restore, and the lines that say so are not in the
backup either. The file is signed by the installation itself, since whatever it names is erased.
"""

import base64
import json
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.actions import known_again
from archive.eep.signing import own_keys, signature_of
from archive.models import DestroyedFile
from core.signing import holds
from ledger import events
from ledger.context import acting, service_user
from records.models import Student
from school.models import Unit

PEOPLE = ("approver", "first_executor", "second_executor")


class RegisterRefused(Exception):
    """A file that is not taken as the register; ``str()`` says why. Nothing of it was loaded."""


def exported() -> bytes:
    """The whole register as it stands, signed; nothing personal of a student but the archive number."""
    lines = DestroyedFile.objects.select_related("school", *PEOPLE).order_by("pk")
    register = {
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "files": [_told(one) for one in lines],
    }
    key, public, signature = signature_of(_canonical(register))
    told = {
        "register": register,
        "key": key,
        "public_key": base64.b64encode(public).decode(),
        "signature": base64.b64encode(signature).decode(),
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _told(line: DestroyedFile) -> dict[str, Any]:
    people = {name: getattr(line, name) for name in PEOPLE}
    return {
        "subject": str(line.subject),
        "archive_no": line.archive_no,
        "school": str(line.school.public_id),
        "number": line.number,
        "round_no": line.round_no,
        "documents": line.documents,
        "contents": line.contents,
        "at": line.at.isoformat(),
        **{
            name: {"public_id": str(user.public_id), "staff_no": user.staff_no, "name": user.name}
            for name, user in people.items()
        },
    }


def _canonical(register: Any) -> bytes:
    return json.dumps(register, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def load(content: bytes) -> tuple[int, int]:
    """Write those lines of an exported register that this database does not have. Safe to run again.

    Whoever is connected must own the tables. Returns how many were written, and how many were left out, since neither
    the student nor his school is known here: the backup is older than the school. Raises RegisterRefused.
    """
    lines = lines_of(content)
    _demand_owner()
    by: Any = service_user()
    with transaction.atomic(), acting(by, role="service"):
        known = {str(subject) for subject in DestroyedFile.objects.values_list("subject", flat=True)}
        new = [one for one in lines if one["subject"] not in known]
        here = _here(new)
        units = Unit.objects.filter(public_id__in={one["school"] for one in new})
        schools = {str(unit.public_id): unit for unit in units}
        homeless = [one for one in new if one["school"] not in schools]
        if any(one["subject"] in here for one in homeless):
            raise RegisterRefused(_("The register names a school that this database does not have."))
        for one in new:
            if one["school"] in schools:
                DestroyedFile.objects.create(**_restored(one, schools[one["school"]], by))
        written, skipped = len(new) - len(homeless), len(homeless)
        detail = {"files": written, "skipped": skipped}
        events.record("destruction.register_loaded", actor=by, role="service", detail=detail)
    return written, skipped


def lines_of(content: bytes) -> list[dict[str, Any]]:
    """The lines of an exported register. Raises RegisterRefused unless this installation signed it."""
    try:
        told = json.loads(content)
        public, signature = (base64.b64decode(told[name]) for name in ("public_key", "signature"))
        lines: list[dict[str, Any]] = told["register"]["files"]
    except (ValueError, KeyError, TypeError) as error:
        raise RegisterRefused(_("This is no exported register of destruction.")) from error
    if public not in own_keys() or not holds(public, signature, _canonical(told["register"])):
        raise RegisterRefused(
            _("This register was changed, or another installation made it: its signature does not hold.")
        )
    return lines


def _demand_owner() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT archive_by_owner()")
        if not cursor.fetchone()[0]:
            raise RegisterRefused(
                _("Only the owner of the tables loads the register: set XUEJI_DATABASE_ROLE=owner.")
            )


def _here(lines: Iterable[dict[str, Any]]) -> set[str]:
    """Which of the students live in this database. Raises RegisterRefused when one has another archive number here."""
    numbers = {one["subject"]: one["archive_no"] for one in lines}
    found = Student.objects.filter(public_id__in=numbers).values_list("public_id", "archive_no")
    here = {str(subject): number for subject, number in found}
    if any(numbers[subject] != number for subject, number in here.items()):
        raise RegisterRefused(_("A file has another archive number here than in this register."))
    return set(here)


def _restored(one: dict[str, Any], school: Unit, by: Any) -> dict[str, Any]:
    plain = {
        name: one[name] for name in ("subject", "archive_no", "number", "round_no", "documents", "contents")
    }
    people = {name: known_again(actor=by, unit=school, **one[name]) for name in PEOPLE}
    return {**plain, **people, "school": school, "at": parse_datetime(one["at"])}
