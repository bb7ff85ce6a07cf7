"""What the browser gets: vendored files as recorded, no newer colour notation, nothing inline, no address outside."""

import ast
import hashlib
import re
from inspect import signature
from pathlib import Path

import pytest

from config.environment import BASE_DIR as ROOT
from core.menu import MenuItem
from core.templatetags.xueji import badge
from core.ui import BulkAct, Empty
from records.sections import Act
from reports.selectors import Figure

VENDOR = ROOT / "static" / "vendor"
LICENSED = ("tabler", "tabler-icons", "htmx", "echarts")
NEWER_COLOURS = re.compile(r"light-dark\(|oklch\(|color-mix\(|:has\(")
INLINE = re.compile(
    r"<style\b|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)[^>]*>|javascript:|hx-on|hx-vals=[\"']js"
)
OUTSIDE = re.compile(r"""(?:src|href|action|@import|url\()\s*=?\s*["'(]?\s*(?:https?:)?//[\w.]""")
ICON = re.compile(r"""\{% icon "([\w-]+)"|icon="([\w-]+)"|\{% badge \S+ \S+ "([\w-]+)\"""")
ROOMS = [ROOT / "core", *sorted(path.parent for path in ROOT.glob("*/apps.py"))]
TAKING_ICONS = (MenuItem, BulkAct, Empty, Figure, Act, badge)
PLACES = {one.__name__: list(signature(one).parameters).index("icon") for one in TAKING_ICONS} | {"icon": 0}
"""Whom an icon is given by its name, and at which place."""


def changed_files(folder: Path) -> list[str]:
    """Files that differ from ``CHECKSUMS``, are missing, or are not listed in it."""
    lines = (folder / "CHECKSUMS").read_text(encoding="utf-8").splitlines()
    recorded = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    present = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "CHECKSUMS"
    }
    return sorted(
        name for name in recorded.keys() | present.keys() if recorded.get(name) != present.get(name)
    )


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


def own_static() -> list[Path]:
    return sorted(
        path
        for path in (ROOT / "static").rglob("*")
        if path.suffix in {".css", ".js", ".svg"} and VENDOR not in path.parents
    )


def offenders(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    found = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.name}:{number}: {line.strip()[:80]}")
    return found


def icons_in_code(text: str) -> set[str]:
    """Names of icons that Python code gives by place, by name, or as a default."""
    given: list[ast.AST | None] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            given += [word.value for word in node.keywords if word.arg == "icon"]
            place = PLACES.get(getattr(node.func, "id", getattr(node.func, "attr", "")))
            given += node.args[place : place + 1] if place is not None else []
        elif isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "icon":
            given.append(node.value)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "").lower().endswith("icons"):
            given += node.value.values if isinstance(node.value, ast.Dict) else []
    found = (one.value for node in given if node for one in ast.walk(node) if isinstance(one, ast.Constant))
    return {name for name in found if isinstance(name, str) and name}


def icons_in_templates(text: str) -> set[str]:
    return {name for groups in ICON.findall(text) for name in groups if name}


def unknown_icons(used: set[str]) -> list[str]:
    sprite = (VENDOR / "tabler-icons" / "sprite.svg").read_text(encoding="utf-8")
    return sorted(used - set(re.findall(r'symbol id="([\w-]+)"', sprite)))


def test_vendored_files_are_the_recorded_ones() -> None:
    assert changed_files(VENDOR) == []
    for name in LICENSED:
        assert (VENDOR / name / "LICENSE").read_text(encoding="utf-8").strip()


def test_a_changed_or_added_vendored_file_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1", encoding="utf-8")
    (tmp_path / "CHECKSUMS").write_text(f"{hashlib.sha256(b'1').hexdigest()}  a.js\n", encoding="utf-8")
    assert changed_files(tmp_path) == []
    (tmp_path / "a.js").write_text("2", encoding="utf-8")
    (tmp_path / "b.js").write_text("", encoding="utf-8")
    assert changed_files(tmp_path) == ["a.js", "b.js"]


def test_our_style_sheet_runs_in_the_oldest_engine() -> None:
    assert offenders(NEWER_COLOURS, own_static()) == []


def test_nothing_is_inline_in_templates() -> None:
    assert offenders(INLINE, templates()) == []


def test_no_address_outside_this_server() -> None:
    assert offenders(OUTSIDE, [*templates(), *(path for path in own_static() if path.suffix != ".svg")]) == []


def test_every_icon_is_in_the_sprite() -> None:
    code = [path for room in ROOMS for path in room.rglob("*.py")]
    used = set().union(*(icons_in_code(path.read_text(encoding="utf-8")) for path in code))
    assert {"inbox", "user-plus", "lock"} <= used
    used |= set().union(*(icons_in_templates(path.read_text(encoding="utf-8")) for path in templates()))
    assert unknown_icons(used) == []


@pytest.mark.parametrize(
    "planted",
    [
        'badge("red", _("Late"), "planted")',
        'Empty(_("None"), icon="planted")',
        'MenuItem(_("A"), "a:b", "planted", "perm", "files", 1)',
        'Figure(_("A"), 3, "planted" if many else "id")',
        'icon("planted", 16)',
        'class A:\n    icon: str = "planted"',
        'KIND_ICONS = {"a": "planted"}',
    ],
)
def test_a_planted_icon_is_found_in_code(planted: str) -> None:
    assert unknown_icons(icons_in_code(planted)) == ["planted"]


@pytest.mark.parametrize("planted", ['{% icon "planted" 16 %}', '{% badge "grey" words "planted" %}'])
def test_a_planted_icon_is_found_in_a_template(planted: str) -> None:
    assert unknown_icons(icons_in_templates(planted)) == ["planted"]


@pytest.mark.parametrize(
    ("pattern", "planted"),
    [
        (NEWER_COLOURS, "a { color: light-dark(#fff, #000); }"),
        (NEWER_COLOURS, "a { color: oklch(from red l c h); }"),
        (NEWER_COLOURS, "a { color: color-mix(in srgb, red, blue); }"),
        (INLINE, '<p style="color:red">'),
        (INLINE, "<script>alert(1)</script>"),
        (INLINE, '<a onclick="go()">'),
        (INLINE, "<style>a{}</style>"),
        (OUTSIDE, '<script src="https://cdn.example/x.js"></script>'),
        (OUTSIDE, '<img src="//img.example/x.png">'),
        (OUTSIDE, "body { background: url(https://img.example/x.png); }"),
    ],
)
def test_planted_violations_are_found(tmp_path: Path, pattern: re.Pattern[str], planted: str) -> None:
    path = tmp_path / "planted.html"
    path.write_text(planted, encoding="utf-8")
    assert offenders(pattern, [path])
