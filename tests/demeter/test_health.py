"""What monitoring asks."""

from typing import Any

from django.test import Client
from django.utils import timezone

from demeter.health import QUEUES
from demeter.heartbeats import beat


def test_a_process_that_answers_is_healthy_without_asking_the_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}  # this test may not use the database


def test_the_whole_is_ready_when_each_queue_has_a_worker(client: Client, db: None) -> None:
    beat(worker="here:1", queues=QUEUES, started_at=timezone.now())
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {"database": "ok", "broker": "ok", "storage": "ok", "workers": "ok"},
    }


def test_the_queues_without_a_worker_are_named(client: Client, db: None) -> None:
    beat(worker="here:1", queues=["cpu_queue", "default"], started_at=timezone.now())
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["workers"] == "no worker for gpu_queue, io_queue"


def test_a_store_that_does_not_answer_is_named_without_its_address(
    client: Client, db: None, settings: Any
) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "tests.demeter.nothing.Here"}}
    checks = client.get("/readyz").json()["checks"]
    assert checks["storage"] == "InvalidStorageError"
