"""Rules of CONTRIBUTING.md that no linter knows: managers in views, actors, saves, docstrings, ignores, lengths."""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parent.parent.parent
ROOMS = (
    "accounts", "approvals", "archive", "audit", "config", "core", "enrollment", "files", "jobs", "ledger", "records",
    "reports", "school", "setup",
)  # fmt: skip
EVERYTHING = (*ROOMS, "tools", "bench", "tests")
MANAGERS = {"objects", "_default_manager", "_base_manager"}
LOCKING = re.compile(r"locked|select_for_update")
IGNORE = re.compile(r"#\s*(?:noqa|type:\s*ignore)")
WELL_IGNORED = re.compile(r"#\s*(?:noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*|type: ignore\[[a-z, -]+\])\W+\w+")
MOST_IGNORES = 110
MOST_LINES = 500
SKIPPED = re.compile(r"pytest\.(?:skip|xfail|importorskip)\(|mark\.(?:skip|skipif|xfail)\b")
Function = ast.FunctionDef


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((BASE_DIR / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def layer(path: Path, name: str) -> bool:
    """Whether a file is, or belongs to, this layer of a room."""
    return path.stem == name or name in path.relative_to(BASE_DIR).parts[1:-1]


def calls(node: ast.AST) -> Iterator[ast.Call]:
    return (one for one in ast.walk(node) if isinstance(one, ast.Call))


def managers_used(source: str) -> list[int]:
    """Lines that reach for a manager."""
    nodes = ast.walk(ast.parse(source))
    return [node.lineno for node in nodes if isinstance(node, ast.Attribute) and node.attr in MANAGERS]


def public(source: str) -> Iterator[Function | ast.ClassDef]:
    for node in ast.parse(source).body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node


def loose_actors(source: str) -> list[int]:
    """Public atomic functions whose actor can be passed by place."""
    return [
        node.lineno
        for node in public(source)
        if isinstance(node, Function)
        and any("atomic" in ast.unparse(one) for one in node.decorator_list)
        and "actor" in {argument.arg for argument in node.args.args}
    ]


def _locked_names(function: Function) -> set[str]:
    """Variables of a function that hold what a call with a lock gave."""
    return {
        name.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        if any(LOCKING.search(ast.unparse(call.func)) for call in calls(node.value))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for name in ast.walk(target)
        if isinstance(name, ast.Name)
    }


def whole_saves(source: str) -> list[int]:
    """Saves of a row that was locked before, without naming the fields."""
    return [
        call.lineno
        for function in (node for node in ast.walk(ast.parse(source)) if isinstance(node, Function))
        for call in calls(function)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "save"
        and ast.unparse(call.func.value) in _locked_names(function)
        and not any(keyword.arg == "update_fields" for keyword in call.keywords)
    ]


def undocumented(source: str) -> list[int]:
    """Public functions and classes without a docstring."""
    return [node.lineno for node in public(source) if not ast.get_docstring(node)]


def bare_ignores(source: str) -> list[int]:
    """Ignores without a code, or without a reason on the same line."""
    lines = enumerate(source.splitlines(), 1)
    return [number for number, line in lines if IGNORE.search(line) and not WELL_IGNORED.search(line)]


def skips(source: str) -> list[int]:
    return [number for number, line in enumerate(source.splitlines(), 1) if SKIPPED.search(line)]


def offenders(paths: Iterator[Path], check: Callable[[str], list[int]]) -> list[str]:
    return [
        f"{path.relative_to(BASE_DIR)}:{line}"
        for path in paths
        for line in check(path.read_text(encoding="utf-8"))
    ]


def unlinted(project: str, rooms: set[str]) -> list[str]:
    """Rooms that the type checker or one of the import contracts leaves out."""
    tool = tomllib.loads(project)["tool"]
    linter = tool["importlinter"]
    wanted = {"mypy": tool["mypy"]["packages"], "root_packages": linter["root_packages"]}
    for contract in linter["contracts"]:
        if "containers" in contract:
            wanted[contract["name"]] = [*contract["containers"], "config", "core", "ledger"]
        else:
            wanted[contract["name"]] = [name for layer in contract["layers"] for name in layer.split(" | ")]
    return sorted(f"{name}: {room}" for name, listed in wanted.items() for room in rooms - set(listed))


def views() -> Iterator[Path]:
    return (path for path in sources(*ROOMS) if layer(path, "views"))


def actions() -> Iterator[Path]:
    return (path for path in sources(*ROOMS) if layer(path, "actions"))


def own_sources() -> Iterator[Path]:
    """Everything but this file, which quotes what it forbids."""
    return (path for path in sources(*EVERYTHING) if path != Path(__file__))


def test_every_room_is_typed_and_keeps_its_lines() -> None:
    rooms = {path.parent.name for path in BASE_DIR.glob("*/apps.py")} | {"core"}
    project = (BASE_DIR / "pyproject.toml").read_text(encoding="utf-8")
    assert rooms == set(ROOMS)
    assert unlinted(project, rooms) == []
    assert {one.rpartition(": ")[2] for one in unlinted(project, {*rooms, "planted"})} == {"planted"}


def test_views_use_no_manager() -> None:
    assert offenders(views(), managers_used) == []


def test_actions_name_their_actor() -> None:
    assert offenders(actions(), loose_actors) == []


def test_locked_rows_are_saved_by_field() -> None:
    assert offenders(actions(), whole_saves) == []


def test_what_is_public_says_what_it_is_for() -> None:
    named = (path for path in sources(*ROOMS) if path.name != "apps.py" and "commands" not in path.parts)
    assert offenders(named, undocumented) == []


def test_ignores_name_code_and_reason_and_stay_few() -> None:
    assert offenders(own_sources(), bare_ignores) == []
    texts = (path.read_text(encoding="utf-8") for path in own_sources())
    assert sum(len(IGNORE.findall(text)) for text in texts) <= MOST_IGNORES


def test_no_test_is_left_out() -> None:
    assert offenders((path for path in own_sources() if "tests" in path.parts), skips) == []


def test_no_source_is_longer_than_one_can_read() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources(*EVERYTHING)}
    assert {path.name: length for path, length in lengths.items() if length > MOST_LINES} == {}


PLANTED: list[tuple[Callable[[str], list[int]], str, str]] = [
    (managers_used, "rows = Student.objects.all()", "rows = selectors.students(user)"),
    (
        loose_actors,
        "@transaction.atomic\ndef close(row, actor): ...",
        "@transaction.atomic\ndef close(*, actor, row): ...",
    ),
    (
        whole_saves,
        "def f():\n    row = Unit.objects.select_for_update().get()\n    row.save()",
        "def f():\n    row = locked(unit)\n    row.save(update_fields=['name'])\n    Unit().save()",
    ),
    (undocumented, "def f(): ...", "def _f(): ...\nclass A:\n    'Is A.'"),
    (bare_ignores, "x = 1  # noqa", "x = 1  # noqa: E501  # an address cannot be broken"),
    (bare_ignores, "x = 1  # noqa: E501", "x = y  # type: ignore[misc]  # made at run time"),
    (bare_ignores, "x = 1  # type: ignore", "x = 1  # no quarrel"),
    (skips, "@pytest.mark.skip\ndef test(): ...", "@pytest.mark.kill\ndef test(): ..."),
]


@pytest.mark.parametrize(("check", "bad", "good"), PLANTED)
def test_planted_violations_are_found(check: Callable[[str], list[int]], bad: str, good: str) -> None:
    assert len(check(bad)) == 1
    assert check(good) == []
