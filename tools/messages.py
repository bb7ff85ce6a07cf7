"""``make messages``: collect the product's texts into the Chinese catalogue; ``--check`` says what it lacks.

The check works on a copy, so it changes nothing; it fails on a text without Chinese, a fuzzy or unused entry, a named
placeholder that differs, and a compiled catalogue that is older than its source.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polib

BASE_DIR = Path(__file__).resolve().parent.parent
CATALOGUE = Path("locale/zh_Hans/LC_MESSAGES/django.po")
NOT_SEARCHED = {".git", ".venv", "var", "tests", "tools", "node_modules", "locale"}
PLACEHOLDER = re.compile(r"%\((\w+)\)|\{(\w*)\}|%[sd]")


def collect(root: Path) -> polib.POFile:
    """Bring the catalogue under ``root`` up to date with the sources there; the catalogue."""
    (root / CATALOGUE).parent.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "django",
        "makemessages",
        "--locale",
        "zh_Hans",
        "--symlinks",
        "--no-wrap",
    ]
    command += ["--no-location", *(f"--ignore={name}" for name in sorted(NOT_SEARCHED - {"locale"}))]
    environment = {**os.environ, "PYTHONPATH": str(BASE_DIR), "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"Collecting the texts failed:\n{done.stdout}{done.stderr}")
    return polib.pofile(str(root / CATALOGUE))


def mirror(root: Path) -> None:
    """Links to everything that may hold texts, beside a copy of the catalogue."""
    for item in BASE_DIR.iterdir():
        if item.name not in NOT_SEARCHED:
            (root / item.name).symlink_to(item)
    if (BASE_DIR / "locale").exists():
        shutil.copytree(BASE_DIR / "locale", root / "locale")


def _placeholders(text: str) -> set[str]:
    return {match.group(0) for match in PLACEHOLDER.finditer(text)}


def _faults_of(entry: polib.POEntry) -> Iterator[str]:
    translations = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    if entry.obsolete:
        yield "is used nowhere any more"
    elif "fuzzy" in entry.flags:
        yield "has only a guessed translation (fuzzy)"
    elif not all(translations):
        yield "has no Chinese"
    else:
        wanted = _placeholders(entry.msgid_plural or entry.msgid)
        for text in translations:
            if _placeholders(text) != wanted:
                yield f"has other placeholders: {text!r}"


def faults(catalogue: polib.POFile, compiled: Path) -> list[str]:
    """What is wrong with a freshly collected catalogue and its compiled form, one line each."""
    found = [f"{entry.msgid!r} {fault}" for entry in catalogue for fault in _faults_of(entry)]
    if found:
        return found
    texts = {(entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in catalogue}
    machine = polib.mofile(str(compiled)) if compiled.exists() else []
    if texts != {(entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in machine}:
        return [f"{compiled.name} is not compiled from the catalogue; run make messages"]
    return []


def check() -> list[str]:
    """Faults of the catalogue as it stands."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        mirror(root)
        return faults(collect(root), (BASE_DIR / CATALOGUE).with_suffix(".mo"))


def update() -> int:
    """Rewrite the catalogue and its compiled form; the number of texts still without Chinese."""
    catalogue = collect(BASE_DIR)
    for entry in list(catalogue.obsolete_entries()):
        catalogue.remove(entry)
    for entry in catalogue.fuzzy_entries():
        entry.flags.remove("fuzzy")
        entry.msgstr, entry.previous_msgid = "", None
        entry.msgstr_plural = dict.fromkeys(entry.msgstr_plural, "")
    catalogue.save()
    catalogue.save_as_mofile(str((BASE_DIR / CATALOGUE).with_suffix(".mo")))
    return len(catalogue.untranslated_entries())


def main() -> int:
    """Exit status 1 when a text has no Chinese or the catalogue is otherwise unfit."""
    parser = argparse.ArgumentParser(prog="python -m tools.messages", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, list faults")
    if parser.parse_args().check:
        found = check()
        print("\n".join(found[:50]) if found else "Messages are complete.")
        if len(found) > 50:
            print(f"... and {len(found) - 50} more")
        return 1 if found else 0
    missing = update()
    print(f"{missing} texts without Chinese in {CATALOGUE}." if missing else "Messages are complete.")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
