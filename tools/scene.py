"""The main pages of the demonstration school with their readers, for pictures and for the tests of looks."""

import io
import itertools
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw

from accounts.models import User
from config.environment import BASE_DIR
from enrollment import printing
from enrollment.actions import scans, self_check
from enrollment.importing import actions as importing
from enrollment.models import Applicant, IntakeBatch
from jobs.tasks import run
from records.models import DocumentKind, Enrolment
from school.models import ClassStaff

FILE = BASE_DIR / "tests/data/national-template-2000.xlsx"
NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Place:
    """A page: its short name, the staff number of the reader ("" for nobody), the address."""

    key: str
    reader: str
    address: str


def prepare() -> list[Place]:
    """Add a checked file and scans to a loaded demonstration, and name the pages."""
    batch = IntakeBatch.objects.select_related("school").get(code="DEMO-2026")
    people = {user.staff_no: user for user in User.objects.filter(kind=User.Kind.STAFF)}
    made = importing.upload(
        actor=people["clerk1"], batch=batch, content=FILE.read_bytes(), filename=FILE.name, queue=False
    )
    run(made.job_id)
    return list(_places(batch, made, people))


def _places(batch: IntakeBatch, made: Any, people: dict[str, User]) -> list[Place]:
    draft, mended = _with_scans(batch, people["clerk1"])
    waiting = self_check(actor=people["clerk1"], applicant=mended)
    student = Enrolment.objects.filter(school_class__class_no="2026101").order_by("seat_no", "pk")[0].student
    own = ClassStaff.objects.filter(user=people["adviser1"]).first()
    assert own, "The demonstration has an adviser with a class"  # noqa: S101  # tells mypy what the loader writes
    base, job = f"/intake/batches/{batch.public_id}", made.job.public_id
    return [
        Place("sign-in", "", "/sign-in/"),
        Place("home-clerk", "clerk1", "/"),
        Place("home-head", "head1", "/"),
        Place("home-archivist", "archivist1", "/"),
        Place("batch", "head1", f"{base}/"),
        Place("applicants", "clerk1", f"{base}/applicants/"),
        Place("applicant-form", "clerk1", f"/intake/applicants/{draft.public_id}/"),
        Place("review", "clerk2", f"/intake/applicants/{waiting.public_id}/review/"),
        Place("self-check", "clerk1", f"{base}/self-check/"),
        Place("bulk", "clerk2", f"{base}/bulk/"),
        Place("import-result", "clerk1", f"/intake/imports/{made.public_id}/"),
        Place("job", "clerk1", f"/jobs/{job}/"),
        Place("students", "archivist1", "/students/"),
        Place("student-file", "archivist1", f"/students/{student.public_id}/"),
        Place("my-class", "adviser1", f"/my-classes/{own.school_class.public_id}/"),
        Place("classes", "registrar1", "/school/classes/"),
        Place("users", "security1", "/users/"),
        Place("grants", "security1", "/grants/"),
        Place("events", "auditor1", "/security/events/?days=1100"),
        Place("event-charts", "auditor1", "/security/events/charts/"),
        Place("history", "auditor1", f"/security/students/{student.public_id}/history/"),
        Place(
            "history-moment", "auditor1", f"/security/students/{student.public_id}/history/at/?at=2099-01-01"
        ),
        Place("not-found", "clerk1", f"/intake/applicants/{NOBODY}/review/"),
    ]


def _with_scans(batch: IntakeBatch, clerk: User) -> list[Applicant]:
    """The clerk's first two returned applicants, with the filled form and a household register as scans."""
    rows = Applicant.objects.filter(batch=batch, state=Applicant.State.RETURNED, entered_by=clerk)
    found = list(rows.select_related("batch__school").order_by("pk")[:2])
    for row in found:
        form = printing.filled_forms(clerk, batch, [row])
        kinds = {
            DocumentKind.COLLECTION_FORM: (form, "form.pdf"),
            DocumentKind.HUKOU_BOOK: (_sheet(), "hukou.jpg"),
        }
        for kind, (content, filename) in kinds.items():
            scans.attach(actor=clerk, applicant=row, kind=kind, content=content, filename=filename)
    return found


def _sheet() -> bytes:
    """A picture that stands for a scanned page: a frame with grey lines, no person in it."""
    page = Image.new("RGB", (900, 1270), "#f4efe2")
    pen = ImageDraw.Draw(page)
    pen.rectangle((60, 80, 840, 1190), outline="#8a7f66", width=3)
    for top, left in itertools.product(range(150, 1150, 70), (60, 450)):
        pen.line((left, top, left + 390, top), fill="#b9ad92", width=2)
        pen.rectangle((left + 20, top + 26, left + 110, top + 40), fill="#cfc5ae")
    pen.line((450, 80, 450, 1190), fill="#b9ad92", width=2)
    out = io.BytesIO()
    page.save(out, "JPEG", quality=80)
    return out.getvalue()
