"""The lists of the settings."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from core.formatting import school_year
from core.listpage import Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge
from school.models import Code, CodeList, Programme, Region, SchoolClass, Unit
from setup import selectors

CLOSED = pgettext_lazy("end the use of something", "Closed")
IN_USE = (("yes", _("In use")), ("no", CLOSED))


def use(is_active: bool) -> SafeString:
    """Whether something is in use, as a badge."""
    return badge("green", _("In use")) if is_active else badge("grey", CLOSED)


def _by_use(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(is_active=value == "yes")


def _unit_name(unit: Unit) -> SafeString:
    depth = min(max(unit.depth, 0), 6)  # type: ignore[attr-defined]  # annotated by the selector
    return format_html('<span class="xj-branch xj-branch-{}">{}</span>', depth, unit.label)


def _named(rows: QuerySet[Any], words: str) -> QuerySet[Any]:
    return rows.filter(Q(name__icontains=words) | Q(label_en__icontains=words) | Q(code__startswith=words))


class UnitList(ListPage[Unit]):
    """The tree of units."""

    name = "setup.units"
    unit_path = "pk"
    columns: Sequence[Column[Unit]] = (
        Column("name", _("Unit"), _unit_name, ("path",), fixed=True, css="name", link=True),
        Column("kind", _("Kind"), lambda unit: unit.get_kind_display(), ("kind",)),
        Column("stage", _("Kind of schooling"), lambda unit: unit.get_stage_display(), ("stage",)),
        Column("duty", _("Duty"), lambda unit: unit.get_duty_display(), ("duty",)),
        Column("code", _("School code"), lambda unit: unit.code, ("code",), css="id", phone=False),
        Column("state", _("State"), lambda unit: use(unit.is_active), ("is_active",), css="state"),
    )
    filters: Sequence[Filter] = (
        Filter("q", _("Name or school code"), "text", _named),
        Filter("kind", _("Kind"), "choice", "kind", choices=Unit.Kind.choices),
        Filter("use", _("State"), "choice", _by_use, choices=IN_USE),
    )
    default_sort = "name"
    page_sizes = (50, 100, 200)
    empty = Empty(_("No units in sight"), _("Ask the security administrator for a role."), icon="building")

    def row_url(self, row: Unit) -> str:
        return reverse("setup:unit", args=[row.public_id])


class CalendarList(UnitList):
    """Schools and bureaus, whose calendars one opens."""

    name = "setup.calendars"
    columns = (UnitList.columns[0], UnitList.columns[1], UnitList.columns[2], UnitList.columns[5])
    filters = ()

    def row_url(self, row: Unit) -> str:
        return reverse("setup:calendar", args=[row.public_id])


class ProgrammeList(ListPage[Programme]):
    """Programmes."""

    name = "setup.programmes"
    unit_path = "unit_id"
    columns = (
        Column("name", _("Programme"), lambda row: row.label, ("name",), fixed=True, css="name", link=True),
        Column("code", _("Programme code"), lambda row: row.code, ("code",), css="id"),
        Column("unit", _("Unit"), lambda row: row.unit.full_label, ("unit__name",)),
        Column(
            "years",
            _("Length of schooling"),
            lambda row: f"{float(row.study_years):g}",
            ("study_years",),
            css="num",
        ),
        Column(
            "classes",
            _("Classes"),
            lambda row: row.class_count,  # type: ignore[attr-defined]  # annotated by the selector
            ("class_count",),
            css="num",
        ),
        Column("state", _("State"), lambda row: use(row.is_active), ("is_active",), css="state"),
    )
    filters = (
        Filter("q", _("Name or programme code"), "text", _named),
        Filter("use", _("State"), "choice", _by_use, choices=IN_USE),
    )
    default_sort = "code"
    empty = Empty(
        _("No programmes yet"), _("Programmes are added on the page of a school or college."), icon="book"
    )

    def row_url(self, row: Programme) -> str:
        return reverse("setup:programme_change", args=[row.public_id])


def _schools(user: User) -> list[tuple[str, str]]:
    return [(str(unit.public_id), unit.label) for unit in selectors.schools(user)]


def _years(user: User) -> list[tuple[str, str]]:
    return [(str(year), school_year(year)) for year in selectors.class_years(user)]


def _by_class_words(rows: QuerySet[SchoolClass], words: str) -> QuerySet[SchoolClass]:
    return rows.filter(
        Q(name__icontains=words) | Q(label_en__icontains=words) | Q(class_no__startswith=words)
    )


class ClassList(ListPage[SchoolClass]):
    """Classes by school year."""

    name = "setup.classes"
    unit_path = "unit_id"
    columns = (
        Column("name", _("Class"), lambda row: row.label, ("grade_level", "number"), fixed=True, css="name", link=True),
        Column("class_no", _("Class number"), lambda row: row.class_no, ("class_no",), css="id"),
        Column("school", _("School"), lambda row: row.unit.full_label if row.unit_id == row.school_id
               else f"{row.school.label} · {row.unit.label}", ("school__name",)),
        Column("grade", _("Grade level"), lambda row: row.grade_level, ("grade_level",), css="num"),
        Column("entry_year", _("Entry year"), lambda row: str(row.entry_year), ("entry_year",), css="num"),
        Column("year", _("School year"), lambda row: school_year(row.school_year), ("school_year",)),
        Column("programme", _("Programme"), lambda row: row.programme and row.programme.label, default=False),
        Column("seats", _("Seats"), lambda row: row.seats, ("seats",), css="num"),
        Column("state", _("State"), lambda row: use(row.is_active), ("is_active",), phone=False, css="state"),
    )  # fmt: skip
    filters = (
        Filter("q", _("Name or class number"), "text", _by_class_words),
        Filter("school", _("School"), "choice", "school__public_id", choices=_schools),
        Filter("year", _("School year"), "choice", "school_year", choices=_years),
        Filter(
            "grade",
            _("Grade level"),
            "choice",
            "grade_level",
            choices=[(str(n), str(n)) for n in range(1, 10)],
        ),
        Filter("use", _("State"), "choice", _by_use, choices=IN_USE),
    )
    default_sort = "name"
    empty = Empty(_("No classes yet"), _("Classes are added on the page of a school."), icon="users-group")

    def row_url(self, row: SchoolClass) -> str:
        return reverse("setup:school_class", args=[row.public_id])


def _by_list_words(rows: QuerySet[CodeList], words: str) -> QuerySet[CodeList]:
    return rows.filter(Q(label_zh__icontains=words) | Q(label_en__icontains=words) | Q(key__icontains=words))


class CodeListList(ListPage[CodeList]):
    """The code lists."""

    name = "setup.code_lists"
    columns = (
        Column(
            "label", _("Code list"), lambda row: row.label, ("label_zh",), fixed=True, css="name", link=True
        ),
        Column("standard", _("Standard"), lambda row: row.notes["standard"], ("standard",)),
        Column(
            "entries",
            _("Entries"),
            lambda row: row.entries,  # type: ignore[attr-defined]  # annotated by the selector
            ("entries",),
            css="num",
        ),
        Column("source", _("Source"), lambda row: row.notes["source"], phone=False, default=False),
        Column("key", _("Key"), lambda row: row.key, ("key",), css="id", phone=False, default=False),
    )
    filters = (Filter("q", _("Name of the list"), "text", _by_list_words),)
    default_sort = "key"
    page_sizes = (50, 100)
    empty = Empty(
        _("No code lists yet"), _("The product's lists are loaded with the first start."), icon="list"
    )

    def row_url(self, row: CodeList) -> str:
        return reverse("setup:code_list", args=[row.key])


def validity(row: Code | Region) -> SafeString:
    """Whether an entry holds today, as a badge."""
    today = timezone.localdate()
    if row.valid_until is not None and row.valid_until < today:
        return badge("grey", CLOSED)
    if row.valid_from is not None and row.valid_from > today:
        return badge("blue", _("Begins later"))
    return badge("green", _("In use"))


def _in_force(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    closed = Q(valid_until__lt=timezone.localdate())
    return rows.exclude(closed) if value == "yes" else rows.filter(closed)


def _by_label(rows: QuerySet[Code], words: str) -> QuerySet[Code]:
    return rows.filter(
        Q(label_zh__icontains=words)
        | Q(label_en__icontains=words)
        | Q(code=words)
        | Q(aliases__icontains=words)
    )


class CodeEntryList(ListPage[Code]):
    """The entries of one code list."""

    name = "setup.codes"
    columns = (
        Column("code", _("Code"), lambda row: row.code, ("code",), fixed=True, css="id", link=True),
        Column("label_zh", _("Chinese label"), lambda row: row.label_zh, ("label_zh",), css="name"),
        Column("label_en", _("English label"), lambda row: row.label_en, ("label_en",)),
        Column("aliases", _("Also read as"), lambda row: " · ".join(row.aliases), phone=False),
        Column("order", _("Order"), lambda row: row.order, ("order",), css="num", default=False),
        Column(
            "valid_from", _("From"), lambda row: row.valid_from, ("valid_from",), css="date", default=False
        ),
        Column(
            "valid_until",
            _("Until"),
            lambda row: row.valid_until,
            ("valid_until",),
            css="date",
            default=False,
        ),
        Column("state", _("State"), validity, css="state"),
    )
    filters = (
        Filter("q", _("Code or label"), "text", _by_label),
        Filter("use", _("State"), "choice", _in_force, choices=IN_USE),
    )
    default_sort = "order"
    page_sizes = (50, 100, 200)
    empty = Empty(_("No entries yet"), _("Add the first or import a file."), icon="list")

    def __init__(self, *args: Any, may_change: bool, **kwargs: Any) -> None:
        self.may_change = may_change
        super().__init__(*args, **kwargs)

    def row_url(self, row: Code) -> str:
        return reverse("setup:code_change", args=[row.code_list.key, row.code]) if self.may_change else ""


def _by_region_words(rows: QuerySet[Region], words: str) -> QuerySet[Region]:
    code = words[:6] if words.isdigit() else words
    return rows.filter(Q(name_zh__icontains=words) | Q(name_en__icontains=words) | Q(code__startswith=code))


def _provinces(_user: User) -> list[tuple[str, str]]:
    return selectors.provinces()


LEVELS = (("1", _("Province")), ("2", _("Prefecture")), ("3", _("County")))


class RegionList(ListPage[Region]):
    """Administrative divisions."""

    name = "setup.regions"
    columns = (
        Column("code", _("Region code"), lambda row: row.code, ("code",), fixed=True, css="id", link=True),
        Column("name_zh", _("Chinese name"), lambda row: row.name_zh, ("name_zh",), css="name"),
        Column("name_en", _("English name"), lambda row: row.name_en, ("name_en",), phone=False),
        Column("level", _("Administrative level"), lambda row: dict(LEVELS)[str(row.level)], ("level",)),
        Column("parent", _("Part of"), lambda row: row.parent_code, ("parent_code",), css="id", phone=False),
        Column("valid_until", _("Until"), lambda row: row.valid_until, ("valid_until",), css="date"),
        Column("source", _("Source"), lambda row: row.source, default=False),
        Column("state", _("State"), validity, css="state"),
    )
    filters = (
        Filter("q", _("Name or region code"), "text", _by_region_words),
        Filter("province", _("Province"), "choice", "code__startswith", choices=_provinces),
        Filter("level", _("Administrative level"), "choice", "level", choices=LEVELS),
        Filter("use", _("State"), "choice", _in_force, choices=IN_USE),
    )
    default_sort = "code"
    empty = Empty(_("No regions yet"), _("Import the file of regions."), icon="map-pin")

    def __init__(self, *args: Any, may_change: bool, **kwargs: Any) -> None:
        self.may_change = may_change
        super().__init__(*args, **kwargs)

    def row_url(self, row: Region) -> str:
        return reverse("setup:region_change", args=[row.code]) if self.may_change else ""
