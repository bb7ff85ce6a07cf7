"""Every archetype in both languages and on three widths: no serious fault for assistive techniques, nothing that
scrolls sideways, nothing that the content security policy stops, nothing fetched from elsewhere.
"""

from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from accounts.models import User
from config import demonstration
from tests.support.browser import sign_in
from tools.scene import BASE_DIR, Place, prepare

AXE = (BASE_DIR / "tests/assets/axe-core/axe.min.js").read_text(encoding="utf-8")
WIDE, PHONE, NARROW = (1440, 900), (390, 844), (360, 780)
GRAVE = {"serious", "critical"}
RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
    .map((one) => [one.impact, one.id, one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160))])"""
OVERHANG = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def places(committed_db: str) -> list[Place]:
    demonstration.load()
    return prepare()


@pytest.fixture
def planted(context: BrowserContext) -> Page:
    """A signed-out page for faults that the checks must find."""
    page = context.new_page()
    page.goto("/sign-in/")
    return page


class Watched:
    """What a page says on its console and asks from other hosts."""

    def __init__(self, page: Page, host: str) -> None:
        self.faults: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda fault: self.faults.append(f"script: {fault}"))
        page.on("request", lambda request: self._ask(request.url, host))

    def _note(self, message: ConsoleMessage) -> None:
        expected = "Failed to load resource" in message.text and "404" in message.text
        if message.type == "error" and not expected:
            self.faults.append(f"console: {message.text}")

    def _ask(self, url: str, host: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != host:
            self.faults.append(f"other host: {url}")


def grave_faults(page: Page) -> list[str]:
    """What axe calls serious or critical, with the places."""
    page.evaluate(AXE)
    return [f"{impact} {rule}: {nodes}" for impact, rule, nodes in page.evaluate(RUN) if impact in GRAVE]


def overhang(page: Page) -> int:
    """How many pixels the page is wider than its window."""
    found: int = page.evaluate(OVERHANG)
    return found


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_archetype(browser: Browser, live_server: Any, places: list[Place], language: str) -> None:
    host = urlsplit(live_server.url).netloc
    found: list[str] = []
    for reader in dict.fromkeys(place.reader for place in places):
        context = browser.new_context(base_url=live_server.url, locale="zh-CN", reduced_motion="reduce")
        context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
        page = context.new_page()
        watched = Watched(page, host)
        if reader:
            sign_in(page, User.objects.get(staff_no=reader))
        for place in places:
            if place.reader == reader:
                found += [f"{place.key} {fault}" for fault in look(page, place)]
        found += [f"{reader} {fault}" for fault in watched.faults]
        context.close()
    assert not found, "\n".join(found)


def look(page: Page, place: Place) -> list[str]:
    """Open the page once and look at it on three widths."""
    found = []
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    answer = page.goto(place.address)
    if not answer or answer.status != (404 if place.key == "not-found" else 200):
        return [f"answered {answer and answer.status}"]
    page.wait_for_load_state("networkidle")
    for width, height in (WIDE, PHONE, NARROW):
        page.set_viewport_size({"width": width, "height": height})
        if width != NARROW[0]:
            found += [f"{width} {fault}" for fault in grave_faults(page)]
        if width != WIDE[0] and (wider := overhang(page)) > 0:
            found.append(f"{width} scrolls sideways by {wider} px")
    return found


def test_the_checks_find_planted_faults(planted: Page, live_server: Any) -> None:
    watched = Watched(planted, urlsplit(live_server.url).netloc)
    assert not grave_faults(planted)
    planted.evaluate(
        """() => {
            document.querySelectorAll("label").forEach((one) => one.remove());
            document.querySelectorAll("input").forEach((one) => one.removeAttribute("aria-label"));
            const wide = document.body.appendChild(document.createElement("div"));
            wide.style.width = "3000px"; wide.textContent = "wide";
            const script = document.head.appendChild(document.createElement("script"));
            script.textContent = "window.planted = true";
            const far = document.body.appendChild(document.createElement("img"));
            far.alt = ""; far.src = "http://other.invalid/a.png";
        }"""
    )
    planted.wait_for_load_state("networkidle")
    assert any("label" in fault for fault in grave_faults(planted))
    assert overhang(planted) > 0
    assert planted.evaluate("window.planted") is None
    assert any("Content Security Policy" in fault for fault in watched.faults)
