"""Sharings and destruction: one that runs stops it, and its papers go with the last whom they name."""

from datetime import date
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from approvals import actions as requests
from approvals.models import Request
from approvals.reasons import ReturnReason
from archive.retention.obstacles import InTheWay, in_the_way
from files.actions import Scan
from files.models import Blob
from tests.archive.appraising import WAY, applied, leaver, ten_years, walk
from tests.archive.test_sharing import drafted as drafted_sharing
from tests.cast import Cast
from tests.enrollment.intake import picture
from tests.factories import saved

pytestmark = pytest.mark.django_db


def test_a_sharing_that_runs_or_is_in_force_stops_the_destruction(cast: Cast) -> None:
    ten_years(cast)
    student = leaver(cast)
    typed = walk(cast, applied(cast), *WAY[:2])
    asked = drafted_sharing(
        cast, [student], basis="《统计法》 鄂统〔2026〕8 号", letter=Scan("letter.png", picture())
    )
    requests.submit(actor=cast.registrar, request=asked.request)
    (reason,) = in_the_way([student.pk], cast.school)[student.pk]
    with pytest.raises(InTheWay, match=reason):
        walk(cast, typed, WAY[2])
    requests.take_step(actor=cast.academic_head, request=asked.request)
    with pytest.raises(InTheWay, match=reason):
        walk(cast, typed, WAY[2])
    requests.refuse(
        actor=cast.archive_head, request=asked.request, reason=ReturnReason.OTHER, comment="依据不足"
    )
    assert walk(cast, typed, WAY[2]).request.state == Request.State.CLOSED


@pytest.mark.requirement("S3-9.2-3")
def test_the_letter_of_a_sharing_goes_with_the_last_whom_it_names(
    cast: Cast, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    ten_years(cast)
    first, last = leaver(cast), leaver(cast, "李小红", left=date(2020, 6, 30))
    letter = Scan("王小明李小红.png", picture())
    asked = drafted_sharing(cast, [first, last], basis="《统计法》 鄂统〔2026〕8 号", letter=letter)
    assert asked.letter is not None
    client.force_login(cast.registrar)
    page, paper = (
        reverse("approvals:request", args=[asked.request.public_id]),
        reverse("archive:sharing_paper", args=[asked.request.public_id, "letter"]),
    )
    with django_capture_on_commit_callbacks(execute=True):
        walk(cast, applied(cast), *WAY)
    assert default_storage.exists(asked.letter.storage_key), "it names somebody else still"
    assert paper in client.get(page).content.decode() and client.get(paper).status_code == 200
    stay = last.enrolments.get()
    stay.ended_on = stay.ended_on.replace(year=2011)
    saved(stay)
    with django_capture_on_commit_callbacks(execute=True):
        walk(cast, applied(cast), *WAY)
    assert not default_storage.exists(asked.letter.storage_key)
    assert Blob.objects.get(pk=asked.letter.pk).filename == ""
    assert paper not in client.get(page).content.decode() and client.get(paper).status_code == 404
