"""The health check of a container asks as the proxy would, with variables read as the program reads them."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tools import healthcheck


class Web(BaseHTTPRequestHandler):
    """Healthy under one host name alone."""

    def do_GET(self) -> None:
        known = self.headers["Host"] == "xueji.example.edu.cn" and self.path == "/health/"
        self.send_response(200 if known else 400)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Nothing on the test's output."""


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with HTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PORT", str(server.server_port))
        monkeypatch.delenv("ALLOWED_HOSTS", raising=False)
        yield
        server.shutdown()


def test_the_host_name_may_come_from_a_file(
    web: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not healthcheck.web()
    names = tmp_path / "hosts"
    names.write_text("xueji.example.edu.cn, other.example.edu.cn\n")
    monkeypatch.setenv("ALLOWED_HOSTS_FILE", str(names))
    assert healthcheck.web()
    monkeypatch.setenv("ALLOWED_HOSTS", "wrong.example.edu.cn")
    assert not healthcheck.web()


@pytest.mark.parametrize(
    ("allowed", "asked"),
    [(".example.edu.cn", "example.edu.cn"), ("*", "localhost"), (" a.cn , b.cn", "a.cn"), ("", "localhost")],
)
def test_it_asks_under_a_name_that_is_allowed(
    allowed: str, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", allowed)
    assert healthcheck.host_name() == asked
