"""Snapshots (删除前备份) of a student file: everything it holds in one encrypted package, verified before it counts.

A package is a ZIP in the age format (age-encryption.org/v1): ``file.json`` with each section in plain values,
``documents/`` with every version of every document, ``evidence/`` with the scans of entries, penalties and requests,
``manifest.json`` with the digest of each. It is encrypted to the public keys of
``SNAPSHOT_RECIPIENTS``; this host cannot open what it made, but for the check right after making it.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pyrage
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from pyrage import x25519

from accounts.models import User
from approvals.refusals import RequestRefused
from archive.models import EditEvidence, EditRequest, Snapshot
from files.actions import store_made
from files.models import Blob
from files.selectors import BlobDamaged, open_blob
from ledger import events
from ledger.context import acting
from records.merits.sections import evidence_ids, holding
from records.models import Document, Student
from records.sections import sections
from school.models import Unit
from school.rules import rule

FORMAT = "xueji-snapshot/1"


class SnapshotFailed(RequestRefused):
    """No snapshot could be made, or it did not say what the file says."""


def make(*, actor: User, role: str, student: Student, school: Unit, request_no: str) -> Snapshot:
    """Make and verify the snapshot of a file, inside the caller's transaction. Raises SnapshotFailed."""
    package = _packed(student, request_no)
    sealed = _sealed(package)
    with acting(actor, role=role, request_no=request_no):
        blob = _kept(actor, student, sealed)
        made: Snapshot = Snapshot.objects.create(
            subject=student.public_id,
            school=school,
            archive_no=student.archive_no,
            blob=blob,
            content_sha256=hashlib.sha256(package).hexdigest(),
            recipients=settings.SNAPSHOT_RECIPIENTS,
            expires_on=timezone.localdate() + timedelta(days=365 * int(rule(school, "snapshot_years"))),
            made_by=actor,
        )
        events.record(
            "snapshot.made", actor=actor, obj=made, subject=student.public_id, unit_id=school.pk, role=role,
            detail={"bytes": len(sealed)},
        )  # fmt: skip
    return made


def _kept(actor: User, student: Student, sealed: bytes) -> Blob:
    """The package in the store, read back from there once."""
    blob = store_made(actor=actor, content=sealed, filename=f"{student.archive_no}.age", kind="age")
    try:
        open_blob(blob)
    except BlobDamaged as damaged:
        raise SnapshotFailed(
            _("The snapshot was not stored as it was made. Nothing was changed.")
        ) from damaged
    return blob


def _packed(student: Student, request_no: str) -> bytes:
    parts: dict[str, bytes] = {"file.json": _plain(student)}
    rows = Document.objects.filter(student=student).select_related("blob", "student")
    for row in rows.order_by("item_no", "version"):
        parts[f"documents/{row.blob.public_id}"] = _content(row.blob, row.number)
    for blob in attachments_of(student).order_by("pk"):
        if f"documents/{blob.public_id}" not in parts:
            parts[f"evidence/{blob.public_id}"] = _content(blob, str(blob.public_id))
    manifest = {
        "format": FORMAT,
        "archive_no": student.archive_no,
        "request": request_no,
        "made_at": timezone.now().isoformat(),
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()},
    }
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
        for name, content in parts.items():
            package.writestr(name, content)
    return whole.getvalue()


def _content(blob: Blob, number: str) -> bytes:
    try:
        return open_blob(blob)
    except BlobDamaged as damaged:
        words = _("The document %(number)s is damaged and cannot be kept.")
        raise SnapshotFailed(words % {"number": number}) from damaged


def attachments_of(student: Student) -> QuerySet[Blob]:
    """The stored scans that hang on the file beside its documents: evidence of entries, penalties and requests."""
    found: QuerySet[Blob] = Blob.objects.filter(pk__in=attachment_ids([student.pk])[student.pk])
    return found


def attachment_ids(student_ids: Collection[int]) -> dict[int, set[int]]:
    """The ids of the same scans by student, in as many queries as for one."""
    found = {pk: set(ids) for pk, ids in evidence_ids(student_ids).items()}
    proofs = EditEvidence.objects.filter(edit__changes__student__in=list(student_ids))
    for pk, blob in proofs.values_list("edit__changes__student", "blob"):
        if pk in found:
            found[pk].add(blob)
    return found


def exported(student: Student, *, outside: bool = False) -> dict[str, tuple[str, Any]]:
    """Every section of a file and the requests to change it, by key: title and plain values.

    What goes ``outside`` holds no void entry, no penalty that did not hold, and of requests what was carried out.
    """
    found = {one.key: (str(one.title), one.export(student)) for one in sections() if one.export}
    edits = EditRequest.objects.filter(changes__student=student).distinct()
    if outside:
        found = {key: (title, holding(value)) for key, (title, value) in found.items()}
        edits = edits.filter(applied_at__isnull=False)
    return {**found, "edits": (_("Requests for changes"), _edits(student, edits, outside=outside))}


def _plain(student: Student) -> bytes:
    found = {key: value for key, (_title, value) in exported(student).items()}
    return json.dumps(found, ensure_ascii=False, indent=1, default=str).encode()


def _edits(student: Student, rows: QuerySet[EditRequest], *, outside: bool) -> list[dict[str, Any]]:
    """The requests to change this file with values and proofs; outside, proofs that show others too stay here."""
    return [
        {
            "number": one.request.number,
            "state": one.request.state,
            "requester": one.request.requester.name,
            "path": one.path,
            "cause": one.cause,
            "reason": one.reason,
            "basis": one.basis,
            "applied_at": one.applied_at.isoformat() if one.applied_at else "",
            "changes": [
                {
                    "field": change.field,
                    "old": change.old,
                    "new": change.new,
                    "applied": change.applied_digest is not None,
                }
                for change in one.changes.filter(student=student)
            ],
            "evidence": [
                {"kind": proof.kind, "blob": str(proof.blob.public_id), "sha256": proof.blob.sha256}
                for proof in one.evidence.select_related("blob").order_by("pk")
                if not outside or one.request.subject == student.public_id
            ],
        }
        for one in rows.select_related("request__requester").order_by("pk")
    ]


def _sealed(package: bytes) -> bytes:
    """Encrypt, then open with a key that lives for this moment alone, and compare."""
    if not settings.SNAPSHOT_RECIPIENTS:
        raise SnapshotFailed(_("No public key for snapshots is set. Ask the system administrator."))
    witness = x25519.Identity.generate()
    recipients = [x25519.Recipient.from_str(one) for one in settings.SNAPSHOT_RECIPIENTS]
    sealed: bytes = pyrage.encrypt(package, [*recipients, witness.to_public()])
    if opened(sealed, str(witness)) != package:
        raise SnapshotFailed(_("The snapshot does not say what the file says. Nothing was changed."))
    return sealed


def opened(sealed: bytes, identity: str) -> bytes:
    """The package behind a snapshot, with every digest of its manifest compared. Raises SnapshotFailed."""
    try:
        package: bytes = pyrage.decrypt(sealed, [x25519.Identity.from_str(identity)])
        with zipfile.ZipFile(io.BytesIO(package)) as held:
            digests: dict[str, str] = json.loads(held.read("manifest.json"))["sha256"]
            sound = {"manifest.json", *digests} == set(held.namelist()) and all(
                hashlib.sha256(held.read(name)).hexdigest() == digest for name, digest in digests.items()
            )
    except (pyrage.DecryptError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise SnapshotFailed(_("The snapshot cannot be opened.")) from error
    if not sound:
        raise SnapshotFailed(_("The snapshot does not say what the file says. Nothing was changed."))
    return package
