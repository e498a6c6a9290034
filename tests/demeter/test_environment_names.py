"""The names that the first design's .env has for what we read under names of our own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import django; django.setup()
from django.conf import settings
database = settings.DATABASES["default"]
print(database["ENGINE"], database["HOST"], database["NAME"], database["USER"], database["PASSWORD"])
print(settings.SECRET_KEY)
print(settings.CELERY_BROKER_URL, settings.CACHE_URL)
"""
THEIRS = {
    "POSTGRES_DB": "sp3",
    "POSTGRES_USER": "ada",
    "POSTGRES_PASSWORD": "p@ss/w:rd",
    "DATABASE_HOST": "db",
    "SECRET_KEY": "of-the-first-design",
    "REDIS_IP": "redis",
}


#: The lines that may be left out, but for where the test keeps its files.
OPTIONAL = set(re.findall(r"^# ([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
OPTIONAL -= {"DEMETER_DATA_HOME"}
ALL = """
import re
import django; django.setup()
from django.conf import settings
for name in dir(settings):
    if name.isupper():
        print(name, re.sub(" at 0x[0-9a-f]+", "", str(getattr(settings, name))))  # where functions lie in memory
"""


def settings_with(folder: Path, script: str = SCRIPT, **variables: str) -> list[list[str]]:
    """What a process reads that has these variables: database, key, broker and cache, each as words."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH") if name in os.environ
    }
    environment = {
        **kept,
        "DJANGO_SETTINGS_MODULE": "demeter.settings",
        "DEMETER_DATA_HOME": str(folder),
        **variables,
    }
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return [line.split() for line in answer.stdout.splitlines()]


def test_their_names_are_understood(tmp_path: Path) -> None:
    assert settings_with(tmp_path, **THEIRS) == [
        ["demeter.postgresql", "db", "sp3", "ada", "p@ss/w:rd"],
        ["of-the-first-design"],
        ["redis://redis:6379/0", "redis://redis:6379/1"],
    ]


def test_ours_go_before_them(tmp_path: Path) -> None:
    ours = {
        "DATABASE_URL": "postgres://rosa:secret@elsewhere:5433/nursery",
        "DJANGO_SECRET_KEY": "ours",
        "CELERY_BROKER_URL": "redis://broker:6379/3",
        "CACHE_URL": "redis://cache:6379/4",
    }
    assert settings_with(tmp_path, **THEIRS, **ours) == [
        ["demeter.postgresql", "elsewhere", "nursery", "rosa", "secret"],
        ["ours"],
        ["redis://broker:6379/3", "redis://cache:6379/4"],
    ]


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({}, id="nothing set"),
        pytest.param({"POSTGRES_PASSWORD": "of-compose", "REDIS_PASSWORD": "too"}, id="passwords alone"),
    ],
)
def test_without_a_host_everything_stays_on_this_machine(tmp_path: Path, variables: dict[str, str]) -> None:
    [database, _key, [broker, *_no_cache]] = settings_with(tmp_path, **variables)
    assert database[0] == "demeter.sqlite"
    assert broker == "filesystem://localhost//"


def test_the_password_of_redis_goes_with_its_host(tmp_path: Path) -> None:
    [_database, _key, servers] = settings_with(tmp_path, REDIS_IP="redis", REDIS_PASSWORD="a/b")
    assert servers == ["redis://:a%2Fb@redis:6379/0", "redis://:a%2Fb@redis:6379/1"]


def test_what_is_left_empty_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    assert {"DATABASE_URL", "DATABASE_ANSWER_TIMEOUT_S", "CELERY_BROKER_URL"} <= OPTIONAL
    empty = settings_with(tmp_path, ALL, **dict.fromkeys(OPTIONAL, ""))
    assert empty == settings_with(tmp_path, ALL)


def test_a_cache_that_is_left_empty_is_none_beside_a_redis(tmp_path: Path) -> None:
    """As .env.example says: each web process counts for itself."""
    [_database, _key, servers] = settings_with(tmp_path, REDIS_IP="redis", CACHE_URL="")
    assert servers == ["redis://redis:6379/0"]


MAIL = "from django.conf import settings as s; print(s.EMAIL_HOST, s.EMAIL_PORT, s.EMAIL_USE_TLS)"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp+tls://user:key@mail.example:587", ["mail.example", "587", "True"]),
        ("", ["localhost", "25", "False"]),
    ],
)
def test_the_mail_server_is_named_by_an_address(tmp_path: Path, url: str, expected: list[str]) -> None:
    assert settings_with(tmp_path, MAIL, EMAIL_URL=url) == [expected]
