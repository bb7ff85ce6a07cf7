"""Reads of the intake room: applicants in a user's scope, their faults, documents and marks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.scope import role_for, units_with, visible_or_404
from approvals.spot_checks.selectors import open_cases
from approvals.spot_checks.sources import Case
from core.crypto import EncryptedTextField
from core.lookups import AnyOf
from enrollment.cells import Members, cells_of, layout_of, papers_of, programme_units
from enrollment.duplicates import duplicates_of
from enrollment.models import Applicant, ApplicantDocument, IntakeBatch, IntakeDecision, Scheme
from enrollment.relations import had_part, is_related, why_barred
from enrollment.steps import (
    ACCEPTANCE,
    BUREAU,
    BUREAU_FIRST,
    Step,
    last_step,
    opened_after,
    waiting_step,
)
from records.cells import CodeBook, read_row
from records.checks import check, lacks_hukou, lacks_number
from records.codebook import code_book
from records.faults import Fault
from records.labels import region_names
from records.models import DocumentKind, Student
from school.labels import label_of
from school.models import Code, Programme, Region, SchoolClass

DISABLED = "6"
MOST_BESIDE = 500
IN_USE = timedelta(minutes=10)
State = Applicant.State
SENT_BACK = (IntakeDecision.Outcome.RETURNED, IntakeDecision.Outcome.REFUSED)
ENCRYPTED = tuple(
    field.name for field in Applicant._meta.concrete_fields if isinstance(field, EncryptedTextField)
)


def batch_for(user: User, public_id: Any, perm: str = "view_applicant") -> IntakeBatch:
    """The batch, if ``user`` holds ``perm`` at its school. Raises Http404 or OutOfScope."""
    every = IntakeBatch.objects.select_related("school")
    found: IntakeBatch = visible_or_404(every, every.visible_to(user, perm), public_id=public_id)
    return found


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
    visible = every.visible_to(user, perm)
    if perm == "view_applicant":
        sampled = open_cases(user, "applicant").filter(opened_by=user).values("case")
        visible |= every.of_units(user).filter(public_id__in=sampled)
    found: Applicant = visible_or_404(every, visible, public_id=public_id)
    return found


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
    return examine_many([applicant], book or book_of(applicant.batch))[0]


def examine_many(applicants: Sequence[Applicant], book: CodeBook) -> list[list[Fault]]:
    """`examine` for many of one batch, in as many queries as for one; in the order given."""
    shown = [(applicant, shown_cells(applicant)) for applicant in applicants]
    return _examined(shown, book, ask_number=False)


def examine_cells(
    applicant: Applicant, cells: Mapping[str, str], book: CodeBook, *, ask_number: bool
) -> list[Fault]:
    """Every fault that these cells would have in the place of the applicant's own.

    A number that is not the stored one is compared with other people's only when ``ask_number`` says so: who asks is
    counted (`actions.lookups`).
    """
    return _examined([(applicant, cells)], book, ask_number=ask_number)[0]


def _examined(
    shown: Sequence[tuple[Applicant, Mapping[str, str]]], book: CodeBook, *, ask_number: bool
) -> list[list[Fault]]:
    judged = [(applicant, *check_cells(applicant, cells, book)) for applicant, cells in shown]
    asked = []
    for applicant, values, _faults in judged:
        kept = ask_number or values.get("id_number") == applicant.id_number
        asked.append((applicant, values if kept else values | {"id_number": ""}))
    found = []
    for (_applicant, _values, faults), doubles in zip(judged, duplicates_of(asked), strict=True):
        broken = {fault.field for fault in faults if fault.level == "error"}
        found.append(faults + [fault for fault in doubles if fault.field not in broken])
    return found


def check_cells(
    applicant: Applicant, cells: Mapping[str, str], book: CodeBook
) -> tuple[dict[str, Any], list[Fault]]:
    """Typed values and faults of these cells by themselves, without looking at other people."""
    layout = layout_of(applicant.batch)
    values, faults = read_row(cells, layout.columns, book, exact=False)
    values["parents_case"] = applicant.parents_case
    found = check(values, layout, book, faults)
    reason = cells.get("age_reason", "")
    return values, [*found, too_long_reason(reason)] if len(reason) > REASON_LENGTH else found


REASON_LENGTH = Applicant._meta.get_field("age_reason").max_length or 0


def too_long_reason(text: str) -> Fault:
    """The fault of a reason for the unusual age that is longer than its field."""
    return Fault("age_reason", "too_long", detail=str(REASON_LENGTH), value=text)


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
    papers = papers_of(applicant)
    if lacks_number(papers):
        needed = [kind for kind in needed if kind != DocumentKind.ID_CARD]
    if lacks_hukou(papers):
        needed.append(DocumentKind.NO_ID_PROOF)
    by_data = {
        DocumentKind.DISABILITY: applicant.health == DISABLED,
        DocumentKind.ORPHAN: applicant.is_orphan,
        DocumentKind.BENEFIT: applicant.martyr_or_benefit_child,
        DocumentKind.ONLY_CHILD: applicant.is_only_child and applicant.batch.asks_only_child_certificate,
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
    """The newest return of an applicant that is, or was, sent back, also by the bureau; None when there was none."""
    found = (
        IntakeDecision.objects.filter(applicant=applicant, outcome__in=SENT_BACK)
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


def own_drafts(user: User, batch: IntakeBatch) -> QuerySet[Applicant]:
    """The drafts of a batch that ``user`` entered or imported and has not submitted."""
    found = Applicant.objects.visible_to(user, "enter_applicant")
    found = found.filter(batch=batch, entered_by=user, state=Applicant.State.DRAFT)
    return found.order_by("class_no", "pk")


def own_drafts_by_class(user: User, batch: IntakeBatch) -> list[dict[str, Any]]:
    """Classes with one's own drafts: ``class_no``, ``name`` and ``count`` of each."""
    rows: Any = own_drafts(user, batch).order_by("class_no").values("class_no")
    return list(rows.annotate(name=Max(label_of("school_class")), count=Count("pk")))


def class_choices(batch: IntakeBatch) -> list[tuple[str, str]]:
    """Classes of the batch's school in use: number and label."""
    classes = SchoolClass.objects.filter(school=batch.school_id, is_active=True).order_by("class_no")
    return [(one.class_no, f"{one.class_no} {one.label}") for one in classes]


def _holds_today() -> Q:
    return Q(valid_until__isnull=True) | Q(valid_until__gte=timezone.localdate())


def codes_in_use(keys: Iterable[str]) -> QuerySet[Code]:
    """Entries of these code lists that are in use today, in the order of their lists."""
    today = timezone.localdate()
    begun = Q(valid_from__isnull=True) | Q(valid_from__lte=today)
    rows: QuerySet[Code] = Code.objects.filter(_holds_today(), begun, code_list__key__in=list(keys))
    return rows.select_related("code_list").order_by("code_list", "order", "code")


def code_choices(keys: set[str]) -> dict[str, list[tuple[str, str]]]:
    """Entries of code lists in use by list, as a select shows them: code and label."""
    found: dict[str, list[tuple[str, str]]] = {key: [] for key in keys}
    for code in codes_in_use(keys):
        found[code.code_list.key].append((code.code, code.label))
    return found


def programme_choices(batch: IntakeBatch) -> list[tuple[str, str]]:
    """Programmes of the batch's school: code and label."""
    rows = Programme.objects.filter(pk__in=programme_units(batch), is_active=True).order_by("code")
    return [(row.code, f"{row.code} {row.label}") for row in rows]


MOST_REGIONS = 20


def find_regions(text: str) -> list[tuple[str, str]]:
    """Regions in use whose code begins with ``text`` or whose name holds it: twelve digits and the full name."""
    text = text.strip()
    if len(text) < 2:
        return []
    rows = Region.objects.filter(_holds_today())
    rows = rows.filter(code__startswith=text[:6]) if text.isdigit() else rows.filter(name_zh__contains=text)
    found = rows.order_by("-level", "code").values_list("code", flat=True)[:MOST_REGIONS]
    codes = [f"{code}000000" for code in found]
    names = region_names(codes)
    return [(code, names[code]) for code in codes if code in names]


def region_name(code: str) -> str:
    """The full name of a region by its twelve digits; "" when there is none."""
    return region_names([code]).get(code, "")


REVIEW_ORDER = ("class_no", "name_sort", "pk")


def may_decide(user: User, applicant: Applicant) -> tuple[Step | None, str]:
    """The step that ``user`` could take now; else None and why not, in words ("": he has no part in reviews)."""
    step = waiting_step(applicant)
    if step is None:
        return None, ""
    if applicant.unit_id not in units_with(user, step.perm):
        waits = step == BUREAU and applicant.unit_id in units_with(user, ACCEPTANCE.perm)
        return None, str(BUREAU_FIRST) if waits else ""
    barred = why_barred(user, applicant)
    return (None, barred) if barred else (step, "")


def waiting_for(user: User) -> QuerySet[Applicant]:
    """Applicants on which ``user`` could decide now."""
    ready = [Applicant.BureauState.NOT_NEEDED, Applicant.BureauState.APPROVED]
    small = Q(state=State.SELF_CHECKED, scheme=Scheme.SMALL)
    waiting = {
        "review_applicant": Q(state=State.SELF_CHECKED, scheme=Scheme.STANDARD),
        "approve_applicant": small | Q(state=State.INITIAL_REVIEWED),
        "accept_applicant": Q(state=State.HEAD_APPROVED, bureau_state__in=ready),
        BUREAU.perm: Q(state=State.HEAD_APPROVED, bureau_state=Applicant.BureauState.WAITING),
    }
    due = Q()
    for perm, condition in waiting.items():
        if units := units_with(user, perm):
            due |= condition & Q(AnyOf(F("unit_id"), units))
    if not due:
        return Applicant.objects.none()
    found: QuerySet[Applicant] = Applicant.objects.filter(due).exclude(had_part(user))
    return found.exclude(is_related(user))


def beside(user: User, applicant: Applicant) -> tuple[UUID | None, UUID | None]:
    """Previous and next applicant of the same batch, step and class on whom ``user`` could decide."""
    group = waiting_for(user).filter(
        batch=applicant.batch_id, state=applicant.state, class_no=applicant.class_no
    )
    ids = list(group.order_by(*REVIEW_ORDER).values_list("pk", "public_id")[:MOST_BESIDE])
    place = next((at for at, (pk, _id) in enumerate(ids) if pk == applicant.pk), None)
    if place is None:
        others = [public_id for _pk, public_id in ids]
        return None, others[0] if others else None
    before = ids[place - 1][1] if place else None
    after = ids[place + 1][1] if place + 1 < len(ids) else None
    return before, after


def first_waiting(
    user: User, batch: IntakeBatch, *, class_no: str | None = None, state: str = ""
) -> UUID | None:
    """The applicant with whom ``user`` begins to review a batch: the soonest due, then by class and name."""
    group = waiting_for(user).filter(batch=batch)
    if class_no is not None:
        group = group.filter(class_no=class_no)
    if state:
        group = group.filter(state=state)
    return group.order_by("due_on", *REVIEW_ORDER).values_list("public_id", flat=True).first()


def in_use_by(user: User, applicant: Applicant) -> User | None:
    """Somebody else who has the applicant open at this time."""
    if applicant.opened_by is None or applicant.opened_by_id == user.pk or applicant.opened_at is None:
        return None
    return applicant.opened_by if timezone.now() - applicant.opened_at < IN_USE else None


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A kind of document: whether it must be there, and what is attached."""

    kind: str
    label: Any
    needed: bool
    attached: list[ApplicantDocument]


def document_checklist(applicant: Applicant) -> list[DocumentLine]:
    """Needed kinds first, in the batch's order, then what was attached beside them."""
    needed = needed_documents(applicant)
    attached: dict[str, list[ApplicantDocument]] = {}
    for document in applicant.documents.select_related("blob").order_by("pk"):
        attached.setdefault(document.kind, []).append(document)
    kinds = [*needed, *(kind for kind in attached if kind not in needed)]
    return [
        DocumentLine(kind, DocumentKind(kind).label, kind in needed, attached.get(kind, [])) for kind in kinds
    ]


def open_file(user: User, applicant: Applicant) -> UUID | None:
    """The student file that an accepted applicant has become, when ``user`` may see it."""
    seen = Student.objects.visible_to(user).filter(pk=applicant.student_id)
    found: UUID | None = seen.values_list("public_id", flat=True).first() if applicant.student_id else None
    return found


def may_recall(user: User, applicant: Applicant) -> bool:
    """Whether ``user`` took the last step and nobody has opened the applicant since."""
    last = last_step(applicant)
    if last is None or getattr(applicant, f"{last.person}_id") != user.pk:
        return False
    opener = opened_after(applicant)
    return opener is None or opener.pk == user.pk


def role_name(role: str) -> str:
    """The label of a role; "" for none."""
    return str(Role(role).label) if role in Role.values else ""


def role_label(user: User, step: Step, applicant: Applicant) -> str:
    """The role in which ``user`` would take ``step``."""
    return role_name(role_for(user, step.perm, applicant.unit_id))


def merged_cases(first: date, until: date) -> list[Case]:
    """Applicants accepted under the small scheme in these days, ``until`` excluded, to be sampled."""
    rows = Applicant.objects.filter(
        scheme=Scheme.SMALL,
        state=State.ACCEPTED,
        accepted_at__date__gte=first,
        accepted_at__date__lt=until,
    )
    found = rows.values_list("batch__school_id", "public_id", "number", "student__public_id")
    return [Case(*values) for values in found]
