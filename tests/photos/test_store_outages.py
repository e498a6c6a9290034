"""What the application does while a real S3 store refuses, forbids, hangs or trickles."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from demeter.accounts.models import User
from photos import storage
from photos.errors import StoreUnavailable
from photos.models import Image, UploadJob, UploadSession
from photos.s3_storage import PictureS3Storage
from tests.conftest import Bearer
from tests.photos.factories import picture_bytes
from tests.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.s3_server import S3Server, has_swift, running_s3

LARGE = bytes(2 * 1024**2)
EVER = datetime.max.replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    if not has_swift():
        if os.environ.get("DEMETER_REQUIRE_SERVERS") == "1":
            pytest.fail("Outages of the S3 store must be tested here, but its server is not installed")
        pytest.skip("this machine lacks the S3 server (make servers)")
    with running_s3(log_dir=tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture(scope="module")
def before_server(server: S3Server) -> Iterator[FaultyProxy]:
    with faulty_proxy(server.port) as running:
        yield running


@pytest.fixture
def proxy(before_server: FaultyProxy) -> Iterator[FaultyProxy]:
    yield before_server
    before_server.mode = "passes"


def options(server: S3Server, url: str, **changes: Any) -> dict[str, Any]:
    return {
        "bucket_name": "pictures",
        "endpoint_url": url,
        "access_key": server.access_key,
        "secret_key": server.secret_key,
        "region_name": "us-east-1",
        "addressing_style": "path",
        "signature_version": "s3v4",
        "timeout_s": 0.5,
        **changes,
    }


@pytest.fixture(scope="module")
def store(server: S3Server, before_server: FaultyProxy) -> PictureS3Storage:
    store = PictureS3Storage(**options(server, before_server.url))
    store.ensure_ready()
    store.put("large.jpg", ContentFile(LARGE), "image/jpeg", {})
    return store


CALLS = {
    "put": lambda store: store.put("b.jpg", ContentFile(LARGE), "image/jpeg", {}),
    "read": lambda store: b"".join(store.chunks("large.jpg")),
    "exists": lambda store: store.exists("large.jpg"),
    "delete": lambda store: store.delete("b.jpg"),
    "list": lambda store: list(store.older_than(EVER)),
    "ensure_ready": lambda store: store.ensure_ready(),
}


@pytest.mark.parametrize("mode", ["refuses", "hangs"])
@pytest.mark.parametrize("call", CALLS)
def test_whatever_is_asked_of_a_store_that_is_away_ends_soon_and_says_so(
    store: PictureS3Storage, proxy: FaultyProxy, mode: Any, call: str
) -> None:
    proxy.mode = mode
    with pytest.raises(StoreUnavailable) as away:
        CALLS[call](store)
    assert "127.0.0.1" not in str(away.value)
    proxy.mode = "passes"
    CALLS[call](store)


@pytest.mark.parametrize("call", CALLS)
def test_a_store_that_forbids_is_away(server: S3Server, store: PictureS3Storage, call: str) -> None:
    forbidden = PictureS3Storage(**options(server, server.endpoint_url, secret_key="another"))
    with pytest.raises(StoreUnavailable):
        CALLS[call](forbidden)


def test_a_bucket_that_is_gone_says_nothing_about_its_objects(
    server: S3Server, store: PictureS3Storage
) -> None:
    gone = PictureS3Storage(**options(server, server.endpoint_url, bucket_name="not-made"))
    with pytest.raises(StoreUnavailable):
        list(gone.chunks("large.jpg"))


def test_reading_a_store_that_trickles_ends_after_its_time(
    server: S3Server, store: PictureS3Storage, proxy: FaultyProxy, settings: Any
) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "staging": {
            "BACKEND": "photos.s3_storage.PictureS3Storage",
            "OPTIONS": options(server, proxy.url, timeout_s=10),
        },
    }
    assert storage.staging_read("large.jpg") == LARGE
    settings.STORE_TRANSFER_S = 3
    proxy.mode = "trickles"  # two megabytes would take six hours
    with pytest.raises(StoreUnavailable):
        storage.staging_read("large.jpg")


def test_sending_to_a_store_that_takes_too_long_ends(store: PictureS3Storage) -> None:
    with pytest.raises(StoreUnavailable):
        store.put("late.jpg", ContentFile(LARGE), "image/jpeg", {}, within_s=-1)
    assert not store.exists("late.jpg")


def test_a_kept_connection_that_the_store_has_closed_costs_no_upload(
    store: PictureS3Storage, proxy: FaultyProxy
) -> None:
    proxy.mode = "refuses"  # breaks the kept one
    proxy.mode = "passes"
    store.put("b.jpg", ContentFile(LARGE), "image/jpeg", {})
    assert b"".join(store.chunks("b.jpg")) == LARGE


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["refuses", "hangs"])
def test_an_upload_while_staging_is_away_is_refused_soon_and_leaves_nothing(
    server: S3Server,
    store: PictureS3Storage,
    proxy: FaultyProxy,
    settings: Any,
    worker: User,
    bearer: Bearer,
    mode: Any,
) -> None:
    bucket = f"staging-{mode}"
    settings.STORAGES = {
        **settings.STORAGES,
        "staging": {
            "BACKEND": "photos.s3_storage.PictureS3Storage",
            "OPTIONS": options(server, proxy.url, bucket_name=bucket),
        },
    }
    storage.StorageService.ensure_buckets()
    proxy.mode = mode
    photo = SimpleUploadedFile("a.jpg", picture_bytes(1), "image/jpeg")
    answer = bearer(worker).post("/api/v1/photos/upload", {"files": [photo]}, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert "127.0.0.1" not in answer.content.decode()
    assert not Image.objects.exists()
    assert not UploadSession.objects.exists()
    assert not UploadJob.objects.exists()
    proxy.mode = "passes"
    assert list(storage.store(storage.STAGING).older_than(EVER)) == []
    photo = SimpleUploadedFile("a.jpg", picture_bytes(1), "image/jpeg")
    answer = bearer(worker).post("/api/v1/photos/upload", {"files": [photo]}, format="multipart")
    assert answer.status_code == 202
