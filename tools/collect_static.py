"""``python -m tools.collect_static``: static files for production, with digests in their names, into ``STATIC_ROOT``.

Runs while an image is built, where no secret exists: the settings get random values that are thrown away.
"""

import os
import secrets
import subprocess
import sys

from tools.services.state import BASE_DIR


def environment() -> dict[str, str]:
    """A production environment that reaches nothing."""
    names = ("SECRET_KEY", "FIELD_KEYS", "BLIND_INDEX_KEY", "LEDGER_SEAL_KEY", "PACKAGE_SIGNING_KEY")
    thrown_away = {name: secrets.token_urlsafe(32) for name in names}
    return {
        **os.environ,
        **thrown_away,
        "XUEJI_MODE": "production",
        "ALLOWED_HOSTS": "localhost",
        "DATABASE_URL": "postgresql://localhost/none",
        "REDIS_URL": "redis://localhost/0",
    }


if __name__ == "__main__":
    command = [sys.executable, str(BASE_DIR / "manage.py"), "collectstatic", "--noinput"]
    sys.exit(subprocess.run(command, env=environment(), check=False).returncode)
