"""Where the demo keeps its data: a folder of its own, so that it can never touch a real nursery's."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils.translation import gettext as _

from demeter.checks import S3_VARIABLES
from demeter.errors import DemeterError

MARK = "DEMETER_DEMO_HOME"
KEPT = frozenset({"photos", "secret_key", ".lock"})


class DemoRunning(DemeterError):
    """Another demo holds the lock of the demo's data folder."""

    code, status = "demo_running", 409


def is_prepared(data_home: Path) -> bool:
    """Whether this process already runs with the demo's own settings."""
    return os.environ.get(MARK) == str(data_home)


def demo_environment(data_home: Path) -> dict[str, str]:
    """The environment of the demo below `data_home`: each setting that could point at real data is set anew."""
    home = data_home / "demo"
    return {
        **os.environ,
        MARK: str(home),
        "DEMETER_DATA_HOME": str(home),
        "DEMETER_PRODUCTION": "false",
        "DATABASE_URL": f"sqlite:///{home / 'demeter.sqlite3'}",
        "CELERY_BROKER_URL": "filesystem://localhost//",
        "CACHE_URL": "",
        **dict.fromkeys(S3_VARIABLES, ""),
        "DJANGO_SECRET_KEY": "",
        "SECRET_KEY": "",
        "DJANGO_DEBUG": "false",
        "DJANGO_SSL_REDIRECT": "false",
        "DJANGO_ALLOWED_HOSTS": "localhost,127.0.0.1,[::1],0.0.0.0",
        "PASSWORD_MIN_LENGTH": "5",
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def own_home(home: Path) -> Iterator[None]:
    """Hold the demo's folder for this run and empty it, but for the rendered photos.

    Raises DemoRunning while another demo uses it.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemoRunning(
                _("A demo already runs on %(home)s. End it first, or set DEMETER_DATA_HOME.") % {"home": home}
            ) from error
        _empty(home)
        yield


def _empty(home: Path) -> None:
    """Delete all files of an earlier run. Folders stay: the settings have made them already."""
    for entry in home.iterdir():
        if entry.name in KEPT:
            continue
        for path in [entry, *entry.rglob("*")]:
            if not path.is_dir() or path.is_symlink():
                path.unlink()
