"""Issuing certificates, printing copies, voiding, and ordering those of a class."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import demand, role_for, units_with
from approvals.refusals import AlreadyDecided, RequestRefused, WrongState
from archive.certificates.facts import digest_of, facts_of, packed, printed
from archive.certificates.selectors import PERM, WHOLE, asked_of_copy
from archive.models import Certificate, CertificateOrder, CertificateVoid
from core.pdf import PdfFailed, render_pdf
from files.actions import store_made
from jobs import actions as jobs
from jobs.models import Job
from jobs.running import JobRefused, Running
from ledger import events
from ledger.context import acting
from ledger.history import write_rows
from records import numbers
from records.models import Enrolment, Student
from records.selectors import files_in_use
from school.models import SchoolClass, Unit

JOB = "archive.certificates"
Kind, Language = Certificate.Kind, Certificate.Language


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be issued. ``whole_number``: with the identity number in full, which asks for ``print_student``."""

    kind: str
    purpose: str
    language: str = Language.CHINESE
    copies: int = 1
    whole_number: bool = False


class NotFit(RequestRefused):
    """The student is not what the certificate would say."""


class IssuedAlready(RequestRefused):
    """The form was sent twice: its certificate stands in the register."""


class OrderedAlready(RequestRefused):
    """The form was sent twice: ``job`` makes what it ordered."""

    def __init__(self, job: Job) -> None:
        super().__init__(_("These certificates were ordered already."))
        self.job = job


@transaction.atomic
def issue(*, actor: User, enrolment: Enrolment, asked: Asked, key: UUID) -> bytes:
    """Issue one certificate and print it. ``key``: the certificate's own, made with the form.

    Raises NotFit, IssuedAlready, NotPermitted, and PdfFailed, after which no number was used.
    """
    row = _locked([enrolment.pk])[0]
    if Certificate.objects.filter(public_id=key).exists():
        raise IssuedAlready(_("This certificate was issued already; print a copy of it here."))
    made = _issue(actor, row.school, [row], asked, [key])
    return _pdf(actor, made, copy=False)


def _locked(ids: Collection[int]) -> list[Enrolment]:
    students = Enrolment.objects.filter(pk__in=ids).values("student_id")
    list(Student.objects.select_for_update().filter(pk__in=students).order_by("pk").values_list("pk"))
    rows = Enrolment.objects.current().filter(pk__in=ids, shelved_on__isnull=True)
    found = list(rows.select_related("student", "school", "unit", "school_class", "programme"))
    if not found:
        raise NotFit(_("The file is not kept at this school, or lies in the inactive archive."))
    return found


def _issue(
    actor: User, school: Unit, rows: Sequence[Enrolment], asked: Asked, keys: Sequence[UUID]
) -> list[Certificate]:
    for unit_id in {row.unit_id for row in rows}:
        demand(actor, PERM, unit_id)
        if asked.whole_number or asked.kind == Kind.NO_ID:
            demand(actor, WHOLE, unit_id)
    for row in rows:
        _demand_fit(row, asked.kind)
    if asked.language != Language.CHINESE:
        _demand_english(school, rows, asked.kind)
    role = role_for(actor, PERM, rows[0].unit_id)
    now = timezone.now()
    year = timezone.localdate(now).year
    serials = numbers.take(f"certificate/{school.pk}/{year}", len(rows))
    made = []
    for row, serial, key in zip(rows, serials, keys, strict=True):
        text = packed(facts_of(row, asked.kind, whole_number=asked.whole_number))
        one = Certificate(
            public_id=key, school=school, unit=row.unit, year=year, serial=serial, follows=serial - 1 or None,
            kind=asked.kind, student=row.student, student_no=row.student_no, purpose=asked.purpose.strip(),
            language=asked.language, copies=asked.copies, facts=text, issued_by=actor, issued_at=now,
        )  # fmt: skip
        one.digest = digest_of(one.number, text)
        made.append(one)
    with acting(actor, role=role):
        write_rows(made, actor=actor, role=role)
        events.record_many("certificate.issued", made, actor=actor, role=role, detail=_detail(asked))
    return made


def _detail(asked: Asked) -> dict[str, object]:
    whole = asked.whole_number or asked.kind == Kind.NO_ID
    return {"kind": asked.kind, "language": asked.language, "copies": asked.copies, "whole_number": whole}


def _demand_fit(row: Enrolment, kind: str) -> None:
    named = {"name": row.student_no}
    if kind != Kind.HISTORY and row.ended_on is not None:
        raise NotFit(_("%(name)s is no longer enrolled here: no such certificate is issued.") % named)
    if kind == Kind.ENROLMENT and row.status != Student.Status.ENROLLED:
        words = _("%(name)s does not study here at present (%(status)s): no such certificate is issued.")
        raise NotFit(words % {**named, "status": row.get_status_display()})
    if kind == Kind.NO_ID and row.student.id_number:
        raise NotFit(_("%(name)s has an identity number: this form is for students without one.") % named)


def _demand_english(school: Unit, rows: Sequence[Enrolment], kind: str) -> None:
    if kind == Kind.NO_ID:
        raise NotFit(_("This form is issued in Chinese only."))
    if not school.label_en:
        raise NotFit(_("The school has no English name yet: enter it under units first."))
    if lacking := next((row for row in rows if not row.student.name_pinyin), None):
        raise NotFit(_("The name of %(name)s in pinyin is missing.") % {"name": lacking.student_no})


def _pdf(actor: User, rows: Sequence[Certificate], *, copy: bool) -> bytes:
    pages = [page for row in rows for page in printed(row, copy=copy)]
    language = "en" if all(row.language == Language.ENGLISH for row in rows) else "zh"
    data = {
        "lang": language,
        "printed_by": actor.name,
        "printed_at": f"{timezone.localtime():%Y-%m-%d %H:%M}",
        "pages": pages,
    }
    return render_pdf("certificate", data)


def _certificate(certificate: Certificate) -> Certificate:
    """The row, behind a lock of its student: insert-only rows take none."""
    Student.objects.select_for_update().only("pk").get(pk=certificate.student_id)
    found: Certificate = Certificate.objects.select_related("student").get(pk=certificate.pk)
    return found


@transaction.atomic
def copy_of(*, actor: User, certificate: Certificate) -> bytes:
    """Print a copy, marked as such, of what was issued. Raises WrongState for a voided one, PdfFailed, NotPermitted."""
    role = role_for(actor, PERM, certificate.unit_id)
    row = _certificate(certificate)
    if CertificateVoid.objects.filter(certificate=row).exists():
        raise WrongState(_("This certificate was voided: no copy is printed."))
    if row.student.destroyed_on is not None:
        raise WrongState(_("The file was destroyed: no copy is printed."))
    for perm in asked_of_copy(row):
        demand(actor, perm, row.unit_id)
    content = _pdf(actor, [row], copy=True)
    with acting(actor, role=role):
        events.record("certificate.copied", actor=actor, obj=row, role=role)
    return content


@transaction.atomic
def void(*, actor: User, certificate: Certificate, reason: str) -> CertificateVoid:
    """Let a certificate hold no longer. Raises AlreadyDecided, WrongState once the file is destroyed, NotPermitted."""
    role = role_for(actor, PERM, certificate.unit_id)
    row = _certificate(certificate)
    known = CertificateVoid.objects.select_related("by").filter(certificate=row).first()
    if known is not None:
        raise AlreadyDecided(known.by, known.at, _("voided"))
    if row.student.destroyed_on is not None:
        raise WrongState(_("The file was destroyed: its certificates stay as they are."))
    with acting(actor, role=role):
        made: CertificateVoid = CertificateVoid.objects.create(
            certificate=row, reason=reason.strip(), by=actor
        )
        events.record("certificate.voided", actor=actor, obj=row, role=role)
    return made


def note_checked(*, actor: User, found: int) -> None:
    """Keep that somebody asked the register about a number."""
    events.record("certificate.checked", actor=actor, detail={"found": found})


@transaction.atomic
def note_viewed(*, actor: User, certificate: Certificate) -> None:
    """Keep that somebody looked at a certificate in the register."""
    events.record("certificate.viewed", actor=actor, obj=certificate, unit_id=certificate.unit_id)


# A whole class


@transaction.atomic
def order(
    *, actor: User, school_class: SchoolClass, purpose: str, language: str, key: UUID
) -> CertificateOrder:
    """Have enrolment certificates of a class issued and printed by a job. ``key``: the order's own, made with the form.

    Raises NotFit, OrderedAlready, NotPermitted.
    """
    demand(actor, PERM, school_class.unit_id)
    SchoolClass.objects.select_for_update().get(pk=school_class.pk)
    if known := CertificateOrder.objects.select_related("job").filter(public_id=key).first():
        raise OrderedAlready(known.job)
    if not _attending(school_class):
        raise NotFit(_("Nobody in this class studies here at present."))
    job = jobs.start(actor=actor, kind=JOB, unit=school_class.school)
    return CertificateOrder.objects.create(
        public_id=key, school_class=school_class, purpose=purpose.strip(), language=language, job=job,
        created_by=actor,
    )  # fmt: skip


def _attending(school_class: SchoolClass) -> list[int]:
    rows = Enrolment.objects.filter(
        school_class=school_class, ended_on__isnull=True, status=Student.Status.ENROLLED
    )
    seated = rows.order_by(F("seat_no").asc(nulls_last=True), "student__name_sort", "pk")
    return list(seated.values_list("pk", flat=True))


def work(running: Running) -> None:
    """The job; nothing when a worker that died later issued already. Raises JobRefused."""
    if running.result:
        return
    ordered = CertificateOrder.objects.select_related("school_class__school").get(job=running.job)
    asked = Asked(Kind.ENROLMENT, ordered.purpose, ordered.language)
    try:
        _print_class(running, ordered, asked)
    except NotFit as refused:
        raise JobRefused(str(refused)) from refused
    except PdfFailed as failed:
        raise JobRefused(failed.lasting) from failed


@transaction.atomic
def _print_class(running: Running, ordered: CertificateOrder, asked: Asked) -> None:
    school_class = ordered.school_class
    seated = _attending(school_class)
    rows = sorted(_locked(seated), key=lambda row: seated.index(row.pk))
    made = _issue(running.actor, school_class.school, rows, asked, [uuid4() for _row in rows])
    content = _pdf(running.actor, made, copy=False)
    ordered.people = [row.student_id for row in rows]
    ordered.save(update_fields=["people"])
    running.keep(store_made(actor=running.actor, content=content, filename="certificates.pdf", kind="pdf"))


def may_take(user: User, job: Job) -> bool:
    """Whether ``user`` may still issue certificates of everybody whom the set shows, their files being in use here."""
    ordered = CertificateOrder.objects.select_related("school_class").get(job=job)
    if ordered.school_class.unit_id not in units_with(user, PERM):
        return False
    rows = files_in_use(user).filter(unit_id__in=units_with(user, PERM), student__in=ordered.people)
    return rows.count() == len(ordered.people)
