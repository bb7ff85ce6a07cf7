"""``make screenshots``: pictures of the main pages into docs/screenshots, taken from a scratch database.

The demonstration school is loaded into a clone of the tests' template database, served by this process, and opened in
a real Chromium. Every picture is reduced to 256 colours, so that the folder stays small.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.support.browser import ARGUMENTS, chromium_path, sign_in
from tests.support.clones import Clones, renamed
from tests.support.servers import take
from tools.services import BASE_DIR

OUT = BASE_DIR / "docs" / "screenshots"
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SHOTS = {
    "wide-zh": (
        "sign-in", "home-clerk", "home-head", "home-archivist", "batch", "applicants", "applicant-form", "review",
        "bulk", "import-result", "students", "student-file", "my-class", "classes", "users", "grants",
    ),
    "wide-en": ("home-head", "applicant-form", "import-result", "student-file"),
    "phone-zh": (
        "sign-in", "home-clerk", "home-head", "applicant-form", "review", "import-result", "student-file", "my-class",
    ),
    "phone-en": ("my-class",),
}  # fmt: skip
COLOURS = 256


def main() -> int:
    """Take all pictures; returns 0."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    servers = take()
    clones = Clones(servers.owner_url, servers.app_url)
    name = clones.make()
    try:
        os.environ |= {
            "DATABASE_URL": renamed(servers.app_url, name),
            "DATABASE_OWNER_URL": renamed(servers.owner_url, name),
            "REDIS_URL": servers.redis_url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        _take_all()
    finally:
        clones.drop(name)
        clones.close()
        servers.release()
    return 0


def _take_all() -> None:
    import tempfile  # noqa: PLC0415 - with the others below, which need the environment of this function

    import django  # noqa: PLC0415 - only now the environment names the scratch database

    django.setup()
    from django.conf import settings  # noqa: PLC0415 - as above
    from pytest_django.live_server_helper import LiveServer  # noqa: PLC0415 - as above

    from config import demonstration  # noqa: PLC0415 - as above
    from tools.scene import prepare  # noqa: PLC0415 - as above

    settings.WHITENOISE_AUTOREFRESH = True
    settings.ALLOWED_HOSTS = ["*"]
    with tempfile.TemporaryDirectory() as folder:
        settings.MEDIA_ROOT = folder
        demonstration.load()
        places = {place.key: place for place in prepare()}
        server = LiveServer("127.0.0.1:0")
        try:
            with _chromium() as browser:
                for kind, keys in SHOTS.items():
                    for key in keys:
                        _shoot(browser, server.url, places[key], kind)
        finally:
            server.stop()


@contextmanager
def _chromium() -> Iterator[Browser]:
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium_path(), args=[*ARGUMENTS, *sandbox])
        yield browser
        browser.close()


def _shoot(browser: Browser, url: str, place: Any, kind: str) -> None:
    size, language = kind.split("-")
    context = browser.new_context(
        base_url=url,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        viewport=WIDE if size == "wide" else PHONE,  # type: ignore[arg-type]  # a plain dict of two numbers
        reduced_motion="reduce",
    )
    page = context.new_page()
    if place.reader:
        from accounts.models import User  # noqa: PLC0415 - Django stands only now

        sign_in(page, User.objects.get(staff_no=place.reader))
    _speak(context, url, language)
    page.goto(place.address)
    purpose = page.locator(".xj-purposes button").first
    if purpose.is_visible():
        purpose.click()
    page.wait_for_load_state("networkidle")
    if place.key == "applicant-form":
        page.locator("#scans a[data-scan]").first.click()
        page.locator("[data-viewer] img").first.wait_for()
        page.wait_for_load_state("networkidle")
    content = page.screenshot(animations="disabled")
    context.close()
    target = OUT / f"{place.key}-{size}-{language}.png"
    _keep(content, target)
    sys.stdout.write(f"{target.relative_to(BASE_DIR)} {target.stat().st_size // 1024} KB\n")


def _speak(context: BrowserContext, url: str, language: str) -> None:
    value = {"zh": "zh-hans", "en": "en"}[language]
    context.add_cookies([{"name": "django_language", "value": value, "url": url}])


def _keep(content: bytes, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
