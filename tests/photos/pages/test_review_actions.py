"""Naming a place, counting again and validating from the page of a photo."""

from uuid import uuid4

import pytest
from django.contrib.messages import get_messages

from inventory.choices import MovementType
from inventory.models import StockBatch, StockMovement
from inventory.services.stock import record_movement
from photos.choices import BookingState
from photos.services.review.trash import trash
from photos.services.review.validation import validate
from tests.inventory.factories import StorageLocationConfigFactory, StorageLocationFactory


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


ACTIONS = ["place", "count-again", "validate", "withdraw", "date", "old-product", "trash", "restore"]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("other_worker", 404), ("stranger", 403)])
def test_nobody_else_decides_about_a_photo(signed_in, request, make_photo, count, action, role, status):
    session = count(make_photo())
    client = signed_in(request.getfixturevalue(role))

    assert client.post(f"/photos/{session.image_id}/{action}/").status_code == status
    assert session.image.sessions.count() == 1


@pytest.mark.parametrize("action", ["place", "date", "old-product"])
def test_a_worker_decides_about_photos_of_his_own_alone(
    signed_in, worker, other_worker, make_photo, count, action
):
    session = count(make_photo(owner=other_worker))

    assert signed_in(worker).get(f"/photos/{session.image_id}/{action}/").status_code == 404


def test_a_link_does_not_count_again(signed_in, supervisor, make_photo, count):
    session = count(make_photo())

    assert signed_in(supervisor).get(f"/photos/{session.image_id}/count-again/").status_code == 405


def stock():
    return list(StockBatch.objects.order_by("pk").values_list("storage_location", "quantity_current"))


def test_before_a_photo_is_moved_the_page_tells_what_changes_at_both_places_and_changes_nothing(
    signed_in, worker, make_photo, count, place
):
    session = count(make_photo(), place)
    elsewhere = StorageLocationConfigFactory().storage_location
    address = f"/photos/{session.image_id}/place/"

    page = signed_in(worker).get(address, {"storage_location_id": elsewhere.pk})

    changes = page.context["preview"].stock.changes
    assert [(c.location, c.before, c.after) for c in changes] == [(place, 3, 0), (elsewhere, 0, 3)]
    assert "3 → 0" in page.text
    assert "0 → 3" in page.text
    assert stock() == [(place.pk, 3)]
    assert StockMovement.objects.count() == 1

    signed_in(worker).post(address, {"storage_location_id": elsewhere.pk})
    assert stock() == [(place.pk, 0), (elsewhere.pk, 3)]


def test_what_a_supervisor_has_validated_is_moved_by_supervisors_alone(
    signed_in, worker, supervisor, make_photo, count, place
):
    session = count(make_photo(), place)
    signed_in(supervisor).post(f"/photos/{session.image_id}/validate/")
    elsewhere = StorageLocationConfigFactory().storage_location
    move = (f"/photos/{session.image_id}/place/", {"storage_location_id": elsewhere.pk})

    refused = signed_in(worker).post(*move, follow=True)

    assert "A supervisor has validated this count" in refused.text
    assert stock() == [(place.pk, 3)]
    signed_in(supervisor).post(*move)
    assert stock() == [(place.pk, 0), (elsewhere.pk, 3)]


@pytest.mark.parametrize("came_from", ["no-page", "//evil.example/", "https://evil.example/"])
def test_nobody_is_led_elsewhere(signed_in, worker, make_photo, count, came_from):
    """A bare word is no address, though it looks like the name of a view."""
    session = count(make_photo())
    client, given = signed_in(worker), {"next": came_from, "action": "trash", "photo": session.image_id}
    trash_it = f"/photos/{session.image_id}/trash/"
    assert [client.get(address, given).status_code for address in (trash_it, "/photos/several/")] == [
        200,
        200,
    ]
    assert client.post(trash_it, given).url.startswith("/photos/")


def test_a_place_that_books_nothing_is_told_before_it_is_named(signed_in, worker, make_photo, count):
    session = count(make_photo())
    bare = StorageLocationFactory()

    page = signed_in(worker).get(f"/photos/{session.image_id}/place/", {"storage_location_id": bare.pk})

    assert "The stock stays as it is." in page.text
    assert "The place has no active configuration" in page.text


@pytest.fixture
def short(worker, make_photo, count, place, hours_ago):
    """A count of 3 that lies 7 below what was recorded since: 10 planted before it, 10 dead after it."""
    older = count(make_photo(taken_at=hours_ago(9)), place)
    batch = StockBatch.objects.get()
    for quantity, kind, hours in ((10, MovementType.PLANTING, 8), (-10, MovementType.DEATH, 1)):
        record_movement(
            batch=batch,
            quantity=quantity,
            movement_type=kind,
            request_id=uuid4(),
            user=worker,
            occurred_at=hours_ago(hours),
        )
    assert older.booking_state == BookingState.BOOKED
    return count(make_photo(taken_at=hours_ago(5)), place)


def test_a_shortfall_is_told_with_the_adjustment_before_it_is_accepted(signed_in, supervisor, short, place):
    address = f"/photos/{short.image_id}/validate/"

    page = signed_in(supervisor).get(address)

    preview = page.context["preview"].stock
    assert [(c.before, c.after) for c in preview.changes] == [(3, 0)]
    assert [(a.quantity, a.user) for a in preview.adjustments] == [(7, supervisor)]
    assert f"is written in the name of {supervisor}" in page.text
    assert stock() == [(place.pk, 3)]
    assert not StockMovement.objects.filter(movement_type=MovementType.ADJUSTMENT).exists()


def test_a_place_that_keeps_its_stock_because_of_a_shortfall_is_named(signed_in, supervisor, short, place):
    page = signed_in(supervisor).get(f"/photos/{short.image_id}/place/", {"storage_location_id": place.pk})

    [shortfall] = page.context["preview"].stock.shortfalls
    assert (shortfall.location, shortfall.kept, shortfall.missing) == (place, 3, 7)
    assert f"{place.code} keeps its 3 ×" in page.text


def test_a_validation_is_withdrawn_from_the_page_and_the_page_tells_what_that_changes(
    signed_in, supervisor, short, place
):
    client = signed_in(supervisor)
    client.post(f"/photos/{short.image_id}/validate/")
    assert stock() == [(place.pk, 0)]
    photo = client.get(f"/photos/{short.image_id}/").text
    assert f"/photos/{short.image_id}/withdraw/" in photo
    assert "The count of a photo was accepted although it lies below the books." in photo
    assert "accepted_below_books" not in photo

    page = client.get(f"/photos/{short.image_id}/withdraw/")
    assert "0 → 3" in page.text
    short.refresh_from_db()
    assert short.validated

    response = client.post(f"/photos/{short.image_id}/withdraw/")
    short.refresh_from_db()
    assert said(response)[-1] == "The validation is withdrawn."
    assert (short.validated, stock()) == (False, [(place.pk, 3)])


@pytest.mark.parametrize("action", ["validate", "withdraw"])
def test_a_worker_neither_accepts_nor_withdraws(signed_in, worker, make_photo, count, place, action):
    session = count(make_photo(), place)

    assert signed_in(worker).get(f"/photos/{session.image_id}/{action}/").status_code == 403
    assert "/validate/" not in signed_in(worker).get(f"/photos/{session.image_id}/").text


def test_an_earlier_count_that_is_validated_can_be_withdrawn_from_its_own_page(
    signed_in, supervisor, make_photo, count, place
):
    image = make_photo()
    first = validate(session=count(image, place), user=supervisor)
    count(image, place)
    client = signed_in(supervisor)
    assert "/withdraw/" in client.get(f"/photos/{image.pk}/?count=1").text

    client.post(f"/photos/{image.pk}/withdraw/", {"count": 1})

    first.refresh_from_db()
    assert not first.validated


def test_a_replaced_count_is_refused_in_words(signed_in, supervisor, make_photo, count, place):
    image = make_photo()
    count(image, place)
    count(image, place)

    for answer in (
        signed_in(supervisor).get(f"/photos/{image.pk}/validate/", {"count": 1}),
        signed_in(supervisor).post(f"/photos/{image.pk}/validate/", {"count": 1}),
    ):
        assert answer.status_code == 302
        assert said(answer)[-1].startswith("A newer count of this photo stands.")


# The trash


@pytest.mark.parametrize("role", ["worker", "supervisor"])
def test_a_photo_is_moved_to_the_trash_and_restored_each_with_its_consequences_first(
    signed_in, request, make_photo, count, place, role
):
    session = count(make_photo(), place)
    client = signed_in(request.getfixturevalue(role))
    address = f"/photos/{session.image_id}"

    assert "3 → 0" in client.get(f"{address}/trash/").text
    assert stock() == [(place.pk, 3)]
    assert said(client.post(f"{address}/trash/"))[-1] == "The photo is in the trash."
    assert stock() == [(place.pk, 0)]

    page = client.get(f"{address}/").text
    assert "It is no evidence of what stands at its place." in page
    assert "Booked, living" not in page  # what it had booked is withdrawn
    assert f"{address}/trash/" not in page
    assert client.get(f"{address}/place/").status_code == 404  # only to be restored
    assert "0 → 3" in client.get(f"{address}/restore/").text
    client.post(f"{address}/restore/")
    assert stock() == [(place.pk, 3)]


def test_a_photo_in_the_trash_is_seen_by_nobody_who_may_not_restore_it(
    signed_in, viewer, worker, other_worker, make_photo, count, place
):
    session = count(make_photo(), place)
    trash(image_ids=[session.image_id], user=worker)

    for user in (viewer, other_worker):
        assert signed_in(user).get(f"/photos/{session.image_id}/").status_code == 404
        assert signed_in(user).post(f"/photos/{session.image_id}/restore/").status_code in (403, 404)


def test_the_gallery_lists_the_trash_for_those_who_may_restore(
    signed_in, worker, other_worker, supervisor, viewer, make_photo, count, place
):
    mine, theirs = count(make_photo(), place), count(make_photo(owner=other_worker), place)
    kept = count(make_photo(), place)
    trash(image_ids=[mine.image_id, theirs.image_id], user=supervisor)

    def shown(user, **filters):
        return {card.image.pk for card in signed_in(user).get("/photos/", filters).context["cards"]}

    assert shown(worker) == {kept.image_id}
    assert shown(worker, status="trash") == {mine.image_id}
    assert shown(supervisor, status="trash") == {mine.image_id, theirs.image_id}
    assert shown(viewer, status="trash") == {kept.image_id}  # no filter of theirs: it changes nothing
    assert "status=trash" not in signed_in(viewer).get("/photos/").text
