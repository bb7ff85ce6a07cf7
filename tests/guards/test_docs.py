"""The documentation against the code: what it links, names and tells to type is there, and no variable is left out."""

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

from config.demonstration import people

BASE_DIR = Path(__file__).resolve().parent.parent.parent
ROOMS = (
    "accounts", "approvals", "config", "core", "enrollment", "files", "jobs", "ledger", "records", "reports",
    "school", "setup", "tools",
)  # fmt: skip
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img[^>]*\ssrc=\"([^\"]+)\"")
HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
MAKE = re.compile(r"(?:^|[\s;&`])make[ \t]+([a-z]+)", re.MULTILINE)
MANAGE = re.compile(r"manage\.py[ \t]+([a-z_]+)")
MODULE = re.compile(r"python -m ([a-z_]+(?:\.[a-z_]+)*)")
PATH = re.compile(r"[\w.*-]+(?:/[\w.*-]*)+(?:::\w+)?|\w+\.(?:md|py|toml|yml|lock)")
VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
READERS = {"given", "number", "words", "server_address"}
OF_THE_SYSTEM = {"PATH", "DJANGO_SETTINGS_MODULE"}
MADE_LATER = ("var/", ".venv/", "deploy/.env", "deploy/secrets", "deploy/certificates")
"""Beginnings of paths that exist on a running installation only."""
REQUIREMENT = re.compile(r"S\d-\d+(?:\.\d+)*-F?\d+")


def documents() -> list[Path]:
    return [*sorted(BASE_DIR.glob("*.md")), *sorted((BASE_DIR / "docs").rglob("*.md"))]


def anchors(text: str) -> set[str]:
    """The anchors that a Markdown page gives its headings."""
    bare = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(FENCE.sub("", text)))
    return {heading.strip().replace(" ", "-") for heading in bare}


def broken_links(path: Path, text: str) -> list[str]:
    """Relative links and pictures that lead nowhere."""
    broken = []
    for link in (one or other for one, other in LINK.findall(FENCE.sub("", text))):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        if target and not file.exists():
            broken.append(link)
            continue
        if anchor and anchor not in anchors(text if file == path else file.read_text(encoding="utf-8")):
            broken.append(link)
    return broken


def typed(text: str) -> str:
    """What the page tells to type or names as code: its blocks and spans, one a line."""
    return "\n".join([*FENCE.findall(text), *CODE.findall(FENCE.sub("", text))])


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (BASE_DIR / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def unknown_commands(text: str) -> list[str]:
    """Targets of make, management commands and modules that do not exist."""
    code = typed(text)
    wrong = [f"make {name}" for name in MAKE.findall(code) if name not in targets()]
    wrong += [f"manage.py {name}" for name in MANAGE.findall(code) if name not in get_commands()]
    return wrong + [
        f"python -m {name}" for name in MODULE.findall(code) if not importlib.util.find_spec(name)
    ]


def unknown_paths(text: str) -> list[str]:
    """Files, and tests in files, that a page names and the project lacks. ``*`` stands for any name."""
    wrong = []
    tops = {path.name for path in BASE_DIR.iterdir()}
    for span in CODE.findall(FENCE.sub("", text)):
        if not PATH.fullmatch(span) or span.split("/")[0] not in tops or span.startswith(MADE_LATER):
            continue
        name, _, test = span.partition("::")
        found = [path for path in BASE_DIR.glob(name.rstrip("/")) if path.exists()]
        if not found or (test and f"def {test}(" not in found[0].read_text(encoding="utf-8")):
            wrong.append(span)
    return wrong


def _names_read(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
            environ = name == "get" and "environ" in ast.unparse(node.func)
            if (name in READERS or name == "getenv" or environ) and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            if isinstance(node.slice, ast.Constant) and isinstance(node.ctx, ast.Load):
                yield str(node.slice.value)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SECRET_NAMES":
            yield from ast.literal_eval(node.value)


def variables_of(source: str) -> set[str]:
    """Environment variables that a Python source reads."""
    return set(_names_read(ast.parse(source))) - OF_THE_SYSTEM


def variables() -> set[str]:
    """Environment variables that the product, its tools and its shell scripts read."""
    paths = [path for room in ROOMS for path in (BASE_DIR / room).rglob("*.py")]
    found = {name for path in paths for name in variables_of(path.read_text(encoding="utf-8"))}
    scripts = (BASE_DIR / "tools/system_packages").read_text(encoding="utf-8")
    return found | set(re.findall(r"\$\{(XUEJI_\w+)", scripts))


def documented_variables(text: str) -> set[str]:
    """Names in the first column of the page's tables of variables."""
    rows = re.findall(r"^\|([^|]+)\|", text, re.MULTILINE)
    return {name for row in rows for name in CODE.findall(row) if VARIABLE.fullmatch(name) or name == "PORT"}


def malformed_requirements(source: str) -> list[str]:
    """Ids in requirement markers that no requirement can have."""
    wrong = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.requirement":
            ids = [ast.literal_eval(one) for one in node.args]
            wrong += [one for one in ids if not REQUIREMENT.fullmatch(str(one))] if ids else ["no id at all"]
    return wrong


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(BASE_DIR)))
def test_what_a_page_links_and_names_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert broken_links(path, text) == []
    assert unknown_commands(text) == []
    assert unknown_paths(text) == []


def test_the_pages_that_everybody_looks_for_are_there() -> None:
    names = {path.relative_to(BASE_DIR).as_posix() for path in documents()}
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md"} <= names
    licence = (BASE_DIR / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence


def test_every_page_of_docs_is_reached_from_the_readme() -> None:
    readme = (BASE_DIR / "README.md").read_text(encoding="utf-8")
    pages = {path.relative_to(BASE_DIR).as_posix() for path in documents()} - {"README.md"}
    linked = {one.partition("#")[0] for one, _other in LINK.findall(readme)}
    assert pages <= linked


def test_the_readme_names_the_accounts_and_the_password_of_the_demonstration() -> None:
    readme = (BASE_DIR / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Demonstration accounts")[2].partition("\n## ")[0]
    rows = re.findall(r"^\|([^|]+)\|", section, re.MULTILINE)
    named = [name for row in rows for name in CODE.findall(row)]
    assert sorted(named) == sorted([*(one.staff_no for one in people.PEOPLE), people.PUPIL])
    assert f"`{people.PASSWORD}`" in section


def test_every_variable_is_explained_and_every_explained_one_is_read() -> None:
    text = (BASE_DIR / "docs/production.md").read_text(encoding="utf-8")
    assert documented_variables(text) == variables()


def test_requirement_markers_name_requirements() -> None:
    faults = {
        path.name: found
        for path in (BASE_DIR / "tests").rglob("*.py")
        if (found := malformed_requirements(path.read_text(encoding="utf-8")))
    }
    assert faults == {}


class TestPlantedViolations:
    """The checks above fire."""

    def test_links(self) -> None:
        page = BASE_DIR / "docs/planted.md"
        text = "# One thing\n[a](ledger.md) [b](nothing.md) ![c](../README.md) [d](#one-thing) [e](#two)"
        text += '\n[f](https://example.org/x) [g](ledger.md#nowhere) <img alt="" src="none.png">'
        assert broken_links(page, text) == ["nothing.md", "#two", "ledger.md#nowhere", "none.png"]

    def test_commands(self) -> None:
        text = "Say `make run`, `make tea`, make haste.\n```sh\nmanage.py migrate; manage.py brew\n```\n"
        text += "`python -m tools.run` `python -m tools.brew` `X=1 make cake`"
        wanted = ["make tea", "make cake", "manage.py brew", "python -m tools.brew"]
        assert sorted(unknown_commands(text)) == sorted(wanted)

    def test_paths(self) -> None:
        text = "`docs/ledger.md` `docs/lager.md` `config/*.py` `tests/*/no_such.py` `var/any` `text/css` `README.md`"
        text += " `tests/guards/test_docs.py::test_requirement_markers_name_requirements`"
        text += " `tests/guards/test_docs.py::test_nothing`"
        assert unknown_paths(text) == [
            "docs/lager.md", "tests/*/no_such.py", "tests/guards/test_docs.py::test_nothing",
        ]  # fmt: skip

    def test_variables(self) -> None:
        source = (
            'given("A_ONE"); os.environ["B_TWO"]; os.environ.get("C_THREE"); words("D_FOUR", ""); f("E_FIVE")'
        )
        assert variables_of(source) == {"A_ONE", "B_TWO", "C_THREE", "D_FOUR"}
        assert documented_variables("| `A_ONE`, `B_TWO` | text `C_THREE` |\n") == {"A_ONE", "B_TWO"}

    @pytest.mark.parametrize("marked", ["'S0'", "'3.3-1'", "'S3-3.3'", "'S0-3.3-x'", ""])
    def test_requirements(self, marked: str) -> None:
        assert malformed_requirements(f"@pytest.mark.requirement({marked})\ndef test(): pass")
        assert not malformed_requirements(
            "@pytest.mark.requirement('S0-3.3-1', 'S2-5-F02')\ndef test(): pass"
        )
