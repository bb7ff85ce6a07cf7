"""A PDF that is asked for comes, or the page says why it does not."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.bulletins import actions as bulletins
from audit.bulletins.selectors import quarter_of
from audit.models import Bulletin
from tests.audit.supervising import begun, drafted, worked
from tests.cast import Cast
from tests.core.test_pdf import NOWHERE

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S0-7.1-4")]


def bulletin(cast: Cast, words: str) -> Bulletin:
    now = quarter_of(timezone.localdate())
    return bulletins.publish(
        actor=cast.archive_head, key=uuid4(), school=cast.school, quarter=now, words=words
    )


def test_a_form_is_shown_by_the_browser_under_its_number(cast: Cast, client: Client) -> None:
    row = bulletin(cast, "本季度情况")
    client.force_login(cast.leader)
    answer = client.post(reverse("audit:bulletin_print", args=[row.public_id]))
    assert answer.content.startswith(b"%PDF")
    assert answer["Content-Disposition"] == f"inline; filename*=UTF-8''{row.number}.pdf"


def test_a_character_that_no_font_has_is_told_on_the_page(cast: Cast, client: Client) -> None:
    row = bulletin(cast, f"王{NOWHERE}")
    client.force_login(cast.leader)
    answer = client.post(reverse("audit:bulletin_print", args=[row.public_id]), follow=True)
    assert answer.redirect_chain == [(reverse("audit:bulletin", args=[row.public_id]), 302)]
    assert f"U+{ord(NOWHERE):X}" in answer.content.decode()


def test_what_cannot_be_printed_yet_is_told_on_the_page(cast: Cast, client: Client) -> None:
    worked(cast, "王小明")
    running, notice = begun(cast), drafted(cast)
    client.force_login(cast.archive_head)
    for name, row in (("inspection", running), ("rectification", notice)):
        answer = client.post(reverse(f"audit:{name}_print", args=[row.public_id]), follow=True)
        assert answer.redirect_chain == [(reverse(f"audit:{name}", args=[row.public_id]), 302)]
        (why,) = answer.context["messages"]
        assert why.level_tag == "error" and str(why) in answer.content.decode()
