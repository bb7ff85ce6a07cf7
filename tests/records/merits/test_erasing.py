"""When a file is destroyed, the stored evidence of its entries and penalties goes with the rows."""

from datetime import date
from typing import Any

from django.core.files.storage import default_storage

from files.models import Blob
from ledger.context import acting
from records.entry_models import Reward
from records.merits import sections
from records.merits.actions import entries
from tests.cast import Cast
from tests.records.files import make_student
from tests.records.merits.people import delivered, enrolment_of, officer, scan
from tests.records.merits.test_entries import reward


def test_the_stored_evidence_goes_with_the_rows(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    clerk = officer(cast)
    who, other = (
        enrolment_of(make_student(name, cast, school_class=cast.school_class), since=date(2022, 9, 1))
        for name in ("李明", "王芳")
    )
    entries.enter_rewards(actor=clerk, enrolments=[who, other], values=reward(), scan=scan())
    delivered(clerk, cast.student_affairs_head, who)
    blobs = list(sections.evidence_of(who.student))
    assert len(blobs) == 3
    with django_capture_on_commit_callbacks(execute=True), acting(cast.archivist, reason="销毁"):
        for section in sections.SECTIONS:
            assert section.erase is not None
            section.erase(who.student)
    assert not any(default_storage.exists(blob.storage_key) for blob in blobs)
    assert Blob.objects.filter(pk__in=[blob.pk for blob in blobs]).count() == 3
    kept = Reward.objects.get()
    assert kept.student == other.student
    assert default_storage.exists(kept.evidence.storage_key)
