"""Writes of scans: attached to a draft one by one, removed, or distributed from a ZIP by a job."""

from collections.abc import Iterator

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.scope import demand, reading_role, role_for, units_with
from core.workbook import WorkbookRefused
from core.workbook.package import Limits, Package, member_name
from enrollment.actions.drafts import demand_own_draft, locked
from enrollment.actions.refusals import IntakeRefused
from enrollment.models import Applicant, ApplicantDocument, IntakeBatch, ScanFile, ScanUpload
from enrollment.scan_matching import Match, Matcher, is_unsafe
from enrollment.steps import ACCEPTANCE, OPEN_TO_CLERK
from files.actions import discard, store
from files.inspection import IMAGES, SCANS
from files.refusals import FileRefused
from files.selectors import open_blob
from jobs import actions as jobs
from jobs.models import Job
from jobs.running import Running
from ledger import events
from ledger.context import acting
from records.actions import HasLeft, OnFile, add_document
from records.models import DocumentKind

JOB = "enrollment.scans"
PERMS = ("enter_applicant", "accept_applicant")
MOST_SCANS = 30
MAX_FILE_BYTES = 30 << 20
LIMITS = Limits(max_uncompressed=256 << 20)
DOCUMENTS = "documents"
"""The name under which a changed scan stands in ``changed_fields`` of a returned applicant."""


class TooManyScans(IntakeRefused):
    """The applicant has the most scans that one may have."""


class RepeatedScan(IntakeRefused):
    """The very same scan is attached already."""


@transaction.atomic
def attach(
    *, actor: User, applicant: Applicant, kind: str, content: bytes, filename: str
) -> ApplicantDocument:
    """Attach a scan to one's own draft or returned applicant.

    Raises FileRefused, RepeatedScan, TooManyScans, NotOwner, WrongState, NotPermitted; ValueError for an unknown kind.
    """
    row = locked(applicant)
    role = demand_own_draft(actor, row)
    return _attach(actor, role, row, kind, content, filename)


def _attach(
    actor: User, role: str, row: Applicant, kind: str, content: bytes, filename: str
) -> ApplicantDocument:
    if kind not in DocumentKind.values:
        raise ValueError(f"No kind of document is called {kind!r}")
    if row.documents.count() >= MOST_SCANS:
        raise TooManyScans(
            _("%(count)s scans are the most that one applicant may have.") % {"count": MOST_SCANS}
        )
    blob = store(actor=actor, content=content, filename=filename, allowed=_allowed(kind))
    if row.documents.filter(kind=kind, blob__sha256=blob.sha256).exists():
        raise RepeatedScan(_("This very scan is attached already."))
    with acting(actor, role=role):
        document = ApplicantDocument(applicant=row, kind=kind, blob=blob)
        document.save()
        _note_change(row, kind)
        events.record("scan.attached", actor=actor, obj=row, detail={"kind": kind, "bytes": blob.size})
    return document


def _allowed(kind: str) -> tuple[str, ...]:
    return IMAGES if kind == DocumentKind.PHOTO else SCANS


def _note_change(row: Applicant, kind: str) -> None:
    row.version += 1
    names = ["version"]
    if kind == DocumentKind.NO_ID_PROOF:
        row.bureau_state, row.bureau_officer = Applicant.BureauState.NOT_NEEDED, None
        names += ["bureau_state", "bureau_officer"]
    if row.state == Applicant.State.RETURNED and DOCUMENTS not in row.changed_fields:
        row.changed_fields = sorted([*row.changed_fields, DOCUMENTS])
        names.append("changed_fields")
    row.save(update_fields=names)


@transaction.atomic
def remove(*, actor: User, document: ApplicantDocument) -> Applicant:
    """Take a scan off one's own draft or returned applicant. Raises NotOwner, WrongState, NotPermitted."""
    row = locked(document.applicant)
    role = demand_own_draft(actor, row)
    standing = row.documents.select_for_update().filter(pk=document.pk).first()
    if standing is None:
        raise IntakeRefused(_("Somebody has done this already."))
    with acting(actor, role=role):
        standing.delete()
        discard(standing.blob)
        _note_change(row, standing.kind)
        events.record("scan.removed", actor=actor, obj=row, detail={"kind": standing.kind})
    return row


def note_view(*, actor: User, document: ApplicantDocument, page: int = 0, download: bool = False) -> None:
    """Write down that somebody saw a page of a scan, or took the file away."""
    events.record(
        "scan.downloaded" if download else "scan.viewed",
        actor=actor,
        obj=document,
        unit_id=document.applicant.unit_id,
        role=role_for(actor, "view_applicant", document.applicant.unit_id),
        detail={"kind": document.kind} | ({"page": page} if page else {}),
    )


# A ZIP of scans


def role_of(actor: User, batch: IntakeBatch) -> str:
    """The role in which ``actor`` distributes scans: a clerk to drafts, an archivist to files. Raises NotPermitted."""
    for perm in PERMS:
        if batch.school_id in units_with(actor, perm):
            return role_for(actor, perm, batch.school_id)
    demand(actor, PERMS[0], batch.school_id)
    return ""


@transaction.atomic
def upload(*, actor: User, batch: IntakeBatch, kind: str, content: bytes, filename: str) -> ScanUpload:
    """Take a ZIP of scans in and have a job distribute it. Raises FileRefused, NotPermitted."""
    role = role_of(actor, batch)
    _package(content)
    blob = store(actor=actor, content=content, filename=filename, allowed=("zip",))
    with acting(actor, role=role):
        job = jobs.start(actor=actor, kind=JOB, unit=batch.school)
        made = ScanUpload.objects.create(batch=batch, kind=kind, blob=blob, job=job, created_by=actor)
        events.record("scans.uploaded", actor=actor, obj=made, unit_id=batch.school_id)
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
    """The job. Each file is a transaction of its own; after a killed worker it goes on behind the last one.

    It begins once nobody writes an import into the batch or undoes one, and stops when one is undone (`stop`).
    """
    made = _undisturbed(running.job)
    if made.finished_at:
        return
    package = _package(open_blob(made.blob))
    matcher = Matcher(made.batch)
    done = set(made.files.values_list("position", flat=True))
    for position, (name, content) in enumerate(_members(package)):
        running.progress(position, len(package.members))
        if position not in done and not _distribute(running.actor, made, matcher, position, name, content):
            return
    running.progress(len(package.members), len(package.members))
    _finish(running.actor, made)


@transaction.atomic
def _undisturbed(job: Job) -> ScanUpload:
    """The upload as it stands once no import is being written into its batch, or undone."""
    batch_id = ScanUpload.objects.values_list("batch", flat=True).get(job=job)
    IntakeBatch.objects.select_for_update(no_key=True).get(pk=batch_id)
    return ScanUpload.objects.select_related("batch__school", "blob").get(job=job)


def _members(package: Package) -> Iterator[tuple[str, bytes | FileRefused]]:
    for info in package.members:
        name = member_name(info)
        if info.file_size > MAX_FILE_BYTES:
            yield name, FileRefused("too_large", limit=MAX_FILE_BYTES >> 20)
            continue
        try:
            yield name, b"".join(package.chunks(info))
        except WorkbookRefused:
            yield name, FileRefused("damaged")


@transaction.atomic
def _distribute(
    actor: User, made: ScanUpload, matcher: Matcher, position: int, name: str, content: bytes | FileRefused
) -> bool:
    """Give one file to whom it belongs; False when the distribution was ended meanwhile."""
    if ScanUpload.objects.select_for_update().get(pk=made.pk).finished_at:
        return False
    try:
        with transaction.atomic():
            found = _matched(matcher, made, name, content)
            if not found.reason and isinstance(content, bytes):
                found = _give(actor, made, found, content, name)
    except FileRefused as refused:
        found = Match(None, "", reason=refused.code)
    except RepeatedScan:
        found = Match(found.applicant_id, found.kind, found.by_qr, "repeated")
    except TooManyScans:
        found = Match(found.applicant_id, found.kind, found.by_qr, "too_many")
    ScanFile.objects.create(
        upload=made,
        position=position,
        name="" if found.reason == "gone" and found.applicant_id is None else name[-200:],
        applicant_id=found.applicant_id,
        kind=found.kind,
        by_qr=found.by_qr,
        reason=found.reason,
    )
    return True


def _matched(matcher: Matcher, made: ScanUpload, name: str, content: bytes | FileRefused) -> Match:
    if is_unsafe(name):
        return Match(None, "", reason="unsafe_name")
    if isinstance(content, FileRefused):
        raise content
    return matcher.match(name, content, made.kind)


def _give(actor: User, made: ScanUpload, found: Match, content: bytes, name: str) -> Match:
    try:
        row = locked(Applicant(pk=found.applicant_id))
    except Applicant.DoesNotExist:
        return Match(None, found.kind, found.by_qr, "gone")
    reason = ""
    if row.state == Applicant.State.ACCEPTED:
        reason = _to_file(actor, row, found.kind, content, name)
    elif row.state not in OPEN_TO_CLERK:
        reason = "gone" if row.state == Applicant.State.WITHDRAWN else "submitted"
    elif row.entered_by_id != actor.pk or row.unit_id not in units_with(actor, "enter_applicant"):
        reason = "not_own"
    else:
        role = role_for(actor, "enter_applicant", row.unit_id)
        _attach(actor, role, row, found.kind, content, name)
    return Match(found.applicant_id, found.kind, found.by_qr, reason)


def _to_file(actor: User, row: Applicant, kind: str, content: bytes, name: str) -> str:
    """Add the scan to the student file, if the archives do it and the file has none of this kind."""
    if row.student is None or row.unit_id not in units_with(actor, ACCEPTANCE.perm):
        return "accepted"
    try:
        add_document(
            actor=actor,
            student=row.student,
            perm=ACCEPTANCE.perm,
            kind=kind,
            content=content,
            filename=name,
            allowed=_allowed(kind),
        )
    except HasLeft:
        return "left"
    except OnFile:
        return "on_file"
    return ""


def ended_badly(job: Job) -> None:
    """A failed distribution ends where it stands: what was given stays given."""
    made = ScanUpload.objects.select_related("batch").filter(job=job, finished_at=None).first()
    if made:
        _finish(job.requested_by, made)


@transaction.atomic
def _finish(actor: User, made: ScanUpload) -> None:
    if not ScanUpload.objects.select_for_update().get(pk=made.pk).finished_at:
        _end(made, "scans.matched", actor, reading_role(actor, PERMS, made.batch.school_id))


def _end(made: ScanUpload, told_as: str, actor: User, role: str) -> None:
    made.finished_at = timezone.now()
    made.save(update_fields=["finished_at"])
    matched = made.files.filter(reason="").count()
    events.record(
        told_as,
        actor=actor,
        obj=made,
        unit_id=made.batch.school_id,
        role=role,
        detail={"matched": matched, "unmatched": made.files.count() - matched},
    )


def stop(batch: IntakeBatch, *, actor: User, role: str) -> list[ScanUpload]:
    """End every distribution under way in a batch, in the caller's transaction; who began it is told why.

    ``actor`` undoes an import, in ``role``.
    """
    running = ScanUpload.objects.filter(batch=batch, finished_at=None)
    list(Job.objects.select_for_update().filter(pk__in=running.values("job")).order_by("pk"))
    stopped = list(running.select_for_update().order_by("pk"))
    with translation.override(settings.LANGUAGE_CODE):
        why = _("An import into this intake batch was undone meanwhile. Upload what is left again.")
    for made in stopped:
        _end(made, "scans.stopped", actor, role)
        jobs.end(made.job, Job.State.FAILED, message=why)
    return stopped


def forget(batch: IntakeBatch, applicants: list[int], stopped: list[ScanUpload]) -> None:
    """Erase the names of these applicants' files of scans, and of those given to nobody, which may be theirs as well.

    The ZIPs that held them go, and those that were stopped; each scan of others lies by itself.
    """
    files = ScanFile.objects.filter(upload__batch=batch)
    given, nobodys = files.filter(applicant__in=applicants), files.filter(applicant=None)
    held = {*(given | nobodys).values_list("upload", flat=True), *(one.pk for one in stopped)}
    for upload in ScanUpload.objects.filter(pk__in=held).select_related("blob"):
        discard(upload.blob)
    nobodys.update(name="")
    given.update(applicant=None, name="", reason="gone")
