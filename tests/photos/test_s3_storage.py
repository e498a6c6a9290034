"""The store of pictures in a real S3 server over HTTP."""

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from demeter.accounts.models import User
from photos.models import Image
from photos.s3_storage import PictureS3Storage
from tests.conftest import Bearer
from tests.photos.factories import picture_bytes
from tests.support.s3_server import S3Server, has_swift, running_s3

METADATA = {"image_id": "1", "original_filename": "Ca%C3%B1%C3%B3n.jpg"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    if not has_swift():
        if os.environ.get("DEMETER_REQUIRE_SERVERS") == "1":
            pytest.fail("The S3 store must be tested here, but its server is not installed")
        pytest.skip("this machine lacks the S3 server (make servers)")
    with running_s3(log_dir=tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture
def store(server: S3Server) -> PictureS3Storage:
    store = PictureS3Storage(
        bucket_name="pictures",
        endpoint_url=server.endpoint_url,
        access_key=server.access_key,
        secret_key=server.secret_key,
        region_name="us-east-1",
        addressing_style="path",
        signature_version="s3v4",
        querystring_expire=3600,
    )
    store.ensure_ready()
    return store


def test_a_missing_bucket_is_made_and_a_second_time_left_alone(store: PictureS3Storage) -> None:
    store.ensure_ready()
    assert not store.exists("nothing")


def test_what_is_put_is_read_back_with_its_metadata_and_a_repeat_replaces_it(store: PictureS3Storage) -> None:
    for data in (b"first", b"second"):
        store.put("originals/a.jpg", ContentFile(data), "image/jpeg", METADATA)
    said = store.connection.meta.client.head_object(Bucket="pictures", Key="originals/a.jpg")
    assert b"".join(store.chunks("originals/a.jpg")) == b"second"
    assert said["ContentType"] == "image/jpeg"
    assert METADATA.items() <= said["Metadata"].items()


def test_an_upload_waits_as_what_its_bytes_are_not_as_what_the_client_calls_it(
    store: PictureS3Storage, monkeypatch: pytest.MonkeyPatch, bearer: Bearer, worker: User
) -> None:
    monkeypatch.setattr("photos.storage.store", lambda alias: store)
    photo = SimpleUploadedFile("page.html", picture_bytes(1), "text/html")
    answer = bearer(worker).post("/api/v1/photos/upload", {"files": photo}, format="multipart")
    assert answer.status_code == 202
    key = Image.objects.get().staging_key
    with urllib.request.urlopen(store.url(key), timeout=30) as response:  # noqa: S310 - our own server
        assert response.headers["Content-Type"] == "image/jpeg"
        assert response.read() == picture_bytes(1)


def test_a_missing_object_is_a_missing_file(store: PictureS3Storage) -> None:
    with pytest.raises(FileNotFoundError):
        list(store.chunks("originals/nothing.jpg"))
    store.delete("originals/nothing.jpg")


def test_a_signed_link_opens_the_object_and_an_altered_one_does_not(store: PictureS3Storage) -> None:
    store.put("a.jpg", ContentFile(b"bytes"), "image/jpeg", {})
    link = store.url("a.jpg")
    with urllib.request.urlopen(link) as answer:  # noqa: S310 - our own server
        assert answer.read() == b"bytes"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(link.replace("X-Amz-Signature=", "X-Amz-Signature=0"))  # noqa: S310
    assert refused.value.code == 403
    refused.value.close()


def test_links_are_made_for_the_address_that_browsers_know(server: S3Server) -> None:
    store = PictureS3Storage(
        bucket_name="pictures",
        endpoint_url=server.endpoint_url,
        public_endpoint_url="https://pictures.example",
        access_key=server.access_key,
        secret_key=server.secret_key,
        region_name="us-east-1",
        addressing_style="path",
        signature_version="s3v4",
        querystring_expire=3600,
    )
    assert store.url("a.jpg").startswith("https://pictures.example/pictures/a.jpg?X-Amz-Algorithm=")


def test_old_objects_are_listed_by_the_time_they_were_written(store: PictureS3Storage) -> None:
    store.put("temp_uploads/x.jpg", ContentFile(b"x"), "image/jpeg", {})
    now = datetime.now(tz=UTC)
    assert "temp_uploads/x.jpg" in store.older_than(now + timedelta(minutes=1))
    assert "temp_uploads/x.jpg" not in store.older_than(now - timedelta(hours=1))
