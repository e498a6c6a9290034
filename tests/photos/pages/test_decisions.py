"""Naming a place, counting again and validating from the page of a photo."""

import pytest
from django.contrib.messages import get_messages

from inventory.models import StockBatch
from photos.choices import BookingState


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_naming_the_place_books_the_stored_count(signed_in, worker, make_photo, count, place):
    session = count(make_photo())

    response = signed_in(worker).post(f"/photos/{session.image_id}/place/", {"storage_location_id": place.pk})

    session.refresh_from_db()
    assert response.status_code == 302
    assert (session.storage_location, session.booking_state) == (place, BookingState.BOOKED)
    assert [batch.quantity_current for batch in StockBatch.objects.all()] == [3]
    assert said(response) == [f"The stock is booked at {place}."]


@pytest.mark.parametrize("chosen", ["", "999999", "x"])
def test_a_place_that_does_not_exist_is_refused(signed_in, worker, make_photo, count, chosen):
    session = count(make_photo())

    response = signed_in(worker).post(f"/photos/{session.image_id}/place/", {"storage_location_id": chosen})

    session.refresh_from_db()
    assert session.storage_location is None
    assert said(response) == ["Choose one of the places."]


def test_counting_again_begins_a_new_count(
    signed_in, worker, make_photo, count, place, django_capture_on_commit_callbacks
):
    session = count(make_photo(), place)

    with django_capture_on_commit_callbacks() as sent:
        response = signed_in(worker).post(f"/photos/{session.image_id}/count-again/", {"reason": "shadow"})

    newest = session.image.sessions.order_by("-attempt").first()
    assert (newest.attempt, newest.reason, newest.requested_by) == (2, "shadow", worker)
    assert len(sent) == 1
    assert said(response) == ["The photo is being counted again."]


def test_a_photo_that_is_being_counted_is_not_counted_again(signed_in, worker, make_photo, count, place):
    session = count(make_photo(), place)
    client = signed_in(worker)
    client.post(f"/photos/{session.image_id}/count-again/")

    response = client.post(f"/photos/{session.image_id}/count-again/")

    assert session.image.sessions.count() == 2
    assert "This photo is being counted already. Wait for the result." in said(response)


def test_a_supervisor_validates_and_a_worker_may_not(signed_in, worker, supervisor, make_photo, count, place):
    session = count(make_photo(), place)

    assert signed_in(worker).post(f"/photos/{session.image_id}/validate/").status_code == 403
    signed_in(supervisor).post(f"/photos/{session.image_id}/validate/", {"note": "counted by hand"})

    session.refresh_from_db()
    assert (session.validated, session.validated_by) == (True, supervisor)
    assert session.manual_adjustments["note"] == "counted by hand"


@pytest.mark.parametrize("action", ["place", "count-again", "validate"])
@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("other_worker", 404), ("stranger", 403)])
def test_nobody_else_decides_about_a_photo(signed_in, request, make_photo, count, action, role, status):
    session = count(make_photo())
    client = signed_in(request.getfixturevalue(role))

    assert client.post(f"/photos/{session.image_id}/{action}/").status_code == status
    assert session.image.sessions.count() == 1


@pytest.mark.parametrize("action", ["place", "count-again", "validate"])
def test_a_link_cannot_decide(signed_in, supervisor, make_photo, count, action):
    session = count(make_photo())

    assert signed_in(supervisor).get(f"/photos/{session.image_id}/{action}/").status_code == 405
