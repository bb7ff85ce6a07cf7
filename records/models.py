"""The student file: the person, stretches at a school, family, documents."""

import uuid
from typing import ClassVar, Self

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.scope import holds, units_with
from core.crypto import BlindIndexField, EncryptedTextField
from core.lookups import AnyOf
from core.search_field import TokensField
from ledger.history import History
from ledger.models import RecordedModel, RecordedQuerySet
from records.document_models import (
    BOOKED_KINDS,
    INTAKE_KINDS,
    Bringer,
    Document,
    DocumentKind,
    DocumentLink,
    Secrecy,
)
from records.own_check_models import OwnCheck
from records.photo_models import PhotoExport, PhotoFile, PhotoUpload
from records.reading_models import ReadingDay
from school.models import ClassStaff, Programme, SchoolClass, Unit, in_force

__all__ = [
    "BOOKED_KINDS", "INTAKE_KINDS", "Bringer", "Document", "DocumentKind", "DocumentLink",
    "Enrolment", "EnrolmentData", "FamilyData", "FamilyMember", "NumberSeries", "OwnCheck", "PersonalData",
    "PhotoExport", "PhotoFile", "PhotoUpload", "ReadingDay", "Searchable", "Secrecy", "Student", "own_class_ids",
]  # fmt: skip

NAME_LENGTH = 40
SEARCH_FIELDS = ["name_sort", "name_tokens"]


class Searchable(models.Model):
    """A person who is found by name: search columns, filled from ``name`` by ``records.search.fill``."""

    name_sort = models.CharField(max_length=200, blank=True, editable=False)
    name_tokens = TokensField(editable=False)

    class Meta:
        abstract = True


class PersonalData(models.Model):
    """Who somebody is and where he comes from: the columns of the national collection template (B.1, B.2)."""

    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=NAME_LENGTH, blank=True)
    name_pinyin = models.CharField(_("name in pinyin"), max_length=200, blank=True)
    former_name = models.CharField(_("former name"), max_length=NAME_LENGTH, blank=True)
    sex = models.CharField(_("sex"), max_length=1, blank=True)
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    birthplace_code = models.CharField(_("birthplace region code"), max_length=12, blank=True)
    native_place = models.CharField(_("native place"), max_length=60, blank=True)
    ethnicity = models.CharField(_("ethnic group"), max_length=2, blank=True)
    nationality = models.CharField(_("nationality or region"), max_length=3, blank=True)
    id_type = models.CharField(_("type of identity document"), max_length=1, blank=True)
    id_number = EncryptedTextField(_("identity number"), blank=True, default="")
    id_number_index = BlindIndexField()
    id_valid_range = models.CharField(_("validity of the identity document"), max_length=20, blank=True)
    overseas_status = models.CharField(_("Hong Kong, Macao, Taiwan or overseas"), max_length=2, blank=True)
    health = models.CharField(_("health"), max_length=1, blank=True)
    political_status = models.CharField(_("political status"), max_length=2, blank=True)
    hukou_type = models.CharField(_("type of household registration"), max_length=1, blank=True)
    hukou_region_code = models.CharField(_("household registration region code"), max_length=12, blank=True)
    hukou_address = EncryptedTextField(_("household registration address"), blank=True, default="")
    current_address = EncryptedTextField(_("current address"), blank=True, default="")
    mailing_address = EncryptedTextField(_("mailing address"), blank=True, default="")
    home_address = EncryptedTextField(_("home address"), blank=True, default="")
    phone = EncryptedTextField(_("phone"), blank=True, default="")
    phone_index = BlindIndexField()
    postcode = models.CharField(_("postcode"), max_length=6, blank=True)
    email = EncryptedTextField(_("e-mail"), blank=True, default="")
    homepage = models.CharField(_("home page"), max_length=120, blank=True)
    is_only_child = models.BooleanField(_("only child"), null=True, blank=True)
    had_preschool = models.BooleanField(_("had preschool education"), null=True, blank=True)
    left_behind = models.CharField(_("left-behind child"), max_length=1, blank=True)
    needs_aid = models.BooleanField(_("applies for aid"), null=True, blank=True)
    boarding_subsidy = models.BooleanField(_("boarding subsidy"), null=True, blank=True)
    is_orphan = models.BooleanField(_("orphan"), null=True, blank=True)
    martyr_or_benefit_child = models.BooleanField(
        _("child of a martyr or of entitled persons"), null=True, blank=True
    )
    migrant_worker_child = models.BooleanField(_("child of migrant workers"), null=True, blank=True)
    blood_type = models.CharField(_("blood type"), max_length=1, blank=True)
    talent = models.CharField(_("talent"), max_length=60, blank=True)
    inclusive_education = models.CharField(_("inclusive education"), max_length=2, blank=True)
    disability_type = models.CharField(_("type of disability"), max_length=2, blank=True)
    gov_purchased_place = models.BooleanField(_("place bought by the government"), null=True, blank=True)
    commute_km = models.DecimalField(
        _("way to school (km)"), max_digits=4, decimal_places=1, null=True, blank=True
    )
    commute_mode = models.CharField(_("means of travel to school"), max_length=2, blank=True)
    needs_school_bus = models.BooleanField(_("needs the school bus"), null=True, blank=True)
    aux_no = models.CharField(_("auxiliary number"), max_length=30, blank=True)

    class Meta:
        abstract = True


class EnrolmentData(models.Model):
    """How somebody comes to a school and what he studies there (B.1 16-19, B.3, S0-3.1-2)."""

    class_no = models.CharField(_("class number"), max_length=12, blank=True)
    seat_no = models.PositiveSmallIntegerField(_("seat number"), null=True, blank=True)
    enrol_month = models.CharField(_("month of entry"), max_length=6, blank=True)
    enrol_date = models.DateField(_("date of entry"), null=True, blank=True)
    admission_way = models.CharField(_("way of admission"), max_length=2, blank=True)
    attendance_mode = models.CharField(_("day or boarding"), max_length=2, blank=True)
    student_source = models.CharField(_("source of the student"), max_length=2, blank=True)
    exam_no = models.CharField(_("exam number"), max_length=18, blank=True)
    programme = models.ForeignKey(
        Programme, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    level = models.CharField(_("level"), max_length=4, blank=True)
    learning_form = models.CharField(_("learning form"), max_length=4, blank=True)
    study_years = models.DecimalField(
        _("length of schooling"), max_digits=2, decimal_places=1, null=True, blank=True
    )
    expected_end_on = models.DateField(_("expected graduation"), null=True, blank=True)
    signed_up_on = models.DateField(_("signed up on"), null=True, blank=True)
    fee_status = models.CharField(_("fee status"), max_length=2, blank=True)

    class Meta:
        abstract = True


class FamilyData(models.Model):
    """A parent or another member of the family (B.1 32-40)."""

    position = models.PositiveSmallIntegerField(_("position"))
    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=NAME_LENGTH, blank=True)
    relation = models.CharField(_("relation"), max_length=2, blank=True)
    relation_note = models.CharField(_("note on the relation"), max_length=40, blank=True)
    address = EncryptedTextField(_("address"), blank=True, default="")
    hukou_code = models.CharField(_("household registration region code"), max_length=12, blank=True)
    phone = EncryptedTextField(_("phone"), blank=True, default="")
    phone_index = BlindIndexField()
    is_guardian = models.BooleanField(_("guardian"), null=True, blank=True)
    is_first_guardian = models.BooleanField(_("first guardian"), default=False)
    id_type = models.CharField(_("type of identity document"), max_length=1, blank=True)
    id_number = EncryptedTextField(_("identity number"), blank=True, default="")
    id_number_index = BlindIndexField()
    ethnicity = models.CharField(_("ethnic group"), max_length=2, blank=True)
    workplace = models.CharField(_("workplace"), max_length=60, blank=True)
    job = models.CharField(_("post"), max_length=40, blank=True)

    class Meta:
        abstract = True


class StudentQuerySet(RecordedQuerySet):
    """Reads of students; scope goes by enrolment."""

    def visible_to(self, user: User) -> Self:
        """Students with an enrolment in a unit where ``user`` may see files, or in a class of his own today."""
        enrolments = Enrolment.objects.visible_to(user)
        return self.filter(pk__in=enrolments.values("student_id"))


StudentManager = models.Manager.from_queryset(StudentQuerySet)


class Student(RecordedModel, Searchable, PersonalData):
    """A person, for life (人籍一致). What a school adds hangs on the enrolment.

    Of a destroyed file (`records.erasing`) an empty row remains: id, archive number and the day, so that whatever
    names the student still points somewhere. Nothing can be written into it or hung on it any more.
    """

    class Status(models.TextChoices):
        PENDING_ADMISSION = "pending_admission", _("Admitted, not yet arrived")
        RESERVED = "reserved", _("Admission reserved")
        ENROLLED = "enrolled", _("Enrolled")
        SUSPENDED = "suspended", _("Suspended")
        RETAINED = "retained", _("Status retained")
        TRANSFERRING = "transferring", _("Transfer under way")
        TRANSFERRED_OUT = "transferred_out", _("Transferred out")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        EXPELLED = "expelled", _("Expelled")
        CANCELLED = "cancelled", _("Status cancelled")
        GRADUATED = "graduated", _("Graduated")
        COMPLETED = "completed", _("Completed")
        DECEASED = "deceased", _("Deceased")
        DROPPED_OUT = "dropped_out", _("Dropped out")
        ABROAD = "abroad", _("Studying abroad")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    national_no = EncryptedTextField(_("national student number"), blank=True, default="")
    national_no_index = BlindIndexField()
    archive_no = models.CharField(_("archive number"), max_length=40, unique=True)
    has_paper = models.BooleanField(_("paper file kept"), default=True)
    paper_place = models.CharField(_("place of the paper file"), max_length=80, blank=True)
    paper_package_no = models.CharField(_("number of the sealed package"), max_length=40, blank=True)
    no_hukou = models.BooleanField(_("without household registration"), default=False)
    destroyed_on = models.DateField(_("destroyed on"), null=True, blank=True, editable=False)

    objects: ClassVar["StudentManager[Student]"] = StudentManager()
    history = History(excluded_fields=SEARCH_FIELDS)

    class Meta:
        verbose_name = _("student")
        default_permissions = ()
        indexes = [
            GinIndex(fields=["name_tokens"], name="student_name_tokens"),
            models.Index(fields=["name_sort", "id"], name="student_name_sort"),
            models.Index(fields=["phone_index"], name="student_phone"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["id_number_index"], name="student_id_number_unique"),
            models.UniqueConstraint(fields=["national_no_index"], name="student_national_no_unique"),
            models.CheckConstraint(
                condition=Q(destroyed_on__isnull=True)
                | Q(name="", name_sort="", id_number_index__isnull=True, national_no_index__isnull=True),
                name="student_destroyed_is_empty",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    def ledger_subject(self) -> uuid.UUID:
        """The student himself."""
        return self.public_id


class EnrolmentQuerySet(RecordedQuerySet):
    """Reads of enrolments."""

    def visible_to(self, user: User) -> Self:
        """Enrolments in units where ``user`` may see files, or in classes that are his own today.

        Files in the inactive archive (历史档案库) are seen by those who keep it.
        """
        scope = Q(AnyOf(F("unit_id"), units_with(user, "view_student")))
        if holds(user, "view_own_class"):
            scope |= Q(school_class_id__in=own_class_ids(user))
        shelves = units_with(user, "manage_retention")
        in_use = Q(shelved_on__isnull=True)
        return self.filter(scope, in_use | Q(AnyOf(F("unit_id"), shelves)) if shelves else in_use)

    def current(self) -> Self:
        """The newest stretch of each student: the school where he is, or where he was last, keeps his file."""
        return self.filter(~Exists(later_enrolments()))


def later_enrolments() -> "EnrolmentQuerySet":
    """The stretches of the same student that come after the outer row: the open one, else what ended later."""
    started = Q(started_on__gt=OuterRef("started_on")) | Q(
        started_on=OuterRef("started_on"), pk__gt=OuterRef("pk")
    )
    ended = Q(ended_on__gt=OuterRef("ended_on")) | Q(started, ended_on=OuterRef("ended_on"))
    is_open = Q(ended_on__isnull=True) & ~Q(pk=OuterRef("pk"))
    others: EnrolmentQuerySet = Enrolment.objects.filter(student=OuterRef("student"))
    return others.filter(is_open | ended)


def own_class_ids(user: User) -> list[int]:
    """Ids of the classes on whose staff ``user`` is today, where a role lets him see his own classes.

    A duty that nobody ended when the person left the school, or that another school noted, opens nothing.
    """
    duties = ClassStaff.objects.filter(in_force(), user=user)
    here = duties.filter(school_class__unit_id__in=list(units_with(user, "view_own_class")))
    return list(here.values_list("school_class_id", flat=True))


EnrolmentManager = models.Manager.from_queryset(EnrolmentQuerySet)


class Enrolment(RecordedModel, EnrolmentData):
    """One stretch of a student at one school (一段学籍); at most one is open."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="enrolments")
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    school_class = models.ForeignKey(
        SchoolClass, null=True, blank=True, on_delete=models.PROTECT, related_name="enrolments"
    )
    student_no = models.CharField(_("student number"), max_length=15)
    status = models.CharField(
        _("status"), max_length=20, choices=Student.Status.choices, default=Student.Status.ENROLLED
    )
    started_on = models.DateField(_("from"))
    ended_on = models.DateField(_("until"), null=True, blank=True)
    shelved_on = models.DateField(_("in the inactive archive since"), null=True, blank=True)

    objects: ClassVar["EnrolmentManager[Enrolment]"] = EnrolmentManager()
    history = History()

    class Meta:
        verbose_name = _("enrolment")
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["unit", "status"], name="enrolment_open", condition=Q(ended_on__isnull=True)
            ),
            models.Index(
                fields=["unit"],
                name="enrolment_classless",
                condition=Q(ended_on__isnull=True, school_class__isnull=True),
            ),
            models.Index(fields=["student_no", "id"], name="enrolment_student_no"),
            models.Index(fields=["school_class"], name="enrolment_class"),
            models.Index(
                fields=["student"], condition=Q(shelved_on__isnull=False), name="enrolment_shelved_student"
            ),
            models.Index(fields=["exam_no"], condition=~Q(exam_no=""), name="enrolment_exam_no"),
            models.Index(fields=["student_no"], name="enrolment_no", opclasses=["varchar_pattern_ops"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["student"], condition=Q(ended_on__isnull=True), name="one_open_enrolment"
            ),
            models.UniqueConstraint(fields=["school", "student_no"], name="student_no_unique"),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("started_on")), name="enrolment_dates"
            ),
            models.CheckConstraint(
                condition=Q(shelved_on__isnull=True) | Q(ended_on__isnull=False), name="enrolment_shelved"
            ),
        ]

    def __str__(self) -> str:
        return self.student_no

    def ledger_subject(self) -> uuid.UUID:
        """The student whose enrolment it is."""
        return self.student.public_id


class FamilyMember(RecordedModel, FamilyData):
    """A member of the student's family."""

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="family")

    history = History()

    class Meta:
        verbose_name = _("family member")
        default_permissions = ()
        ordering = ["student", "position"]
        indexes = [
            models.Index(fields=["id_number_index"], name="family_id_number"),
            models.Index(fields=["phone_index"], name="family_phone"),
        ]
        constraints = [models.UniqueConstraint(fields=["student", "position"], name="family_position_unique")]

    def __str__(self) -> str:
        return f"{self.student_id}/{self.position}"

    def ledger_subject(self) -> uuid.UUID:
        """The student whose family it is."""
        return self.student.public_id


class NumberSeries(models.Model):
    """The last number given out under a key; it only ever rises, so that no number is used twice."""

    key = models.CharField(max_length=80, unique=True)
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.key} {self.last}"


from records import entry_models, penalty_models  # noqa: E402, F401 - their tables point at those above
