"""What a deployment sets: read from the environment, checked, and in demonstration mode made once into ``var/``.

Production (``XUEJI_MODE=production``) refuses to start when a secret is missing or is one that demonstration mode made.
"""

import base64
import contextlib
import json
import os
import secrets
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("XUEJI_VAR", BASE_DIR / "var"))
PRODUCTION = os.environ.get("XUEJI_MODE", "demonstration") == "production"
SECRET_NAMES = ("SECRET_KEY", "FIELD_KEYS", "BLIND_INDEX_KEY", "LEDGER_SEAL_KEY")
DEMONSTRATION_MARK = "demo-"


def _key(length: int = 32) -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(length)).decode()


def _demonstration_secrets() -> dict[str, str]:
    """Secrets for demonstration mode, made once; of several processes that start together the first one's hold."""
    path = VAR_DIR / "demonstration-secrets.json"
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        made = {
            "SECRET_KEY": DEMONSTRATION_MARK + _key(48),
            "FIELD_KEYS": f"{DEMONSTRATION_MARK}1:{_key()}",
            "BLIND_INDEX_KEY": f"{DEMONSTRATION_MARK}1:{_key()}",
            "LEDGER_SEAL_KEY": f"{DEMONSTRATION_MARK}1:{_key()}",
        }
        handle, whole = tempfile.mkstemp(dir=VAR_DIR, prefix=".secrets-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(made, file, indent=1)
        with contextlib.suppress(FileExistsError):
            os.link(whole, path)
        os.unlink(whole)
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _read_secrets() -> dict[str, str]:
    given = {name: os.environ.get(name, "") for name in SECRET_NAMES}
    if PRODUCTION:
        missing = [name for name, value in given.items() if not value]
        demonstration = [name for name, value in given.items() if value.startswith(DEMONSTRATION_MARK)]
        if missing:
            raise ImproperlyConfigured(f"Production needs these secrets in the environment: {', '.join(missing)}")
        if demonstration:
            raise ImproperlyConfigured(f"Demonstration secrets cannot be used in production: {', '.join(demonstration)}")
        return given
    if not all(given.values()):
        made = _demonstration_secrets()
        given = {name: value or made[name] for name, value in given.items()}
    return given


def _embedded_servers() -> dict[str, str]:
    """Addresses of the embedded servers, as ``make services`` left them; empty in production."""
    if PRODUCTION:
        return {}
    try:
        found: dict[str, str] = json.loads((VAR_DIR / "services.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def server_address(variable: str, default: str) -> str:
    """A server's address: the environment, else the embedded server, else (not in production) a local default.

    Raises ImproperlyConfigured when production names no server.
    """
    if given := os.environ.get(variable):
        return given
    if PRODUCTION:
        raise ImproperlyConfigured(f"Production needs {variable} in the environment.")
    return _embedded_servers().get(variable.lower(), default)


SECRETS = _read_secrets()


def database(url: str) -> dict[str, object]:
    """Django's settings for a ``postgresql://user:password@host:port/name`` address.

    Raises ImproperlyConfigured when the address is of another kind or names no database.
    """
    parts = urlsplit(url)
    name = parts.path.lstrip("/")
    if parts.scheme not in {"postgresql", "postgres"} or not name:
        raise ImproperlyConfigured("DATABASE_URL must look like postgresql://user:password@host:5432/name")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(name),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
    }
