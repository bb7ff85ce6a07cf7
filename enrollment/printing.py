"""Printed forms of intake and of accepted students: what goes into each PDF, and the event that each print leaves.

The forms themselves stand in ``templates/print``; ``core.pdf`` makes them. A form with personal numbers is a logged
reveal: it asks for ``print_student`` and leaves one event for each person.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F, Prefetch, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.scope import NotPermitted, demand, role_for, units_with, visible_or_404
from core.masking import mask_id_number
from core.pdf import PdfFailed, render_pdf
from enrollment.card_data import FORM_LAYOUTS, Words, card_of, class_of, photo_of, years_of
from enrollment.cells import cells_of
from enrollment.models import Applicant, ApplicantDocument, IntakeBatch, Layout, PrintOrder
from enrollment.selectors import ENCRYPTED, code_choices, members_of
from files.actions import store_made
from jobs import actions as jobs
from jobs.models import Job
from jobs.running import JobRefused, Running
from ledger import events
from records.labels import code_labels, region_names
from records.models import Document, DocumentKind, Enrolment, own_class_ids
from school.models import SchoolClass, Stage, Unit

JOB = "enrollment.print"
PERM = "print_student"
MOST_AT_ONCE = 60
"""More forms than these are printed by a job."""

BLANK, FILLED, PUBLIC = "blank", "filled", "public"
FORMS = {
    FILLED: gettext_lazy("Collection forms, filled in for the parents to sign"),
    BLANK: gettext_lazy("Collection form, blank"),
    PUBLIC: gettext_lazy("Public list (masked)"),
}
OPTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "sex": ("sex", ("1", "2")),
    "id_type": ("id_type", ("1", "6", "7", "8", "9", "A", "Z")),
    "member_id_type": ("id_type", ("1", "6", "7", "8", "9", "A", "Z")),
    "overseas_status": ("overseas_status", ("00", "01", "03", "05", "11", "51", "99")),
    "health": ("health", ()),
    "political_status": ("political_status", ("13", "03", "02", "01")),
    "hukou_type": ("hukou_type", ()),
    "admission_way": ("admission_way", ()),
    "attendance_mode": ("attendance_mode", ()),
    "left_behind": ("left_behind", ()),
    "relation": ("family_relation", ("51", "52", "60", "57", "58", "70", "97", "99")),
    "level": ("education_level", ()),
    "study_form": ("learning_form", ()),
}
"""Tick lists by field: the code list, and which of its codes have room on paper (none named: all)."""

TERTIARY_WAYS = ("admission_way_tertiary", ("01", "02", "04", "05", "06", "08", "99"))

Told = Callable[[int, int], None]


def _common(actor: User, school: Unit, purpose: str = "") -> dict[str, Any]:
    english = (translation.get_language() or "").startswith("en")
    return {
        "lang": "en" if english else "zh",
        "school": school.label,
        "purpose": purpose,
        "printed_by": actor.name,
        "printed_at": f"{timezone.localtime():%Y-%m-%d %H:%M}",
    }


# Collection forms


def tick_lists(batch: IntakeBatch) -> dict[str, list[list[str]]]:
    """The tick lists of the batch's form, from the code lists in use; a list that is empty is left to the form."""
    wanted = dict(OPTIONS)
    if batch.layout != Layout.NATIONAL:
        wanted["admission_way"] = TERTIARY_WAYS
    choices = code_choices({key for key, _codes in wanted.values()})
    found: dict[str, list[list[str]]] = {}
    for field, (key, codes) in wanted.items():
        known = dict(choices[key])
        shown = [[code, str(known[code])] for code in (codes or known) if code in known]
        if shown:
            found[field] = shown
    return found


def _form_kind(batch: IntakeBatch) -> dict[str, Any]:
    """Which form a batch prints: its layout, the word for its students, whether numbers that they have are asked."""
    return {
        "layout": FORM_LAYOUTS[batch.layout],
        "trainee": batch.school.stage == Stage.TRAINING,
        "present": batch.kind == IntakeBatch.Kind.PRESENT,
    }


def blank_form(actor: User, batch: IntakeBatch) -> bytes:
    """One blank collection form of the batch's layout. Raises PdfFailed."""
    data = {**_common(actor, batch.school), **_form_kind(batch), "options": tick_lists(batch)}
    content = render_pdf("collection_form", data)
    _note_list(actor, batch.school, BLANK, {"batch": batch.pk})
    return content


def printable(user: User, batch: IntakeBatch, class_no: str | None = None) -> QuerySet[Applicant]:
    """Applicants of the batch (of one class) whose filled form ``user`` may print, in seat order."""
    rows: QuerySet[Applicant] = Applicant.objects.visible_to(user, PERM).filter(batch=batch)
    rows = rows.exclude(state=Applicant.State.WITHDRAWN)
    if class_no is not None:
        rows = rows.filter(class_no=class_no)
    return rows.order_by("class_no", F("seat_no").asc(nulls_last=True), "name_sort", "pk")


def filled_forms(
    actor: User, batch: IntakeBatch, rows: Iterable[Applicant], *, purpose: str = "", told: Told | None = None
) -> bytes:
    """Collection forms of these applicants; one event for each. Raises PdfFailed, NotPermitted."""
    people = _with_parts(rows)
    roles = {row.unit_id: role_for(actor, PERM, row.unit_id) for row in people}
    data = {
        **_common(actor, batch.school, purpose),
        **_form_kind(batch),
        "options": tick_lists(batch),
        "forms": _forms(people, batch, told),
    }
    content = render_pdf("collection_form", data)
    for unit_id, role in roles.items():
        group = [row for row in people if row.unit_id == unit_id]
        detail = {"form": "collection_form", "state": "filled"}
        events.record_many("form.printed", group, actor=actor, role=role, purpose=purpose, detail=detail)
    return content


def _with_parts(rows: Iterable[Applicant]) -> list[Applicant]:
    photos = Prefetch(
        "documents",
        queryset=ApplicantDocument.objects.filter(kind=DocumentKind.PHOTO).select_related("blob"),
        to_attr="photos",
    )
    if isinstance(rows, QuerySet):
        return list(
            rows.select_related("unit", "programme", "school_class").prefetch_related("members", photos)
        )
    found = Applicant.objects.filter(pk__in=[row.pk for row in rows])
    return _with_parts(found.order_by("pk"))


def _forms(rows: Sequence[Applicant], batch: IntakeBatch, told: Told | None) -> list[dict[str, Any]]:
    labels = code_labels({"ethnicity", "nationality"})
    cells = []
    for row in rows:
        row.batch = batch
        cells.append(cells_of(row, members_of(row)))
    codes = {one.get(field, "") for one in cells for field in one if field.endswith(("_code", ".hukou_code"))}
    regions = region_names(codes)
    made = []
    for place, (row, values) in enumerate(zip(rows, cells, strict=True)):
        made.append(_form(row, values, labels, regions))
        if told:
            told(place + 1, len(rows))
    return made


def _form(
    row: Applicant, cells: dict[str, str], labels: dict[str, dict[str, Any]], regions: dict[str, str]
) -> dict[str, Any]:
    values: dict[str, Any] = {
        field: _printed(row, field, text) for field, text in cells.items() if "." not in field
    }
    for field in ("ethnicity", "nationality"):
        values[field] = str(labels[field].get(cells.get(field, ""), cells.get(field, "")))
    for field in ("birthplace_code", "hukou_region_code"):
        values[field] = _place(cells.get(field, ""), regions)
    values |= {
        "aux_number": cells.get("aux_no", ""),
        "years": years_of(row.study_years),
        "college": row.unit.label if row.unit_id != row.batch.school_id else "",
        "study_form": cells.get("learning_form", ""),
        "expected_graduation": _printed(row, "expected_end_on", cells.get("expected_end_on", "")),
    }
    members = [_member(cells, f"member{position}", regions) for position in (1, 2)]
    return {
        "number": row.number,
        "class_name": row.school_class.label if row.school_class else row.class_no,
        "photo": photo_of(getattr(row, "photos", [])),
        "values": values,
        "members": [member for member in members if member],
    }


def _printed(row: Applicant, field: str, text: str) -> Any:
    value = getattr(row, field, None)
    if isinstance(value, bool | date):
        return value
    return text


def _place(code: str, regions: dict[str, str]) -> str:
    return f"{code} {regions[code]}" if code in regions else code


def _member(cells: dict[str, str], who: str, regions: dict[str, str]) -> dict[str, Any] | None:
    found = {field.partition(".")[2]: text for field, text in cells.items() if field.startswith(f"{who}.")}
    if not found.get("name"):
        return None
    guardian = {"是": True, "否": False}.get(found.get("is_guardian", ""))
    return {**found, "is_guardian": guardian, "hukou_code": _place(found.get("hukou_code", ""), regions)}


# Public list


def public_list(
    actor: User,
    batch: IntakeBatch,
    class_no: str | None,
    *,
    starts: date | None,
    ends: date | None,
    objections: str,
) -> bytes:
    """The list for posting: name, sex, class, three characters of the number; those whom the head approved.

    Raises PdfFailed.
    """
    rows = posted(actor, batch, class_no).select_related("school_class", "programme")
    people = [
        {
            "name": row.name,
            "sex": row.sex,
            "class_name": row.school_class.label if row.school_class else row.class_no,
            "programme": row.programme.label if row.programme else "",
            "id_number": mask_id_number(row.id_number, posted=True),
        }
        for row in rows
    ]
    posting = {
        "number": "-".join(part for part in (batch.code, class_no) if part),
        "subject": batch.name,
        "from": starts,
        "to": ends,
        "objections": objections,
        "people": people,
    }
    content = render_pdf("public_list", {**_common(actor, batch.school), "lists": [posting]})
    _note_list(actor, batch.school, PUBLIC, {"batch": batch.pk, "people": len(people)})
    return content


def posted(user: User, batch: IntakeBatch, class_no: str | None = None) -> QuerySet[Applicant]:
    """Applicants of the batch who stand on its public list."""
    states = [Applicant.State.HEAD_APPROVED, Applicant.State.ACCEPTED]
    rows: QuerySet[Applicant] = Applicant.objects.visible_to(user).filter(batch=batch, state__in=states)
    if class_no is not None:
        rows = rows.filter(class_no=class_no)
    others = [name for name in ENCRYPTED if name != "id_number"]
    return rows.defer(*others, "name_tokens").order_by("class_no", "name_sort", "pk")


def _note_list(actor: User, unit: Unit, form: str, detail: dict[str, Any]) -> None:
    events.record("list.printed", actor=actor, unit_id=unit.pk, detail={"form": form, **detail})


# Rosters and student cards


def class_for(user: User, public_id: object) -> SchoolClass:
    """A class of which ``user`` sees students. Raises Http404 or OutOfScope."""
    every = SchoolClass.objects.select_related("school")
    scope = Q(unit_id__in=list(units_with(user, "view_student")))
    if units_with(user, "view_own_class"):
        scope |= Q(pk__in=own_class_ids(user))
    found: SchoolClass = visible_or_404(every, every.filter(scope), public_id=public_id)
    return found


def class_enrolments(user: User, school_class: SchoolClass) -> QuerySet[Enrolment]:
    """Open enrolments of a class that ``user`` may see, in seat order."""
    rows: QuerySet[Enrolment] = Enrolment.objects.visible_to(user).filter(
        school_class=school_class, ended_on=None
    )
    return rows.order_by(F("seat_no").asc(nulls_last=True), "student__name_sort", "pk")


ROSTER_FIELDS = (
    "seat_no", "student_no", "exam_no", "student__name", "student__sex", "student__birth_date",
)  # fmt: skip


def roster(actor: User, school_class: SchoolClass) -> bytes:
    """The roster of a class; no personal numbers. Raises PdfFailed."""
    rows = class_enrolments(actor, school_class).select_related("student").only(*ROSTER_FIELDS)
    listed = class_of(school_class, rows)
    content = render_pdf("class_roster", {**_common(actor, school_class.school), "classes": [listed]})
    detail = {"class": school_class.pk, "people": len(listed["pupils"])}
    _note_list(actor, school_class.school, "class_roster", detail)
    return content


def cards_allowed(user: User, rows: QuerySet[Enrolment]) -> QuerySet[Enrolment]:
    """Those of ``rows`` whose card ``user`` may print."""
    return rows.filter(unit_id__in=list(units_with(user, PERM)))


def student_enrolment(user: User, public_id: object) -> Enrolment:
    """The newest enrolment of a student, if ``user`` may print his card.

    Raises Http404 or OutOfScope when he may not see the student, NotPermitted when he may see but not print.
    """
    every = Enrolment.objects.select_related("student", "school").order_by(
        F("ended_on").desc(nulls_first=True)
    )
    visible = Enrolment.objects.visible_to(user).select_related("student", "school")
    visible = visible.order_by(F("ended_on").desc(nulls_first=True))
    found: Enrolment = visible_or_404(every, visible, student__public_id=public_id)
    demand(user, PERM, found.unit_id)
    if not Enrolment.objects.filter(pk=found.pk).current().exists():
        raise NotPermitted("the student went on to another school", obj=found.student, unit_id=found.unit_id)
    return found


def student_cards(
    actor: User, school: Unit, rows: Iterable[Enrolment], *, purpose: str = "", told: Told | None = None
) -> bytes:
    """学籍卡 of these enrolments, one page each; one event for each student. Raises PdfFailed, NotPermitted."""
    ids = [row.pk for row in rows]
    place = {pk: at for at, pk in enumerate(ids)}
    found = Enrolment.objects.filter(pk__in=ids).select_related(
        "student", "school_class", "unit", "school", "programme"
    )
    photos = Prefetch(
        "student__documents",
        queryset=Document.objects.filter(kind=DocumentKind.PHOTO).select_related("blob").order_by("version"),
        to_attr="photos",
    )
    people = sorted(
        found.prefetch_related("student__family", "student__enrolments__school", photos),
        key=lambda row: place[row.pk],
    )
    roles = {row.unit_id: role_for(actor, PERM, row.unit_id) for row in people}
    words = Words(people)
    cards = []
    for at, row in enumerate(people):
        cards.append(card_of(row, words))
        if told:
            told(at + 1, len(people))
    content = render_pdf("student_card", {**_common(actor, school, purpose), "cards": cards})
    for unit_id, role in roles.items():
        students = [row.student for row in people if row.unit_id == unit_id]
        events.record_many(
            "form.printed",
            students,
            actor=actor,
            role=role,
            purpose=purpose,
            detail={"form": "student_card", "unit": unit_id},
        )
    return content


# Many forms: a job


@transaction.atomic
def order(
    *,
    actor: User,
    form: str,
    school: Unit,
    batch: IntakeBatch | None = None,
    class_no: str = "",
    school_class: SchoolClass | None = None,
    purpose: str = "",
) -> PrintOrder:
    """Have the filled forms of a batch or class, or the cards of a class, printed by a job; the PDF waits there."""
    job = jobs.start(actor=actor, kind=JOB, unit=school)
    return PrintOrder.objects.create(
        batch=batch,
        class_no=class_no,
        school_class=school_class,
        form=form,
        language=translation.get_language() or "zh-hans",
        purpose=purpose,
        job=job,
        created_by=actor,
    )


def work(running: Running) -> None:
    """The job; nothing when a worker that died later printed already.

    A form that cannot be printed ends it with its number and what is wrong. Raises JobRefused.
    """
    if running.result:
        return
    asked = PrintOrder.objects.select_related("batch__school", "school_class__school").get(job=running.job)
    with transaction.atomic(), translation.override(asked.language):
        try:
            content = _ordered(running, asked)
        except PdfFailed as failed:
            raise JobRefused(failed.lasting) from failed
        if asked.batch and not _are_here(asked.batch, asked.people):
            raise JobRefused(_("Some of these applicants were taken back meanwhile. Order the print again."))
        asked.save(update_fields=["people"])
        running.keep(
            store_made(actor=running.actor, content=content, filename=f"{asked.form}.pdf", kind="pdf")
        )


def _are_here(batch: IntakeBatch, people: Sequence[int]) -> bool:
    """Whether all of them are applicants still; none is taken back before the transaction ends."""
    IntakeBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    return Applicant.objects.filter(pk__in=people).count() == len(people)


def may_take(user: User, job: Job) -> bool:
    """Whether ``user`` may still print everybody whom the file shows; a file that waits outlives no right."""
    asked = PrintOrder.objects.get(job=job)
    rows: QuerySet[Any] = Applicant.objects.visible_to(user, PERM)
    if asked.school_class_id:
        rows = cards_allowed(user, Enrolment.objects.visible_to(user).current())
    return rows.filter(pk__in=asked.people).count() == len(asked.people)


def _ordered(running: Running, asked: PrintOrder) -> bytes:
    actor, batch, school_class = running.actor, asked.batch, asked.school_class
    if school_class:
        cards = cards_allowed(actor, class_enrolments(actor, school_class))
        asked.people = list(cards.values_list("pk", flat=True))
        cards = cards.filter(pk__in=asked.people)
        return student_cards(actor, school_class.school, cards, purpose=asked.purpose, told=running.progress)
    if batch is None:
        raise LookupError(f"Nothing to print: {asked.public_id}")
    rows = printable(actor, batch, asked.class_no or None)
    asked.people = list(rows.values_list("pk", flat=True))
    rows = rows.filter(pk__in=asked.people)
    return filled_forms(actor, batch, rows, purpose=asked.purpose, told=running.progress)


def classes_with_students(user: User, school: Unit) -> list[SchoolClass]:
    """Classes of a school in use of which ``user`` sees students: their rosters and cards can be printed."""
    seen = Enrolment.objects.visible_to(user).filter(school=school, ended_on=None)
    rows = SchoolClass.objects.filter(pk__in=seen.values("school_class_id"), is_active=True)
    return list(rows.order_by("class_no"))
