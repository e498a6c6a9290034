"""Fewer bytes on the way."""

import gzip
import json

import pytest
from django.test import Client

from demeter.accounts.models import User
from demeter.compression import _LARGE_BYTES
from photos.image_urls import thumbnail_url
from tests.inventory.factories import WarehouseFactory
from tests.photos.count_builders import store_photo

pytestmark = pytest.mark.django_db
PACKED = {"accept-encoding": "gzip"}


@pytest.fixture
def reader(client: Client, supervisor: User) -> Client:
    client.force_login(supervisor)
    return client


def test_pages_and_lists_are_compressed_for_those_who_can_read_that(reader: Client, supervisor: User) -> None:
    for _number in range(3):
        store_photo(supervisor)
    for path in ("/photos/", "/api/v1/photos/gallery"):
        plain, packed = reader.get(path), reader.get(path, headers=PACKED)
        assert "Content-Encoding" not in plain.headers
        assert packed["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed["Vary"]
        assert len(packed.content) < len(plain.content) / 2
        if path.startswith("/api/"):
            assert json.loads(gzip.decompress(packed.content)).keys() == plain.json().keys()


def test_the_length_of_a_compressed_answer_tells_nothing_of_its_secrets(reader: Client) -> None:
    """Random bytes in the head of the gzip file, against BREACH."""
    WarehouseFactory()
    assert len({len(reader.get("/api/v1/warehouses", headers=PACKED).content) for _try in range(10)}) > 1


@pytest.mark.parametrize("warehouses", [1, 60], ids=["small", "large"])
def test_small_and_large_answers_are_compressed_alike(reader: Client, warehouses: int) -> None:
    """Large ones are compressed by ourselves, small ones by Django."""
    WarehouseFactory.create_batch(warehouses)
    path = "/api/v1/warehouses?per_page=100"
    plain, packed = reader.get(path), reader.get(path, headers=PACKED)
    content = gzip.decompress(packed.content)
    assert json.loads(content) == plain.json()
    assert (len(content) >= _LARGE_BYTES) is (warehouses == 60)
    assert int(packed["Content-Length"]) == len(packed.content) < len(content)
    assert packed["ETag"] == f"W/{plain['ETag']}"
    assert reader.get(path, headers={**PACKED, "if-none-match": packed["ETag"]}).status_code == 304
    for refused in ("identity", "deflate, br"):
        assert "Content-Encoding" not in reader.get(path, headers={"accept-encoding": refused}).headers
    if warehouses == 60:
        assert len({len(reader.get(path, headers=PACKED).content) for _try in range(10)}) > 1  # BREACH


def test_pictures_are_sent_as_they_are(reader: Client, supervisor: User) -> None:
    image = store_photo(supervisor)
    response = reader.get(thumbnail_url(image, None), headers=PACKED)
    response.close()
    assert response.status_code == 200
    assert "Content-Encoding" not in response.headers


def test_a_list_that_has_not_changed_is_not_sent_again(reader: Client) -> None:
    warehouse = WarehouseFactory()
    first = reader.get("/api/v1/warehouses", headers=PACKED)
    assert first["Cache-Control"] == "private, no-cache"

    known = {**PACKED, "if-none-match": first["ETag"]}
    again = reader.get("/api/v1/warehouses", headers=known)
    assert (again.status_code, again.content) == (304, b"")

    warehouse.name = "Nave norte"
    warehouse.save()
    assert reader.get("/api/v1/warehouses", headers=known).status_code == 200
