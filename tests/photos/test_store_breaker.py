"""While the store's breaker is open nothing is asked of it, uploads are taken, and no step uses up a try."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from demeter.accounts.models import User
from demeter.breakers.breaker import DATABASE, storage_of
from demeter.models import CircuitBreaker
from photos import storage, tasks
from photos.choices import StepKind, StepStatus
from photos.errors import StoreUnavailable
from photos.models import Image, ProcessingStep
from photos.s3_storage import PictureS3Storage
from tests.conftest import Bearer
from tests.photos.factories import photo_file
from tests.photos.test_store_outages import options
from tests.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.s3_server import S3Server, has_swift, running_s3
from tests.support.servers import may_be_skipped

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(may_be_skipped(has_swift() or None), reason="the S3 server is missing (make servers)"),
]
UPLOADS = (StepKind.UPLOAD_ORIGINAL, StepKind.UPLOAD_THUMBNAIL)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with running_s3(log_dir=tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture
def proxy(server: S3Server, settings: Any) -> Iterator[FaultyProxy]:
    """Between this process and its store, a real S3 server; staging is a folder."""
    settings.CIRCUIT_BREAKER_STATE = DATABASE
    with faulty_proxy(server.port) as running:
        backend = {
            "BACKEND": "photos.s3_storage.PictureS3Storage",
            "OPTIONS": options(server, running.url, timeout_s=10),
        }
        settings.STORAGES = {**settings.STORAGES, "default": backend, "processed": backend}
        storage.StorageService.ensure_buckets()
        yield running


@pytest.fixture
def upload(bearer: Bearer, worker: User) -> Any:
    def send(number: int) -> int:
        answer = bearer(worker).post(
            "/api/v1/photos/upload", {"files": photo_file(number)}, format="multipart"
        )
        return int(answer.status_code)

    return send


def work() -> None:
    """What the io worker does with everything that is due; the time until then is over at once."""
    ProcessingStep.objects.filter(kind__in=UPLOADS).update(not_before=None)
    for step in ProcessingStep.objects.filter(kind__in=UPLOADS, status=StepStatus.PENDING):
        getattr(tasks, step.kind)(step.pk)


def state() -> str:
    return storage_of("store").snapshot().state


def is_due() -> None:
    storage_of("store").opened_at = datetime.now(UTC) - timedelta(minutes=2)


def test_it_opens_while_the_store_is_stopped_and_closes_when_it_is_started_again(
    proxy: FaultyProxy, upload: Any
) -> None:
    proxy.mode = "refuses"
    assert [upload(number) for number in range(3)] == [202] * 3
    work()
    assert state() == "open"
    assert [upload(number) for number in range(3, 5)] == [202] * 2
    for _ in range(6):  # more than there are tries
        work()
    waiting = ProcessingStep.objects.filter(kind__in=UPLOADS)
    assert set(waiting.values_list("status", "failures", "losses", "error_code")) == {
        (StepStatus.PENDING, 0, 0, "store_unavailable")
    }
    proxy.mode = "passes"
    work()
    assert not Image.objects.filter(is_stored=True).exists()  # it is not asked before its time
    is_due()
    work()
    work()  # while one probed, others were refused
    assert state() == "closed"
    assert Image.objects.filter(is_stored=True).exclude(thumbnail_key="").count() == 5
    assert set(waiting.values_list("status", flat=True)) == {StepStatus.DONE}


def test_while_it_is_open_no_connection_is_made(proxy: FaultyProxy, upload: Any) -> None:
    proxy.mode = "refuses"
    for number in range(3):
        upload(number)
    work()
    assert state() == "open"
    proxy.mode = "passes"
    asked = len(proxy._pairs)
    with pytest.raises(StoreUnavailable) as refused:
        storage.StorageService().get_file("large.jpg")
    assert (refused.value.retry_after_s or 0) > 30
    assert len(proxy._pairs) == asked


def test_the_probe_by_a_task_closes_it_without_any_photo(proxy: FaultyProxy) -> None:
    proxy.mode = "refuses"
    for _ in range(5):
        with pytest.raises(StoreUnavailable):
            storage.StorageService().upload_file(b"x", "a.jpg")
    is_due()
    tasks.upload_probe()
    assert state() == "open"
    proxy.mode = "passes"
    is_due()
    tasks.upload_probe()
    assert state() == "closed"
    assert CircuitBreaker.objects.get(name="store").changed_at <= timezone.now()


def test_bad_photos_and_missing_objects_never_open_it(proxy: FaultyProxy) -> None:
    for _ in range(20):
        with pytest.raises(FileNotFoundError):
            storage.StorageService().get_file("nothing.jpg")
    assert state() == "closed"


def test_a_full_store_opens_it_too_and_staging_is_read_all_the_same(
    proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.staging_put("temp_uploads/a", b"bytes")

    def full(self: PictureS3Storage, *args: Any, **kwargs: Any) -> None:
        raise storage.store_unavailable()

    monkeypatch.setattr(PictureS3Storage, "put", full)
    for _ in range(5):
        with pytest.raises(StoreUnavailable):
            storage.StorageService().upload_file(b"x", "a.jpg")
    assert state() == "open"
    assert storage.staging_read("temp_uploads/a") == b"bytes"
    storage.store(storage.STAGING).put("temp_uploads/b", ContentFile(b"more"), "image/jpeg", {})
