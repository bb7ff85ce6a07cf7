"""The commands of the Makefile, the locked dependencies and the supervisor behind `make run`."""

import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from tools import messages, run
from tools.services.processes import is_running

BASE_DIR = Path(__file__).resolve().parent.parent.parent
TARGETS = ["run", "test", "quick", "check", "lint", "messages", "services", "stop", "clean"]
LOCKS = ["requirements.lock", "requirements-test.lock"]
ADDRESS = re.compile(r"://|--(extra-)?index|--find-links|--trusted-host")
MODULE = re.compile(r"\$\(BIN\)/python -m ([\w.]+)")


def make(*arguments: str) -> str:
    """What make would do."""
    command = ["make", "--dry-run", "--always-make", *arguments]
    done = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def locked(name: str) -> dict[str, int]:
    """Each locked package with the number of its hashes."""
    found: dict[str, int] = {}
    package = ""
    for line in (BASE_DIR / name).read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([a-z0-9-]+)==", line):
            package = match.group(1)
            found[package] = 0
        elif "--hash=sha256:" in line:
            found[package] += 1
    return found


def wanted(requirements: list[str]) -> set[str]:
    names = (re.split(r"[\[<>=;~! ]", requirement)[0] for requirement in requirements)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


@pytest.mark.parametrize("target", TARGETS)
def test_each_command_is_there_and_explained(target: str) -> None:
    assert make(target)
    text = (BASE_DIR / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:.*## \w", text, re.MULTILINE)


def test_each_module_that_the_makefile_starts_exists() -> None:
    named = set(MODULE.findall((BASE_DIR / "Makefile").read_text(encoding="utf-8")))
    assert {"tools.run", "tools.services", "tools.messages", "tools.fonts"} <= named
    for module in named:
        path = BASE_DIR / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_everything_is_installed_from_locks_with_hashes() -> None:
    assert make("test").count("--require-hashes") >= 2
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    runtime, test = (locked(name) for name in LOCKS)
    assert all(runtime.values())
    assert all(test.values())
    assert wanted(project["project"]["dependencies"]) <= set(runtime) <= set(test)
    assert wanted(project["dependency-groups"]["test"]) <= set(test)


@pytest.mark.parametrize("name", LOCKS)
def test_locks_name_no_address(name: str) -> None:
    assert not ADDRESS.search((BASE_DIR / name).read_text(encoding="utf-8"))


def test_a_planted_address_is_seen() -> None:
    for line in ("--index-url x", "--extra-index-url x", "a @ https://x/a.whl", "--find-links /wheels"):
        assert ADDRESS.search(line)


def test_the_ci_script_lints_and_tests() -> None:
    lines = (BASE_DIR / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    assert [line for line in lines if line.startswith("make")] == ["make lint", "make test"]
    assert os.access(BASE_DIR / ".ci/run", os.X_OK)


def test_an_ordinary_user_is_told_which_system_packages_to_ask_for(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "env"):
        (programs / name).symlink_to(f"/usr/bin/{name}")
    (programs / "id").write_text("#!/usr/bin/env bash\necho 1000\n")
    (programs / "id").chmod(0o755)
    done = subprocess.run(
        [BASE_DIR / "tools/system_packages"],
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    asked = done.stderr.strip()
    assert (
        asked
        == "Missing on this machine; ask for: apt-get install chromium fontconfig fonts-noto-cjk gettext"
    )


class TestSupervisor:
    """`make run` starts the processes of the Procfile, and none outlives it."""

    def test_the_procfile_has_the_three_processes(self) -> None:
        assert list(run.processes()) == ["web", "worker", "beat"]

    def test_it_says_which_process_ended_and_ends_the_others(self, capfd: pytest.CaptureFixture[str]) -> None:
        supervisor = run.Supervisor(dict(os.environ))
        supervisor.start({"long": "sleep 60", "short": "sh -c 'echo hello; sleep 0.3'"})
        assert supervisor.wait() == "short"
        assert supervisor.stop() is None
        assert "short  | hello" in capfd.readouterr().out

    def test_a_process_that_will_not_end_is_ended_by_force(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(run, "STOP_SECONDS", 0.5)
        supervisor = run.Supervisor(dict(os.environ))
        supervisor.start({"deaf": "sh -c 'trap \"\" TERM; while true; do sleep 0.1; done'"})
        time.sleep(0.3)
        began = time.monotonic()
        supervisor.stop()
        assert time.monotonic() - began < 5

    @pytest.mark.kill
    def test_processes_end_when_the_supervisor_is_killed(self) -> None:
        script = (
            "import os, time\nfrom tools import run\nsupervisor = run.Supervisor(dict(os.environ))\n"
            "supervisor.start({'long': 'sleep 60'})\nprint(supervisor.pids()[0], flush=True)\ntime.sleep(60)\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", script], cwd=BASE_DIR, stdout=subprocess.PIPE, text=True
        ) as parent:
            assert parent.stdout
            child = int(parent.stdout.readline())
            assert is_running(child)
            parent.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 10
        while is_running(child):
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def test_a_second_start_over_the_same_data_is_refused(self, tmp_path: Path) -> None:
        import fcntl

        with (tmp_path / "run.lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            done = subprocess.run(
                [sys.executable, "-m", "tools.run"],
                cwd=BASE_DIR,
                env={**os.environ, "XUEJI_VAR": str(tmp_path)},
                capture_output=True,
                text=True,
                check=False,
            )
        assert done.returncode == 1
        assert "already runs" in done.stderr


class TestMessages:
    """The check of the catalogue fires on each kind of fault."""

    @pytest.fixture
    def catalogue(self, tmp_path: Path) -> Path:
        path = tmp_path / "django.po"
        path.write_text(
            'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
            'msgid "Return"\nmsgstr "退回"\n\nmsgid "%(count)s files"\nmsgstr "%(count)s 个文件"\n',
            encoding="utf-8",
        )
        return path

    def found(self, path: Path) -> list[str]:
        catalogue = messages.polib.pofile(str(path))
        return messages.faults(catalogue, path.with_suffix(".mo"))

    def test_complete(self, catalogue: Path) -> None:
        messages.polib.pofile(str(catalogue)).save_as_mofile(str(catalogue.with_suffix(".mo")))
        assert self.found(catalogue) == []

    @pytest.mark.parametrize(
        ("old", "new", "fault"),
        [
            ('msgstr "退回"', 'msgstr ""', "has no Chinese"),
            ('msgid "Return"', '#, fuzzy\nmsgid "Return"', "fuzzy"),
            ('msgid "Return"\nmsgstr', '#~ msgid "Return"\n#~ msgstr', "used nowhere"),
            ('msgstr "%(count)s', 'msgstr "%(number)s', "other placeholders"),
            ('msgstr "退回"', 'msgstr "打回"', "not compiled"),
        ],
    )
    def test_planted_fault(self, catalogue: Path, old: str, new: str, fault: str) -> None:
        messages.polib.pofile(str(catalogue)).save_as_mofile(str(catalogue.with_suffix(".mo")))
        catalogue.write_text(catalogue.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        found = self.found(catalogue)
        assert len(found) == 1
        assert fault in found[0]
