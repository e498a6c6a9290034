"""The commands that containers run beside the stack."""

import socket
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from demeter.accounts.models import User
from demeter.demo.accounts import ACCOUNTS
from demeter.heartbeats import record_heartbeat
from inventory.models import StorageLocation


def heard_from(host: str, *queues: str) -> None:
    record_heartbeat(worker=f"{host}:1", queues=queues, started_at=timezone.now() - timedelta(minutes=1))


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
    assert not User.objects.filter(email__in=[account.email for account in ACCOUNTS]).exists()


@pytest.mark.django_db
def test_preparing_twice_loads_the_demo_once(settings: Any) -> None:
    settings.LOAD_DEMO = True
    call_command("setup_installation", verbosity=0)
    places = StorageLocation.objects.count()
    call_command("setup_installation", verbosity=0)
    assert StorageLocation.objects.count() == places > 0
    assert User.objects.filter(email__in=[account.email for account in ACCOUNTS]).count() == len(ACCOUNTS)
