"""What monitoring asks."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from demeter import health
from demeter.beat import BEAT
from demeter.health import QUEUES
from demeter.heartbeats import record_heartbeat
from demeter.models import CircuitBreaker, WorkerHeartbeat
from demeter.querysets import SILENT_AFTER

# The checks are made in threads, whose connections see only what is committed.
with_rows = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def everything_runs(transactional_db: None, django_db_serialized_rollback: None) -> None:
    record_heartbeat(worker="here:1", queues=QUEUES, started_at=timezone.now())
    record_heartbeat(worker="here:2", queues=[BEAT], started_at=timezone.now())


@pytest.fixture
def replace(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put another check in the place of one."""

    def put(name: str, check: Callable[[], Any]) -> None:
        monkeypatch.setitem(health._PROBES, name, health._Probe(name, check))

    return put


def test_a_process_that_answers_is_healthy_without_asking_the_database(client: Client) -> None:
    client.cookies["sessionid"] = "x" * 32
    response = client.get("/healthz")
    assert response.json() == {"status": "ok"}  # this test may not use the database
    assert not response.cookies


def test_the_whole_is_ready_when_each_queue_has_a_worker(client: Client, everything_runs: None) -> None:
    response = client.get("/readyz")
    assert response.json() == {
        "status": "ok",
        "checks": {
            "database": "ok",
            "broker": "ok",
            "storage": "ok",
            "workers": "ok",
            "beat": "ok",
            "breakers": "ok",
        },
    }
    assert response.status_code == 200


@with_rows
def test_the_queues_without_a_worker_are_named(client: Client) -> None:
    record_heartbeat(worker="here:1", queues=["cpu_queue", "default"], started_at=timezone.now())
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["workers"] == "no worker for gpu_queue, io_queue"


def test_a_beat_that_is_frozen_is_named(client: Client, everything_runs: None) -> None:
    frozen_since = timezone.now() - SILENT_AFTER - timedelta(seconds=1)
    WorkerHeartbeat.objects.filter(worker="here:2").update(beat_at=frozen_since)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert [name for name, outcome in response.json()["checks"].items() if outcome != "ok"] == ["beat"]


def test_a_circuit_breaker_that_is_open_is_named(client: Client, everything_runs: None) -> None:
    CircuitBreaker.objects.create(name="store", state="closed")
    assert client.get("/readyz").status_code == 200
    CircuitBreaker.objects.update(state="open")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["breakers"] == "store is open"


def test_a_store_that_does_not_answer_is_named_without_its_address(
    client: Client, everything_runs: None, settings: Any
) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "tests.demeter.nothing.Here"}}
    checks = client.get("/readyz").json()["checks"]
    assert checks["storage"] == "InvalidStorageError"


def test_what_is_wrong_is_told_without_addresses_and_passwords(
    client: Client, everything_runs: None, replace: Callable[..., None]
) -> None:
    def refused() -> None:
        raise ConnectionRefusedError("postgres://demeter:secret@10.0.0.5:5432/demeter")

    replace("database", refused)
    response = client.get("/readyz")
    assert response.json()["checks"]["database"] == "ConnectionRefusedError"
    assert "10.0.0.5" not in response.text


@pytest.fixture
def hanging() -> Iterator[tuple[list[int], Callable[[], None]]]:
    """A check that hangs until the test is over, and how often it was begun."""
    begun: list[int] = []
    is_over = threading.Event()

    def hang() -> None:
        begun.append(1)
        is_over.wait(60)

    yield begun, hang
    is_over.set()


def test_checks_that_hang_are_named_and_hold_up_neither_the_answer_nor_the_other_checks(
    client: Client,
    everything_runs: None,
    replace: Callable[..., None],
    hanging: tuple[list[int], Callable[[], None]],
) -> None:
    begun, hang = hanging
    for name in ("database", "storage"):
        replace(name, hang)
    for _ in range(3):  # as monitoring asks again and again
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["checks"] == {
            "database": "no answer within 2 s",
            "broker": "ok",
            "storage": "no answer within 2 s",
            "workers": "ok",
            "beat": "ok",
            "breakers": "ok",
        }
    assert len(begun) == 2, "each was begun once: no thread is left behind for each question"
