"""A school's rules: each has a type, a default and its source here; a dated value hangs on a unit and is inherited.

The nearest unit up the tree that has a value on the day in question wins; without one the default holds.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import BooleanField, F, Func, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from school.models import Rule, Unit

_HOURS = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)")


@dataclass(frozen=True)
class RuleKind:
    """What a rule may hold: how its text is read, its default, its label and the text that it comes from."""

    key: str
    label: Any
    read: Callable[[str], Any]
    default: Any
    source: str
    choices: tuple[tuple[str, Any], ...] = ()


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValidationError(
                _("Write a whole number from %(low)s to %(high)s"), params={"low": low, "high": high}
            )
        return int(text)

    return read


def _permanent_or(low: int, high: int) -> Callable[[str], int | str]:
    whole = _whole(low, high)

    def read(text: str) -> int | str:
        return PERMANENT if text == PERMANENT else whole(text)

    return read


def _never_or(low: int, high: int) -> Callable[[str], int | str]:
    whole = _whole(low, high)

    def read(text: str) -> int | str:
        return NEVER if text == NEVER else whole(text)

    return read


def hours(text: str) -> tuple[time, time]:
    """Two times of a day from ``07:00-19:00``. Raises ValidationError."""
    parts = _HOURS.fullmatch(text.replace(" ", ""))
    begins, ends = (time.fromisoformat(one) for one in parts.groups()) if parts else (time(), time())
    if begins >= ends:
        raise ValidationError(_("Write the hours as 07:00-19:00"))
    return begins, ends


def _hours_text(text: str) -> str:
    hours(text)
    return text.replace(" ", "")


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ValidationError(_("Choose one of the list's entries"))
        return text

    return read


def _yes_no(text: str) -> bool:
    return _one_of("yes", "no")(text) == "yes"


PERMANENT, NEVER = "permanent", "never"

_YES_NO = (("yes", _("Yes")), ("no", _("No")))

LEAST_BULK_VIEW = 10
"""The lowest limit that a school may set to the files that one person reads in a day."""

RULES: dict[str, RuleKind] = {
    kind.key: kind
    for kind in (
        RuleKind(
            "class_number_rule",
            _("Class number rule"),
            _one_of("W", "H", "free"),
            "free",
            "S2-5 item 16; S2-9 q10",
            (
                ("W", _("W: entry year, grade, class")),
                ("H", _("H: entry year, stage, class")),
                ("free", _("Free text")),
            ),
        ),
        RuleKind(
            "duty_scheme",
            _("Scheme of duties"),
            _one_of("standard", "small"),
            "standard",
            "S0-3.3; S3-3.3",
            (("standard", _("Standard")), ("small", _("Small school"))),
        ),
        RuleKind(
            "initial_review_days", _("Working days for the initial review"), _whole(1, 60), 3, "proposal"
        ),
        RuleKind("head_review_days", _("Working days for the head review"), _whole(1, 60), 3, "proposal"),
        RuleKind("acceptance_days", _("Working days for acceptance"), _whole(1, 60), 5, "proposal"),
        RuleKind("return_days", _("Working days for mending a returned item"), _whole(1, 60), 3, "proposal"),
        RuleKind(
            "request_days", _("Working days for each step of a request"), _whole(1, 60), 5, "D.3; proposal"
        ),
        RuleKind(
            "quick_days", _("Working days for each step of a light request"), _whole(1, 20), 1, "proposal"
        ),
        RuleKind("verify_days", _("Working days to verify a change"), _whole(1, 60), 3, "proposal"),
        RuleKind(
            "escalation_days",
            _("Working days overdue before the leader is told"),
            _whole(1, 60),
            3,
            "proposal",
        ),
        RuleKind(
            "inquiry_minutes", _("Minutes that a session of reading lasts"), _whole(5, 480), 30, "proposal"
        ),
        RuleKind(
            "snapshot_years",
            _("Years that the snapshot of a deleted file is kept"),
            _whole(1, 60),
            10,
            "proposal",
        ),
        RuleKind(
            "retention_years",
            _("Years that a file is kept after leaving, or the word permanent"),
            _permanent_or(1, 100),
            PERMANENT,
            "S0-4.4-1; S0-4.4-2 leaves the years to the school",
        ),
        RuleKind(
            "four_check_days",
            _("Days until a file is checked again (four checks)"),
            _whole(1, 366),
            90,
            "GB/T 18894; days are a proposal",
        ),
        RuleKind(
            "stale_months",
            _("Months without a change after which a student file counts as not kept up"),
            _whole(1, 120),
            12,
            "S0-2.3-3; months are a proposal",
        ),
        RuleKind("sample_percent", _("Sample before bulk approval, percent"), _whole(1, 100), 10, "proposal"),
        RuleKind("sample_minimum", _("Smallest sample before bulk approval"), _whole(1, 50), 3, "proposal"),
        RuleKind(
            "export_limit",
            _("Most students in an export without the head of archives"),
            _whole(1, 20_000),
            500,
            "E.7; number is a proposal",
        ),
        RuleKind(
            "export_days",
            _("Days in which one person's exports count together"),
            _whole(1, 365),
            7,
            "proposal",
        ),
        RuleKind("bulk_limit", _("Most items in one bulk act"), _whole(1, 5000), 500, "proposal"),
        RuleKind(
            "talent_percent", _("Most talent students of an intake, percent"), _whole(0, 100), 4, "S2-8.2"
        ),
        RuleKind(
            "under_age_entry",
            _("Entry to primary school under six allowed"),
            _yes_no,
            False,
            "S2-10 二",
            _YES_NO,
        ),
        RuleKind(
            "only_child_certificate", _("Only child needs the certificate"), _yes_no, False, "S2-9", _YES_NO
        ),
        RuleKind(
            "max_import_rows", _("Most rows in an imported file"), _whole(100, 1_000_000), 50_000, "proposal"
        ),
        RuleKind(
            "marked_file_hours",
            _("Hours until the marked file of a large import lapses"),
            _whole(1, 720),
            24,
            "proposal",
        ),
        RuleKind(
            "student_no_form",
            _("Student number: entry year, then unit and programme code, then serial of this many digits"),
            _whole(3, 8),
            4,
            "S1-2 二(一)",
        ),
        RuleKind(
            "fonds_code", _("Fonds code of archive numbers"), lambda text: text[:12].upper(), "XJ", "DA/T 13"
        ),
        RuleKind(
            "number_lookups",
            _("Identity numbers that one person may ask about in an hour"),
            _whole(10, 1000),
            120,
            "proposal",
        ),
        RuleKind(
            "photo_max_bytes", _("Bytes that a photo must stay below"), _whole(20_000, 61_440), 60_000, "S1-9"
        ),
        RuleKind(
            "bulk_view_limit",
            _("Student files that one person may open in a day before an alert"),
            _whole(LEAST_BULK_VIEW, 10_000),
            50,
            "E.4; proposal",
        ),
        RuleKind(
            "alert_hours",
            _("Working hours; files read outside them may raise an alert"),
            _hours_text,
            "07:00-19:00",
            "GB/T 22239 8.1.4.3; proposal",
        ),
        RuleKind(
            "alert_outside_hours",
            _(
                "Files that one person may read outside working hours in a day before an alert, or the word never"
            ),
            _never_or(0, 10_000),
            0,
            "proposal",
        ),
        RuleKind(
            "alert_family",
            _("Files of the own family that one person may read in a day before an alert, or the word never"),
            _never_or(0, 100),
            0,
            "proposal",
        ),
        RuleKind(
            "alert_colleagues",
            _(
                "Files of colleagues' families that one person may read in a day before an alert, or the word never"
            ),
            _never_or(0, 1000),
            3,
            "proposal",
        ),
        RuleKind(
            "alert_refusals",
            _("Refusals and failed sign-ins of one person in a day before an alert, or the word never"),
            _never_or(1, 1000),
            20,
            "GB/T 22239 8.1.4.3; proposal",
        ),
        RuleKind(
            "alert_account_days",
            _("Days that an account may stay unused before an alert, or the word never"),
            _never_or(7, 1000),
            60,
            "GB/T 22239 8.1.4.2; days are a proposal",
        ),
        RuleKind(
            "alert_grant_days",
            _("Days that a role may stay unused before an alert, or the word never"),
            _never_or(7, 1000),
            180,
            "GB/T 22239 8.1.4.2; days are a proposal",
        ),
        RuleKind(
            "grant_review_month",
            _("Month of the yearly review of roles (1 to 12), or the word never"),
            _never_or(1, 12),
            10,
            "S4-4.1-5; month is a proposal",
        ),
        RuleKind(
            "grant_review_days", _("Working days to answer a review of roles"), _whole(1, 60), 15, "proposal"
        ),
        RuleKind(
            "letter_months",
            _("Months that a responsibility letter is valid"),
            _whole(1, 60),
            12,
            "S1-4; months are a proposal",
        ),
        RuleKind(
            "incident_authority_hours",
            _("Hours until the authority must know of an incident"),
            _whole(1, 72),
            4,
            "PIPL art. 57: at once; hours are a proposal",
        ),
        RuleKind(
            "incident_students_hours",
            _("Hours until the students concerned must know of an incident"),
            _whole(1, 720),
            72,
            "PIPL art. 57; hours are a proposal",
        ),
        RuleKind(
            "quarterly_sample",
            _("Files of each department drawn for the quarterly sample; 0: none"),
            _whole(0, 200),
            10,
            "S4-6.2; number is a proposal",
        ),
        RuleKind(
            "rectification_days",
            _("Working days to rectify what an inspection found"),
            _whole(1, 120),
            10,
            "S0-7.1; days are a proposal",
        ),
        RuleKind(
            "acknowledgement_days",
            _("Working days to acknowledge a rectification notice"),
            _whole(1, 20),
            2,
            "S0-7.1; days are a proposal",
        ),
        RuleKind(
            "opinion_days",
            _("Working days to answer a report or opinion"),
            _whole(1, 60),
            10,
            "S1-8; days are a proposal",
        ),
        RuleKind(
            "idle_minutes",
            _("Minutes until idle users are signed out"),
            _whole(5, 120),
            20,
            "GB/T 22239 8.1.4.1",
        ),
        RuleKind(
            "password_days", _("Days until a password must change"), _whole(30, 365), 90, "GB/T 22239 8.1.4.1"
        ),
        RuleKind(
            "penalty_months_least",
            _("Shortest term of a penalty, months"),
            _whole(1, 24),
            6,
            "Order 41 art. 57",
        ),
        RuleKind(
            "penalty_months_most",
            _("Longest term of a penalty, months"),
            _whole(1, 36),
            12,
            "Order 41 art. 57",
        ),
        RuleKind(
            "penalty_lifted_early",
            _("Penalty may be lifted before its term ends"),
            _yes_no,
            False,
            "Order 41 art. 57",
            _YES_NO,
        ),
        RuleKind(
            "penalty_statement_days",
            _("Working days for a student's statement and defence"),
            _whole(1, 30),
            3,
            "Order 41 art. 55; days are a proposal",
        ),
        RuleKind(
            "penalty_step_days", _("Working days for each step of a penalty"), _whole(1, 60), 5, "proposal"
        ),
        RuleKind(
            "penalty_appeal_days",
            _("Days for an appeal against a penalty"),
            _whole(1, 60),
            10,
            "Order 41 art. 60",
        ),
        RuleKind(
            "penalty_appeal_days_k12",
            _("Working days for an appeal against a penalty, primary and middle schools"),
            _whole(1, 60),
            15,
            "Order 49 art. 17; to be confirmed",
        ),
        RuleKind(
            "penalty_appeal_untold_months",
            _("Months for an appeal when its term was not told"),
            _whole(1, 12),
            6,
            "Order 41 art. 64",
        ),
        RuleKind("penalty_answer_days", _("Days to answer an appeal"), _whole(1, 60), 15, "Order 41 art. 61"),
        RuleKind(
            "penalty_bars_award",
            _("A penalty in force bars awards"),
            _yes_no,
            True,
            "Order 41 art. 57",
            _YES_NO,
        ),
        RuleKind(
            "penalty_bars_transfer",
            _("A penalty in force bars a transfer"),
            _yes_no,
            True,
            "provincial rules of student status",
            _YES_NO,
        ),
        RuleKind(
            "penalty_bars_graduation",
            _("A running term of a penalty bars graduation"),
            _yes_no,
            True,
            "proposal",
            _YES_NO,
        ),
        RuleKind(
            "problem_answer_days",
            _("Working days to answer a learning problem"),
            _whole(1, 60),
            5,
            "proposal",
        ),
    )
}


def rule(unit: Unit, key: str, *, on: date | None = None) -> Any:
    """The value of rule ``key`` at ``unit`` on a day (today by default). Raises KeyError for an unknown key."""
    kind = RULES[key]
    day = on or timezone.localdate()
    chain = [*unit.ancestors, unit.pk]
    values = Rule.objects.filter(unit_id__in=chain, key=key, valid_from__lte=day)
    newest: dict[int, Rule] = {}
    for row in values.order_by("valid_from"):
        newest[row.unit_id] = row
    for unit_id in reversed(chain):
        if unit_id in newest:
            return kind.read(newest[unit_id].value)
    return kind.default


class _Among(Func):
    """Whether a value stands in an array of the row."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def rule_values(key: str, path: str) -> Coalesce:
    """The same for many rows in one statement: the text of the value today at the unit that ``path`` names in each row.

    Raises KeyError for an unknown key.
    """
    chain = Q(unit_id=OuterRef(f"{path}_id")) | Q(_Among(F("unit_id"), OuterRef(f"{path}__ancestors")))
    values = Rule.objects.filter(chain, key=key, valid_from__lte=timezone.localdate())
    nearest = values.order_by(F("unit__ancestors__len").desc(), "-valid_from")
    return Coalesce(Subquery(nearest.values("value")[:1]), Value(str(RULES[key].default)))
