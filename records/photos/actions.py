"""Writes of photos: one for a student, a ZIP for a class by a job, cropping; each lands as a version of the photo."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.scope import NotPermitted, role_for, units_with
from core.workbook import WorkbookRefused
from core.workbook.package import Limits, Package, member_name
from files.actions import discard, store, store_made
from files.inspection import FILE_TYPES, IMAGES, inspected
from files.refusals import FileRefused
from files.scanning import scan
from files.selectors import open_blob
from jobs import actions as jobs
from jobs.models import Job
from jobs.running import Running
from ledger import events
from ledger.context import acting
from records.documents import rights
from records.documents.filing import locked, place
from records.models import Bringer, Document, DocumentKind, PhotoFile, PhotoUpload, Student
from records.photos import picture
from records.photos.matching import ClassMatcher, is_junk
from records.photos.picture import Box, PhotoRefused
from records.photos.reasons import PhotoActRefused
from records.selectors import StudentFile, files_in_use
from school.models import SchoolClass, Unit
from school.rules import rule

PERM = "manage_photo"
JOB = "records.photos"
LIMITS = Limits(max_uncompressed=256 << 20)
CROP_WITHIN = timedelta(days=30)


def unsafe(name: str) -> bool:
    """Whether a member's name would lead out of the place where it is unpacked (nothing is ever unpacked to disk)."""
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0]


def weight_limit(unit: Unit) -> int:
    """A photo of this school weighs less than so many bytes."""
    return int(rule(unit, "photo_max_bytes"))


# One photo


@transaction.atomic
def bring(*, actor: User, file: StudentFile, content: bytes, filename: str) -> PhotoFile:
    """Take one picture for a student; it is cropped next. Raises NotPermitted, FileRefused, PhotoRefused."""
    role = rights.demand_in(file, PERM)
    blob = store(actor=actor, content=content, filename=filename, allowed=IMAGES)
    picture.suggested(picture.size_of(open_blob(blob)))
    with acting(actor, role=role):
        made = PhotoUpload.objects.create(
            unit_id=file.enrolment.unit_id, created_by=actor, finished_at=timezone.now(), replaces=True
        )
        events.record(
            "photos.uploaded", actor=actor, obj=made, unit_id=made.unit_id, role=role, detail={"files": 1}
        )
        row: PhotoFile = PhotoFile.objects.create(
            upload=made, position=0, name=filename[-200:], student=file.student, state=PhotoFile.State.CROP,
            reason="" if picture.fits(picture.size_of(open_blob(blob))) else "needs_crop", source=blob,
        )  # fmt: skip
    return row


@transaction.atomic
def crop(*, actor: User, photo: PhotoFile, box: Box) -> Document:
    """Cut a picture that waits and put it into the file. Raises NotPermitted, PhotoRefused, PhotoActRefused."""
    row: PhotoFile = (
        PhotoFile.objects.select_for_update(of=("self",))
        .select_related("upload__unit", "source")
        .get(pk=photo.pk)
    )
    if row.state != PhotoFile.State.CROP or row.source is None or row.student_id is None:
        raise PhotoActRefused("done")
    locked(Student(pk=row.student_id))
    unit = _unit_of(row.student_id, actor)
    role = role_for(actor, PERM, unit.pk)
    content = picture.to_rule(open_blob(row.source), limit=weight_limit(unit), box=box)
    source = row.source
    with acting(actor, role=role):
        document = _put(actor, Student(pk=row.student_id), unit, content, role, cropped=True)
        row.state, row.reason, row.source = PhotoFile.State.PLACED, "", None
        row.document, row.warnings = document, picture.warnings_of(content)
        row.save(update_fields=["state", "reason", "source", "document", "warnings"])
        discard(source)
    return document


def _unit_of(student_id: int, actor: User) -> Unit:
    """The unit where the student's file is kept, when ``actor`` manages photos there. Raises NotPermitted."""
    row = files_in_use(actor).select_related("unit").filter(student_id=student_id).first()
    if row is None or row.unit_id not in units_with(actor, PERM):
        raise NotPermitted(PERM)
    unit: Unit = row.unit
    return unit


def _put(actor: User, student: Student, unit: Unit, content: bytes, role: str, *, cropped: bool) -> Document:
    blob = store_made(actor=actor, content=content, filename="photo.jpg", kind="jpeg", pages=1)
    standing = Document.objects.filter(student=student, kind=DocumentKind.PHOTO, is_current=True)
    if standing.filter(blob__sha256=blob.sha256).exists():
        raise PhotoActRefused("same_photo")
    document = place(student, DocumentKind.PHOTO, blob, actor=actor, brought_by=Bringer.OFFICE)
    events.record(
        "photo.placed", actor=actor, obj=document, unit_id=unit.pk, role=role,
        detail={"version": document.version, "cropped": cropped, "bytes": blob.size},
    )  # fmt: skip
    return document


# A ZIP of a class


@transaction.atomic
def upload(
    *, actor: User, school_class: SchoolClass, content: bytes, filename: str, replaces: bool
) -> PhotoUpload:
    """Take the ZIP of a class in and have a job place its photos. Raises FileRefused, NotPermitted."""
    role = role_for(actor, PERM, school_class.unit_id)
    package = _package(content)
    blob = store(actor=actor, content=content, filename=filename, allowed=("zip",))
    with acting(actor, role=role):
        job = jobs.start(actor=actor, kind=JOB, unit=school_class.school)
        made: PhotoUpload = PhotoUpload.objects.create(
            unit_id=school_class.unit_id, school_class=school_class, blob=blob, replaces=replaces, job=job,
            created_by=actor,
        )  # fmt: skip
        events.record(
            "photos.uploaded", actor=actor, obj=made, unit_id=made.unit_id, role=role,
            detail={"files": len(package.members), "class": school_class.pk},
        )  # fmt: skip
    return made


def _package(content: bytes) -> Package:
    try:
        package = Package(content, LIMITS)
        package.check_growth()
    except WorkbookRefused as refused:
        code = {"password": "password", "bomb": "zip_bomb"}.get(refused.code, "damaged")
        raise FileRefused(code) from refused
    return package


def work(running: Running) -> None:
    """The job. Each picture is a transaction of its own; after a killed worker it goes on behind the last one."""
    made = PhotoUpload.objects.select_related("school_class", "unit", "blob").get(job=running.job)
    if made.finished_at or made.blob is None or made.school_class is None:
        return
    package = _package(open_blob(made.blob))
    matcher = ClassMatcher(made.school_class)
    done = set(made.files.values_list("position", flat=True))
    role = role_for(running.actor, PERM, made.unit_id)
    for position, (name, content) in enumerate(_members(package)):
        running.progress(position, len(package.members))
        if position not in done:
            _take(running.actor, role, made, matcher, position, name, content)
    running.progress(len(package.members), len(package.members))
    _finish(running.actor, role, made)


def _members(package: Package) -> Iterator[tuple[str, bytes | FileRefused]]:
    largest = FILE_TYPES["jpeg"].max_bytes
    for info in package.members:
        name = member_name(info)
        if is_junk(name):
            continue
        if info.file_size > largest:
            yield name, FileRefused("too_large", limit=largest >> 20)
            continue
        try:
            yield name, b"".join(package.chunks(info))
        except WorkbookRefused:
            yield name, FileRefused("damaged")


@transaction.atomic
def _take(
    actor: User, role: str, made: PhotoUpload, matcher: ClassMatcher, position: int, name: str,
    content: bytes | FileRefused,
) -> None:  # fmt: skip
    row = PhotoFile(upload=made, position=position, name=name[-200:], state=PhotoFile.State.REFUSED)
    try:
        with transaction.atomic(), acting(actor, role=role):
            _settle(actor, role, made, matcher, row, content)
    except (FileRefused, PhotoRefused, PhotoActRefused) as refused:
        row.state, row.reason = PhotoFile.State.REFUSED, refused.code
    row.save()


def _settle(
    actor: User, role: str, made: PhotoUpload, matcher: ClassMatcher, row: PhotoFile,
    content: bytes | FileRefused,
) -> None:  # fmt: skip
    if unsafe(row.name):
        raise PhotoActRefused("unsafe_name")
    if isinstance(content, FileRefused):
        raise content
    clean = inspected(content, IMAGES).content
    row.student_id, reason = matcher.match(row.name)
    if row.student_id is None:
        raise PhotoActRefused(reason)
    student = locked(Student(pk=row.student_id))
    if not files_in_use(actor).filter(student=student, school_class=made.school_class).exists():
        raise PhotoActRefused("no_match")
    if made.files.filter(student_id=row.student_id).exclude(state=PhotoFile.State.REFUSED).exists():
        raise PhotoActRefused("twice")
    standing = Document.objects.filter(student=student, kind=DocumentKind.PHOTO, is_current=True)
    if not made.replaces and standing.exclude(review=Document.Review.UNFIT).exists():
        raise PhotoActRefused("on_file")
    size = picture.size_of(clean)
    picture.suggested(size)
    if not picture.fits(size):
        row.source = store(actor=actor, content=content, filename="photo.jpg", allowed=IMAGES)
        row.state, row.reason = PhotoFile.State.CROP, "needs_crop"
        return
    scan(content)
    kept = picture.to_rule(clean, limit=weight_limit(made.unit))
    row.document = _put(actor, student, made.unit, kept, role, cropped=False)
    row.state, row.warnings = PhotoFile.State.PLACED, picture.warnings_of(kept)


@transaction.atomic
def _finish(actor: User, role: str, made: PhotoUpload) -> None:
    """Close the import; the ZIP itself is needed no more."""
    made.finished_at = timezone.now()
    made.save(update_fields=["finished_at"])
    counts = {str(state): made.files.filter(state=state).count() for state in PhotoFile.State.values}
    with acting(actor, role=role):
        events.record(
            "photos.distributed", actor=actor, obj=made, unit_id=made.unit_id, role=role, detail=counts
        )
    if made.blob is not None:
        discard(made.blob)


@transaction.atomic
def ended_badly(job: Job) -> None:
    """Close the import of a job that failed or was stopped; what it placed stays."""
    rows = PhotoUpload.objects.select_for_update(of=("self",)).select_related("blob")
    made = rows.filter(job=job, finished_at__isnull=True).first()
    if made is not None:
        _finish(job.requested_by, "", made)


@transaction.atomic
def drop_waiting(*, actor: User, now: datetime | None = None) -> int:
    """Delete pictures that nobody cropped in time; how many. Each import of which some were dropped is an event."""
    before = (now or timezone.now()) - CROP_WITHIN
    rows = PhotoFile.objects.select_for_update(of=("self",)).select_related("source", "upload")
    waiting = list(rows.filter(state=PhotoFile.State.CROP, upload__created_at__lt=before))
    for row in waiting:
        if row.source is not None:
            discard(row.source)
        row.state, row.reason, row.source = PhotoFile.State.REFUSED, "lapsed", None
        row.save(update_fields=["state", "reason", "source"])
    with acting(actor):
        for made, count in Counter(row.upload for row in waiting).items():
            events.record("photos.lapsed", actor=actor, obj=made, detail={"files": count})
    return len(waiting)
