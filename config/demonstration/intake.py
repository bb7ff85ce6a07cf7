"""Intake batches of the demonstration, with applicants at every step and the first student files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from accounts.models import User
from approvals.deadlines import due_after
from approvals.reasons import ReturnReason
from config.demonstration.persons import Persons
from config.demonstration.units import SCHOOL_YEAR, Units
from enrollment import actions
from enrollment.cells import Members, apply_values, layout_of, place, programme_units
from enrollment.four_checks import four_checks
from enrollment.models import Applicant, IntakeBatch, IntakeDecision, Layout
from enrollment.selectors import book_of, check_cells
from enrollment.steps import HEAD_REVIEW, INITIAL_REVIEW, Step
from ledger import events
from ledger.context import acting
from ledger.history import update_rows, write_rows
from records.cells import CodeBook, read_row
from records.models import DocumentKind
from school.rules import rule

NEW_CLASSES = ("2026101", "2026102", "2026103", "2026104")
OLD_CLASS = "2025201"
People = dict[str, User]


@dataclass(frozen=True, slots=True)
class Crew:
    """Who takes an applicant through: entry, initial review, head review, acceptance."""

    clerk: User
    reviewer: User
    head: User
    archivist: User


def make_batches(units: Units, actor: User) -> dict[str, IntakeBatch]:
    """Three batches by code. ``DEMO-2026`` asks for no scans, so that an imported file can go the whole way."""
    today = timezone.localdate()
    opens = min(date(SCHOOL_YEAR, 5, 1), today)
    deadline = max(date(SCHOOL_YEAR, 12, 31), today + timedelta(days=60))
    given = {"school_year": SCHOOL_YEAR, "opens_on": opens, "entry_deadline": deadline}
    rows = [
        IntakeBatch(
            school=units["primary"],
            code="DEMO-2026",
            name="2026年秋季新生",
            layout=Layout.NATIONAL,
            quota=2400,
            **given,
        ),
        IntakeBatch(
            school=units["small"],
            code="DEMO-2026-SL",
            name="松林小学2026年秋季新生",
            layout=Layout.NATIONAL,
            quota=20,
            required_documents=[DocumentKind.COLLECTION_FORM, DocumentKind.HUKOU_BOOK],
            **given,
        ),
        IntakeBatch(
            school=units["college"],
            code="DEMO-2026-ZY",
            name="2026级高职新生",
            layout=Layout.HIGHER,
            quota=240,
            **given,
        ),
    ]
    write_rows(rows, actor=actor)
    return {row.code: row for row in rows}


def fill_batches(batches: dict[str, IntakeBatch], people: People) -> None:
    """About 180 applicants in the batches, two thirds of them accepted already."""
    persons = Persons()
    _fill_primary(batches["DEMO-2026"], people, persons)
    _fill_college(batches["DEMO-2026-ZY"], people, persons)
    _fill_small(batches["DEMO-2026-SL"], people, persons)


def _fill_primary(batch: IntakeBatch, people: People, persons: Persons) -> None:
    crew = Crew(people["clerk1"], people["clerk2"], people["head1"], people["archivist1"])
    intake = _Intake(batch, crew)
    accepted = [persons.pupil(class_no) for class_no in (*NEW_CLASSES[:2], OLD_CLASS) for _place in range(28)]
    intake.accepted(accepted)
    new = [persons.pupil(NEW_CLASSES[2 + place % 2]) for place in range(48)]
    intake.head_approved(new[:12])
    intake.initially_reviewed(new[12:24])
    rows = intake.self_checked(new[24:40])
    for row, reason, fields in zip(rows, RETURNS, RETURNED_FIELDS, strict=False):
        actions.send_back(actor=crew.reviewer, applicant=row, reason=reason, fields=fields)
    intake.drafts([_unfinished(cells) for cells in new[40:]])


RETURNS = (ReturnReason.DIFFERS_FROM_DOCUMENT, ReturnReason.REQUIRED_EMPTY, ReturnReason.CLASS_WRONG)
RETURNED_FIELDS = (["name", "birth_date"], ["current_address"], ["class_no"])


def _unfinished(cells: dict[str, str]) -> dict[str, str]:
    return {field: text for field, text in cells.items() if not field.startswith(("member2.", "hukou"))}


def _fill_college(batch: IntakeBatch, people: People, persons: Persons) -> None:
    crew = Crew(people["c-clerk1"], people["c-clerk2"], people["c-head1"], people["c-archivist1"])
    intake = _Intake(batch, crew)
    serial = iter(range(1, 1000))

    def students(programme: str, class_no: str, count: int) -> list[dict[str, str]]:
        return [persons.student(programme, class_no, f"26420102{next(serial):06}") for _place in range(count)]

    intake.accepted([*students("510203", "2651020301", 24), *students("520201", "2652020101", 16)])
    intake.head_approved(students("510205", "2651020501", 5))
    intake.initially_reviewed(students("510205", "2651020501", 4))
    intake.self_checked(students("510205", "2651020502", 3))


def _fill_small(batch: IntakeBatch, people: People, persons: Persons) -> None:
    crew = Crew(people["s-clerk1"], people["s-clerk1"], people["s-head1"], people["s-archivist1"])
    cells = [persons.pupil("2026101") | {"school_code": batch.school.code} for _place in range(4)]
    _Intake(batch, crew).drafts(cells)


class _Intake:
    """Takes many applicants of a batch through the same steps at once, with the same decisions and events."""

    def __init__(self, batch: IntakeBatch, crew: Crew) -> None:
        self.batch, self.crew = batch, crew
        self.book: CodeBook = book_of(batch)
        self.scheme = str(rule(batch.school, "duty_scheme"))
        self.units = programme_units(batch)
        self.today = timezone.localdate()

    def drafts(self, people: Sequence[dict[str, str]]) -> list[Applicant]:
        """Entered by the clerk, not submitted."""
        numbers = actions.new_numbers(self.batch, len(people))
        made = [self._entered(number, cells) for number, cells in zip(numbers, people, strict=True)]
        rows = [row for row, _members in made]
        clerk = self.crew.clerk
        write_rows(rows, actor=clerk, role="admissions_clerk")
        members = [member for _row, family in made for member in family.values()]
        for member in members:
            member.applicant_id = member.applicant.pk
        write_rows(members, actor=clerk, role="admissions_clerk")
        events.record_many("applicant.started", rows, actor=clerk, role="admissions_clerk")
        return rows

    def _entered(self, number: str, cells: dict[str, str]) -> tuple[Applicant, Members]:
        row = actions.new_applicant(self.batch, self.crew.clerk, number, scheme=self.scheme, today=self.today)
        values, faults = read_row(cells, layout_of(self.batch).columns, self.book)
        if faults:
            raise ValueError(f"{number}: {faults}")
        members: Members = {}
        apply_values(row, members, values, self.book)
        place(row, self.units)
        return row, members

    def self_checked(self, people: Sequence[dict[str, str]]) -> list[Applicant]:
        """Submitted after the self-check, which finds no error in them."""
        rows = self.drafts(people)
        school = self.batch.school
        due = due_after(school, int(rule(school, "initial_review_days")), start=self.today).date
        for row, cells in zip(rows, people, strict=True):
            _values, faults = check_cells(row, cells, self.book)
            if errors := [fault for fault in faults if fault.level == "error"]:
                raise ValueError(f"{row.number}: {errors}")
            row.checked_with_original = True
            row.warning_count = len(faults)
            row.self_checked_at = timezone.now()
            row.state = Applicant.State.SELF_CHECKED
            row.due_on = due
        names = ["checked_with_original", "warning_count", "self_checked_at", "state", "due_on"]
        self._write(rows, names, "self_check", "applicant.self_checked", self.crew.clerk, "admissions_clerk")
        return rows

    def initially_reviewed(self, people: Sequence[dict[str, str]]) -> list[Applicant]:
        """Passed on by the second clerk."""
        rows = self.self_checked(people)
        return self._step(INITIAL_REVIEW, rows, self.crew.reviewer, "admissions_clerk")

    def head_approved(self, people: Sequence[dict[str, str]]) -> list[Applicant]:
        """Approved by the head of admissions."""
        rows = self.initially_reviewed(people)
        return self._step(HEAD_REVIEW, rows, self.crew.head, "admissions_head")

    def accepted(self, people: Sequence[dict[str, str]]) -> None:
        """Accepted by the archives after the four checks; their files exist."""
        pks = [row.pk for row in self.head_approved(people)]
        query = Applicant.objects.filter(pk__in=pks).select_related("batch__school", "unit", "programme")
        rows = list(query.prefetch_related("members", "documents").order_by("pk"))
        results = {row.pk: four_checks(row, self.book) for row in rows}
        if not all(result.passed for result in results.values()):
            raise ValueError("The four checks found faults in the demonstration's applicants")
        actions.accept_rows(rows, results, actor=self.crew.archivist, role="archivist")

    def _step(self, step: Step, rows: list[Applicant], actor: User, role: str) -> list[Applicant]:
        due = actions.due_dates()
        names: Iterable[str] = ()
        for row in rows:
            if refused := actions.refusal(step, row, actor):
                raise refused
            names = actions.advance(step, row, actor, now=timezone.now(), due=due)
        self._write(rows, names, step.key, step.event, actor, role)
        return rows

    def _write(
        self, rows: list[Applicant], names: Iterable[str], step: str, event: str, actor: User, role: str
    ) -> None:
        made = [actions.decision(row, step, IntakeDecision.Outcome.PASSED, actor, role) for row in rows]
        with acting(actor, role=role):
            update_rows(rows, list(names), actor=actor, role=role)
            write_rows(made, actor=actor, role=role)
            events.record_many(event, rows, actor=actor, role=role)
