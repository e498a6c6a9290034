"""What a photo waits for is answered on its page, with what each answer changes."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from inventory.models import ManualCount, StockBatch
from inventory.services.configs import ConfigDetails, open_cycle
from photos.choices import BookingState, CountWarning, TakenAtSource
from photos.models import Image
from tests.inventory.factories import (
    ProductFactory,
    StorageLocationConfigFactory,
    StorageLocationFactory,
    square,
)


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def stock_at(place) -> int:
    return sum(StockBatch.objects.at_location(place).values_list("quantity_current", flat=True))


def warnings_after(session) -> list[str]:
    session.refresh_from_db()
    return session.warnings


# Where the photo was taken


@pytest.fixture
def contradicted(make_photo, count):
    """A photo that was named one place and was taken in the middle of another, 150 m away."""
    place, there = (
        StorageLocationConfigFactory(storage_location__polygon=square(metres, metres)).storage_location
        for metres in (10, 150)
    )
    gps = {"lat": there.centroid_lat, "lon": there.centroid_lon, "altitude": None, "accuracy": 1.0}
    session = count(make_photo(gps_coordinates=gps), place)
    assert session.warnings[0] == CountWarning.PLACE_MISMATCH
    return session, place, there


def test_both_places_are_named_with_their_distance_and_what_each_changes(signed_in, worker, contradicted):
    session, place, there = contradicted

    page = signed_in(worker).get(f"/photos/{session.image_id}/")

    named, found = page.context["place_options"][:2]
    assert (named.location, named.is_named, named.distance_m) == (place, True, session.gps_distance_m)
    assert (found.location, found.is_named, found.distance_m) == (there, False, 0.0)
    assert [(c.location, c.after) for c in named.preview.stock.changes] == [(place, 3)]
    assert [(c.location, c.after) for c in found.preview.stock.changes] == [(there, 3)]
    assert f"m from {place}." in page.text
    assert stock_at(place) == stock_at(there) == 0


@pytest.mark.parametrize("answer", ["named", "found"])
def test_one_tap_answers_which_place_it_is(signed_in, worker, contradicted, answer):
    session, place, there = contradicted
    right, wrong = (place, there) if answer == "named" else (there, place)

    signed_in(worker).post(f"/photos/{session.image_id}/place/", {"storage_location_id": right.pk})

    assert CountWarning.PLACE_MISMATCH not in warnings_after(session)
    assert (stock_at(right), stock_at(wrong)) == (3, 0)


def test_a_place_that_is_retired_is_no_answer(signed_in, worker, make_photo, count, place):
    session = count(make_photo())
    session.location_candidates = [
        {"id": place.pk, "name": place.name, "distance_m": 1.0},
        {"id": 999_999, "name": "gone", "distance_m": 2.0},
    ]
    session.save()
    place.is_active = False
    place.save()

    assert signed_in(worker).get(f"/photos/{session.image_id}/").context["place_options"] == []


# When it was taken


@pytest.fixture
def undated(make_photo, count, place, hours_ago):
    """A photo without a date at a place that has a dated one of five hours ago."""
    count(make_photo(taken_at=hours_ago(5)), place)
    session = count(make_photo(taken_at_source=TakenAtSource.RECEIVED), place)
    assert session.warnings[0] == CountWarning.UNDATED
    return session


def test_the_time_of_upload_is_accepted_with_one_tap(signed_in, worker, undated):
    address = f"/photos/{undated.image_id}/"
    assert signed_in(worker).get(address).context["as_uploaded"].waits == []

    response = signed_in(worker).post(f"{address}date/", {"as_uploaded": "on"})

    undated.refresh_from_db()
    assert said(response) == ["The photo is dated."]
    assert undated.booking_state == BookingState.BOOKED


def test_a_time_is_named_after_the_page_has_told_what_it_changes(signed_in, worker, undated, hours_ago):
    when = timezone.localtime(hours_ago(20)).strftime("%Y-%m-%dT%H:%M")
    address = f"/photos/{undated.image_id}/date/"

    page = signed_in(worker).get(address, {"taken_at": when})
    assert "The stock stays as it is." in page.text  # the dated photo is newer
    assert f'value="{when}"' in page.text
    assert undated.image.taken_at_source == TakenAtSource.RECEIVED

    signed_in(worker).post(address, {"taken_at": when})
    image = Image.objects.get(pk=undated.image_id)
    assert timezone.localtime(image.taken_at).strftime("%Y-%m-%dT%H:%M") == when
    assert image.taken_at_source == TakenAtSource.PERSON
    undated.refresh_from_db()
    assert undated.booking_state == BookingState.SUPERSEDED


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"taken_at": "2999-01-01T10:00"}, "A photo cannot have been taken in the future."),
        ({"taken_at": "0001-01-01T00:00"}, "before the year 2000"),
        ({"taken_at": "yesterday"}, "Enter a valid date/time."),
        ({}, "Say when the photo was taken."),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_time_that_cannot_be_is_refused(signed_in, worker, undated, given, text, method):
    response = getattr(signed_in(worker), method)(f"/photos/{undated.image_id}/date/", given)

    assert response.status_code == 302
    assert text in said(response)[0]
    assert Image.objects.get(pk=undated.image_id).taken_at == undated.image.taken_at


def minutes_ahead(minutes: float) -> str:
    return timezone.localtime(timezone.now() + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S")


def test_a_clock_that_runs_a_little_ahead_says_now(signed_in, worker, undated):
    signed_in(worker).post(f"/photos/{undated.image_id}/date/", {"taken_at": minutes_ahead(3)})

    image = Image.objects.get(pk=undated.image_id)
    assert image.taken_at_source == TakenAtSource.PERSON
    assert image.taken_at <= timezone.now()


def test_a_time_minutes_ahead_is_refused_as_one_in_the_future(signed_in, worker, undated):
    given = {"taken_at": minutes_ahead(8)}

    response = signed_in(worker).post(f"/photos/{undated.image_id}/date/", given)

    assert said(response) == ["A photo cannot have been taken in the future. Check the date."]


# What became of the old product


@pytest.fixture
def replanted(make_photo, count, place, hours_ago):
    """A photo of a new cycle that began three hours ago, at a place whose books hold 3 of the old product."""
    config = place.configs.get()
    config.started_at = hours_ago(99)
    config.save()
    old = count(make_photo(taken_at=hours_ago(9)), place)
    details = ConfigDetails(
        product=ProductFactory(common_name="Haworthia"),
        expected_product_state=config.expected_product_state,
    )
    open_cycle(location=place, details=details, at=hours_ago(3))
    session = count(make_photo(taken_at=hours_ago(1)), place)
    assert session.warnings[0] == CountWarning.OTHER_PRODUCT
    return session, old.product


def test_the_page_asks_what_became_of_the_old_product(signed_in, worker, replanted):
    session, old = replanted

    page = signed_in(worker).get(f"/photos/{session.image_id}/")

    form = page.context["old_product_form"]
    assert list(form.fields) == [f"left_{old.pk}", "moment"]
    assert f"Left of {old}" in page.text
    assert "The books hold 3." in page.text


@pytest.mark.parametrize("moment", ["cycle", "photo"])
def test_all_of_the_old_product_are_gone(signed_in, worker, replanted, place, moment):
    session, old = replanted
    address = f"/photos/{session.image_id}/old-product/"

    page = signed_in(worker).get(address, {f"left_{old.pk}": "", "moment": moment, "gone": "yes"})
    changes = page.context["preview"].stock.changes
    assert {(c.product, c.before, c.after) for c in changes} == {(old, 3, 0), (session.product, 0, 3)}
    assert not ManualCount.objects.exists()

    signed_in(worker).post(address, page.context["decision"].given)
    count = ManualCount.objects.get()
    expected = session.configuration.started_at if moment == "cycle" else session.image.taken_at
    assert (count.product, count.quantity, count.user) == (old, 0, worker)
    assert 0 <= (expected - count.counted_at).total_seconds() <= 1
    session.refresh_from_db()
    assert session.booking_state == BookingState.BOOKED


def test_so_many_of_the_old_product_are_left(signed_in, worker, replanted, place):
    session, old = replanted
    address = f"/photos/{session.image_id}/old-product/"

    signed_in(worker).post(address, {f"left_{old.pk}": "2", "moment": "cycle"})

    session.refresh_from_db()
    assert session.booking_state == BookingState.BOOKED
    assert stock_at(place) == 5


@pytest.mark.parametrize("given", [{"moment": "cycle"}, {"moment": "never", "gone": "yes"}])
def test_an_answer_that_says_nothing_is_refused(signed_in, worker, replanted, given):
    session, _old = replanted

    response = signed_in(worker).post(f"/photos/{session.image_id}/old-product/", given)

    assert response.status_code == 302
    assert said(response)
    assert not ManualCount.objects.exists()


# The other ones


def test_an_administrator_says_there_and_then_what_grows_at_a_place_others_read_who_can(
    signed_in, worker, admin, make_photo, count
):
    bare = StorageLocationFactory()
    session = count(make_photo(), bare)
    form = f'action="/photos/{session.image_id}/configuration/"'

    assert form in signed_in(admin).get(f"/photos/{session.image_id}/").text
    text = signed_in(worker).get(f"/photos/{session.image_id}/").text
    assert form not in text
    assert f"Who can help (Administrator): {admin.name}." in text


def test_who_may_only_read_is_asked_nothing(signed_in, viewer, contradicted):
    session, *_places = contradicted

    assert "place_options" not in signed_in(viewer).get(f"/photos/{session.image_id}/").context


def test_a_booked_count_asks_nothing(signed_in, supervisor, make_photo, count, place):
    session = count(make_photo(), place)

    page = signed_in(supervisor).get(f"/photos/{session.image_id}/")

    asked = ("place_options", "taken_at_form", "old_product_form", "configuration_form")
    assert [name for name in asked if name in page.context] == []
