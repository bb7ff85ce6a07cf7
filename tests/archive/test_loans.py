"""Loans of paper files (借阅): which copy goes out, and that of especially important files only the backup does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals.refusals import RequestRefused
from archive.catalogues.selectors import files
from archive.keeping import actions
from archive.models import PaperLoan, RetentionTerm
from files.actions import store
from ledger.context import acting
from records.documents.filing import place
from records.models import Document, DocumentKind, Student
from records.selectors import student_file
from tests.cast import Cast
from tests.factories import saved
from tests.records.files import make_student
from tests.support import hostile_files as hostile


def lend(cast: Cast, student: Student, copy: str) -> PaperLoan:
    return actions.lend(
        actor=cast.archivist, file=student_file(cast.archivist, student.public_id), copy=copy, borrower="李明",
        borrower_unit="教育局", purpose="核对", due_on=timezone.localdate() + timedelta(days=3),
    )  # fmt: skip


def typed(**values: str) -> dict[str, str]:
    usual = {"borrower": "李明", "borrower_unit": "教育局", "purpose": "核对"}
    due = f"{timezone.localdate() + timedelta(days=3):%Y-%m-%d}"
    return {f"loan-{name}": value for name, value in {**usual, "due_on": due, **values}.items()}


def page(cast: Cast, student: Student) -> str:
    client = Client()
    client.force_login(cast.archivist)
    return client.get(reverse("archive:keeping", args=[student.public_id])).content.decode()


@pytest.mark.requirement("S1-12.2-3")
def test_a_loan_says_which_copy_goes_out(cast: Cast) -> None:
    student = make_student("王小明", cast, archive_no="HH-XS-2026-000001")
    client, url = Client(), reverse("archive:lend", args=[student.public_id])
    client.force_login(cast.archivist)
    assert client.post(url, typed()).status_code == 422
    assert client.post(url, typed(copy="third")).status_code == 422
    assert client.post(url, typed(copy="backup")).status_code == 302
    loan = PaperLoan.objects.get()
    assert loan.copy == "backup"
    assert str(PaperLoan.Copy.BACKUP.label) in page(cast, student)
    assert not files(cast.archivist, cast.school, "2026")[0]["lent"], "the original lies in its place"
    actions.take_back(actor=cast.archivist, loan=loan)
    assert lend(cast, student, "original").copy == "original"
    assert files(cast.archivist, cast.school, "2026")[0]["lent"]


def _secret(cast: Cast, student: Student) -> Any:
    with acting(cast.registrar):
        blob = store(actor=cast.registrar, content=hostile.jpeg(), filename="a.jpg", allowed=("jpeg",))
        return place(
            student=student, kind=DocumentKind.OTHER, blob=blob, actor=cast.registrar, secrecy="secret"
        )


def _for_ever(cast: Cast, student: Student) -> Any:
    return saved(RetentionTerm(student=student, school=cast.school, reason="名人", set_by=cast.archivist))


@pytest.mark.requirement("S1-12.2-3")
@pytest.mark.parametrize("weigh", [_secret, _for_ever])
def test_an_especially_important_file_lends_its_backup_copy_alone(
    cast: Cast, weigh: Callable[[Cast, Student], Any]
) -> None:
    student = make_student("王小明", cast)
    assert '<option value="original" selected' in page(cast, student)
    weigh(cast, student)
    assert '<option value="backup" selected' in page(cast, student)
    with pytest.raises(RequestRefused):
        lend(cast, student, "original")
    assert not PaperLoan.objects.exists()
    assert lend(cast, student, "backup").copy == "backup"


def test_ordinary_documents_and_a_dated_mark_leave_the_original_free(cast: Cast) -> None:
    student = make_student("王小明", cast)
    saved(RetentionTerm(student=student, school=cast.school, until=timezone.localdate() + timedelta(days=9999),
                        reason="x", set_by=cast.archivist))  # fmt: skip
    assert not Document.objects.filter(student=student).exclude(secrecy="ordinary").exists()
    assert lend(cast, student, "original").copy == "original"
