"""What places show of their photos, and the periods between these."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from demeter.accounts.models import User
from inventory.choices import MovementType
from inventory.models import StockBatch, StorageArea, StorageLocation
from inventory.services.place_photos import NoPlacePhotos, PlaceLevel, place_photos
from inventory.services.settlement import statement_of
from inventory.services.stock import record_movement
from photos.models import ProcessingSession
from photos.services.booking.place_photos import PhotosOfPlaces
from photos.services.results.session_lifecycle import assign_location
from photos.services.review.photo_dates import date_photo
from photos.services.review.trash import restore, trash
from photos.services.review.validation import validate
from tests.conftest import Bearer
from tests.inventory.factories import StorageLocationConfigFactory, movement_details
from tests.photos.conftest import Count, MakePhoto

Months = list[datetime]


@pytest.fixture
def months() -> Months:
    """Fourteen moments, 30 days apart, the last of them yesterday."""
    yesterday = timezone.now() - timedelta(days=1)
    return [yesterday - timedelta(days=30 * back) for back in range(13, -1, -1)]


def in_force(location: StorageLocation) -> set[Any]:
    """The counts in force by the settlement's own statement."""
    with transaction.atomic():
        return {count.uuid for count in statement_of(location).in_force.values() if count.is_photo}


def check_in_force(location: StorageLocation, *expected: Any) -> None:
    """What places show as counts in force is what the settlement reckons with."""
    shown = place_photos().counts_in_force(location)
    assert (
        {count.session_uuid for count in shown}
        == {session.uuid for session in expected}
        == in_force(location)
    )
    assert [count.counted_at for count in shown] == sorted(count.counted_at for count in shown)


def test_photos_are_plugged_into_the_inventory() -> None:
    assert isinstance(place_photos(), PhotosOfPlaces)


def test_an_inventory_without_photos_has_none(place: StorageLocation, worker: User) -> None:
    nothing = NoPlacePhotos()
    assert nothing.last_taken_at(PlaceLevel.AREA) == nothing.thumbnail_urls([], worker) == {}
    assert nothing.counts_in_force(place) == []
    assert nothing.last_photo(place, worker) is None


def test_counts_in_force_are_those_of_the_settlement(
    place: StorageLocation,
    worker: User,
    supervisor: User,
    make_photo: MakePhoto,
    count: Count,
    months: Months,
) -> None:
    first = count(make_photo(taken_at=months[0]), place)
    second = count(make_photo(taken_at=months[1]), place)
    check_in_force(place, first, second)
    recount = count(second.image, place)
    check_in_force(place, first, recount)
    waiting = count(make_photo(taken_at=months[2]), place, warnings=["partial_count"])
    assert waiting.booking_state == "waiting"
    check_in_force(place, first, recount)
    validate(session=first, user=supervisor)
    count(first.image, place)  # counted again after a person has stood for it
    check_in_force(place, first, recount)
    elsewhere = StorageLocationConfigFactory().storage_location
    assign_location(session=recount, location=elsewhere, user=supervisor)
    check_in_force(place, first)
    check_in_force(elsewhere, recount)
    trash(image_ids=[first.image_id], user=supervisor)
    check_in_force(place)


def test_the_newest_photo_of_each_place_is_dated(
    place: StorageLocation, worker: User, make_photo: MakePhoto, count: Count, months: Months
) -> None:
    neighbour = StorageLocationConfigFactory(
        storage_location__storage_area=place.storage_area
    ).storage_location
    for month in (3, 7, 5):
        count(make_photo(taken_at=months[month]), place)
    count(make_photo(taken_at=months[9]), neighbour)
    count(make_photo(taken_at=months[12], with_inventory=False), place)
    count(make_photo(taken_at=months[13], deleted_at=months[13], deleted_by=worker), place)
    photos = place_photos()
    assert photos.last_taken_at(PlaceLevel.LOCATION) == {place.pk: months[7], neighbour.pk: months[9]}
    assert photos.last_taken_at(PlaceLevel.LOCATION, [place.pk]) == {place.pk: months[7]}
    assert photos.last_taken_at(PlaceLevel.AREA) == {place.storage_area_id: months[9]}
    assert photos.last_taken_at(PlaceLevel.WAREHOUSE) == {place.storage_area.warehouse_id: months[9]}


def test_areas_and_warehouses_are_dated_by_their_locations_in_use(
    place: StorageLocation, make_photo: MakePhoto, count: Count, months: Months
) -> None:
    """As their plants and locations are counted. A location out of use still says when it was photographed."""
    neighbour = StorageLocationConfigFactory(
        storage_location__storage_area=place.storage_area
    ).storage_location
    count(make_photo(taken_at=months[3]), place)
    count(make_photo(taken_at=months[9]), neighbour)
    StorageLocation.objects.filter(pk=neighbour.pk).update(is_active=False)
    photos, area = place_photos(), place.storage_area
    assert photos.last_taken_at(PlaceLevel.LOCATION) == {place.pk: months[3], neighbour.pk: months[9]}
    assert photos.last_taken_at(PlaceLevel.AREA) == {area.pk: months[3]}
    assert photos.last_taken_at(PlaceLevel.WAREHOUSE) == {area.warehouse_id: months[3]}

    StorageArea.objects.filter(pk=area.pk).update(is_active=False)

    assert photos.last_taken_at(PlaceLevel.AREA) == {area.pk: months[3]}
    assert photos.last_taken_at(PlaceLevel.WAREHOUSE) == {}


def test_the_date_of_the_last_photo_follows_whatever_becomes_of_photos(
    place: StorageLocation,
    worker: User,
    supervisor: User,
    make_photo: MakePhoto,
    count: Count,
    months: Months,
) -> None:
    def dates() -> dict[int, datetime]:
        return place_photos().last_taken_at(PlaceLevel.LOCATION)

    def by_counts() -> dict[int, datetime]:
        counted = ProcessingSession.objects.counted().filter(
            image__deleted_at=None, image__with_inventory=True
        )
        return dict(counted.order_by().values_list("storage_location").annotate(Max("image__taken_at")))

    elsewhere = StorageLocationConfigFactory().storage_location
    older, newer = (count(make_photo(taken_at=months[month]), place) for month in (3, 7))
    assert dates() == {place.pk: months[7]} == by_counts()
    trash(image_ids=[newer.image_id], user=supervisor)
    assert dates() == {place.pk: months[3]} == by_counts()
    restore(image_ids=[newer.image_id], user=supervisor)
    assign_location(session=newer, location=elsewhere, user=supervisor)
    assert dates() == {place.pk: months[3], elsewhere.pk: months[7]} == by_counts()
    date_photo(image=older.image, taken_at=months[2])
    assert dates() == {place.pk: months[2], elsewhere.pk: months[7]} == by_counts()
    assign_location(session=older, location=elsewhere, user=supervisor)
    assert dates() == {elsewhere.pk: months[7]} == by_counts()


def test_the_api_shows_the_newest_photo_that_the_reader_may_see(
    place: StorageLocation, worker: User, other_worker: User, supervisor: User, make_photo: MakePhoto, count: Count,
    months: Months, bearer: Bearer,
) -> None:  # fmt: skip
    own, newest = make_photo(taken_at=months[2]), make_photo(taken_at=months[4], owner=other_worker)
    for image in (own, newest):
        count(image, place)

    def detail(user: User) -> Any:
        return bearer(user).get(f"/api/v1/locations/{place.pk}").json()

    assert detail(supervisor)["last_photo"]["image_id"] == str(newest.pk)
    assert detail(supervisor)["last_photo"]["thumbnail_url"].startswith("http://testserver/files/default/")
    assert detail(worker)["last_photo"]["image_id"] == str(own.pk)
    # That the place was photographed since is no secret.
    assert datetime.fromisoformat(detail(worker)["last_photo_at"]) == months[4]


def test_the_history_goes_from_photo_to_photo_twelve_periods_a_page(
    place: StorageLocation, worker: User, other_worker: User, supervisor: User, make_photo: MakePhoto, count: Count,
    months: Months, bearer: Bearer,
) -> None:  # fmt: skip
    """100 plants, then 110; 50 are planted and 5 die, so 155 are expected, but 140 are left, and stay."""
    living = [100, 110, *[140] * 12]
    owners = [other_worker, *[worker] * 13]
    sessions = [
        count(make_photo(taken_at=months[index], owner=owners[index]), place, living=living[index])
        for index in range(14)
    ]
    batch = StockBatch.objects.at_location(place).earliest("-quantity_current")
    for kind, quantity in ((MovementType.PLANTING, 50), (MovementType.DEATH, -5)):
        within = months[1] + timedelta(days=3)
        details = movement_details(movement_type=kind, occurred_at=within, user=worker)
        record_movement(batch=batch, quantity=quantity, **details)

    def page(number: int, user: User = supervisor) -> Any:
        return bearer(user).get(f"/api/v1/locations/{place.pk}/history?page={number}").json()

    assert page(1)["pagination"] == {"page": 1, "per_page": 12, "total_pages": 2, "total_items": 14}
    periods = [*page(1)["results"], *page(2)["results"]]
    assert [period["session_id"] for period in periods] == [
        str(session.uuid) for session in reversed(sessions)
    ]
    names = ("opening", "planted", "dead", "transplanted", "sold", "difference", "closing")
    assert [tuple(period[name] for name in names) for period in periods] == [
        *[(140, 0, 0, 0, 0, 0, 140)] * 12,
        (110, 50, 5, 0, 0, -15, 140),
        (100, 0, 0, 0, 0, 10, 110),
    ]
    running, *closed = periods
    assert (running["ended_at"], datetime.fromisoformat(running["started_at"])) == (None, months[13])
    assert all(period["ended_at"] for period in closed)
    assert {period["opened_by"] for period in periods} == {"photo"}
    assert running["thumbnail_url"].startswith("http://testserver/files/default/")
    assert page(2)["results"][-1]["thumbnail_url"] is not None
    assert page(2, worker)["results"][-1]["thumbnail_url"] is None  # a colleague's photo


def test_the_history_costs_the_same_queries_however_many_photos_there_are(
    place: StorageLocation, make_photo: MakePhoto, count: Count, months: Months, supervisor: User, bearer: Bearer,
    django_assert_num_queries: Any,
) -> None:  # fmt: skip
    client = bearer(supervisor)
    for month in months[:6]:
        count(make_photo(taken_at=month), place, living=9)
    with django_assert_num_queries(6):
        client.get(f"/api/v1/locations/{place.pk}/history")
    with django_assert_num_queries(7):
        client.get(f"/api/v1/locations/{place.pk}")
