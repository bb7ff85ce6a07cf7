"""``python -m tools.services up|down|status``."""

import argparse
import sys

from tools import services


def _status() -> int:
    found = services.status()
    for name, pid in found.items():
        print(f"{name}: {'not running' if pid is None else f'running, process {pid}'}")
    return 0 if all(found.values()) else 3


def main() -> int:
    """Run one command; exit status 1 with a plain message when a server cannot be started."""
    parser = argparse.ArgumentParser(prog="python -m tools.services", description=services.__doc__)
    parser.add_argument("command", choices=["up", "down", "status"])
    parser.add_argument(
        "--for",
        dest="user",
        default=services.BY_HAND,
        help="who starts them (hand: they stay)",
    )
    arguments = parser.parse_args()
    command = arguments.command
    try:
        if command == "status":
            return _status()
        if command == "down":
            print("Servers stopped." if services.down() else "No server was running.")
            return 0
        state = services.up(started_by=arguments.user, say=print)
    except services.ServiceError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"PostgreSQL on port {state['postgres_port']}, Valkey on port {state['valkey_port']}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
