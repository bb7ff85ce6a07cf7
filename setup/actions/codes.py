"""Writes of code lists and regions. They serve every school, so the right is held on the top unit."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import role_for
from ledger import events
from ledger.context import acting
from ledger.history import update_rows, write_rows
from school.models import Code, CodeList, Region
from setup.actions.common import check_days, clashes_told, demand_top, locked, put
from setup.codefiles import Plan, plan_codes, plan_regions, spellings_of

PERM = "manage_codes"
REGIONS = "regions"
"""Key of the regions where a code list's key stands for what a file replaces."""

CODE_FIELDS = ("label_zh", "label_en", "aliases", "order", "valid_from", "valid_until")
REGION_FIELDS = ("name_zh", "name_en", "parent_code", "valid_from", "valid_until", "source")


class PlanChanged(Exception):
    """What a file would change is not what the reader saw any more."""


def _role(actor: User) -> str:
    return role_for(actor, PERM, demand_top(actor, PERM).pk)


def demand_codes(actor: User) -> None:
    """Raise NotPermitted unless ``actor`` keeps what serves every school."""
    demand_top(actor, PERM)


def check_spellings(row: Code) -> None:
    """Raise ValidationError when a label or alias of ``row`` already means another code of the list."""
    mine = spellings_of(row)
    for other in Code.objects.filter(code_list=row.code_list_id).exclude(pk=row.pk):
        if other.code == row.code:
            raise ValidationError({"code": _("The list has this code already.")})
        both = mine & spellings_of(other)
        if both:
            text = _("%(spelling)s already means code %(code)s.")
            raise ValidationError({"label_zh": text % {"spelling": min(both), "code": other.code}})


@transaction.atomic
def add_code(*, actor: User, code_list: CodeList, code: str, **values: Any) -> Code:
    """Add an entry to a code list. Raises NotPermitted, ValidationError."""
    role = _role(actor)
    row = Code(code_list=locked(code_list), code=code, **values)
    return _save_code(row, actor, role, "code.added", None)


@transaction.atomic
def change_code(*, actor: User, code: Code, seen: int | None = None, **values: Any) -> Code:
    """Change labels, other spellings, order and days of an entry; the code itself stays, files hold it.

    Raises NotPermitted, Stale, ValidationError.
    """
    role = _role(actor)
    locked(code.code_list)
    row = locked(code, seen)
    changed = put(row, {name: values[name] for name in CODE_FIELDS if name in values})
    return _save_code(row, actor, role, "code.changed", changed) if changed else row


def _save_code(row: Code, actor: User, role: str, event: str, changed: list[str] | None) -> Code:
    _check_validity(row)
    row.full_clean(validate_unique=False, validate_constraints=False)
    check_spellings(row)
    with acting(actor, role=role), clashes_told():
        row.save(update_fields=changed)
        detail: dict[str, Any] = {"list": row.code_list.key, "code": row.code}
        events.record(event, actor=actor, obj=row, detail=detail | ({"fields": changed} if changed else {}))
    return row


def _check_validity(row: Code | Region) -> None:
    if row.valid_from is not None:
        check_days(row.valid_from, row.valid_until)


@transaction.atomic
def close_code(*, actor: User, code: Code, last_day: date, reason: str) -> Code:
    """Let an entry hold until ``last_day``; files that carry it keep it. Raises NotPermitted, ValidationError."""
    role = _role(actor)
    row = locked(code)
    row.valid_until = last_day
    _check_validity(row)
    with acting(actor, role=role, reason=reason):
        row.save(update_fields=["valid_until"])
        detail = {"list": row.code_list.key, "code": row.code}
        events.record("code.closed", actor=actor, obj=row, detail=detail)
    return row


@transaction.atomic
def add_region(*, actor: User, code: str, **values: Any) -> Region:
    """Add a region that the list does not know yet. Raises NotPermitted, ValidationError."""
    role = _role(actor)
    if len(code) != 6 or not code.isascii() or not code.isdigit():
        raise ValidationError({"code": _("A region code has six digits.")})
    row = Region(code=code, level=level_of(code), **values)
    return _save_region(row, actor, role, "region.added", None)


@transaction.atomic
def change_region(*, actor: User, region: Region, seen: int | None = None, **values: Any) -> Region:
    """Change a region; its code stays. Raises NotPermitted, Stale, ValidationError."""
    role = _role(actor)
    row = locked(region, seen)
    changed = put(row, {name: values[name] for name in REGION_FIELDS if name in values})
    return _save_region(row, actor, role, "region.changed", changed) if changed else row


def _save_region(row: Region, actor: User, role: str, event: str, changed: list[str] | None) -> Region:
    _check_validity(row)
    if row.parent_code and not Region.objects.filter(code=row.parent_code).exists():
        raise ValidationError({"parent_code": _("No region has this code.")})
    row.full_clean(validate_unique=False, validate_constraints=False)
    with acting(actor, role=role), clashes_told():
        row.save(update_fields=changed)
        events.record(event, actor=actor, obj=row, detail={"code": row.code})
    return row


@transaction.atomic
def close_region(*, actor: User, region: Region, last_day: date, reason: str) -> Region:
    """Note that a region was abolished after ``last_day``; identity numbers that begin with it stay right.

    Raises NotPermitted, ValidationError.
    """
    role = _role(actor)
    row = locked(region)
    row.valid_until = last_day
    _check_validity(row)
    with acting(actor, role=role, reason=reason):
        row.save(update_fields=["valid_until"])
        events.record("region.closed", actor=actor, obj=row, detail={"code": row.code})
    return row


def level_of(code: str) -> int:
    """1 province, 2 prefecture, 3 county, as the six digits say."""
    return 1 if code.endswith("0000") else 2 if code.endswith("00") else 3


@transaction.atomic
def import_codes(*, actor: User, key: str, text: str, fingerprint: str) -> Plan:
    """Apply a file to a code list, or to the regions: new entries are added, others changed, none is removed.

    ``fingerprint`` is that of the plan which the reader saw. Raises NotPermitted, PlanChanged when it would do
    something else by now, ValidationError when the file has faults.
    """
    role = _role(actor)
    code_list = None if key == REGIONS else locked(CodeList.objects.get(key=key))
    if code_list is None:
        list(Region.objects.select_for_update().values_list("pk"))
    plan = plan_codes(code_list, text) if code_list else plan_regions(text)
    if plan.faults:
        raise ValidationError(_("The file has faults; nothing was changed."))
    if plan.fingerprint != fingerprint:
        raise PlanChanged
    rows = [change.row for change in plan.changed]
    with acting(actor, role=role), clashes_told():
        write_rows(plan.added, actor=actor, role=role)
        update_rows(rows, list(plan.fields), actor=actor, role=role)
        detail = {"list": key, "added": len(plan.added), "changed": len(rows)}
        events.record("codes.imported", actor=actor, detail=detail)
    return plan
