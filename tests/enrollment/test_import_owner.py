"""Whose an import is: who sees it whole, imports it, mends its rows, takes it back; and how it changes hands."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from enrollment import actions as intake
from enrollment.importing import actions
from enrollment.importing.selectors import cells_of_row
from enrollment.models import Applicant, ImportJob, IntakeBatch
from ledger.models import Event
from tests.cast import Cast
from tests.core.workbook_files import zipped
from tests.enrollment.importing import bring_in, check, fresh, make_classes
from tests.enrollment.intake import make_batch
from tests.enrollment.test_import_after import faulty, mended_copy
from tests.support.applicant_files import national_workbook, people

REASON = "王芳休产假"


@pytest.fixture(autouse=True)
def _classes(cast: Cast) -> None:
    make_classes(cast.school)


def signed_in(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def address(name: str, row: Any) -> str:
    return reverse(f"enrollment:{name}", args=[row.public_id])


def test_a_colleague_gets_no_marked_file_before_taking_over(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    client = signed_in(cast.second_clerk)
    page = client.get(address("import_result", made)).content.decode()
    assert "Download the marked file" not in page
    assert "Take over" in page
    assert client.get(address("import_marked", made)).status_code == 403
    assert Event.objects.filter(result="refused", actor=cast.second_clerk).count() == 1
    assert not Event.objects.filter(action="import.marked_file_downloaded").exists()

    client.post(address("import_take_over", made), {"reason": REASON})
    answer = client.get(address("import_marked", made))
    assert (answer.status_code, answer["Content-Type"].endswith("sheet")) == (200, True)
    assert Event.objects.get(action="import.marked_file_downloaded").actor == cast.second_clerk
    assert signed_in(cast.clerk).get(address("import_marked", made)).status_code == 403


def test_an_import_changes_hands_with_its_rows_and_a_reason(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty(6, bad=3)))
    first, second, _third = made.rows.order_by("row_number")
    actions.dismiss(actor=cast.clerk, row=first, reason="已在他校入学")
    client = signed_in(cast.second_clerk)
    client.post(address("import_take_over", made), {"reason": "  "})
    assert fresh(made).owner == cast.clerk
    client.post(address("import_take_over", made), {"reason": REASON})
    made = fresh(made)
    assert (made.owner, made.created_by) == (cast.second_clerk, cast.clerk)
    owners = [(row.state, row.owner) for row in made.rows.order_by("row_number")]
    assert owners == [
        ("dismissed", cast.clerk),
        ("problem", cast.second_clerk),
        ("problem", cast.second_clerk),
    ]
    event = Event.objects.get(action="import.taken_over")
    assert (event.actor, event.reason, event.detail) == (cast.second_clerk, REASON, {"rows": 2})
    page = client.get(address("import_result", made)).content.decode()
    assert "Mend the problem rows" in page
    assert "4300" in page
    again = client.post(address("import_take_over", made), {"reason": REASON}, follow=True)
    assert "is yours already" in again.content.decode()
    assert Event.objects.filter(action="import.taken_over").count() == 1
    with pytest.raises(actions.ImportRefused):
        actions.mend(actor=cast.clerk, row=second, cells={**cells_of_row(second), "postcode": "430070"})


def test_a_running_import_is_not_taken_over(cast: Cast, batch: IntakeBatch) -> None:
    made = check(cast.clerk, batch, faulty())
    actions.start_import(actor=cast.clerk, import_job=made, queue=False)
    with pytest.raises(actions.ImportRefused):
        actions.take_over_import(actor=cast.second_clerk, import_job=made, reason=REASON)
    assert fresh(made).owner == cast.clerk


def test_the_owner_enters_and_somebody_else_reviews(cast: Cast, batch: IntakeBatch) -> None:
    made = check(cast.clerk, batch, faulty(3, bad=0))
    client = signed_in(cast.second_clerk)
    page = client.get(address("import_result", made)).content.decode()
    assert address("import_start", made) not in page
    page = client.post(address("import_start", made), follow=True).content.decode()
    assert "王芳 owns this import" in page
    assert fresh(made).state == ImportJob.State.CHECKED

    actions.take_over_import(actor=cast.second_clerk, import_job=made, reason=REASON)
    with pytest.raises(actions.NotOwner):
        actions.start_import(actor=cast.clerk, import_job=made)
    bring_in(cast.second_clerk, made)
    one = Applicant.objects.order_by("pk")[0]
    assert one.entered_by == cast.second_clerk
    intake.save_draft(actor=cast.second_clerk, applicant=one, cells={"checked_with_original": "1"})
    one = intake.self_check(actor=cast.second_clerk, applicant=one)
    with pytest.raises(intake.SamePerson):
        intake.review_initially(actor=cast.second_clerk, applicant=one)
    assert intake.review_initially(actor=cast.clerk, applicant=one).initial_reviewer == cast.clerk


def test_only_the_owner_or_the_head_takes_an_import_back(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    client = signed_in(cast.second_clerk)
    page = client.get(address("import_result", made)).content.decode()
    assert address("import_undo", made) not in page
    assert "the head of admissions or 王芳 can take it back" in page
    page = client.post(address("import_undo", made), follow=True).content.decode()
    assert "王芳 owns this import" in page
    assert Applicant.objects.count() == 3

    head = signed_in(cast.head)
    page = head.get(address("import_result", made)).content.decode()
    assert address("import_undo", made) in page
    for absent in ("import_marked", "import_take_over", "import_start"):
        assert address(absent, made) not in page
    head.post(address("import_undo", made))
    assert not Applicant.objects.exists()
    event = Event.objects.get(action="import.undone")
    assert (event.actor, event.role) == (cast.head, "admissions_head")
    assert head.get(reverse("enrollment:imports")).status_code == 200
    assert head.get(reverse("enrollment:import_upload")).status_code == 403


def test_a_row_is_mended_and_dismissed_by_its_owner_only(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    row = made.rows.get()
    cells = {**cells_of_row(row), "postcode": "430070"}
    client = signed_in(cast.second_clerk)
    assert "owns this row" in client.post(address("import_row", row), cells).content.decode()
    client.post(address("import_row_dismiss", row), {"reason": REASON})
    for act in (
        lambda: actions.mend(actor=cast.second_clerk, row=row, cells=cells),
        lambda: actions.dismiss(actor=cast.second_clerk, row=row, reason=REASON),
    ):
        with pytest.raises(actions.NotOwner):
            act()
    assert made.rows.get().state == "problem"
    client.post(address("import_row_take_over", row), {"reason": " "})
    assert made.rows.get().owner == cast.clerk
    client.post(address("import_row_take_over", row), {"reason": REASON})
    assert Event.objects.get(action="import.row_taken_over").reason == REASON
    client.post(address("import_row", row), cells)
    assert Applicant.objects.get(import_row=row).entered_by == cast.second_clerk
    assert Applicant.objects.filter(entered_by=cast.clerk).count() == 3


def test_a_colleague_sees_no_number_that_stands_in_a_wrong_column(cast: Cast, batch: IntakeBatch) -> None:
    (person,) = people(1)
    number, phone = person["身份证件号"], "13912345678"
    cells = {**person, "邮政编码": number, "民族": phone, "学籍辅号": f"证{number}"}
    made = bring_in(
        cast.clerk, check(cast.clerk, batch, national_workbook([cells, *list(people(2, seed=3))[1:]]))
    )
    row = made.rows.get()
    client = signed_in(cast.second_clerk)
    for page in (client.get(address("import_result", made)), client.get(address("import_row", row))):
        text = page.content.decode()
        assert page.status_code == 200
        assert number not in text
        assert phone not in text
    assert number in signed_in(cast.clerk).get(address("import_row", row)).content.decode()


def test_a_colleague_sees_no_name_of_a_file_and_no_address_of_mail(cast: Cast, batch: IntakeBatch) -> None:
    person = next(people(1)) | {"电子信箱": "wangxiaoming@example.cn"}
    names = [f"{person['姓名']}.xlsx", f"又{person['姓名']}.xlsx"]
    files = {name: national_workbook([person]) for name in names}
    made = bring_in(cast.clerk, check(cast.clerk, batch, zipped(files), "a.zip"))
    unsafe = check(cast.clerk, batch, zipped({f"../{names[0]}": b""}), "b.zip")
    row = made.rows.get(member=2)
    pages = (address("import_result", made), address("import_row", row), address("import_result", unsafe))
    for page in pages:
        mine = signed_in(cast.clerk).get(page).content.decode()
        theirs = signed_in(cast.second_clerk).get(page).content.decode()
        assert ".xlsx" in mine
        assert ".xlsx" not in theirs and "wangxiaoming" not in theirs
    assert "2: 又" in signed_in(cast.clerk).get(pages[0]).content.decode()
    theirs = signed_in(cast.second_clerk).get(pages[1]).content.decode()
    assert "w***@example.cn" in theirs and "2: …" in theirs


def upload(client: Client, batch: IntakeBatch, content: bytes, mends: object) -> Any:
    return client.post(
        f"{reverse('enrollment:import_upload')}?mends={mends}",
        {"batch": batch.public_id, "file": SimpleUploadedFile("marked.xlsx", content)},
    )


def test_a_mended_file_belongs_to_the_batch_of_its_import(cast: Cast, batch: IntakeBatch) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty()))
    other = make_batch(cast.school, code="TEST-2")
    content = mended_copy(made, keep_good=True)
    client = signed_in(cast.clerk)
    page = upload(client, other, content, made.public_id)
    assert page.status_code == 422
    with pytest.raises(actions.ImportRefused, match=r"批次|batch"):
        actions.upload(actor=cast.clerk, batch=other, content=content, filename="a.xlsx", mends=made)
    assert ImportJob.objects.count() == 1
    for unknown in ("nothing", "00000000-0000-0000-0000-000000000000"):
        assert upload(client, batch, content, unknown).status_code == 404
    foreign = check(cast.outsider, make_batch(cast.other_school, code="TEST-3"), faulty())
    assert upload(client, batch, content, foreign.public_id).status_code == 404
    assert upload(client, batch, content, made.public_id).status_code == 302
    assert ImportJob.objects.filter(mends=made, batch=batch).count() == 1


def test_a_colleagues_marked_file_waits_until_the_import_is_taken_over(
    cast: Cast, batch: IntakeBatch
) -> None:
    made = bring_in(cast.clerk, check(cast.clerk, batch, faulty(4, bad=1)))
    content = mended_copy(made, keep_good=True)
    client = signed_in(cast.second_clerk)
    page = upload(client, batch, content, made.public_id)
    assert page.status_code == 422
    assert "王芳 owns this import" in page.content.decode()
    again = check(cast.second_clerk, batch, content, "marked.xlsx", at_once=True)
    assert (again.state, again.mends, again.good_count) == (ImportJob.State.CHECKED, made, 1)
    assert made.rows.get().state == "problem"
    page = client.get(address("import_result", again)).content.decode()
    assert "It mends an import that 王芳 owns" in page
    with pytest.raises(actions.NotOwner):
        actions.start_import(actor=cast.second_clerk, import_job=again)
    actions.take_over_import(actor=cast.second_clerk, import_job=made, reason=REASON)
    bring_in(cast.second_clerk, again)
    assert made.rows.get().state == "mended"
    assert Applicant.objects.count() == 4


def test_an_empty_list_offers_an_upload_to_those_alone_who_may_bring_files_in(cast: Cast) -> None:
    def page(user: User) -> str:
        return signed_in(user).get(reverse("enrollment:imports")).content.decode()

    upload = reverse("enrollment:import_upload")
    assert upload in page(cast.clerk)
    assert upload not in page(cast.head)
