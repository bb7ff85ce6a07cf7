"""After a destruction: no page, search or old request breaks, and none shows anything but the archive number."""

from datetime import date
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from approvals import actions as requests
from approvals.models import Request
from approvals.refusals import WrongState
from archive.certificates import actions as certificates
from archive.certificates.facts import facts_of
from archive.consents import actions as consents
from archive.models import Certificate, Consent, EditEvidence, InquiryView, Snapshot, Tombstone
from archive.sharing import actions as sharings
from files.models import Blob
from jobs.models import Job
from jobs.tasks import run
from records.models import Document, Student
from records.sections import sections
from tests.archive import test_deletions, test_inquiries, test_sharing
from tests.archive.appraising import WAY, applied, leaver, ten_years, walk
from tests.archive.asking import submitted_edit
from tests.archive.test_destruction import SECRETS, full_file, rows_that_say
from tests.cast import Cast
from tests.factories import saved
from tests.records.files import make_student

pytestmark = pytest.mark.django_db
RARE = "\U000323af小明"
PEOPLE = ("registrar", "academic_head", "archivist", "archive_head", "leader", "head", "auditor", "adviser")


@pytest.fixture
def gone(cast: Cast, django_capture_on_commit_callbacks: Any) -> Student:
    """A file that was changed, read, shared, asked for deletion, shelved and then destroyed."""
    ten_years(cast)
    student = full_file(cast)
    stay = student.enrolments.get()
    ended, stay.ended_on, stay.status = stay.ended_on, None, Student.Status.ENROLLED
    saved(stay)
    sharing = test_sharing.drafted(cast, [student])
    test_sharing.consent(cast, sharing, student)
    sharing = test_sharing.released(cast, sharing)
    sharings.revoke(actor=cast.archivist, typed=sharing, reason="活动取消")
    for given in Consent.objects.all():
        consents.withdraw(actor=cast.registrar, consent=given)
    inquiry = test_inquiries.opened(cast, student)
    test_inquiries.actions.read_page(actor=cast.registrar, typed=inquiry, student=student, section="basic")
    test_inquiries.take(cast, inquiry, "archivist", report="看了王小明的基本信息")
    refused = submitted_edit(cast, student, {"talent": "围棋小能手三"})
    requests.refuse(
        actor=cast.academic_head, request=refused.request, reason="other", comment="王小明的材料不足"
    )
    stay.refresh_from_db()
    stay.ended_on, stay.status = ended, Student.Status.GRADUATED
    saved(stay)
    deletion = test_deletions.submitted(cast, student, "graduated")
    test_deletions.walk(cast, deletion, *test_deletions.WAY)
    assert Tombstone.objects.exists() and Snapshot.objects.exists() and InquiryView.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        walk(cast, applied(cast), *WAY)
    return Student.objects.get(pk=student.pk)


def addresses(student: Student) -> list[str]:
    """Pages on which the student stood: lists, his file with every section, every request about him."""
    files = [reverse("records:student", args=[student.public_id])]
    files += [reverse("records:student_section", args=[student.public_id, one.key]) for one in sections()]
    files += [
        reverse(f"archive:{name}", args=[student.public_id])
        for name in ("keeping", "consents", "edit_new", "deletion_new")
    ]
    lists = [
        reverse(name)
        for name in (
            "records:students", "approvals:requests", "archive:sharings", "archive:rounds", "archive:destroyed",
            "approvals:spot_checks",
        )
    ]  # fmt: skip
    asked = [reverse("approvals:request", args=[one.public_id]) for one in Request.objects.all()]
    rounds = [
        reverse("archive:sharing_consents", args=[one.public_id])
        for one in Request.objects.filter(kind="sharing")
    ]
    return ["/", *files, *lists, *asked, *rounds]


@pytest.mark.requirement("S3-9.2-3")
def test_no_page_shows_or_breaks(cast: Cast, client: Client, gone: Student) -> None:
    assert Request.objects.count() == 6
    seen = set()
    for name in PEOPLE:
        client.force_login(getattr(cast, name))
        for address in addresses(gone):
            answer = client.get(address)
            assert answer.status_code in (200, 302, 403, 404), address
            if str(gone.public_id) in address:
                assert answer.status_code in (403, 404), address
            shown = answer.content.decode()
            assert not [text for text in SECRETS if text in shown], address
            if gone.archive_no in shown:
                seen.add(address)
        found = client.post(reverse("records:search"), {"q": "王小明"})
        assert 'person-name">王小明' not in found.content.decode()
        assert str(gone.public_id) not in found.content.decode()
    numbers = {one.public_id: one.kind for one in Request.objects.all()}
    shown_on = {kind for key, kind in numbers.items() if any(str(key) in address for address in seen)}
    assert shown_on == set(numbers.values()), "each kind of request names the file by its number"


@pytest.mark.requirement("S3-9.2-3")
def test_what_was_asked_read_and_shared_keeps_no_words_of_the_file(cast: Cast, gone: Student) -> None:
    assert rows_that_say(SECRETS) == []
    assert (
        not Document.objects.exists() and not EditEvidence.objects.exists() and not Consent.objects.exists()
    )
    assert bytes(Tombstone.objects.get().name_digest) == b""
    assert Snapshot.objects.get().blob.discarded
    assert not [one.filename for one in Blob.objects.filter(discarded__isnull=False) if one.filename]


@pytest.mark.requirement("S3-9.2-3")
def test_no_print_that_failed_names_whose_file_is_destroyed(cast: Cast, monkeypatch: Any) -> None:
    ten_years(cast)
    student = make_student("王小明", cast, school_class=cast.school_class)
    made = certificates.order(
        actor=cast.registrar, school_class=cast.school_class, purpose="办理社保", language="zh", key=uuid4()
    )
    before = student.enrolments.get()
    monkeypatch.setattr(certificates, "facts_of", lambda *_a, **_k: {**facts_of(*_a, **_k), "name": RARE})
    run(made.job_id)
    job = Job.objects.get(pk=made.job_id)
    assert (job.state, job.error_number) == ("failed", "") and before.student_no in job.message
    before.started_on, before.ended_on = date(2005, 9, 1), date(2011, 6, 30)
    before.status = Student.Status.GRADUATED
    saved(before)
    walk(cast, applied(cast), *WAY)
    assert rows_that_say(("王小明", RARE)) == []


def test_a_certificate_of_a_destroyed_file_is_neither_copied_nor_voided(cast: Cast, client: Client) -> None:
    ten_years(cast)
    stay = leaver(cast).enrolments.get()
    asked = certificates.Asked(kind="history", purpose="办理居住证")
    certificates.issue(actor=cast.registrar, enrolment=stay, asked=asked, key=uuid4())
    row = Certificate.objects.get()
    client.force_login(cast.archivist)
    url = reverse("archive:certificate", args=[row.public_id])
    acts = [reverse(f"archive:certificate_{act}", args=[row.public_id]) for act in ("copy", "void")]
    page = client.get(url).content.decode()
    assert all(act in page for act in acts)
    walk(cast, applied(cast), *WAY)
    for act in (certificates.copy_of, partial(certificates.void, reason="王小明遗失")):
        with pytest.raises(WrongState):
            act(actor=cast.archivist, certificate=row)
    page = client.get(url).content.decode()
    assert not any(act in page for act in acts)
