"""What all tests share: folders of their own, a broker in memory, and users of each role with clients.

Nothing is run eagerly: a message is sent as in life, to a broker without workers, and tests call the work itself.
"""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.backends.signals import connection_created
from django.test import Client
from pytest_django.plugin import blocking_manager_key
from rest_framework.test import APIClient

from demeter import broker, caches
from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.accounts.tokens import issue_tokens
from demeter.breakers import breaker
from demeter.breakers.storage import forget_memory
from demeter.celery import app as celery_app
from demeter.serving.admission import META_KEY
from tests.support.migrated_database import copy_migrated_database
from tests.support.openapi import check_answer
from tests.support.scheduling import FileScheduling, order_of

PASSWORD = "greenhouse-17"

Bearer = Callable[[User], APIClient]
MakeUser = Callable[..., User]
SignedIn = Callable[[User], Client]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileScheduling:
    return FileScheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Shuffled, but the longest first."""
    yield
    items.sort(key=lambda item: order_of(item.nodeid.partition("::")[0]))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give the seeds of the migrations back after a test that emptied the database.

    pytest-django puts such tests last, for the others find no seeds after them. Here stacks and browsers come first,
    and each process takes whatever file is next.
    """
    if _empties_the_database(item):
        item.config.stash[_is_emptied] = True
    elif item.config.stash.get(_is_emptied, False):
        item.config.stash[_is_emptied] = False
        with item.config.stash[blocking_manager_key].unblock():
            connection.creation.deserialize_db_from_string(connection._test_serialized_contents)  # type: ignore[attr-defined]  # the test runner's own


_is_emptied = pytest.StashKey[bool]()


def _empties_the_database(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    fixtures = getattr(item, "fixturenames", [])
    is_marked = marker is not None and bool(marker.kwargs.get("transaction"))
    return is_marked or "transactional_db" in fixtures or "live_server" in fixtures


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Put SQLite's database into a file of this process, as in life, with all migrations applied.

    Threads share one connection to a database in memory: each would see what the others have half written, and commit
    it for them.
    """
    if connection.vendor == "sqlite":
        file = tmp_path_factory.mktemp("database") / "test.sqlite3"
        copy_migrated_database(file)
        connection.settings_dict["TEST"]["NAME"] = str(file)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """SQLite's file is this run's own, and migrated: it is not made anew."""
    return connection.vendor == "sqlite"


@pytest.fixture(scope="session", autouse=True)
def _waits_for_no_disk() -> Iterator[None]:
    """SQLite's data dies with the tests."""

    def hurry(connection: Any, **_: Any) -> None:
        if connection.vendor == "sqlite":
            connection.cursor().execute("PRAGMA synchronous=OFF")

    connection_created.connect(hurry, weak=False)
    yield
    connection_created.disconnect(hurry)


@pytest.fixture(scope="session", autouse=True)
def _broker_in_memory() -> None:
    celery_app.conf.broker_url = "memory://"
    celery_app.conf.broker_transport_options = {}


@pytest.fixture(scope="session", autouse=True)
def _answers_are_as_described() -> Iterator[None]:
    """Hold each answer that a test of HTTP gets from the API against the API's description."""
    ask = Client.request

    def ask_and_check(client: Client, **request: Any) -> Any:
        admission = request.get(META_KEY)
        is_about_headers = admission is not None and not admission.is_granted
        response = ask(client, **request)
        is_gateways_own = is_about_headers and admission.is_granted  # no client gets this answer
        if settings.ROOT_URLCONF == "demeter.urls" and not is_gateways_own:
            check_answer(request["REQUEST_METHOD"], request["PATH_INFO"], response)
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", ask_and_check)
        yield


@pytest.fixture(autouse=True)
def _own_machine(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Folders of this test alone, an empty cache, a broker not yet found away, closed breakers, a fast, weak hasher."""
    monkeypatch.delenv("DEMETER_DATA_DIR", raising=False)  # commands would train on the photos below it
    monkeypatch.setattr(broker, "_away_until", 0.0)
    monkeypatch.setattr(caches, "_away_until", {})
    settings.CIRCUIT_BREAKER_STATE = breaker.MEMORY
    forget_memory()
    settings.STORAGES = {
        **{
            alias: {
                "BACKEND": "photos.local_storage.SignedFileSystemStorage",
                "OPTIONS": {"location": str(tmp_path / "media" / alias), "alias": alias},
            }
            for alias in ("default", "processed", "staging")
        },
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    for folder in ("incoming", "static"):  # the static one is empty: a fresh clone has collected nothing
        (tmp_path / folder).mkdir()
    settings.STATIC_ROOT = str(tmp_path / "static")
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "incoming")
    settings.PHOTO_CACHE_DIR = tmp_path / "originals"
    in_memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    settings.CACHES = {"default": in_memory}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    """Put the handler of SIGCHLD back after each test: loading training data leaves one behind.

    In a later test, which starts processes of its own, the kernel could not set up its frame and ended the whole run
    (SIGSEGV from the kernel, no traceback).
    """
    before = signal.getsignal(signal.SIGCHLD)
    yield
    signal.signal(signal.SIGCHLD, before)


@pytest.fixture
def make_user(db: None) -> MakeUser:
    """Make a user of a role; all have the same password, and viewers are let in unless said otherwise."""

    def make(role: Role = Role.WORKER, *, email: str = "", **fields: Any) -> User:
        number = User.objects.count()
        return User.objects.create_user(
            email=email or f"{role}{number}@nursery.example",
            password=PASSWORD,
            name=f"{role.label} {number}",
            role=role,
            **{"is_approved": True, **fields},
        )

    return make


@pytest.fixture
def viewer(make_user: MakeUser) -> User:
    return make_user(Role.VIEWER)


@pytest.fixture
def stranger(make_user: MakeUser) -> User:
    """A viewer who registered by himself and has not been let in."""
    return make_user(Role.VIEWER, is_approved=False)


@pytest.fixture
def worker(make_user: MakeUser) -> User:
    return make_user(Role.WORKER)


@pytest.fixture
def other_worker(make_user: MakeUser) -> User:
    return make_user(Role.WORKER)


@pytest.fixture
def supervisor(make_user: MakeUser) -> User:
    return make_user(Role.SUPERVISOR)


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    return make_user(Role.ADMIN)


@pytest.fixture
def bearer() -> Bearer:
    """A client that sends a user's access token."""

    def client_of(user: User) -> APIClient:
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {issue_tokens(user).access_token}")
        return client

    return client_of


@pytest.fixture
def signed_in() -> SignedIn:
    """A browser in which this user has signed in; it asks for English."""

    def client_of(user: User) -> Client:
        client = Client(headers={"accept-language": "en"})
        client.force_login(user)
        return client

    return client_of
