"""What every test stands on: real servers, a database of its own, a live server, a browser.

``db`` rolls back; ``committed_db`` is a clone for one test (threads, workers, live server, kills), so that
nothing truncates.
"""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

from tests.support import servers as server_support
from tests.support.clones import Clones, opened, renamed

pytest_plugins = ["tests.support.browser", "tests.cast"]
SERVERS = pytest.StashKey[server_support.Servers]()
BY_DIRECTORY = {"browser": "browser", "kill": "kill", "s3": "s3"}


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers when they are down and point Django at them, without a pool."""
    if config.option.collectonly or config.option.help:
        return
    taken = server_support.take()
    config.stash[SERVERS] = taken
    _point_settings(taken)


def _point_settings(taken: server_support.Servers) -> None:
    from django.conf import settings

    from config.environment import VAR_DIR, database

    settings.DATABASES["default"].update(database(taken.app_url), OPTIONS={})
    settings.DATABASE_APP_ROLE = settings.DATABASES["default"]["USER"]
    settings.REDIS_URL = settings.CELERY_BROKER_URL = taken.redis_url
    settings.CACHES["default"]["LOCATION"] = taken.redis_url
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    settings.WHITENOISE_AUTOREFRESH = True
    settings.MEDIA_ROOT = VAR_DIR / "test-blobs" / str(os.getpid())
    os.environ["REDIS_URL"] = taken.redis_url
    os.environ["DATABASE_OWNER_URL"] = taken.owner_url
    os.environ["DATABASE_URL"] = renamed(taken.app_url, "no_database_for_this_test")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the servers back."""
    if taken := config.stash.get(SERVERS, None):
        from django.conf import settings

        shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)
        taken.release()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark slow kinds by their directory, so that ``make quick`` can leave them out."""
    for item in items:
        for part in item.path.parts:
            if part in BY_DIRECTORY:
                item.add_marker(BY_DIRECTORY[part])


@pytest.fixture(scope="session")
def clones(request: pytest.FixtureRequest) -> Iterator[Clones]:
    """This process's factory of databases."""
    taken = request.config.stash[SERVERS]
    yield from opened(taken.owner_url, taken.app_url)


class _Pointer:
    """Moves the default connection, and what subprocesses will read, to another database."""

    def __init__(self, clones: Clones) -> None:
        self._clones = clones

    def to(self, name: str) -> None:
        from django.conf import settings
        from django.db import connections

        connections.close_all()
        for databases in (settings.DATABASES, connections.settings):
            databases["default"]["NAME"] = name
        connections["default"].settings_dict["NAME"] = name
        os.environ["DATABASE_URL"] = renamed(self._clones.app_url, name)
        os.environ["DATABASE_OWNER_URL"] = renamed(self._clones.owner_url, name)
        _forget_caches()


def _forget_caches() -> None:
    """Content types and permissions carry row ids of the database that was used before."""
    from django.contrib.contenttypes.models import ContentType
    from django.core.cache import cache

    ContentType.objects.clear_cache()
    cache.clear()


@pytest.fixture(scope="session")
def _rollback_database(
    django_test_environment: None, clones: Clones, django_db_blocker: Any
) -> Iterator[str]:
    with django_db_blocker.unblock():
        name = clones.make()
        _Pointer(clones).to(name)
        yield name
        _Pointer(clones).to("no_database_for_this_test")
        clones.drop(name)


@pytest.fixture(scope="session")
def django_db_setup(_rollback_database: str) -> None:
    """The run's own clone takes the place of Django's test database."""


@pytest.fixture
def _django_db_helper(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """Roll back after the test, unless it has a database of its own."""
    marker = request.node.get_closest_marker("django_db")
    if marker and (marker.args or marker.kwargs):
        pytest.fail("Use the committed_db fixture instead of arguments to django_db.", pytrace=False)
    if "committed_db" in request.fixturenames:
        request.getfixturevalue("committed_db")
        yield
        return
    request.getfixturevalue("django_db_setup")
    from django.test import TestCase

    class Rollback(TestCase):
        @classmethod
        def setUpClass(cls) -> None:
            super(TestCase, cls).setUpClass()

        @classmethod
        def tearDownClass(cls) -> None:
            super(TestCase, cls).tearDownClass()

    with django_db_blocker.unblock():
        Rollback.setUpClass()
        case = Rollback("__init__")
        case._pre_setup()  # type: ignore[attr-defined]  # the way pytest-django itself opens the transaction
        yield
        case._post_teardown()  # type: ignore[attr-defined]  # and closes it
        Rollback.tearDownClass()
        Rollback.doClassCleanups()


@pytest.fixture
def committed_db(
    request: pytest.FixtureRequest, _rollback_database: str, clones: Clones, django_db_blocker: Any
) -> Iterator[str]:
    """A database for this test alone, in which commits hold; its name.

    The default connection of every thread, ``live_server``, and ``DATABASE_URL`` for subprocesses lead to it.
    """
    from django.db import connections

    pointer = _Pointer(clones)
    with django_db_blocker.unblock():
        name = clones.make()
        pointer.to(name)
        try:
            yield name
        finally:
            connections.close_all()
            pointer.to(_rollback_database)
            clones.drop(name)


@pytest.fixture
def transactional_db() -> None:
    """Refused: it would truncate tables that nobody may truncate."""
    pytest.fail("Use the committed_db fixture instead of transactional_db.", pytrace=False)


@pytest.fixture(autouse=True)
def _live_server_helper() -> None:
    """The live server below asks for its database itself."""


@pytest.fixture
def live_server(committed_db: str) -> Iterator[Any]:
    """The product on a free port, in this test's own database; ``live_server.url`` is the address."""
    from pytest_django.live_server_helper import LiveServer

    server = LiveServer("127.0.0.1:0")
    server._live_server_modified_settings.enable()
    try:
        yield server
    finally:
        server.stop()
        server._live_server_modified_settings.disable()


@pytest.fixture
def purpose_is_asked() -> None:
    """Let this test's readers choose themselves what they read student files for."""


@pytest.fixture(autouse=True)
def purpose_chosen(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whoever signs in has chosen already what he reads student files for, unless `purpose_is_asked`."""
    from django.contrib.auth.signals import user_logged_in

    def choose(sender: Any, request: Any, **kwargs: Any) -> None:
        from records import purposes

        purposes.choose(request, "duty")

    if "purpose_is_asked" not in request.fixturenames:
        user_logged_in.connect(choose, dispatch_uid="tests.purpose")
    yield
    user_logged_in.disconnect(dispatch_uid="tests.purpose")


@pytest.fixture(autouse=True)
def default_language(settings: Any) -> None:
    """Begin each test in the product's language, whatever page an earlier one has read."""
    translation.activate(settings.LANGUAGE_CODE)
