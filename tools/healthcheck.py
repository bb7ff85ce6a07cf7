"""Health checks inside a container: ``python -m tools.healthcheck [web|worker]``; exit status 0 when healthy.

``web`` asks ``/health/`` under the first allowed host name, as the proxy would; variables are read as the program
reads them, from the environment or from the file that ``NAME_FILE`` names. ``worker`` asks the worker of this
container over the broker.
"""

import http.client
import os
import socket
import subprocess
import sys

from config.environment import words


def host_name() -> str:
    """A name under which the web server answers: the first that is allowed."""
    first = next(iter(words("ALLOWED_HOSTS", "localhost")), "")
    return first.removeprefix("*").lstrip(".") or "localhost"


def web() -> bool:
    """Whether the web server answers, with its database and cache."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=5)
    try:
        connection.request("GET", "/health/", headers={"Host": host_name(), "X-Forwarded-Proto": "https"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def worker() -> bool:
    """Whether this container's worker answers a ping."""
    command = ["celery", "--app", "config.celery", "--quiet", "inspect", "ping", "--timeout", "5"]
    command += ["--destination", f"celery@{socket.gethostname()}"]
    return subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0


if __name__ == "__main__":
    kind = sys.argv[1] if len(sys.argv) > 1 else "web"
    sys.exit(0 if {"web": web, "worker": worker}[kind]() else 1)
