"""Reads of the school's settings, cut to the units that the reader may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Count, F, Func, IntegerField, Q, QuerySet
from django.utils import timezone

from accounts.grants import in_force
from accounts.models import Appointment, User
from accounts.roles import ROLE_PERMISSIONS
from accounts.scope import units_with, visible_or_404
from school.models import (
    CalendarPeriod,
    ClassStaff,
    Code,
    CodeList,
    Programme,
    Region,
    Rule,
    SchoolClass,
    Term,
    Unit,
)
from school.rules import RULES, RuleKind

VIEW = "view_school"
SCHOOL_KINDS = (Unit.Kind.SCHOOL, Unit.Kind.CENTRAL_SCHOOL)
HISTORY_SHOWN = 50


def _depth() -> Func:
    return Func(F("ancestors"), function="CARDINALITY", output_field=IntegerField())


def _seen(user: User) -> list[int]:
    return list(units_with(user, VIEW))


def units(user: User) -> QuerySet[Unit]:
    """Units that ``user`` may see, each with ``depth`` and ``path``, by which the tree is sorted."""
    path = Func(F("ancestors"), F("pk"), function="array_append", output_field=ArrayField(BigIntegerField()))
    rows: QuerySet[Unit] = Unit.objects.filter(pk__in=_seen(user)).annotate(path=path, depth=_depth())
    return rows.select_related("parent")


def one_unit(user: User, public_id: Any) -> Unit:
    """One of `units`. Raises Http404, and OutOfScope outside."""
    every = Unit.objects.select_related("parent")
    found: Unit = visible_or_404(every, every.filter(pk__in=_seen(user)), public_id=public_id)
    return found


def path_of(user: User, unit: Unit) -> list[Unit]:
    """The units above that ``user`` may see, the top one first."""
    rows = {row.pk: row for row in Unit.objects.filter(pk__in=unit.ancestors)}
    seen = set(_seen(user))
    return [rows[pk] for pk in unit.ancestors if pk in seen]


def units_below(unit: Unit) -> list[Unit]:
    """The units directly below, those in use first."""
    return list(Unit.objects.filter(parent=unit).order_by("-is_active", "order", "pk"))


def programmes(user: User) -> QuerySet[Programme]:
    """Programmes of the units that ``user`` may see, with the number of their classes."""
    rows: QuerySet[Programme] = Programme.objects.filter(unit_id__in=_seen(user)).select_related(
        "unit__parent"
    )
    return rows.annotate(class_count=Count("classes", filter=Q(classes__is_active=True)))


def one_programme(user: User, public_id: Any) -> Programme:
    """One of `programmes`. Raises Http404, and OutOfScope outside."""
    every = Programme.objects.select_related("unit__parent")
    found: Programme = visible_or_404(every, every.filter(unit_id__in=_seen(user)), public_id=public_id)
    return found


def programmes_for(unit: Unit) -> QuerySet[Programme]:
    """Programmes that a class of this unit may have: those of its school and of all below it."""
    chain = [*unit.ancestors, unit.pk]
    schools = Unit.objects.filter(pk__in=chain, kind__in=SCHOOL_KINDS)
    school = schools.order_by(_depth().desc()).values_list("pk", flat=True).first()
    place = Q(unit_id=school) | Q(unit__ancestors__contains=[school or 0])
    rows: QuerySet[Programme] = Programme.objects.filter(place, is_active=True)
    return rows.order_by("code")


def classes(user: User) -> QuerySet[SchoolClass]:
    """Classes of the units that ``user`` may see."""
    rows: QuerySet[SchoolClass] = SchoolClass.objects.filter(unit_id__in=_seen(user))
    return rows.select_related("school", "unit", "programme")


def class_years(user: User) -> list[int]:
    """School years that have classes in sight, the newest first."""
    years = classes(user).order_by("-school_year").values_list("school_year", flat=True).distinct()
    return list(years)


def schools(user: User) -> QuerySet[Unit]:
    """Schools that ``user`` may see."""
    rows: QuerySet[Unit] = Unit.objects.filter(pk__in=_seen(user), kind__in=SCHOOL_KINDS)
    return rows.order_by("pk")


def class_count(unit: Unit) -> int:
    """Classes in use that stand under the unit, or under the school as a whole."""
    place = Q(unit=unit) | Q(school=unit)
    return int(SchoolClass.objects.filter(place, is_active=True).count())


def one_class(user: User, public_id: Any) -> SchoolClass:
    """One of `classes`. Raises Http404, and OutOfScope outside."""
    every = SchoolClass.objects.select_related("school", "unit", "programme")
    found: SchoolClass = visible_or_404(every, every.filter(unit_id__in=_seen(user)), public_id=public_id)
    return found


def staff_of(school_class: SchoolClass) -> list[ClassStaff]:
    """Everybody who ever had a duty in the class, the present ones first."""
    rows = ClassStaff.objects.filter(school_class=school_class).select_related("user__unit")
    return list(rows.order_by(F("valid_until").desc(nulls_first=True), "duty", "-valid_from", "pk"))


def one_staff(school_class: SchoolClass, pk: int) -> ClassStaff:
    """A duty in a class. Raises Http404."""
    rows = ClassStaff.objects.filter(school_class=school_class).select_related("school_class", "user")
    found: ClassStaff = visible_or_404(rows, rows, pk=pk)
    return found


def people_for_classes(school_class: SchoolClass) -> QuerySet[User]:
    """Staff with a role of a class that holds there today: who can be given a duty in it."""
    place = [*school_class.unit.ancestors, school_class.unit_id]
    roles = [role for role, perms in ROLE_PERMISSIONS.items() if "view_own_class" in perms]
    held = Appointment.objects.filter(in_force(), role__in=roles, unit_id__in=place)
    rows: QuerySet[User] = User.objects.filter(
        kind=User.Kind.STAFF, is_active=True, pk__in=held.values("user")
    )
    return rows.order_by("name", "staff_no")


@dataclass(frozen=True, slots=True)
class EffectiveRule:
    """A rule of a unit today: its kind, its value as words, the row and unit that it comes from, what comes next."""

    kind: RuleKind
    shown: str
    row: Rule | None
    unit: Unit | None
    next: Rule | None
    own: bool


def effective_rules(unit: Unit) -> list[EffectiveRule]:
    """Every rule as it stands at the unit today, with where it is inherited from. Two queries."""
    today = timezone.localdate()
    chain = [*unit.ancestors, unit.pk]
    rows = Rule.objects.filter(unit_id__in=chain).select_related("unit").order_by("valid_from")
    by_key: dict[str, list[Rule]] = {}
    for row in rows:
        by_key.setdefault(row.key, []).append(row)
    return [_effective(kind, by_key.get(kind.key, []), chain, today) for kind in RULES.values()]


def _effective(kind: RuleKind, rows: Sequence[Rule], chain: list[int], today: date) -> EffectiveRule:
    begun = [row for row in rows if row.valid_from <= today]
    row = max(begun, key=lambda one: (chain.index(one.unit_id), one.valid_from), default=None)
    coming = [one for one in rows if one.valid_from > today and one.unit_id == chain[-1]]
    own = row is not None and row.unit_id == chain[-1]
    text = row.value if row else default_text(kind)
    return EffectiveRule(
        kind, shown_value(kind, text), row, row.unit if row else None, coming[0] if coming else None, own
    )


def default_text(kind: RuleKind) -> str:
    """A rule's default as it would be typed."""
    return {True: "yes", False: "no"}.get(kind.default, str(kind.default))


def shown_value(kind: RuleKind, text: str) -> str:
    """A rule's value in words."""
    return str(dict(kind.choices).get(text, text))


def effective_rule(unit: Unit, key: str) -> EffectiveRule:
    """One of `effective_rules`."""
    return next(one for one in effective_rules(unit) if one.kind.key == key)


def rule_values(unit: Unit, key: str) -> list[Rule]:
    """The dated values that the unit itself has set, the newest first."""
    return list(Rule.objects.filter(unit=unit, key=key).order_by("-valid_from"))


def history_of(model: Any, **lookup: Any) -> list[Any]:
    """The newest lines of history of some rows, with who acted."""
    rows = model.history.filter(**lookup).select_related("history_user").order_by("-history_id")
    return list(rows[:HISTORY_SHOWN])


def terms(unit: Unit) -> list[Term]:
    """Terms of the school, the newest first."""
    return list(Term.objects.filter(school=unit).order_by("-school_year", "-number"))


def one_term(user: User, public_id: Any, school_year: int, number: int) -> Term:
    """A term of a unit in sight. Raises Http404, and OutOfScope outside."""
    school = one_unit(user, public_id)
    every = Term.objects.select_related("school").filter(school=school)
    found: Term = visible_or_404(every, every, school_year=school_year, number=number)
    return found


def periods(unit: Unit) -> list[CalendarPeriod]:
    """The calendar of a unit with what it inherits, the latest first."""
    rows = CalendarPeriod.objects.filter(unit_id__in=[*unit.ancestors, unit.pk])
    return list(rows.select_related("unit").order_by("-valid_from", "-pk"))


def one_period(unit: Unit, pk: int) -> CalendarPeriod:
    """A period of the unit's own calendar. Raises Http404."""
    rows = CalendarPeriod.objects.filter(unit=unit)
    found: CalendarPeriod = visible_or_404(rows, rows, pk=pk)
    return found


def code_lists(user: User) -> QuerySet[CodeList]:
    """Every code list with the number of its entries; they are no secret within the school."""
    rows: QuerySet[CodeList] = CodeList.objects.annotate(entries=Count("codes"))
    return rows


def one_code_list(user: User, key: str) -> CodeList:
    """One of `code_lists`. Raises Http404."""
    every = CodeList.objects.all()
    found: CodeList = visible_or_404(every, every, key=key)
    return found


def codes(user: User, code_list: CodeList) -> QuerySet[Code]:
    """The entries of a list."""
    rows: QuerySet[Code] = Code.objects.filter(code_list=code_list)
    return rows


def one_code(user: User, key: str, code: str) -> Code:
    """One entry of a list. Raises Http404."""
    every = Code.objects.select_related("code_list")
    found: Code = visible_or_404(every, every, code_list__key=key, code=code)
    return found


def regions(user: User) -> QuerySet[Region]:
    """Every region."""
    rows: QuerySet[Region] = Region.objects.all()
    return rows


def one_region(user: User, code: str) -> Region:
    """A region by its code. Raises Http404."""
    every = Region.objects.all()
    found: Region = visible_or_404(every, every, code=code)
    return found


def provinces() -> list[tuple[str, str]]:
    """Code and name of the provinces in force."""
    rows = Region.objects.filter(level=1, valid_until__isnull=True).order_by("code")
    return [(row.code[:2], row.name_zh) for row in rows]


def keeps_codes(user: User) -> bool:
    """Whether ``user`` keeps what serves every school: holds ``manage_codes`` on a top unit."""
    held = list(units_with(user, "manage_codes"))
    return bool(Unit.objects.filter(parent=None, pk__in=held).exists())
