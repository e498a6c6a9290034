"""The commands that containers run beside the stack."""

import socket
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from demeter.accounts.models import User
from demeter.demo.accounts import ACCOUNTS, ADMIN
from demeter.heartbeats import record_heartbeat
from inventory.models import StorageLocation


def heard_from(host: str, *queues: str) -> None:
    record_heartbeat(worker=f"{host}:1", queues=queues, started_at=timezone.now() - timedelta(minutes=1))


def demo_users() -> int:
    return User.objects.filter(email__in=[account.email for account in ACCOUNTS]).count()


@pytest.mark.django_db
def test_a_worker_on_this_host_passes_its_check(capsys: pytest.CaptureFixture[str]) -> None:
    heard_from(socket.gethostname(), "cpu_queue", "default")
    call_command("check_worker", "cpu_queue", "default")
    assert capsys.readouterr().out == ""


@pytest.mark.django_db
def test_a_worker_on_another_host_does_not_speak_for_this_one() -> None:
    heard_from("another-host", "gpu_queue")
    with pytest.raises(CommandError, match="gpu_queue"):
        call_command("check_worker", "gpu_queue")


@pytest.mark.django_db
def test_preparing_loads_no_public_account_unless_asked(settings: Any) -> None:
    settings.LOAD_DEMO = False
    call_command("setup_installation", verbosity=0)
    assert demo_users() == 0


@pytest.mark.django_db
def test_populating_makes_the_demos_users_and_is_safe_to_repeat(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.PRODUCTION = False
    for _time in range(2):
        call_command("populate_db")
        assert demo_users() == len(ACCOUNTS)
    assert ADMIN.email in capsys.readouterr().out
    admin = User.objects.get(email=ADMIN.email)
    assert admin.check_password(ADMIN.password)


@pytest.mark.django_db
def test_a_production_system_gets_known_passwords_only_if_that_is_said(settings: Any) -> None:
    settings.PRODUCTION, settings.LOAD_DEMO = True, False
    with pytest.raises(CommandError, match="--known-passwords"):
        call_command("populate_db")
    assert demo_users() == 0
    settings.LOAD_DEMO = True
    call_command("populate_db", stdout=StringIO())
    assert demo_users() == len(ACCOUNTS)


@pytest.mark.django_db
def test_the_option_of_the_command_says_it_too(settings: Any) -> None:
    settings.PRODUCTION, settings.LOAD_DEMO = True, False
    call_command("populate_db", "--known-passwords", stdout=StringIO())
    assert demo_users() == len(ACCOUNTS)


@pytest.mark.django_db
def test_preparing_twice_loads_the_demo_once(settings: Any) -> None:
    settings.LOAD_DEMO = True
    call_command("setup_installation", verbosity=0)
    places = StorageLocation.objects.count()
    call_command("setup_installation", verbosity=0)
    assert StorageLocation.objects.count() == places > 0
    assert demo_users() == len(ACCOUNTS)
