"""What auditors get of a destroyed file: that there were rows, by whom and when, and no word of what stood in them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ledger.models import Event
from records.models import Student
from tests.archive.test_destroyed_pages import gone  # noqa: F401 - the fixture
from tests.archive.test_destruction import SECRETS
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("S0-6.3-4")
def test_rows_stay_and_their_contents_are_gone(
    cast: Cast,
    client: Client,
    gone: Student,  # noqa: F811 - the fixture
) -> None:
    client.force_login(cast.auditor)
    address = reverse("audit:history", args=[gone.public_id])
    answer = client.get(address)
    page = answer.content.decode()
    story = answer.context["story"]
    assert answer.status_code == 200
    assert gone.archive_no in page
    assert len(story.lines) > 10
    assert not [line for line in story.lines if line.changes or line.note]
    assert not [text for text in SECRETS if text in page]
    moment = client.get(
        reverse("audit:history_at", args=[gone.public_id]),
        {"at": f"{timezone.localtime() - timedelta(seconds=1):%Y-%m-%d %H:%M:%S}"},
    )
    assert moment.context["parts"] == []
    assert not [text for text in SECRETS if text in moment.content.decode()]
    client.force_login(cast.registrar)
    assert client.get(address).status_code == 404


def test_its_events_are_still_listed_without_contents(
    cast: Cast,
    client: Client,
    gone: Student,  # noqa: F811 - the fixture
) -> None:
    read = Event.objects.filter(subject=gone.public_id, action="student.viewed").first()
    told = Event.objects.filter(subject=gone.public_id, unit_id=cast.school.pk).order_by("-at").first()
    event = read or told
    assert event is not None
    client.force_login(cast.auditor)
    found = client.post(reverse("audit:events"), {"list_form": "filter", "whose": gone.archive_no})
    page = client.get(found.url).content.decode()
    assert page.count(gone.archive_no) > 5
    assert not [text for text in SECRETS if text in page]
    opened = client.get(reverse("audit:event", args=[event.pk]))
    assert opened.status_code == 200
    assert not [line for line in opened.context["changes"] if line.changes]
    assert not [text for text in SECRETS if text in opened.content.decode()]
