"""Plants of a photo know by which movement they were booked, and a batch which count opened it."""

import importlib

import pytest
from django.apps import apps
from django.db import connection

from inventory.models import StockBatch, StockMovement
from photos.models import Detection, Estimation
from photos.services.results.session_lifecycle import assign_location, reprocess
from photos.services.review.trash import trash
from tests.inventory.factories import StorageLocationConfigFactory, stocked_batch
from tests.photos.count_builders import count_photo, store_photo
from tests.photos.services.conftest import finish

pytestmark = pytest.mark.django_db


def movement_of(session, kind: str) -> StockMovement | None:
    """The one movement that all living plants in containers of a kind were booked by."""
    plants = Detection.objects.filter(session=session, container__type=kind, is_alive=True)
    (found,) = set(plants.values_list("stock_movement", flat=True))
    return StockMovement.objects.filter(pk=found).first()


def test_plants_know_the_movement_of_their_kind_of_container(make_image, count, place):
    session = count(make_image(), place, by_type={"segment": 4, "box": 3}, dead=1)
    booked = [movement_of(session, kind) for kind in ("segment", "box")]
    assert [movement.quantity for movement in booked] == [4, 3]
    assert {movement.session_uuid for movement in booked} == {session.uuid}
    assert set(Detection.objects.filter(is_alive=False).values_list("stock_movement", flat=True)) == {None}


def test_estimates_know_it_too(worker, place):
    session = count_photo(store_photo(worker), place)
    (estimation,) = Estimation.objects.all()
    assert estimation.stock_movement == StockMovement.objects.get(session_uuid=session.uuid)


def test_a_photo_that_changes_nothing_came_by_no_movement(make_image, count, place):
    first = count(make_image(hours_ago=9), place, living=5)
    second = count(make_image(hours_ago=1), place, living=5)
    assert (movement_of(first, "segment").quantity, movement_of(second, "segment")) == (5, None)


def test_a_recount_leaves_the_first_count_its_movement(make_image, count, place, worker):
    image = make_image()
    first = count(image, place, living=5)
    second = finish(reprocess(image=image, user=worker).session, living=7)
    assert [movement_of(session, "segment").quantity for session in (first, second)] == [5, 2]


def test_plants_follow_their_photo_to_another_place(make_image, count, place, worker):
    session = count(make_image(), place, living=5)
    elsewhere = StorageLocationConfigFactory().storage_location
    assign_location(session=session, location=elsewhere, user=worker)
    movement = movement_of(session, "segment")
    assert (movement.quantity, movement.batch.storage_location) == (5, elsewhere)


def test_plants_of_a_photo_in_the_trash_are_in_no_movement(make_image, count, place, worker):
    session = count(make_image(), place, living=5)
    trash(image_ids=[session.image_id], user=worker)
    assert movement_of(session, "segment") is None


def test_a_batch_says_which_count_opened_it_and_how(make_image, count, place):
    session = count(make_image(), place, by_type={"segment": 4, "box": 3})
    origins = {
        batch.current_storage_bin.storage_bin_type.category: batch.custom_attributes
        for batch in StockBatch.objects.at_location(place)
    }
    assert origins == {
        "segment": {"session_id": str(session.uuid), "method": "detect_sahi"},
        "box": {"session_id": str(session.uuid), "method": "detect_direct"},
    }


def test_rows_from_before_are_told_the_same(make_image, count, place, worker):
    image = make_image()
    first = count(image, place, by_type={"segment": 4, "box": 3})
    second = finish(reprocess(image=image, user=worker).session, by_type={"segment": 6, "box": 3})
    known = dict(Detection.objects.values_list("pk", "stock_movement"))
    origins = dict(StockBatch.objects.values_list("pk", "custom_attributes"))
    by_hand = stocked_batch(5)
    Detection.objects.update(stock_movement=None)
    StockBatch.objects.update(custom_attributes={})
    findings = importlib.import_module("photos.migrations.0021_note_stock_movements")
    batches = importlib.import_module("inventory.migrations.0005_origin_of_batches")
    for _run in range(2):  # the second finds nothing to do
        findings.note(apps, connection.schema_editor())
        batches.tell_origin(apps, connection.schema_editor())
    assert dict(Detection.objects.values_list("pk", "stock_movement")) == known
    assert {first.detections.count(), second.detections.count()} == {7, 9}
    by_hand.refresh_from_db()
    assert by_hand.custom_attributes == {"session_id": None, "method": "manual"}
    assert {**origins, by_hand.pk: by_hand.custom_attributes} == dict(
        StockBatch.objects.values_list("pk", "custom_attributes")
    )
