"""The superuser of the embedded database: whoever has the host, and can switch every guard off."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import connection

from config.environment import VAR_DIR
from tools.services.postgres import superuser_url


@contextmanager
def superuser() -> Iterator[psycopg.Connection]:
    """A connection to the database of the test, its statements committed one by one, triggers off."""
    secrets = json.loads((VAR_DIR / "services-secrets.json").read_text(encoding="utf-8"))
    known = settings.DATABASES["default"]
    url = superuser_url(int(known["PORT"]), secrets["postgres"], connection.settings_dict["NAME"])
    assert urlsplit(url).hostname == "127.0.0.1"
    with psycopg.connect(url, autocommit=True) as opened:
        opened.execute("SET session_replication_role = replica")
        yield opened
