"""Two executors at the same moment, and a hold, a return or somebody's words while a file is being destroyed."""

import pytest

from accounts.scope import OutOfScope
from approvals import actions as requests
from approvals.models import Request
from approvals.refusals import RequestRefused
from archive.models import DestroyedFile, LegalHold
from ledger.models import Event
from records import selectors
from records.models import FamilyMember, Student
from tests.archive.appraising import WAY, applied, fresh, leaver, ten_years, walk
from tests.archive.test_deletions import held
from tests.cast import make_cast
from tests.factories import saved
from tests.support.together import at_once


def test_two_executors_at_the_same_moment_destroy_once(committed_db: str) -> None:
    cast = make_cast()
    ten_years(cast)
    leaver(cast)
    typed = walk(cast, applied(cast), *WAY[:2])
    results = at_once(
        lambda: requests.take_step(actor=cast.archivist, request=typed.request),
        lambda: requests.take_step(actor=cast.archive_head, request=typed.request),
    )
    assert sum(isinstance(one, Request) for one in results) == 1
    assert sum(isinstance(one, RequestRefused) for one in results) == 1
    assert DestroyedFile.objects.get().second_executor_id in (cast.archivist.pk, cast.archive_head.pk)
    assert Event.objects.filter(action="file.destroyed").count() == 1


@pytest.mark.requirement("S3-9.1-1")
def test_a_hold_or_the_destruction_comes_first_never_both(committed_db: str) -> None:
    cast = make_cast()
    ten_years(cast)
    student = leaver(cast)
    typed = walk(cast, applied(cast), *WAY[:2])
    results = at_once(
        lambda: held(cast, student),
        lambda: requests.take_step(actor=cast.archive_head, request=typed.request),
    )
    destroyed = Student.objects.get().destroyed_on is not None
    assert destroyed != LegalHold.objects.exists(), results
    assert destroyed == (fresh(typed).request.state == Request.State.CLOSED)


def test_nothing_slips_into_a_file_while_it_is_destroyed(committed_db: str) -> None:
    cast = make_cast()
    ten_years(cast)
    student = leaver(cast)
    typed = walk(cast, applied(cast), *WAY[:2])
    at_once(
        lambda: requests.take_step(actor=cast.archive_head, request=typed.request),
        lambda: saved(FamilyMember(student=student, position=2, name="王大明")),
    )
    assert Student.objects.get().destroyed_on is not None
    left = FamilyMember.objects.count()
    assert left == 0 and not FamilyMember.history.exclude(name="").exists()
    with pytest.raises(OutOfScope):
        selectors.student_file(cast.archive_head, student.public_id)
