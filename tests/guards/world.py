"""What the permission matrix opens: an object of each kind, made on demand, for one's own school and for another one.

A room adds a kind by a function here under `kind`; ``world.thing`` then makes it once for the side's unit.
"""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Appointment, User
from accounts.roles import Role
from approvals import actions as requests
from approvals import delegations
from approvals.models import Delegation, Request, SpotCheck, SpotCheckItem
from archive.inquiries import actions as inquiries
from archive.models import (
    AppraisalRound,
    Appraiser,
    Consent,
    LegalHold,
    PaperLoan,
    SharingRequest,
    SharingStudent,
)
from enrollment import actions
from enrollment.actions import scans
from enrollment.models import Applicant, ApplicantDocument, ImportJob, IntakeBatch, IntakeSample, ScanUpload
from files.actions import Scan, store
from ledger.context import acting, service_user
from records.columns import LAYOUTS
from records.documents.filing import place
from records.models import Document, Enrolment, PhotoExport, PhotoFile, PhotoUpload, Student
from records.search import fill
from school.models import Code, CodeList, Programme, Region, SchoolClass, Term, Unit
from tests.archive.asking import submitted_edit
from tests.cast import Cast
from tests.enrollment.importing import check
from tests.enrollment.intake import make_batch, picture
from tests.factories import appoint, make_class, make_user, saved
from tests.records.files import make_student
from tests.records.photo_files import portrait

_kinds: dict[str, Callable[["World"], Any]] = {}


def kind(make: Callable[["World"], Any]) -> Callable[["World"], Any]:
    """Register how the thing of this name is made for a world's unit."""
    _kinds[make.__name__] = make
    return make


class World:
    """One side of the matrix: ``own`` (the cast's school) or ``other`` (the school next door)."""

    def __init__(self, cast: Cast, side: str) -> None:
        self.cast = cast
        self.side = side
        self.unit: Unit = cast.school if side == "own" else cast.other_school
        self._made: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name not in _kinds:
            raise AttributeError(f"No kind of thing is called {name!r}: add it to tests/guards/world.py")
        if name not in self._made:
            self._made[name] = _kinds[name](self)
        return self._made[name]


@kind
def person(world: World) -> User:
    """Somebody of the side's school with a role there."""
    user = make_user("某人", world.unit)
    appoint(user, Role.LEADER, world.unit)
    return user


@kind
def batch(world: World) -> IntakeBatch:
    """An open intake batch of the side's school."""
    return make_batch(world.unit, code=f"MATRIX-{world.side}")


@kind
def applicant(world: World) -> Applicant:
    """A draft of that batch, entered by the school's clerk."""
    clerk = world.cast.clerk if world.side == "own" else world.cast.outsider
    return actions.start_applicant(actor=clerk, batch=world.batch)


@kind
def school_class(world: World) -> SchoolClass:
    """A class of the side's school."""
    return make_class(world.unit, number=77)


@kind
def programme(world: World) -> Programme:
    """A programme of the side's school."""
    row: Programme = saved(Programme(unit=world.unit, code="770101", name="某专业", study_years=Decimal(3)))
    return row


@kind
def term(world: World) -> dict[str, Any]:
    """The address of a term of the side's school."""
    days = {"valid_from": date(2026, 9, 1), "valid_until": date(2027, 1, 20)}
    saved(Term(school=world.unit, school_year=2026, number=1, **days))
    return {"public_id": world.unit.public_id, "school_year": 2026, "number": 1}


@kind
def code(world: World) -> dict[str, str]:
    """The address of an entry of a code list, which belongs to no school."""
    code_list = saved(CodeList(key="matrix", label_zh="某代码表", label_en="Some list"))
    saved(Code(code_list=code_list, code="1", label_zh="甲"))
    return {"key": "matrix", "code": "1"}


@kind
def region(world: World) -> Region:
    """A region, which belongs to no school."""
    row: Region = saved(Region(code="990000", name_zh="某省", level=1))
    return row


@kind
def student_class(world: World) -> SchoolClass:
    """A class: the cast's own, where its adviser and teacher are, or one of the school next door."""
    return world.cast.school_class if world.side == "own" else make_class(world.unit)


@kind
def student(world: World) -> Student:
    """A student of that class."""
    return make_student("王小明", world.cast, school=world.unit, school_class=world.student_class)


@kind
def edit_request(world: World) -> Request:
    """A request to change that student's name, waiting for the head."""
    typed = submitted_edit(world.cast, world.student, {"name": "王晓明"})
    row: Request = typed.request
    return row


@kind
def sharing(world: World) -> SharingRequest:
    """A submitted sharing of the side's school with that student; nobody of the cast asked for it."""
    people = {"requester": service_user(), "department": world.unit, "school": world.unit}
    waits = {"state": "under_review", "number": f"TG-{world.side}", "step": "department_head"}
    row = saved(Request(kind="sharing", scheme="standard", **waits, **people))
    made: SharingRequest = saved(
        SharingRequest(
            request=row, requester=service_user(), receiver="某馆", contact="某", purpose="某", way="mail",
            fields=["name"], assessment="某", valid_until=timezone.localdate(),
        )
    )  # fmt: skip
    student_no = world.student.enrolments.get().student_no
    saved(SharingStudent(sharing=made, student=world.student, student_no=student_no))
    return made


@kind
def consent(world: World) -> Consent:
    """A consent of that student's guardian, with its scan."""
    scan = store(actor=service_user(), content=picture(), filename="c.jpg", allowed=("jpeg",))
    made: Consent = saved(
        Consent(
            student=world.student, school=world.unit, matter="public", giver="guardian", giver_name="赵丽",
            under_14=True, text_version="1", way="paper", given_on=timezone.localdate(), scan=scan,
            recorded_by=service_user(),
        )
    )  # fmt: skip
    return made


@kind
def inquiry(world: World) -> Request:
    """An inquiry into that student's file for a reader from outside, waiting for the head."""
    number = world.student.enrolments.get().student_no
    letter = Scan("letter.jpg", picture())
    typed = inquiries.draft(
        actor=world.cast.registrar, school=world.unit, numbers=[number], sections=["basic"], purpose="核对",
        reader="赵民警", reader_unit="派出所", letter=letter,
    )  # fmt: skip
    return requests.submit(actor=world.cast.registrar, request=typed.request)


@kind
def hold(world: World) -> LegalHold:
    """A hold of that student's file."""
    row: LegalHold = saved(
        LegalHold(
            student=world.student, school=world.unit, reason="x", basis="x", placed_by=world.cast.archivist
        )
    )
    return row


@kind
def loan(world: World) -> PaperLoan:
    """That student's paper file, lent out."""
    today = timezone.localdate()
    row: PaperLoan = saved(
        PaperLoan(
            student=world.student, school=world.unit, borrower="x", borrower_unit="x", purpose="x",
            lent_on=today, due_on=today, lent_by=world.cast.archivist,
        )
    )  # fmt: skip
    return row


@kind
def appraisal(world: World) -> AppraisalRound:
    """A closed appraisal of the side's school, in which three heads of the cast's were to vote."""
    by = service_user()
    row: AppraisalRound = saved(AppraisalRound(number=f"JD-{world.side}", school=world.unit, opened_by=by))
    if world.side == "own":
        for name in ("head", "academic_head", "student_affairs_head"):
            user = getattr(world.cast, name)
            saved(Appraiser(round=row, user=user, department=user.unit, named_by=by))
    row.report = store(actor=by, content=picture(), filename="r.jpg", allowed=("jpeg",))
    row.closed_by, row.closed_at = by, timezone.now()
    saved(row)
    return row


@kind
def spot_check(world: World) -> SpotCheck:
    """The closed sample of a month at the side's school, with one case."""
    officer, now = world.cast.bureau_officer, timezone.now()
    made: SpotCheck = saved(
        SpotCheck(school=world.unit, month=date(2026, 10, 1), population=1, closed_at=now, faults_found=0)
    )
    saved(
        SpotCheckItem(
            spot_check=made, kind="applicant", case=world.applicant.public_id, number=world.applicant.number,
            opened_by=officer, outcome="fine", judged_by=officer, judged_at=now,
        )
    )  # fmt: skip
    return made


@kind
def delegation(world: World) -> Delegation:
    """A delegation among two others of the school."""
    today = timezone.localdate()
    return delegations.propose(
        actor=world.cast.registrar, deputy=world.cast.second_registrar, unit=world.cast.school,
        valid_from=today, valid_until=today, reason="出差",
    )  # fmt: skip


@kind
def appointment(world: World) -> Appointment:
    """That person's role."""
    row: Appointment = world.person.appointments.get()
    return row


@kind
def import_job(world: World) -> ImportJob:
    """A file that somebody of the side's school had checked; its one row has faults."""
    headers = [column.header for column in LAYOUTS[world.batch.layout].columns]
    content = ",".join(headers) + "\n" + ",".join(["1", "王小明", *[""] * (len(headers) - 2)]) + "\n"
    clerk = world.cast.clerk if world.side == "own" else world.cast.outsider
    return check(clerk, world.batch, content.encode(), "a.csv")


@kind
def scan(world: World) -> ApplicantDocument:
    """A scan of that draft."""
    row = world.applicant
    return scans.attach(
        actor=row.entered_by, applicant=row, kind="other", content=picture(), filename="scan.jpg"
    )


@kind
def document(world: World) -> Document:
    """A document of the side's student, which waits for its check."""
    user = world.cast.registrar
    blob = store(actor=user, content=picture(), filename="scan.jpg", allowed=("jpeg", "png"))
    with acting(user):
        return place(world.student, "other", blob, actor=user)


@kind
def photo_upload(world: World) -> PhotoUpload:
    """Photos that somebody brought in for that student's class."""
    return PhotoUpload.objects.create(
        unit=world.unit, school_class=world.student_class, created_by=world.cast.registrar
    )


@kind
def photo_file(world: World) -> PhotoFile:
    """One of them, which waits to be cropped."""
    user = world.cast.registrar
    blob = store(actor=user, content=portrait((600, 600)), filename="a.jpg", allowed=("jpeg",))
    return PhotoFile.objects.create(
        upload=world.photo_upload, position=0, name="a.jpg", student=world.student, state="crop", source=blob
    )


@kind
def photo_export(world: World) -> PhotoExport:
    """An export of photos of the side's school that waits for release."""
    row: PhotoExport = saved(
        PhotoExport(school=world.unit, purpose="card", basis="x", asked_by=world.cast.second_registrar)
    )
    return row


@kind
def sample(world: World) -> IntakeSample:
    """A sample of that batch that nobody looked at yet."""
    clerk = world.applicant.entered_by
    made: IntakeSample = IntakeSample.objects.create(
        batch=world.batch, class_no="", step="initial_review", drawn_by=clerk, population=0
    )
    return made


@kind
def scan_upload(world: World) -> ScanUpload:
    """A ZIP of scans for that batch."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("scan.jpg", picture())
    return scans.upload(
        actor=world.applicant.entered_by,
        batch=world.batch,
        kind="other",
        content=content.getvalue(),
        filename="scans.zip",
    )


@kind
def enrolled(world: World) -> Student:
    """A student of the side's school."""
    row = Student(name="陈一", archive_no=f"MATRIX-{world.side}")
    fill(row)
    saved(row)
    saved(
        Enrolment(
            student=row,
            school=world.unit,
            unit=world.unit,
            student_no="20269999",
            started_on=date(2026, 9, 1),
        )
    )
    return row
