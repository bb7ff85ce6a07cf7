"""Photos under identity numbers (S1-9-6, S1-9-7): asked for with purpose and basis, released by somebody else, packed
by a job, taken within a day, then deleted. Each student whose photo leaves gets an event.
"""

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.scope import NotPermitted, demand, role_for, units_with
from core.crypto import DecryptFailed
from files.actions import discard, store_made
from files.selectors import BlobDamaged, open_blob
from jobs import actions as jobs
from jobs.models import Job
from jobs.running import JobRefused, Running
from ledger import events
from ledger.context import acting
from records.models import Document, DocumentKind, Enrolment, PhotoExport
from records.photos import picture
from records.photos.actions import weight_limit
from records.photos.picture import PhotoRefused
from records.photos.reasons import PhotoActRefused, reason_text
from school.models import SchoolClass, Unit

PERM = "export_photo"
RELEASERS = (PERM, "decide_as_head")
JOB = "records.photo_export"
MOST = 1000
LASTS = timedelta(hours=24)
FIXED_TIME = (2000, 1, 1, 0, 0, 0)
"""Entries of the ZIP all bear this time: when a photo was packed is nobody's business."""


@transaction.atomic
def ask(
    *,
    actor: User,
    school: Unit,
    purpose: str,
    basis: str,
    school_class: SchoolClass | None = None,
    grade_level: int | None = None,
) -> PhotoExport:
    """Ask for an export of a school, a grade or a class. Raises NotPermitted, PhotoActRefused."""
    role = role_for(actor, PERM, school.pk)
    row = PhotoExport(
        school=school, school_class=school_class, grade_level=grade_level, purpose=purpose, basis=basis,
        asked_by=actor,
    )  # fmt: skip
    count = enrolments(row).count()
    if not count:
        raise PhotoActRefused("nobody")
    if count > MOST:
        raise PhotoActRefused("too_many")
    with acting(actor, role=role):
        row.save()
        events.record(
            "photo_export.asked", actor=actor, obj=row, role=role, purpose=purpose,
            detail={"students": count},
        )  # fmt: skip
    return row


def enrolments(export: PhotoExport) -> QuerySet[Enrolment]:
    """The open enrolments that an export asks for, where the one who asks may export photos."""
    rows: QuerySet[Enrolment] = Enrolment.objects.filter(
        school_id=export.school_id, ended_on__isnull=True, unit_id__in=list(units_with(export.asked_by, PERM))
    )
    if export.school_class_id:
        rows = rows.filter(school_class_id=export.school_class_id)
    elif export.grade_level:
        rows = rows.filter(school_class__grade_level=export.grade_level)
    return rows.order_by("school_class__class_no", F("seat_no").asc(nulls_last=True), "student_no")


@transaction.atomic
def decide(*, actor: User, export: PhotoExport, release: bool) -> PhotoExport:
    """Release an export or refuse it; nobody releases his own. Raises NotPermitted, PhotoActRefused."""
    rows = PhotoExport.objects.select_for_update(of=("self",)).select_related("school", "asked_by")
    row: PhotoExport = rows.get(pk=export.pk)
    role = _releasing_role(actor, row.school_id)
    if row.asked_by_id == actor.pk:
        raise PhotoActRefused("own_request")
    if row.state != PhotoExport.State.ASKED:
        raise PhotoActRefused("decided")
    row.state = PhotoExport.State.RELEASED if release else PhotoExport.State.REFUSED
    row.decided_by, row.decided_at = actor, timezone.now()
    with acting(actor, role=role):
        if release:
            row.job = jobs.start(actor=row.asked_by, kind=JOB, unit=row.school)
        row.save(update_fields=["state", "decided_by", "decided_at", "job"])
        action = "photo_export.released" if release else "photo_export.refused"
        events.record(action, actor=actor, obj=row, role=role, purpose=row.purpose)
    return row


def _releasing_role(actor: User, school_id: int) -> str:
    for perm in RELEASERS:
        if school_id in units_with(actor, perm):
            return role_for(actor, perm, school_id)
    demand(actor, RELEASERS[0], school_id)
    return ""


def work(running: Running) -> None:
    """The job: pack, note each student, set the hour at which the file lapses. All of it stands in one transaction."""
    row = PhotoExport.objects.select_related("school", "asked_by", "package").get(job=running.job)
    if row.package is not None:
        running.result = row.package
        return
    try:
        role = role_for(running.actor, PERM, row.school_id)
    except NotPermitted:
        raise JobRefused(reason_text("right_ended")) from None
    with transaction.atomic():
        content, packed, asked = _pack(running, row)
        if not packed:
            raise JobRefused(reason_text("nobody"))
        row.photos, row.left_out = len(packed), asked - len(packed)
        row.lapses_at = timezone.now() + LASTS
        with acting(running.actor, role=role):
            row.package = store_made(
                actor=running.actor, content=content, kind="zip",
                filename=f"photos-{row.school.code or row.school_id}.zip",
            )  # fmt: skip
            row.save(update_fields=["package", "photos", "left_out", "lapses_at"])
            events.record_many(
                "photo.exported", packed, actor=running.actor, role=role, purpose=row.purpose,
                detail={"export": row.pk},
            )  # fmt: skip
            events.record(
                "photo_export.packed", actor=running.actor, obj=row, role=role, purpose=row.purpose,
                detail={"photos": row.photos, "left_out": row.left_out},
            )  # fmt: skip
    running.result = row.package


def _pack(running: Running, export: PhotoExport) -> tuple[bytes, list[Enrolment], int]:
    """The ZIP, those whose photos are in it, and how many students were asked for."""
    rows = list(enrolments(export).select_related("student", "school_class"))
    limit = weight_limit(export.school)
    photos = {
        row.student_id: row
        for row in Document.objects.filter(
            student_id__in=[row.student_id for row in rows], kind=DocumentKind.PHOTO, is_current=True
        )
        .exclude(review=Document.Review.UNFIT)
        .select_related("blob")
    }
    out = io.BytesIO()
    packed: list[Enrolment] = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for at, (row, name) in enumerate(_named(rows)):
            running.progress(at, len(rows))
            document = photos.get(row.student_id)
            content = _to_rule(document, limit) if document else None
            if content is not None:
                archive.writestr(zipfile.ZipInfo(name, FIXED_TIME), content)
                packed.append(row)
    running.progress(len(rows), len(rows))
    return out.getvalue(), packed, len(rows)


def _named(rows: list[Enrolment]) -> Iterator[tuple[Enrolment, str]]:
    """Each with its name in the ZIP: grade, class, identity number; without one the 学籍号, else the 学号."""
    for row in rows:
        group = row.school_class
        folder = f"{group.grade_level}年级/{group.class_no}" if group else "未分班"
        student = row.student
        number = student.id_number or student.national_no or row.student_no
        plain = "".join(char for char in number if char.isascii() and char.isalnum())
        yield row, f"{folder}/{plain or row.student_no}.jpg"


def _to_rule(document: Document, limit: int) -> bytes | None:
    """A photo as the rule wants it; None for one that would have to be cropped or is damaged."""
    try:
        content = open_blob(document.blob)
        return content if picture.is_to_rule(content, limit) else picture.to_rule(content, limit=limit)
    except (PhotoRefused, BlobDamaged, DecryptFailed):
        return None


def may_take(user: User, job: Job) -> bool:
    """Whether ``user`` may take the file now: he asked for it, still may, and it has not lapsed."""
    row = PhotoExport.objects.get(job=job)
    lasts = row.lapses_at is not None and timezone.now() < row.lapses_at and row.discarded_at is None
    return lasts and row.asked_by_id == user.pk and row.school_id in units_with(user, PERM)


@transaction.atomic
def discard_lapsed(*, actor: User, now: datetime | None = None) -> int:
    """Delete the packed files whose hour has come; how many. The rows stay as the register."""
    now = now or timezone.now()
    rows = PhotoExport.objects.select_for_update(of=("self",)).select_related("package")
    lapsed = list(rows.filter(lapses_at__lte=now, discarded_at__isnull=True))
    with acting(actor):
        for row in lapsed:
            if row.package is not None:
                discard(row.package)
            row.discarded_at = now
            row.save(update_fields=["discarded_at"])
            events.record("photo_export.lapsed", actor=actor, obj=row)
    return len(lapsed)
