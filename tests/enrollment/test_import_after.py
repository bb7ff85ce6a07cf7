"""After the check: importing, the same file again, mending in place and by the marked file."""

import io
import threading
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.urls import reverse

from accounts.scope import NotPermitted
from enrollment import actions as intake
from enrollment.actions import batches
from enrollment.importing import actions
from enrollment.importing.selectors import cells_of_row, marked_file
from enrollment.models import Applicant, ApplicantMember, ImportJob, ImportRow, IntakeBatch
from jobs import progress
from jobs.models import Job
from jobs.tasks import run
from ledger.models import Event
from records.columns import NATIONAL
from tests.cast import Cast, make_cast
from tests.core.workbook_files import saved
from tests.enrollment.importing import bring_in, check, fresh, make_classes
from tests.enrollment.intake import draft, id_number, make_batch
from tests.factories import set_rule
from tests.support.applicant_files import national_workbook, people

HEADERS = [column.header for column in NATIONAL.columns]


@pytest.fixture(autouse=True)
def _classes(request: pytest.FixtureRequest) -> None:
    if "committed_db" not in request.fixturenames:
        make_classes(request.getfixturevalue("cast").school)


def faulty(count: int = 4, bad: int = 1) -> bytes:
    """Sound rows, of which the first ``bad`` have a wrong postcode."""
    rows = list(people(count))
    for row in rows[:bad]:
        row["邮政编码"] = "4300"
    return national_workbook(rows)


def history_count(model: Any) -> int:
    return int(model.history.model.objects.count())


@pytest.mark.requirement("S0-6.2-2")
def test_each_row_leaves_history_and_an_event_and_is_found(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty(5, bad=1)))
    assert (made.state, made.imported_count) == (ImportJob.State.IMPORTED, 4)
    applicants = Applicant.objects.filter(import_job=made)
    assert applicants.count() == history_count(Applicant) == 4
    assert ApplicantMember.objects.count() == history_count(ApplicantMember) == 8
    each = Event.objects.filter(action="applicant.imported", actor=cast.clerk, role="admissions_clerk")
    assert set(each.values_list("subject", flat=True)) == set(applicants.values_list("public_id", flat=True))
    (whole,) = Event.objects.filter(action="import.imported")
    assert (whole.detail["imported"], whole.detail["errors"]) == (4, 1)
    one = applicants.order_by("import_row_number")[0]
    assert (one.import_row_number, one.school_class.class_no, one.unit) == (3, one.class_no, cast.school)
    assert one.name_tokens
    assert one.name_sort
    assert one.id_number_index


def test_the_same_file_twice_adds_nothing_and_says_who_had_it(cast: Cast, batch: IntakeBatch) -> None:
    content = faulty()
    made = bring_in(cast.clerk, check(cast.clerk, batch, content))
    client = Client()
    client.force_login(cast.second_clerk)
    page = client.post(
        reverse("enrollment:import_upload"),
        {"batch": batch.public_id, "file": SimpleUploadedFile("again.xlsx", content)},
        headers={"accept-language": "en"},
    ).content.decode()
    assert "王芳 uploaded this file at" in page
    assert reverse("enrollment:import_result", args=[made.public_id]) in page
    assert ImportJob.objects.count() == 1
    assert Applicant.objects.count() == 3


def test_the_same_file_at_the_same_moment_comes_in_once(committed_db: str) -> None:
    cast = make_cast()
    batch = make_batch(cast.school)
    content = faulty()
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def upload(user: Any) -> None:
        barrier.wait()
        try:
            actions.upload(actor=user, batch=batch, content=content, filename="a.xlsx", queue=False)
            outcomes.append("taken")
        except actions.RepeatedFile as repeated:
            outcomes.append(f"repeated {repeated.import_job.pk}")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=upload, args=[user]) for user in (cast.clerk, cast.second_clerk)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = ImportJob.objects.get()
    assert sorted(outcomes) == [f"repeated {made.pk}", "taken"]


def test_two_imports_of_one_checked_file_bring_it_in_once(committed_db: str) -> None:
    cast = make_cast()
    make_classes(cast.school)
    made = check(cast.clerk, make_batch(cast.school), faulty(), queue=False)
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def start() -> None:
        barrier.wait()
        try:
            row = actions.start_import(actor=cast.clerk, import_job=made, queue=False)
            run(row.job_id)
            outcomes.append("imported")
        except actions.ImportRefused:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["imported", "refused"]
    assert Applicant.objects.count() == 3
    assert Event.objects.filter(action="import.imported").count() == 1


def test_all_or_nothing_writes_nothing_while_a_row_has_errors(cast: Cast, batch: IntakeBatch) -> None:
    made = check(cast.clerk, batch, faulty())
    with pytest.raises(actions.ImportRefused):
        actions.start_import(actor=cast.clerk, import_job=made, all_or_nothing=True)
    clean = check(cast.clerk, batch, national_workbook(list(people(3))))
    row = actions.start_import(actor=cast.clerk, import_job=clean, all_or_nothing=True)
    taken = {**next(iter(people(1))), "邮政编码": "430071"}
    bring_in(cast.clerk, check(cast.clerk, batch, national_workbook([taken]), "one.xlsx"))
    run(row.job_id)
    clean = fresh(clean)
    assert (clean.state, clean.error_count, clean.imported_count) == (ImportJob.State.CHECKED, 1, 0)
    assert Applicant.objects.count() == 1


def test_a_row_is_mended_in_place(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    row = made.rows.get()
    address = reverse("enrollment:import_row", args=[row.public_id])
    client = Client()
    client.force_login(cast.clerk)
    page = client.get(address)
    cells = {line.field: line.text for section in page.context["sections"] for line in section.lines}
    assert [line.field for line in page.context["sections"][0].lines] == ["postcode"]
    still = client.post(address, {**cells, "postcode": "43007"})
    assert still.context["errors"] == 1
    assert Applicant.objects.count() == 3
    assert client.post(address, {**cells, "postcode": "430070"}).status_code == 302
    row.refresh_from_db()
    assert row.applicant
    assert (row.state, row.resolved_by, row.applicant.postcode) == ("mended", cast.clerk, "430070")
    assert row.applicant.import_job == made
    assert Applicant.objects.count() == 4
    with pytest.raises(actions.ImportRefused):
        actions.mend(actor=cast.clerk, row=row, cells=cells)


def test_another_number_of_a_mended_row_counts_as_a_look_up(cast: Cast, batch: IntakeBatch) -> None:
    set_rule(cast.school, "number_lookups", "10")
    foreign = make_batch(cast.other_school, code="OTHER-2026")
    draft(cast.outsider, foreign, 1, class_no="2026101")
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    row = made.rows.get()
    cells = cells_of_row(row)
    told = []
    for serial in (1, *range(20, 31)):
        with pytest.raises(actions.StillFaulty) as still:
            actions.mend(actor=cast.clerk, row=row, cells={**cells, "id_number": id_number(serial)})
        told.append({fault.code for fault in still.value.faults if fault.field == "id_number"})
    assert "id_elsewhere" in told[0]
    assert Event.objects.get(action="applicant.known_elsewhere").actor == cast.clerk
    assert [codes == {"lookups_spent"} for codes in told] == [False] * 10 + [True] * 2
    with pytest.raises(actions.StillFaulty) as own:
        actions.mend(actor=cast.clerk, row=row, cells=cells)
    assert {fault.field for fault in own.value.faults} == {"postcode"}, "the number it brought costs nothing"


def test_a_row_is_dismissed_with_a_reason_or_taken_over(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty(4, bad=2)))
    first, second = made.rows.order_by("row_number")
    with pytest.raises(ValueError, match="reason"):
        actions.dismiss(actor=cast.clerk, row=first, reason=" ")
    actions.dismiss(actor=cast.clerk, row=first, reason="已在他校入学")
    actions.take_over(actor=cast.second_clerk, row=second, reason="王芳休假")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.reason, second.owner) == ("dismissed", "已在他校入学", cast.second_clerk)


def mended_copy(made: ImportJob, *, keep_good: bool) -> bytes:
    """The marked file as a clerk sends it back: the faulty cell mended, perhaps the good rows deleted."""
    book = openpyxl.load_workbook(io.BytesIO(marked_file(made)))
    sheet = book.worksheets[0]
    place = HEADERS.index("邮政编码") + 1
    assert "邮政编码" in str(sheet.cell(2, len(HEADERS) + 1).value)
    sheet.cell(2, place, "430070")
    if not keep_good:
        sheet.delete_rows(4, sheet.max_row)
    content = saved(book)
    book.close()
    return content


@pytest.mark.parametrize("keep_good", [True, False])
def test_the_marked_file_comes_back_and_adds_only_the_mended_rows(
    cast: Cast, batch: IntakeBatch, keep_good: bool
) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty(6, bad=2)))
    again = check(cast.clerk, batch, mended_copy(made, keep_good=keep_good), "marked.xlsx")
    assert again.mends == made
    assert (again.good_count, again.error_count, again.skipped_count) == (1, 1, 4 if keep_good else 0)
    again = bring_in(cast.clerk, again)
    assert (again.imported_count, Applicant.objects.count()) == (1, 5)
    first, second = made.rows.order_by("row_number")
    assert (first.state, second.state, second.reason) == ("mended", "dismissed", "superseded")
    assert again.rows.get().state == ImportRow.State.PROBLEM


def test_values_are_whole_for_the_owner_and_masked_for_others(cast: Cast, batch: IntakeBatch) -> None:
    (person,) = people(1)
    wrong = person["身份证件号"][:17] + ("1" if person["身份证件号"][17] != "1" else "2")
    made = check(cast.clerk, batch, national_workbook([{**person, "身份证件号": wrong}]))
    client = Client()
    address = reverse("enrollment:import_result", args=[made.public_id])
    client.force_login(cast.clerk)
    assert wrong in client.get(address).content.decode()
    assert Event.objects.filter(action="import.opened", actor=cast.clerk).count() == 1
    client.force_login(cast.second_clerk)
    page = client.get(address).content.decode()
    assert wrong not in page
    assert wrong[:3] + "*" * 14 + wrong[17] in page
    client.force_login(cast.outsider)
    assert client.get(address).status_code == 404


def test_only_those_who_enter_applicants_import(cast: Cast, batch: IntakeBatch) -> None:
    with pytest.raises(NotPermitted):
        check(cast.archivist, batch, faulty())
    with pytest.raises(NotPermitted):
        check(cast.outsider, batch, faulty())
    assert not ImportJob.objects.exists()


def test_a_cancelled_import_leaves_the_file_waiting(cast: Cast, batch: IntakeBatch, monkeypatch: Any) -> None:
    made = check(cast.clerk, batch, faulty())
    row = actions.start_import(actor=cast.clerk, import_job=made)
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0)
    progress.ask_to_stop(row.job_id)
    run(row.job_id)
    assert Job.objects.get(pk=row.job_id).state == Job.State.CANCELLED
    assert fresh(made).state == ImportJob.State.CHECKED
    assert not Applicant.objects.exists()
    assert made.rows.count() == 1


def test_a_job_that_is_lost_after_its_import_leaves_the_import(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    Job.objects.filter(pk=made.job_id).update(state=Job.State.QUEUED, attempts=3)
    run(made.job_id)
    made = fresh(made)
    assert made.job.state == Job.State.FAILED
    assert made.state == ImportJob.State.IMPORTED


def test_a_file_waits_when_its_batch_was_closed_before_its_turn(cast: Cast, batch: IntakeBatch) -> None:
    waiting = check(cast.clerk, batch, faulty())
    row = actions.start_import(actor=cast.clerk, import_job=waiting, queue=False)
    at_once = actions.upload(
        actor=cast.clerk, batch=batch, content=faulty(6), filename="b.xlsx", at_once=True, queue=False
    )
    batches.set_open(actor=cast.head, batch=batch, is_open=False, reason="招生结束")
    for job_id in (row.job_id, at_once.job_id):
        run(job_id)
    assert not Applicant.objects.exists()
    assert {fresh(one).state for one in (waiting, at_once)} == {ImportJob.State.CHECKED}
    with pytest.raises(intake.BatchClosed):
        actions.start_import(actor=cast.clerk, import_job=waiting)


def test_what_was_typed_stays_on_the_page_of_who_lost_the_row(cast: Cast, batch: IntakeBatch) -> None:
    row = bring_in(cast.clerk, check(cast.clerk, batch, faulty())).rows.get()
    cells = {**cells_of_row(row), "postcode": "430070", "talent": "围棋三段"}
    actions.take_over(actor=cast.second_clerk, row=row, reason="王芳休假")
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast.clerk)
    answer = client.post(reverse("enrollment:import_row", args=[row.public_id]), cells)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Nothing was saved" in page and "owns this row" in page
    assert "围棋三段" in page and cells["id_number"] in page
    assert not Event.objects.filter(action="import.row_opened").exists()


def test_the_template_has_every_column_and_comes_back(cast: Cast, batch: IntakeBatch) -> None:
    client = Client()
    client.force_login(cast.clerk)
    content = client.get(reverse("enrollment:import_template", args=[batch.public_id])).content
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    assert [str(cell.value).rstrip("*") for cell in sheet[1]] == HEADERS
    assert len(sheet.data_validations.dataValidation) > 20
    (person,) = people(1)
    for place, name in enumerate(HEADERS, 1):
        sheet.cell(2, place, person[name])
    made = check(cast.clerk, batch, saved(book))
    assert (made.good_count, made.error_count) == (1, 0)
