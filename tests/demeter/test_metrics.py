"""What Prometheus is told is in its format, true by the rows, and not for strangers of a production system."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from demeter.heartbeats import record_heartbeat
from demeter.metrics import views
from demeter.metrics.photos import PhotoCounts
from demeter.models import CircuitBreaker
from photos.choices import SessionStatus, StepKind, StepStatus
from photos.models import ProcessingSession, ProcessingStep
from photos.services.execution.step_failures import wait_out
from photos.services.steps.claims import claim_step, reopen
from tests.photos.count_builders import count_photo, store_photo

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[2]
NAMES_OF_THE_CONTRACT = {"ml_processing_duration_seconds", "ml_detection_count", "ml_estimation_count"}


@pytest.fixture(autouse=True)
def _own_sums(monkeypatch):
    """Each test reads its own rows, from the first."""
    views._rows.cache_clear()
    yield
    views._rows.cache_clear()


@pytest.fixture
def samples(client):
    """(name, labels) → value of everything that is told now."""

    def read(path="/metrics"):
        response = client.get(path)
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(response.text)
            for sample in family.samples
        }

    return read


@pytest.fixture
def make_photo(worker):
    return lambda: store_photo(worker)


@pytest.fixture
def count():
    return count_photo


def value(samples, name, /, **labels):
    return samples[(name, tuple(sorted(labels.items())))]


@pytest.mark.parametrize("path", ["/metrics", "/metrics/"])
def test_a_parser_of_prometheus_reads_every_family_of_the_contract(client, path):
    families = {family.name: family for family in text_string_to_metric_families(client.get(path).text)}
    assert families.keys() >= {
        *NAMES_OF_THE_CONTRACT, "circuit_breaker_state", "queue_waiting_jobs", "oldest_waiting_job_seconds",
        "http_request_duration_seconds",
    }  # fmt: skip
    assert {families[name].type for name in NAMES_OF_THE_CONTRACT} == {"histogram"}
    assert all(family.documentation for family in families.values())


def test_counts_are_summed_once_each_and_open_ones_when_they_end(make_photo, count, samples):
    done = count(make_photo())
    ProcessingSession.objects.filter(pk=done.pk).update(
        timings={"segment": 0.3, "detect": 40.0}, total_detected=120, total_estimated=5
    )
    running = count(make_photo())
    ProcessingSession.objects.filter(pk=running.pk).update(
        status=SessionStatus.PROCESSING, timings={}, completed_at=None
    )
    first = samples()
    assert value(first, "ml_detection_count_count") == 1
    assert value(first, "ml_detection_count_sum") == 120
    assert value(first, "ml_detection_count_bucket", le="100.0") == 0
    assert value(first, "ml_detection_count_bucket", le="200.0") == 1
    assert value(first, "ml_estimation_count_sum") == 5
    assert value(first, "ml_processing_duration_seconds_sum", stage="detect") == 40
    assert value(first, "ml_processing_duration_seconds_bucket", stage="segment", le="0.5") == 1

    ProcessingSession.objects.filter(pk=running.pk).update(
        status=SessionStatus.FAILED, error_code="x", completed_at=timezone.now(), timings={"segment": 0.1}
    )
    for _time in range(2):
        second = samples()
        assert value(second, "ml_photos_total", status="completed") == 1
        assert value(second, "ml_photos_total", status="failed") == 1
        assert value(second, "ml_detection_count_count") == 1
        assert value(second, "ml_processing_duration_seconds_count", stage="segment") == 2


def test_a_second_look_reads_new_rows_alone(make_photo, count, django_assert_num_queries):
    sums = PhotoCounts()
    count(make_photo())
    list(sums.collect())
    with django_assert_num_queries(1) as queries:
        list(sums.collect())
    sql = queries.captured_queries[0]["sql"]
    assert "> 0" not in sql
    assert f"IN ({ProcessingSession.objects.get().pk})" in sql  # what is summed up already is left out


def test_a_count_that_is_seen_after_one_with_a_higher_key_is_summed_up_too(make_photo, count):
    """Its transaction began first and ended last."""
    late, early = count(make_photo()), count(make_photo())
    assert late.pk < early.pk
    ProcessingSession.objects.filter(pk=late.pk).delete()
    sums = PhotoCounts()
    assert detected_by(sums) == 1
    late.save(force_insert=True)
    assert [detected_by(sums) for _time in range(2)] == [2, 2]
    assert detected_by(PhotoCounts()) == 2


def detected_by(sums):
    """How many counts are in the histogram of detected plants."""
    [family] = [family for family in sums.collect() if family.name == "ml_detection_count"]
    return max(sample.value for sample in family.samples if sample.name.endswith("_bucket"))


def test_what_waits_is_told_by_queue_with_its_age(make_photo, samples):
    image = make_photo()
    ProcessingStep.objects.all().delete()
    for number, kind in enumerate(["detect_sahi", "process_photo_ml", "upload_original"]):
        ProcessingStep.objects.create(image=image, kind=kind, key=f"k{number}")
    ProcessingStep.objects.filter(kind="detect_sahi").update(
        created_at=timezone.now() - timedelta(minutes=20)
    )
    found = samples()
    assert value(found, "queue_waiting_jobs", queue="gpu_queue") == 2
    assert value(found, "queue_waiting_jobs", queue="io_queue") == 1
    assert value(found, "queue_waiting_jobs", queue="cpu_queue") == 0
    assert 1200 <= value(found, "oldest_waiting_job_seconds", queue="gpu_queue") < 1260
    assert value(found, "oldest_waiting_job_seconds", queue="cpu_queue") == 0


def test_what_is_done_once_more_waits_since_then_also_when_an_outage_keeps_it(make_photo, samples):
    count_photo(make_photo())
    step = ProcessingStep.objects.first()
    ProcessingStep.objects.exclude(pk=step.pk).delete()
    ProcessingStep.objects.update(status=StepStatus.DONE, created_at=timezone.now() - timedelta(days=20))
    step.refresh_from_db()
    reopen([step])
    assert value(samples(), "queue_waiting_jobs", queue="gpu_queue") == 1
    assert value(samples(), "oldest_waiting_job_seconds", queue="gpu_queue") < 60
    wait_out(claim_step(step.pk), code="store_unavailable", message="no answer")
    assert value(samples(), "queue_waiting_jobs", queue="gpu_queue") == 1
    assert value(samples(), "oldest_waiting_job_seconds", queue="gpu_queue") < 60


def test_a_summing_up_waits_for_a_worker_only_since_its_last_detection_has_ended(make_photo, count, samples):
    session = count(make_photo())
    ProcessingStep.objects.all().delete()
    steps = {
        kind: ProcessingStep.objects.create(image=session.image, session=session, kind=kind, key=kind)
        for kind in (StepKind.DETECT_SLICED, StepKind.AGGREGATE)
    }
    ProcessingStep.objects.update(created_at=timezone.now() - timedelta(minutes=40))
    backlog = samples()
    assert value(backlog, "oldest_waiting_job_seconds", queue="gpu_queue") >= 2400
    assert value(backlog, "queue_waiting_jobs", queue="cpu_queue") == 0
    assert value(backlog, "oldest_waiting_job_seconds", queue="cpu_queue") == 0

    ended = timezone.now() - timedelta(minutes=3)
    ProcessingStep.objects.filter(pk=steps[StepKind.DETECT_SLICED].pk).update(
        status=StepStatus.DONE, finished_at=ended
    )
    after = samples()
    assert value(after, "queue_waiting_jobs", queue="cpu_queue") == 1
    assert 180 <= value(after, "oldest_waiting_job_seconds", queue="cpu_queue") < 240


def test_circuit_breakers_are_told_by_number_and_closed_where_none_ever_opened(samples):
    CircuitBreaker.objects.create(name="store", state="open")
    found = samples()
    assert value(found, "circuit_breaker_state", name="store") == 2
    assert value(found, "circuit_breaker_state", name="model") == 0
    CircuitBreaker.objects.update(state="half-open")
    assert value(samples(), "circuit_breaker_state", name="store") == 1


def test_workers_and_their_memory_are_told_by_their_signs_of_life(samples):
    record_heartbeat(worker="host:7", queues=["gpu_queue"], started_at=timezone.now())
    found = samples()
    assert value(found, "queue_workers", queue="gpu_queue") == 1
    assert value(found, "queue_workers", queue="io_queue") == 0
    assert value(found, "worker_resident_memory_bytes", worker="host:7", queues="gpu_queue") > 10_000_000
    assert not [name for name, _labels in found if name == "worker_gpu_reserved_bytes"]


def test_requests_are_timed_by_the_view_that_answered(client, samples):
    before = samples()
    client.get("/healthz")
    client.get("/no/such/page-1")
    client.get("/no/such/page-2")
    after = samples()

    def grown(**labels):
        name = "http_request_duration_seconds_count"
        labels = tuple(sorted(labels.items()))
        return after.get((name, labels), 0) - before.get((name, labels), 0)

    assert grown(method="GET", view="healthz", status="200") == 1
    assert grown(method="GET", view="unknown", status="404") == 2
    assert "page-1" not in str(after.keys())


def test_without_a_database_the_rest_is_still_told(samples, monkeypatch):
    assert value(samples(), "database_up") == 1

    def away(self):
        raise OperationalError("away")

    monkeypatch.setattr(PhotoCounts, "collect", away)
    found = samples()
    assert value(found, "database_up") == 0
    assert [name for name, _labels in found if name == "http_request_duration_seconds_count"]


@pytest.mark.parametrize(
    ("token", "production", "given", "status"),
    [
        ("", False, None, 200),
        ("", True, None, 401),
        ("", True, "Bearer ", 401),
        ("secret", False, None, 401),
        ("secret", True, "Bearer wrong", 401),
        ("secret", True, "Basic secret", 401),
        ("secret", True, "bearer secret", 200),
    ],
)
def test_a_token_keeps_the_metrics_from_strangers(client, settings, token, production, given, status):
    settings.METRICS_TOKEN, settings.PRODUCTION = token, production
    headers = {} if given is None else {"Authorization": given}
    response = client.get("/metrics", headers=headers)
    assert response.status_code == status
    if status == 401:
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.json()["code"] == "metrics_refused"


@pytest.mark.parametrize("path", ["/version", "/version/"])
def test_the_version_names_the_code_and_the_weights(client, path):
    facts = client.get(path).json()
    assert (facts["name"], set(facts["weights"])) == ("DemeterAI", {"segmentation", "detection"})
    assert facts["version"].count(".") == 2


def test_the_counts_of_several_processes_are_summed(tmp_path):
    """As the processes of one web server do it, with files that they share."""
    code = (
        "import django; django.setup(); from django.test import Client; from demeter.metrics.http import http_metrics;"
        "[Client().get('/healthz') for _ in range({times})]; print(http_metrics().decode())"
    )
    environment = {
        **os.environ,
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "demeter.settings",
        "DJANGO_SSL_REDIRECT": "false",
        "DJANGO_ALLOWED_HOSTS": "testserver",
    }
    outputs = []
    for times in (2, 3):
        command = [sys.executable, "-W", "ignore", "-c", code.format(times=times)]
        ran = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=120
        )
        outputs.append(ran.stdout)
    counts = {
        sample.value
        for family in text_string_to_metric_families(outputs[-1])
        for sample in family.samples
        if sample.name == "http_request_duration_seconds_count" and sample.labels["view"] == "healthz"
    }
    assert counts == {5.0}
