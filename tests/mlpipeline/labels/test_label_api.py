"""Reading the label of a place from a picture: for browsers that read no codes themselves."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image as Picture
from rest_framework.test import APIClient

from demeter.throttling import SharedScopedRate
from mlpipeline.labels import reading
from photos.decoding.pool import DecodePool
from photos.models import Image, ResumableUpload, UploadJob
from tests.inventory.factories import StorageLocationFactory
from tests.photos.factories import picture_bytes
from tests.support.labels import label_picture

LABEL = "/api/v1/locations/label"

pytestmark = pytest.mark.django_db


def send(client: APIClient, content: bytes, name: str = "label.jpg") -> Any:
    return client.post(LABEL, {"file": SimpleUploadedFile(name, content)}, format="multipart")


def test_the_place_of_a_label_is_answered_and_nothing_is_kept(bearer, viewer, settings):
    place = StorageLocationFactory()
    answer = send(bearer(viewer), label_picture(place.qr_code))
    assert answer.status_code == 200
    told = answer.json()
    assert told["code_count"] == 1
    assert [location["id"] for location in told["locations"]] == [place.pk]
    assert told["locations"][0]["warehouse"]["name"] == place.storage_area.warehouse.name
    assert [model.objects.count() for model in (Image, UploadJob, ResumableUpload)] == [0, 0, 0]
    answer.close()
    assert list(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir()) == []


def test_labels_of_neighbours_are_all_answered_and_codes_of_no_place_are_counted(bearer, worker):
    second, first = StorageLocationFactory(code="N1-A-02"), StorageLocationFactory(code="N1-A-01")
    gone = StorageLocationFactory(is_active=False)
    picture = label_picture(second.qr_code, gone.qr_code, first.qr_code.lower())
    told = send(bearer(worker), picture).json()
    assert told["code_count"] == 3
    assert [location["id"] for location in told["locations"]] == [first.pk, second.pk]


def test_a_picture_without_a_code_names_nothing(bearer, worker):
    assert send(bearer(worker), picture_bytes(1)).json() == {"code_count": 0, "locations": []}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"%PDF-1.7 no picture", "invalid_file_type"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 300, "unreadable_image"),
        (b"\xff\xd8\xff\xe0" + b"\0" * reading.MAX_BYTES, "file_too_large"),
    ],
    ids=["empty", "no picture", "broken", "too many bytes"],
)
def test_what_is_no_small_picture_is_refused(bearer, worker, content, code):
    answer = send(bearer(worker), content)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_picture_of_too_many_pixels_is_refused_by_its_header(bearer, worker):
    buffer = io.BytesIO()
    Picture.new("L", (4100, 4100)).save(buffer, "PNG")
    answer = send(bearer(worker), buffer.getvalue(), "label.png")
    assert (answer.status_code, answer.json()["code"]) == (400, "image_too_large")


@pytest.mark.parametrize(("count", "code"), [(0, "no_file"), (2, "too_many_files")])
def test_one_picture_is_asked_for(bearer, worker, count, code):
    files = [SimpleUploadedFile("label.jpg", label_picture("CLARO-N1-N-01")) for _ in range(count)]
    answer = bearer(worker).post(LABEL, {"file": files}, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_nobody_is_answered_who_is_not_signed_in(client: Client):
    assert client.post(LABEL, {"file": io.BytesIO(label_picture("CLARO-N1-N-01"))}).status_code == 401


def test_a_client_gone_wild_is_held_back(bearer, worker, monkeypatch):
    monkeypatch.setattr(SharedScopedRate, "THROTTLE_RATES", {"label": "1/min"})
    client = bearer(worker)
    assert send(client, picture_bytes(1)).status_code == 200
    answer = send(client, picture_bytes(1))
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


def test_a_reader_that_was_ended_from_outside_is_no_fault_of_the_picture(bearer, worker, monkeypatch):
    def end(*_args: Any, **_more: Any) -> None:
        raise OSError("ended from outside")

    monkeypatch.setattr(DecodePool, "call", end)
    answer = send(bearer(worker), picture_bytes(1))
    assert (answer.status_code, answer.json()["code"]) == (503, "label_reader_unavailable")
