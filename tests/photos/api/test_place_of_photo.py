"""Saying over HTTP which place a photo shows."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from demeter.accounts.models import User
from inventory.models import StockBatch, StorageLocation
from photos.choices import BookingState, LocationSource
from photos.models import Image, ProcessingSession
from tests.conftest import Bearer
from tests.inventory.factories import StorageLocationConfigFactory, StorageLocationFactory
from tests.photos.count_builders import count_photo, store_photo


@pytest.fixture
def image(worker: User) -> Image:
    """A photo of no known place, counted."""
    image = store_photo(worker)
    count_photo(image)
    return image


def name_place(client: APIClient, image: Image, location_id: object) -> Any:
    return client.post(f"/api/v1/photos/{image.pk}/place", {"storage_location_id": location_id})


def test_the_count_is_booked_at_the_place_without_counting_again(
    bearer: Bearer, worker: User, image: Image, place: StorageLocation
) -> None:
    answer = name_place(bearer(worker), image, place.pk)
    count = ProcessingSession.objects.get()
    assert answer.status_code == 200
    assert answer.json()["processing_session"]["storage_location_id"] == place.pk
    assert answer.json()["status"] == "ready"
    assert (count.booking_state, count.location_source) == (BookingState.BOOKED, LocationSource.PERSON)
    assert StockBatch.objects.get(storage_location=place).quantity_current == count.total_living


def test_another_place_takes_the_stock_along(
    bearer: Bearer, supervisor: User, image: Image, place: StorageLocation
) -> None:
    other = StorageLocationConfigFactory().storage_location
    client = bearer(supervisor)
    name_place(client, image, place.pk)
    assert name_place(client, image, other.pk).status_code == 200
    held = {batch.storage_location: batch.quantity_current for batch in StockBatch.objects.all()}
    assert held == {place: 0, other: ProcessingSession.objects.get().total_living}


def test_a_place_that_is_not_there_or_not_in_use_is_refused(
    bearer: Bearer, worker: User, image: Image
) -> None:
    closed = StorageLocationFactory(is_active=False)
    for location_id in (closed.pk, closed.pk + 1, 10**30):
        answer = name_place(bearer(worker), image, location_id)
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_location")
    for location_id in (0, "N1-S-01", None):
        answer = name_place(bearer(worker), image, location_id)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert ProcessingSession.objects.get().storage_location is None


def test_who_may_not_see_or_decide_about_a_photo_names_no_place(
    bearer: Bearer, other_worker: User, viewer: User, image: Image, place: StorageLocation
) -> None:
    assert name_place(bearer(other_worker), image, place.pk).status_code == 404
    assert name_place(bearer(viewer), image, place.pk).status_code == 403
    assert ProcessingSession.objects.get().storage_location is None


def test_a_photo_that_was_only_analysed_has_no_place(
    bearer: Bearer, worker: User, image: Image, place: StorageLocation
) -> None:
    Image.objects.update(with_inventory=False)
    answer = name_place(bearer(worker), image, place.pk)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_counted")
