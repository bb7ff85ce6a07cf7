"""A file that an open incident concerns is not destroyed, whatever the decision says (E.10, E.16)."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from archive.models import DestroyedFile
from archive.retention import actions, destroying
from archive.retention.obstacles import InTheWay, in_the_way
from archive.retention.selectors import expired
from audit.models import Incident, IncidentStudent, Step
from records.models import Student
from tests.archive.appraising import MEMBERS, WAY, applied, leaver, opened, ten_years, voted, walk
from tests.audit.test_incidents import reported
from tests.cast import Cast
from tests.factories import saved

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S0-4.4-3")]


def concerned(cast: Cast, student: Student) -> Incident:
    """An open incident on whose list the student stands."""
    incident = reported(cast)
    IncidentStudent.objects.create(
        incident=incident, student=student, source="numbers", added_by=cast.security_admin,
        position=1, due=timezone.now(),
    )  # fmt: skip
    return incident


def settle(cast: Cast, incident: Incident) -> None:
    """Close it."""
    incident.handler, incident.closer = cast.security_admin, cast.leader
    incident.closed_at, incident.state = timezone.now(), Step.CLOSED
    saved(incident)


def test_it_is_left_out_of_appraisals_and_named_on_the_page(cast: Cast, client: Client) -> None:
    ten_years(cast)
    student = leaver(cast)
    row = opened(cast)
    incident = concerned(cast, student)
    assert not expired(cast.school).exists()
    client.force_login(cast.archivist)
    (reason,) = in_the_way([student.pk], cast.school)[student.pk]
    page = client.get(reverse("archive:round", args=[row.public_id])).content.decode()
    assert reason in page
    voted(cast, row, people=MEMBERS)
    actions.close_round(actor=cast.archivist, row=row, kept_years=10)
    assert row.files.get().outcome == "spared"
    settle(cast, incident)
    assert expired(cast.school).count() == 1


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_it_stops_the_destruction_at_every_step(cast: Cast, steps: int) -> None:
    ten_years(cast)
    student = leaver(cast)
    typed = walk(cast, applied(cast), *WAY[:steps])
    incident = concerned(cast, student)
    with pytest.raises(InTheWay):
        walk(cast, typed, WAY[steps])
    settle(cast, incident)
    walk(cast, typed, *WAY[steps:])
    assert DestroyedFile.objects.get().subject == student.public_id


def test_the_database_refuses_it_too(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ten_years(cast)
    student = leaver(cast)
    typed = walk(cast, applied(cast), *WAY[:2])
    monkeypatch.setattr(destroying, "in_the_way", lambda *_args: {})
    concerned(cast, student)
    with pytest.raises((InTheWay, IntegrityError)), transaction.atomic():
        walk(cast, typed, WAY[2])
    assert not DestroyedFile.objects.exists()
