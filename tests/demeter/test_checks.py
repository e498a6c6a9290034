"""An environment that does not fit together is refused or warned of when a command starts."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demeter.checks import S3_VARIABLES, check_environment

ROOT = Path(__file__).parents[2]
PROXY, NO_PROXY = {"NUM_PROXIES": 1}, {"NUM_PROXIES": 0}
PRODUCTION = {
    "PRODUCTION": True,
    "SECRET_KEY": "only-for-this-test-" + "x0" * 25,
    "ALLOWED_HOSTS": ["nursery.example.org", "localhost"],
    "SECURE_SSL_REDIRECT": True,
    "REST_FRAMEWORK": PROXY,
}
STORE = {"S3_BUCKET": "demeter"}
DEFAULTS = {
    "PRODUCTION": False,
    "DEBUG": False,
    "LOAD_DEMO": False,
    "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"],  # noqa: S104
    "SECURE_SSL_REDIRECT": False,
    "CELERY_BROKER_URL": "filesystem://localhost//",
    "S3_BUCKET": "",
    "S3_BUCKET_STAGING": "",
    "REST_FRAMEWORK": NO_PROXY,
    "IO_WORKER_POOL": "threads",
}


@pytest.fixture
def found(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str | None]]:
    """The ids of what is found with these settings, and these variables beside them."""

    def ids(given: dict[str, Any], variables: dict[str, str]) -> list[str | None]:
        for name in ("DEMETER_PRODUCTION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", *S3_VARIABLES):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "demeter.sqlite")
        for name, value in {**DEFAULTS, **given}.items():
            setattr(settings, name, value)
        return [message.id for message in check_environment(None)]

    return ids


@pytest.mark.parametrize(
    ("given", "variables", "expected"),
    [
        pytest.param({}, {}, [], id="one machine, nothing set"),
        pytest.param(PRODUCTION, {}, [], id="production behind a proxy"),
        pytest.param(
            {**PRODUCTION, **STORE}, {"S3_ENDPOINT_URL": "http://s"}, [], id="production with a store"
        ),
        pytest.param(
            {"ALLOWED_HOSTS": ["nursery.example.org"]},
            {},
            ["demeter.E001"],
            id="others reach it, profile forgotten",
        ),
        pytest.param(
            {"ALLOWED_HOSTS": ["*"]}, {}, ["demeter.E001"], id="everyone reaches it, profile forgotten"
        ),
        pytest.param(
            {"ALLOWED_HOSTS": ["192.0.2.7"]},
            {"DEMETER_PRODUCTION": "false"},
            ["demeter.W001"],
            id="others reach it, and that is meant",
        ),
        pytest.param(
            {"CELERY_BROKER_URL": "redis://redis/0", **STORE},
            {},
            ["demeter.W002"],
            id="servers, profile forgotten",
        ),
        pytest.param({**PRODUCTION, "DEBUG": True}, {}, ["demeter.E002"], id="debugging in production"),
        pytest.param(
            {**PRODUCTION, **STORE},
            {"AWS_ACCESS_KEY_ID": "nursery", "AWS_SECRET_ACCESS_KEY": "minioadmin"},
            ["demeter.E003"],
            id="MinIO's default",
        ),
        pytest.param({**PRODUCTION, "LOAD_DEMO": True}, {}, ["demeter.W003"], id="the demo's accounts"),
        pytest.param({**PRODUCTION, "SECRET_KEY": "short"}, {}, ["security.W009"], id="a key to guess"),
        pytest.param({}, {"S3_ENDPOINT_URL": "http://s"}, ["demeter.E004"], id="a store without a bucket"),
        pytest.param(
            {**PRODUCTION, "REST_FRAMEWORK": NO_PROXY}, {}, ["demeter.W004"], id="a proxy not trusted"
        ),
        pytest.param({**PRODUCTION, "SECURE_SSL_REDIRECT": False}, {}, ["demeter.W005"], id="no HTTPS"),
        pytest.param({"IO_WORKER_POOL": "gevent"}, {}, ["demeter.E005"], id="greenlets on SQLite"),
    ],
)
def test_what_does_not_fit_together_is_found(
    found: Callable[..., list[str | None]],
    given: dict[str, Any],
    variables: dict[str, str],
    expected: list[str],
) -> None:
    assert found(given, variables) == expected


def test_https_is_demanded_with_and_without_the_production_profile(tmp_path: Path) -> None:
    """The variable was ignored without the profile, and nothing said so."""
    script = (
        "import django; django.setup(); from django.conf import settings;"
        "print(settings.SECURE_SSL_REDIRECT, settings.SESSION_COOKIE_SECURE, settings.SECURE_HSTS_SECONDS > 0)"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "demeter.settings",
        "DEMETER_DATA_HOME": str(tmp_path),
        "DJANGO_SSL_REDIRECT": "true",
    }
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["True"] * 3


def test_a_stack_is_not_started_in_such_an_environment(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "manage.py", "stack"],
        cwd=ROOT,
        env={**os.environ, "DEMETER_DATA_HOME": str(tmp_path), "DJANGO_ALLOWED_HOSTS": "nursery.example.org"},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert answer.returncode == 1
    assert "DEMETER_PRODUCTION=true" in answer.stderr
