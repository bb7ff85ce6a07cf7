"""docs/permissions.md tells of each role what the code gives it."""

from pathlib import Path

from django.conf import settings

from accounts.access import PUBLIC
from accounts.roles import ROLE_PERMISSIONS

PAGE = Path(settings.BASE_DIR) / "docs" / "permissions.md"


def table() -> list[str]:
    """The lines that the page must hold."""
    return [f"| `{role.value}` | {', '.join(perms) or '—'} |" for role, perms in ROLE_PERMISSIONS.items()]


def missing(text: str) -> list[str]:
    """Lines that the page lacks, and roles that it tells otherwise."""
    return [line for line in table() if line not in text.splitlines()]


def test_the_page_tells_what_each_role_may() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert missing(text) == [], "put these lines into docs/permissions.md"
    assert all(f"`{name}`" in text for name in PUBLIC)


def test_a_planted_difference_is_found() -> None:
    text = PAGE.read_text(encoding="utf-8").replace(
        "view_school, view_events", "view_school, view_student, view_events"
    )
    assert [line.split("`")[1] for line in missing(text)] == ["auditor"]
