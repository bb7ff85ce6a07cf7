"""What a deployment sets: read from the environment, checked, and in demonstration mode made once into ``var/``.

Production (``XUEJI_MODE=production``) refuses to start when a secret is missing or is one that demonstration mode made.
"""

import base64
import contextlib
import json
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from pyrage import x25519

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("XUEJI_VAR", BASE_DIR / "var"))
MODE = os.environ.get("XUEJI_MODE") or "demonstration"
if MODE not in {"production", "demonstration"}:
    raise ImproperlyConfigured("XUEJI_MODE must be production or demonstration.")
PRODUCTION = MODE == "production"
SECRET_NAMES = ("SECRET_KEY", "FIELD_KEYS", "BLIND_INDEX_KEY", "LEDGER_SEAL_KEY", "PACKAGE_SIGNING_KEY")
DEMONSTRATION_MARK = "demo-"
LEAST_EVENT_DAYS = 180


def given(variable: str) -> str:
    """A variable's value, or the content of the file that ``<variable>_FILE`` names; empty when neither is set.

    Raises ImproperlyConfigured when the named file cannot be read.
    """
    if value := os.environ.get(variable):
        return value
    if not (path := os.environ.get(f"{variable}_FILE")):
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{variable}_FILE names a file that cannot be read: {path}") from error


def number(variable: str, default: int) -> int:
    """A whole number from the environment. Raises ImproperlyConfigured for anything else."""
    value = given(variable)
    try:
        return int(value) if value else default
    except ValueError as error:
        raise ImproperlyConfigured(f"{variable} must be a whole number.") from error


def words(variable: str, default: str = "") -> list[str]:
    """The comma-separated parts of a variable, without empty ones."""
    return [word.strip() for word in (given(variable) or default).split(",") if word.strip()]


def _key(length: int = 32) -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(length)).decode()


def _made_once(name: str, make: Callable[[], str]) -> str:
    """A text of demonstration mode, made once; of several processes that start together the first one's holds."""
    path = VAR_DIR / name
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        handle, whole = tempfile.mkstemp(dir=VAR_DIR, prefix=".secrets-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(make())
        with contextlib.suppress(FileExistsError):
            os.link(whole, path)
        Path(whole).unlink()
    return path.read_text(encoding="utf-8")


def _demonstration_secrets() -> dict[str, str]:
    def make() -> str:
        made = {
            "SECRET_KEY": DEMONSTRATION_MARK + _key(48),
            "FIELD_KEYS": f"{DEMONSTRATION_MARK}1:{_key()}",
            "BLIND_INDEX_KEY": f"{DEMONSTRATION_MARK}1:{_key()}",
            "LEDGER_SEAL_KEY": f"{DEMONSTRATION_MARK}1:{_key()}",
        }
        return json.dumps(made, indent=1)

    found: dict[str, str] = json.loads(_made_once("demonstration-secrets.json", make))
    signing = _made_once("demonstration-signing-key.txt", lambda: f"{DEMONSTRATION_MARK}1:{_key()}")
    return {**found, "PACKAGE_SIGNING_KEY": signing.strip()}


def snapshot_recipients() -> list[str]:
    """Public keys (age) of those who can open a snapshot of a file; their private keys are kept off this host."""
    if PRODUCTION or given("SNAPSHOT_RECIPIENTS"):
        return words("SNAPSHOT_RECIPIENTS")
    identity = _made_once("demonstration-snapshot-identity.txt", lambda: str(x25519.Identity.generate()))
    return [str(x25519.Identity.from_str(identity.strip()).to_public())]


def events_keep_days() -> int:
    """Days for which events stay in the database, three years by default.

    Raises ImproperlyConfigured below the 180 days that the law asks for (GB/T 22239-2019; 网络安全法 art. 21).
    """
    days = number("EVENTS_KEEP_DAYS", 3 * 365)
    if days < LEAST_EVENT_DAYS:
        raise ImproperlyConfigured(f"EVENTS_KEEP_DAYS must be at least {LEAST_EVENT_DAYS}.")
    return days


def _read_secrets() -> dict[str, str]:
    found = {name: given(name) for name in SECRET_NAMES}
    if PRODUCTION:
        missing = [name for name, value in found.items() if not value]
        demonstration = [name for name, value in found.items() if DEMONSTRATION_MARK in value]
        if missing:
            raise ImproperlyConfigured(
                f"Production needs these secrets in the environment: {', '.join(missing)}"
            )
        if demonstration:
            raise ImproperlyConfigured(
                f"Demonstration secrets cannot be used in production: {', '.join(demonstration)}"
            )
        return found
    if not all(found.values()):
        made = _demonstration_secrets()
        found = {name: value or made[name] for name, value in found.items()}
    return found


def store(
    *, bucket: str, url: str, region: str, access_key: str, secret_key: str, directory: dict[str, str]
) -> dict[str, Any]:
    """A place for files: a bucket of an S3 server, or a directory where none is named."""
    if not bucket:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": directory}
    options = {
        "bucket_name": bucket,
        "endpoint_url": url or None,
        "access_key": access_key or None,
        "secret_key": secret_key or None,
        "region_name": region or "us-east-1",
        "addressing_style": "path",
        "default_acl": None,
        "file_overwrite": False,
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


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
    if address := given(variable):
        return address
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
