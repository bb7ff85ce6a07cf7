"""Reads of photos: imports with what became of each picture, exports, what waits for release."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scope import units_with, visible_or_404
from approvals.inbox import InboxRow, Tab
from records.models import Enrolment, PhotoExport, PhotoFile, PhotoUpload
from records.photos.actions import PERM
from records.photos.export import PERM as EXPORT
from records.photos.export import RELEASERS
from records.photos.reasons import WARNINGS, reason_text
from records.selectors import HEAVY, files_in_use
from school.models import SchoolClass, Unit

RECENT = 20
_HEAVY = tuple(f"student__{name}" for name in HEAVY)


@dataclass(frozen=True, slots=True)
class FileLine:
    """One picture and what became of it."""

    file: PhotoFile

    @property
    def reason(self) -> str:
        """Why it was not placed, in words."""
        return reason_text(self.file.reason)

    @property
    def warnings(self) -> list[str]:
        """What a person should look at, in words."""
        return [str(WARNINGS[code]) for code in self.file.warnings if code in WARNINGS]


@dataclass(frozen=True, slots=True)
class Result:
    """The pictures of one import."""

    placed: list[FileLine]
    waiting: list[FileLine]
    others: list[FileLine]

    @property
    def warned(self) -> int:
        """How many of the placed ones somebody should look at."""
        return sum(bool(line.file.warnings) for line in self.placed)


def classes(user: User) -> QuerySet[SchoolClass]:
    """Classes in use whose photos ``user`` manages."""
    rows: QuerySet[SchoolClass] = SchoolClass.objects.filter(
        unit_id__in=list(units_with(user, PERM)), is_active=True
    )
    return rows.select_related("school").order_by("school", "class_no")


def recent_uploads(user: User) -> list[PhotoUpload]:
    """The newest imports of classes in the units where ``user`` manages photos."""
    rows = PhotoUpload.objects.filter(unit_id__in=list(units_with(user, PERM)), school_class__isnull=False)
    return list(rows.select_related("school_class", "created_by").order_by("-created_at")[:RECENT])


def upload_for(user: User, public_id: UUID) -> PhotoUpload:
    """An import in scope. Raises Http404 or OutOfScope."""
    every = PhotoUpload.objects.select_related("school_class", "unit", "job", "created_by")
    found: PhotoUpload = visible_or_404(
        every, every.filter(unit_id__in=list(units_with(user, PERM))), public_id=public_id
    )
    return found


def result_of(upload: PhotoUpload) -> Result:
    """What became of each picture."""
    rows = upload.files.select_related("student", "document").defer(*_HEAVY).order_by("position")
    lines = [FileLine(row) for row in rows]
    state = PhotoFile.State
    return Result(
        [line for line in lines if line.file.state == state.PLACED],
        [line for line in lines if line.file.state == state.CROP],
        [line for line in lines if line.file.state == state.REFUSED],
    )


def file_for(user: User, public_id: UUID) -> PhotoFile:
    """A picture whose student's file is kept in a unit where ``user`` manages photos. Raises Http404 or OutOfScope."""
    every = PhotoFile.objects.select_related("student", "source", "upload__unit", "upload__school_class")
    units = list(units_with(user, PERM))
    mine = files_in_use(user).filter(unit_id__in=units)
    visible = every.filter(upload__unit_id__in=units, student_id__in=mine.values("student_id"))
    found: PhotoFile = visible_or_404(every, visible, public_id=public_id)
    return found


# Exports


def _export_units(user: User) -> list[int]:
    return sorted({unit for perm in RELEASERS for unit in units_with(user, perm)})


def exports(user: User) -> list[PhotoExport]:
    """The newest exports of schools where ``user`` asks for them or releases them."""
    rows = PhotoExport.objects.filter(school_id__in=_export_units(user))
    return list(
        rows.select_related("school", "school_class", "asked_by", "decided_by", "job").order_by("-asked_at")[
            :50
        ]
    )


def export_for(user: User, public_id: UUID) -> PhotoExport:
    """An export in scope. Raises Http404 or OutOfScope."""
    every = PhotoExport.objects.select_related(
        "school", "school_class", "asked_by", "decided_by", "job__result"
    )
    found: PhotoExport = visible_or_404(
        every, every.filter(school_id__in=_export_units(user)), public_id=public_id
    )
    return found


def export_schools(user: User) -> list[Unit]:
    """Schools of which ``user`` may export photos."""
    own = Enrolment.objects.filter(unit_id__in=list(units_with(user, EXPORT)), ended_on__isnull=True)
    rows = Unit.objects.filter(pk__in=own.values("school_id")) & Unit.objects.filter(
        pk__in=list(units_with(user, EXPORT))
    )
    return list(rows.order_by("pk"))


def export_classes(user: User) -> list[SchoolClass]:
    """Classes in use of which ``user`` may export photos."""
    rows = SchoolClass.objects.filter(unit_id__in=list(units_with(user, EXPORT)), is_active=True)
    return list(rows.select_related("school").order_by("school", "class_no"))


def inbox(user: User, tab: Tab) -> Sequence[InboxRow]:
    """Exports that wait for this user's release, that he asked for, or that he decided."""
    rows = PhotoExport.objects.filter(school_id__in=_export_units(user)).select_related("school", "asked_by")
    asked = PhotoExport.State.ASKED
    chosen: dict[str, Any] = {
        "waiting": rows.filter(~Q(asked_by=user), state=asked),
        "started": rows.filter(asked_by=user, state=asked),
        "done": rows.filter(decided_by=user),
    }
    return [
        InboxRow(
            kind=_("Export of photos"),
            title=f"{row.school.label} · {row.get_purpose_display()}",
            url=reverse("records:photo_export", args=[row.public_id]),
            sender=row.asked_by.name,
        )
        for row in chosen[tab].order_by("-asked_at")[:RECENT]
    ]
