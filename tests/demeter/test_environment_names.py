"""The names that the first design's .env has for what we read under names of our own."""

import os
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


def settings_with(folder: Path, **variables: str) -> list[list[str]]:
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
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
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
