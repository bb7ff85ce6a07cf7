"""``make run``: servers, migrations, demonstration school, then the processes of the Procfile until Ctrl-C."""

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from types import FrameType
from typing import IO

from tools import services
from tools.services.processes import free_port

DEFAULT_PORT = 8000
STOP_SECONDS = 20.0
PARENT_DEATH_SIGNAL = 1


class Stopped(Exception):
    """Ctrl-C or a request to end."""


def _raise_stopped(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


def manage(*arguments: str) -> None:
    """Run a management command. Raises CalledProcessError when it fails."""
    subprocess.run([sys.executable, str(services.BASE_DIR / "manage.py"), *arguments], check=True)


def processes() -> dict[str, str]:
    """Name and command of each line of the Procfile."""
    lines = (services.BASE_DIR / "Procfile").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {name.strip(): command.strip() for name, command in pairs}


def _end_with_parent() -> None:
    """Runs in the child: have the kernel end it when this program is killed (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)


class Supervisor:
    """Starts the processes, passes their lines on with a name before each, ends all when one ends."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._readers: list[threading.Thread] = []

    def start(self, commands: dict[str, str]) -> None:
        """Start every process, each in its own session."""
        for name, command in commands.items():
            self._running[name] = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {command}"],
                cwd=services.BASE_DIR,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509  # no thread runs yet, and nothing else can set it
            )
        for name, process in self._running.items():
            if process.stdout:
                reader = threading.Thread(target=_pass_on, args=(name, process.stdout), daemon=True)
                reader.start()
                self._readers.append(reader)

    def pids(self) -> list[int]:
        """Process ids of what was started."""
        return [process.pid for process in self._running.values()]

    def wait(self) -> str:
        """Wait until one of them ends; its name."""
        while True:
            for name, process in self._running.items():
                if process.poll() is not None:
                    return name
            time.sleep(0.2)

    def stop(self) -> None:
        """Ask all to end, wait, then end the rest of each session by force."""
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for reader in self._readers:
            reader.join(timeout=2)


def _pass_on(name: str, lines: IO[str]) -> None:
    with lines:
        for line in lines:
            print(f"{name:<7}| {line}", end="", flush=True)


def _wait_for(address: str, *, seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/health/", timeout=5) as answer:  # noqa: S310  # our own address
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.2)
    return False


def _announce(address: str, accounts: str) -> None:
    if _wait_for(address):
        print(f"\n{accounts}\n\nXueji is ready: {address}   (Ctrl-C stops it)\n", flush=True)
    else:
        print(f"\n{address} does not answer; see the lines above.\n", flush=True)


def _demonstration() -> str:
    """Load the demonstration school where it is missing; what the command says about accounts."""
    command = [sys.executable, str(services.BASE_DIR / "manage.py"), "load_demonstration"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def _environment(state: dict[str, str], port: int) -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    addresses = {name: state[name.lower()] for name in ("DATABASE_URL", "REDIS_URL") if name.lower() in state}
    return {**os.environ, **addresses, "PATH": path, "PORT": str(port), "PYTHONUNBUFFERED": "1"}


def _start_servers() -> dict[str, str]:
    """Addresses of the embedded servers; none when the environment names its own."""
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return {}
    return services.up(started_by="run", say=print)


def _serve() -> int:
    state = _start_servers()
    manage("migrate", "--verbosity", "0")
    accounts = _demonstration()
    wanted = int(os.environ.get("XUEJI_PORT") or DEFAULT_PORT)
    port = free_port(wanted)
    if port != wanted:
        print(f"Port {wanted} is taken; the web server uses {port}.")
    supervisor = Supervisor(_environment(state, port))
    try:
        supervisor.start(processes())
        threading.Thread(target=_announce, args=(f"http://127.0.0.1:{port}", accounts), daemon=True).start()
        ended = supervisor.wait()
        print(f"The {ended} process ended; stopping the others.", file=sys.stderr)
        return 1
    finally:
        supervisor.stop()


def main() -> int:
    """Run until Ctrl-C or SIGTERM (exit status 0), or until a process ends by itself (1)."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stopped)
    var = services.var_dir()
    var.mkdir(parents=True, exist_ok=True)
    only_one = (var / "run.lock").open("w")
    try:
        fcntl.flock(only_one, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"Xueji already runs with the data in {var}.", file=sys.stderr)
        return 1
    lease = services.Lease(var)
    try:
        return _serve()
    except Stopped:
        print("\nStopped.")
        return 0
    except (services.ServiceError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if lease.release():
            services.down_if_unused()


if __name__ == "__main__":
    sys.exit(main())
