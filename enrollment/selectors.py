"""Reads of the intake room: applicants in a user's scope, their faults, documents and marks."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.scope import visible_or_404
from core.crypto import EncryptedTextField, blind_index
from enrollment.cells import Members, cells_of, layout_of
from enrollment.models import Applicant, IntakeBatch, IntakeDecision
from records.cells import CodeBook, read_row
from records.checks import check, lacks_number
from records.codebook import code_book
from records.faults import Fault
from records.models import DocumentKind, Enrolment, Student
from school.models import SchoolClass
from school.rules import rule

DISABLED = "6"
ENCRYPTED = tuple(
    field.name for field in Applicant._meta.concrete_fields if isinstance(field, EncryptedTextField)
)


def batch_for(user: User, public_id: Any, perm: str = "view_applicant") -> IntakeBatch:
    """The batch, if ``user`` holds ``perm`` at its school. Raises Http404 or OutOfScope."""
    every = IntakeBatch.objects.select_related("school")
    return visible_or_404(every, every.visible_to(user, perm), public_id=public_id)


def batches(user: User, perm: str = "view_applicant") -> QuerySet[IntakeBatch]:
    """Batches of the schools where ``user`` holds ``perm``, the newest first."""
    found: QuerySet[IntakeBatch] = IntakeBatch.objects.visible_to(user, perm).select_related("school")
    return found.order_by("-school_year", "-opens_on", "code")


def applicant_for(user: User, public_id: Any, perm: str = "view_applicant") -> Applicant:
    """One applicant in the scope of ``user``. Raises Http404 or OutOfScope."""
    every = Applicant.objects.select_related(
        "batch__school", "unit", "school_class", "programme", "entered_by", "opened_by", "returned_by",
        "initial_reviewer", "head_reviewer", "acceptor", "bureau_officer", "student",
    )  # fmt: skip
    return visible_or_404(every, every.visible_to(user, perm), public_id=public_id)


def members_of(applicant: Applicant) -> Members:
    """The members of the family by position."""
    return {member.position: member for member in applicant.members.all()}


def book_of(batch: IntakeBatch) -> CodeBook:
    """What the cells of this batch may hold today."""
    return code_book(batch.school, school_year=batch.school_year, today=timezone.localdate())


def typed_cells(applicant: Applicant) -> dict[str, str]:
    """What was typed but could not be stored, by field."""
    return {cell.field: cell.text for cell in applicant.typed_cells.all()}


def shown_cells(applicant: Applicant) -> dict[str, str]:
    """Text by field as the clerk left it: stored values, and what could not be stored as it was typed."""
    return cells_of(applicant, members_of(applicant)) | typed_cells(applicant)


def examine(applicant: Applicant, book: CodeBook | None = None) -> list[Fault]:
    """Every fault of an applicant as he stands, errors and warnings."""
    cells = shown_cells(applicant)
    return examine_cells(applicant, cells, book or book_of(applicant.batch))


def examine_cells(applicant: Applicant, cells: dict[str, str], book: CodeBook) -> list[Fault]:
    """Every fault that these cells would have in the place of the applicant's own."""
    values, faults = check_cells(applicant, cells, book)
    broken = {fault.field for fault in faults if fault.level == "error"}
    return faults + [fault for fault in duplicates(applicant, values) if fault.field not in broken]


def check_cells(
    applicant: Applicant, cells: dict[str, str], book: CodeBook
) -> tuple[dict[str, Any], list[Fault]]:
    """Typed values and faults of these cells by themselves, without looking at other people."""
    layout = layout_of(applicant.batch)
    values, faults = read_row(cells, layout.columns, book, exact=False)
    values["parents_case"] = applicant.parents_case
    return values, check(values, layout, book, faults)


def duplicates(applicant: Applicant, values: dict[str, Any]) -> list[Fault]:
    """Others with the same identity number (error), exam number (error), or name and birth date (warning)."""
    found = []
    if values.get("id_number") and others_with_number(applicant, values["id_number"]):
        found.append(Fault("id_number", "id_duplicate", value=values["id_number"]))
    if (
        values.get("exam_no")
        and _others(applicant).filter(batch=applicant.batch_id, exam_no=values["exam_no"]).exists()
    ):
        found.append(Fault("exam_no", "exam_no_duplicate", value=values["exam_no"]))
    if (
        not found
        and values.get("name")
        and values.get("birth_date")
        and any(rows.exists() for rows in _namesakes(applicant, values["name"], values["birth_date"]))
    ):
        found.append(Fault("name", "possible_duplicate", "warning"))
    return found


def _others(applicant: Applicant) -> QuerySet[Applicant]:
    found: QuerySet[Applicant] = Applicant.objects.exclude(state=Applicant.State.WITHDRAWN).exclude(
        pk=applicant.pk
    )
    return found


def others_with_number(applicant: Applicant, number: str) -> bool:
    """Whether another applicant on the way, or a student with an open enrolment, has this identity number."""
    index = blind_index("id_number", number)
    on_the_way = _others(applicant).exclude(state=Applicant.State.ACCEPTED)
    if on_the_way.filter(id_number_index=index).exists():
        return True
    enrolled = Enrolment.objects.filter(ended_on__isnull=True, student__id_number_index=index)
    return bool(enrolled.exclude(student=applicant.student_id).exists())


def _namesakes(applicant: Applicant, name: str, born: Any) -> tuple[QuerySet[Any], QuerySet[Any]]:
    return (
        _others(applicant).filter(name=name, birth_date=born),
        Student.objects.filter(name=name, birth_date=born).exclude(pk=applicant.student_id or 0),
    )


def visible_namesakes(user: User, applicant: Applicant) -> list[Applicant]:
    """Applicants with the same name and birth date that ``user`` may see, at most five."""
    if not applicant.name or applicant.birth_date is None:
        return []
    found = Applicant.objects.visible_to(user).exclude(pk=applicant.pk)
    found = found.filter(name=applicant.name, birth_date=applicant.birth_date)
    return list(found.exclude(state=Applicant.State.WITHDRAWN).order_by("pk")[:5])


def needed_documents(applicant: Applicant) -> list[str]:
    """Kinds of documents that must be attached: those of the batch, and those that the data ask for."""
    needed = list(applicant.batch.required_documents)
    if lacks_number({"id_type": applicant.id_type, "id_number": applicant.id_number}):
        needed = [kind for kind in needed if kind != DocumentKind.ID_CARD]
        if applicant.overseas_status in {"", "00"}:
            needed.append(DocumentKind.NO_ID_PROOF)
    by_data = {
        DocumentKind.DISABILITY: applicant.health == DISABLED,
        DocumentKind.ORPHAN: applicant.is_orphan,
        DocumentKind.BENEFIT: applicant.martyr_or_benefit_child,
        DocumentKind.ONLY_CHILD: applicant.is_only_child
        and rule(applicant.batch.school, "only_child_certificate"),
        DocumentKind.AID_FORM: applicant.needs_aid,
    }
    needed += [kind for kind, asked in by_data.items() if asked]
    return [str(kind) for kind in dict.fromkeys(needed)]


def missing_documents(applicant: Applicant) -> list[str]:
    """Kinds of documents that must be attached and are not."""
    attached = {document.kind for document in applicant.documents.all()}
    return [kind for kind in needed_documents(applicant) if kind not in attached]


@dataclass(frozen=True, slots=True)
class Return:
    """How an applicant was sent back."""

    by: User
    at: Any
    reason: str
    fields: list[str]
    comment: str


def last_return(applicant: Applicant) -> Return | None:
    """The newest return of an applicant that is, or was, sent back; None when there was none."""
    found = (
        IntakeDecision.objects.filter(applicant=applicant, outcome=IntakeDecision.Outcome.RETURNED)
        .select_related("actor")
        .order_by("-pk")
        .first()
    )
    return Return(found.actor, found.at, found.reason, found.fields, found.comment) if found else None


def decisions(applicant: Applicant) -> list[IntakeDecision]:
    """What was decided on an applicant, the oldest first."""
    return list(IntakeDecision.objects.filter(applicant=applicant).select_related("actor").order_by("pk"))


def applicants_of(user: User, batch: IntakeBatch) -> QuerySet[Applicant]:
    """The applicants of a batch in the scope of ``user``, without what a list does not show."""
    found: QuerySet[Applicant] = Applicant.objects.visible_to(user).filter(batch=batch)
    return found.select_related("entered_by").defer(*ENCRYPTED, "name_tokens")


def class_choices(batch: IntakeBatch) -> list[tuple[str, str]]:
    """Classes of the batch's school in use: number and label."""
    classes = SchoolClass.objects.filter(school=batch.school_id, is_active=True).order_by("class_no")
    return [(one.class_no, f"{one.class_no} {one.label}") for one in classes]
