"""Changing one's own password from a session that somebody else found open."""

from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.cast import Cast
from tests.factories import PASSWORD

NEW = "Zephyr-orchard-88"


def test_the_present_password_cannot_be_guessed_through_an_open_session(cast: Cast) -> None:
    cache.clear()
    client = Client()
    client.force_login(cast.clerk)
    url = reverse("accounts:password")
    for number in range(10):
        client.post(url, {"old": f"Wrong-guess-{number}", "new": NEW, "again": NEW})
    page = client.post(url, {"old": PASSWORD, "new": NEW, "again": NEW})
    assert page.status_code == 429
    assert User.objects.get(pk=cast.clerk.pk).check_password(PASSWORD)
    cache.clear()
    assert client.post(url, {"old": PASSWORD, "new": NEW, "again": NEW}).status_code == 302
    assert User.objects.get(pk=cast.clerk.pk).check_password(NEW)
