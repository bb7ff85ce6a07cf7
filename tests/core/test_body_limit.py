"""Two gigabytes are refused by their announcement: not a byte of them is read."""

import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from tests.cast import Cast

TWO_GIGABYTES = str(2 << 30)


def announced(client: Client, length: str, **headers: str) -> Any:
    """What is answered to a form that says it has this length, of which no byte comes."""
    return client.generic(
        "POST", "/sign-in/", b"", "multipart/form-data; boundary=x", CONTENT_LENGTH=length, **headers
    )


@pytest.mark.requirement("S0-3.2-1")
def test_a_body_is_refused_by_its_length(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.clerk)
    answer = announced(client, TWO_GIGABYTES)
    assert answer.status_code == 413
    assert "72 MB" in answer.content.decode()
    part = announced(client, TWO_GIGABYTES, HTTP_X_REQUESTED_WITH="fetch")
    assert part.status_code == 413
    assert "72" in part.json()["message"]
    assert announced(client, str(settings.MAX_BODY_BYTES + 1)).status_code == 413
    assert announced(client, "0").status_code != 413
    assert announced(client, "-5").status_code == 413
    assert announced(client, "many").status_code == 413


def test_the_server_answers_before_the_body_comes(live_server: Any) -> None:
    connection = http.client.HTTPConnection(urlsplit(live_server.url).netloc, timeout=20)
    connection.putrequest("POST", "/sign-in/")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", TWO_GIGABYTES)
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_the_proxy_holds_the_same_limit() -> None:
    proxy = (settings.BASE_DIR / "deploy/proxy/nginx.conf").read_text(encoding="utf-8")
    assert f"client_max_body_size {settings.MAX_BODY_BYTES >> 20}m;" in proxy
