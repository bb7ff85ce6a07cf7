"""The school as an organisation: units, rules, programmes, classes, their staff, terms, calendar and code lists."""

import re
import uuid
from collections.abc import Callable
from datetime import date

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from ledger.history import History
from ledger.models import RecordedModel
from school.permissions import PERMISSIONS


class Stage(models.TextChoices):
    """What kind of school it is (办学类型); it switches fields, checks and rules."""

    PRIMARY = "primary", _("Primary school")
    JUNIOR = "junior", _("Junior middle school")
    SENIOR = "senior", _("Senior middle school")
    VOCATIONAL = "vocational", _("Secondary vocational school")
    ADULT = "adult", _("Adult college")
    HIGHER = "higher", _("College or university")
    TRAINING = "training", _("Training institution")


COMPULSORY_STAGES = (Stage.PRIMARY, Stage.JUNIOR)
K12_STAGES = (Stage.PRIMARY, Stage.JUNIOR, Stage.SENIOR)
TERTIARY_STAGES = (Stage.ADULT, Stage.HIGHER)


class DateRange(Func):
    """PostgreSQL's daterange(from, until, bounds); an empty end is open."""

    function = "DATERANGE"
    output_field = DateRangeField()


def validity() -> DateRange:
    """The days from ``valid_from`` to ``valid_until``, both included."""
    return DateRange(F("valid_from"), F("valid_until"), Value("[]"))


def in_force(on: date | None = None) -> Q:
    """Condition on rows with ``valid_from`` and ``valid_until``: they hold on that day (today by default)."""
    day = on or timezone.localdate()
    return Q(valid_from__lte=day) & (Q(valid_until__isnull=True) | Q(valid_until__gte=day))


class Unit(RecordedModel):
    """A node of the organisation (单位): an education bureau, a school, a department or a teaching site."""

    class Kind(models.TextChoices):
        BUREAU = "bureau", _("Education bureau")
        CENTRAL_SCHOOL = "central_school", _("Central school")
        SCHOOL = "school", _("School")
        DEPARTMENT = "department", _("Department")
        COLLEGE = "college", _("College")
        SITE = "site", _("Teaching site")

    class Duty(models.TextChoices):
        """What a department is for; the workflow sends work and notices to it (S0-1.2-1)."""

        ADMISSIONS = "admissions", _("Admissions")
        TEACHING = "teaching", _("Teaching")
        STUDENT_AFFAIRS = "student_affairs", _("Student affairs")
        ARCHIVES = "archives", _("Archives")
        FINANCE = "finance", _("Finance")
        OTHER = "other", _("Other")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    ancestors = ArrayField(models.BigIntegerField(), default=list, editable=False)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    duty = models.CharField(_("duty"), max_length=16, choices=Duty.choices, blank=True)
    stage = models.CharField(_("stage"), max_length=12, choices=Stage.choices, blank=True)
    code = models.CharField(_("school code"), max_length=10, blank=True)
    name = models.CharField(_("name"), max_length=80)
    label_en = models.CharField(_("English name"), max_length=120, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    history = History()

    class Meta:
        verbose_name = _("unit")
        default_permissions = ()
        permissions = PERMISSIONS
        indexes = [GinIndex(fields=["ancestors"], name="unit_ancestors")]
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=~Q(code=""), name="unit_code_unique"),
            models.UniqueConstraint(fields=["parent", "name"], name="unit_name_unique", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(kind__in=["school", "central_school"], stage__gt="")
                | ~Q(kind__in=["school", "central_school"]),
                name="unit_school_has_stage",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The unit's name in the reader's language; Chinese where no English name is kept."""
        return in_language(self.name, self.label_en)

    @property
    def full_label(self) -> str:
        """The same, of a department, site or college with its school: every school has an admissions office."""
        if self.kind in (Unit.Kind.DEPARTMENT, Unit.Kind.SITE, Unit.Kind.COLLEGE) and self.parent is not None:
            return f"{self.parent.label} · {self.label}"
        return self.label

    @property
    def employer(self) -> "Unit":
        """The unit above a department, whose people work for it; any other unit itself."""
        return self.parent if self.kind == Unit.Kind.DEPARTMENT and self.parent is not None else self


def in_language(label_zh: str, label_en: str) -> str:
    """Choose between two labels by the language in use."""
    return labels_in_use()(label_zh, label_en)


def labels_in_use() -> Callable[[str, str], str]:
    """What chooses between a Chinese and an English label; asks for the language once, for many labels."""
    if (get_language() or "").startswith("en"):
        return lambda label_zh, label_en: label_en or label_zh
    return lambda label_zh, label_en: label_zh


_BOTH = re.compile(r"^(.*[\u4e00-\u9fff].*) \(([ -~]+)\)$")


def note_in_language(note: str) -> str:
    """A note whose parts (``；``) may be written ``中文 (English)``, in the reader's language."""
    parts = [_BOTH.match(part) for part in note.split("；")]
    chosen = [
        in_language(*part.groups()) if part else one
        for part, one in zip(parts, note.split("；"), strict=True)
    ]
    return in_language("；".join(chosen), "; ".join(chosen))


class Rule(RecordedModel):
    """One dated value of a school's rule; inherited down the unit tree (see :mod:`school.rules`)."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="rules")
    key = models.CharField(_("rule"), max_length=60)
    value = models.CharField(_("value"), max_length=200)
    valid_from = models.DateField(_("valid from"))
    source = models.CharField(_("legal source"), max_length=200, blank=True)
    reason = models.CharField(_("reason"), max_length=200)

    history = History()

    class Meta:
        verbose_name = _("rule")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["unit", "key", "valid_from"], name="rule_unique")]

    def __str__(self) -> str:
        return f"{self.key} = {self.value}"


class Programme(RecordedModel):
    """What a student studies (专业); the unit is the school or the college that runs it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="programmes")
    code = models.CharField(_("programme code"), max_length=10)
    name = models.CharField(_("name"), max_length=50)
    label_en = models.CharField(_("English name"), max_length=120, blank=True)
    level = models.CharField(_("level"), max_length=4, blank=True)
    learning_form = models.CharField(_("learning form"), max_length=4, blank=True)
    study_years = models.DecimalField(_("length of schooling"), max_digits=2, decimal_places=1)
    is_active = models.BooleanField(_("in use"), default=True)

    history = History()

    class Meta:
        verbose_name = _("programme")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["unit", "code"], name="programme_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The programme's name in the reader's language."""
        return in_language(self.name, self.label_en)


class SchoolClass(RecordedModel):
    """A class (班级). ``class_no`` (班号) follows the school's rule: under rule W it changes with each school year."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="classes")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    programme = models.ForeignKey(
        Programme, null=True, blank=True, on_delete=models.PROTECT, related_name="classes"
    )
    entry_year = models.PositiveSmallIntegerField(_("entry year"))
    grade_level = models.PositiveSmallIntegerField(_("grade level"))
    number = models.PositiveSmallIntegerField(_("number in the grade"))
    class_no = models.CharField(_("class number"), max_length=12)
    name = models.CharField(_("name"), max_length=40)
    label_en = models.CharField(_("English name"), max_length=60, blank=True)
    school_year = models.PositiveSmallIntegerField(_("school year"))
    seats = models.PositiveSmallIntegerField(_("seats"), default=50)
    is_active = models.BooleanField(_("in use"), default=True)

    history = History()

    class Meta:
        verbose_name = _("class")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["school", "class_no"], condition=Q(is_active=True), name="class_no_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The class's name in the reader's language."""
        return in_language(self.name, self.label_en)


class ClassStaff(RecordedModel):
    """Who works for a class, from when to when; it opens the class's students to that person."""

    class Duty(models.TextChoices):
        CLASS_ADVISER = "class_adviser", _("Class adviser")
        COUNSELLOR = "counsellor", _("Counsellor")
        TEACHER = "teacher", _("Teacher")
        CLASS_ADMIN = "class_admin", _("Class administrator")

    school_class = models.ForeignKey(SchoolClass, on_delete=models.PROTECT, related_name="staff")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="class_duties")
    duty = models.CharField(_("duty"), max_length=16, choices=Duty.choices)
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(_("until"), null=True, blank=True)

    history = History()

    class Meta:
        verbose_name = _("staff of a class")
        default_permissions = ()
        indexes = [models.Index(fields=["user", "valid_from"], name="class_staff_user")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="class_staff_dates",
            ),
            ExclusionConstraint(
                name="class_staff_once",
                expressions=[
                    ("school_class", RangeOperators.EQUAL),
                    ("user", RangeOperators.EQUAL),
                    ("duty", RangeOperators.EQUAL),
                    (validity(), RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="class_has_one_adviser",
                condition=Q(duty="class_adviser"),
                expressions=[("school_class", RangeOperators.EQUAL), (validity(), RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_duty_display()} {self.school_class_id}"


class Term(RecordedModel):
    """A term (学期) of a school year; ``school_year`` 2026 means 2026-2027."""

    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="terms")
    school_year = models.PositiveSmallIntegerField(_("school year"))
    number = models.PositiveSmallIntegerField(_("term"))
    valid_from = models.DateField(_("first day"))
    valid_until = models.DateField(_("last day"))

    history = History()

    class Meta:
        verbose_name = _("term")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["school", "school_year", "number"], name="term_unique"),
            models.CheckConstraint(condition=Q(valid_until__gt=F("valid_from")), name="term_dates"),
            ExclusionConstraint(
                name="terms_do_not_overlap",
                expressions=[("school", RangeOperators.EQUAL), (validity(), RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school_year}-{self.number}"


class CalendarPeriod(RecordedModel):
    """A stretch of days that the school's calendar (校历) takes out of the usual week."""

    class Kind(models.TextChoices):
        VACATION = "vacation", _("Vacation")
        HOLIDAY = "holiday", _("Holiday")
        WORKING = "working", _("Shifted working day")

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="calendar")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    valid_from = models.DateField(_("first day"))
    valid_until = models.DateField(_("last day"))
    note = models.CharField(_("note"), max_length=80, blank=True)

    history = History()

    class Meta:
        verbose_name = _("calendar period")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(valid_until__gte=F("valid_from")), name="calendar_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.valid_from}"


class CodeList(RecordedModel):
    """A code list with the standard that it comes from."""

    key = models.CharField(_("key"), max_length=40, unique=True)
    label_zh = models.CharField(_("Chinese label"), max_length=60)
    label_en = models.CharField(_("English label"), max_length=80)
    standard = models.CharField(_("standard"), max_length=80, blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True)
    licence = models.CharField(_("licence"), max_length=80, blank=True)
    stages = ArrayField(models.CharField(max_length=12), default=list, blank=True)

    history = History()

    class Meta:
        verbose_name = _("code list")
        default_permissions = ()

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The list's name in the reader's language."""
        return in_language(self.label_zh, self.label_en)

    @property
    def notes(self) -> dict[str, str]:
        """Standard, source and licence in the reader's language."""
        return {name: note_in_language(getattr(self, name)) for name in ("standard", "source", "licence")}


class Code(RecordedModel):
    """One entry of a code list; ``aliases`` are other spellings that an import may meet."""

    code_list = models.ForeignKey(CodeList, on_delete=models.PROTECT, related_name="codes")
    code = models.CharField(_("code"), max_length=8)
    label_zh = models.CharField(_("Chinese label"), max_length=80)
    label_en = models.CharField(_("English label"), max_length=120, blank=True)
    aliases = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    history = History()

    class Meta:
        verbose_name = _("code")
        default_permissions = ()
        ordering = ["code_list", "order", "code"]
        constraints = [models.UniqueConstraint(fields=["code_list", "code"], name="code_unique")]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The entry's name in the reader's language."""
        return in_language(self.label_zh, self.label_en)

    def holds_on(self, day: date) -> bool:
        """Whether the entry is in use on a day; its first and its last day count."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_until is None or day <= self.valid_until)


class Region(RecordedModel):
    """An administrative division (行政区划, GB/T 2260): six digits; forms write it with six zeros behind."""

    code = models.CharField(_("code"), max_length=6, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    parent_code = models.CharField(_("parent"), max_length=6, blank=True)
    level = models.PositiveSmallIntegerField(pgettext_lazy("administrative division", "level"))
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=120, blank=True)

    history = History()

    class Meta:
        verbose_name = _("region")
        default_permissions = ()
        indexes = [models.Index(fields=["parent_code"], name="region_parent")]

    def __str__(self) -> str:
        return self.name_zh
