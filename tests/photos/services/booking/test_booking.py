"""How counts become stock."""

from uuid import uuid4

import pytest

from demeter.accounts.models import User
from inventory.choices import MovementType
from inventory.models import StockBatch, StockMovement
from inventory.services.stock import record_movement
from photos.choices import BookingState, CountWarning
from photos.models import ProcessingSession, UploadSession
from photos.services.booking.stock_evidence import settle_session
from photos.services.results.session_lifecycle import assign_location
from photos.services.review.validation import validate
from tests.inventory.factories import StorageLocationConfigFactory, StorageLocationFactory
from tests.photos.services.conftest import at

pytestmark = pytest.mark.django_db


def stock_at(place) -> int:
    return sum(StockBatch.objects.at_location(place).values_list("quantity_current", flat=True))


def die(place, quantity: int, worker: User, *, hours_ago: float = 0) -> None:
    batch = StockBatch.objects.at_location(place).in_stock().newest_first()[0]
    record_movement(
        batch=batch,
        quantity=-quantity,
        movement_type=MovementType.DEATH,
        request_id=uuid4(),
        user=worker,
        occurred_at=at(hours_ago),
    )


def test_a_first_photo_books_its_living_detected_and_estimated(make_image, count, place):
    session = count(make_image(), place, living=10, estimated=3, dead=2)
    assert session.total == 15
    assert (session.booking_state, session.booked_quantity) == (BookingState.BOOKED, 13)
    movement = StockMovement.objects.get()
    assert (movement.movement_type, movement.quantity, movement.session_uuid) == ("foto", 13, session.uuid)
    assert movement.user == User.objects.ml()
    assert movement.occurred_at == session.image.taken_at
    assert movement.batch.quality_score == 4.0  # 5 × 0.8
    assert movement.batch.product == session.product


def test_booking_twice_writes_once(make_image, count, place):
    session = count(make_image(), place, living=10)
    assert settle_session(session) == BookingState.BOOKED
    assert settle_session(session) == BookingState.BOOKED
    assert StockMovement.objects.count() == 1
    session.refresh_from_db()
    assert session.booking_revision == 1


def test_a_newer_photo_makes_stock_equal_its_count(make_image, count, place):
    count(make_image(hours_ago=5), place, living=100)
    count(make_image(hours_ago=1), place, living=130)
    assert stock_at(place) == 130
    assert sorted(StockMovement.objects.values_list("quantity", flat=True)) == [30, 100]


def test_a_lower_count_takes_from_the_newest_batches_first(make_image, count, place):
    count(make_image(hours_ago=5), place, living=100)
    count(make_image(hours_ago=4), place, living=130)
    count(make_image(hours_ago=1), place, living=90)
    old, new = StockBatch.objects.order_by("pk")
    assert (old.quantity_current, new.quantity_current) == (90, 0)
    assert stock_at(place) == 90


def test_an_older_photo_books_nothing(make_image, count, place):
    count(make_image(hours_ago=1), place, living=100)
    late = count(make_image(hours_ago=9), place, living=500)
    assert late.booking_state == BookingState.SUPERSEDED
    assert CountWarning.SUPERSEDED in late.warnings
    assert stock_at(place) == 100


def test_deaths_after_the_photo_stay_true_when_it_is_counted_late(make_image, count, place, worker):
    count(make_image(hours_ago=10), place, living=100)
    die(place, 20, worker, hours_ago=1)
    count(make_image(hours_ago=5), place, living=110)  # uploaded late: taken before the deaths
    assert stock_at(place) == 90


def test_a_photo_of_a_batch_that_was_emptied_since_books_no_difference(make_image, count, place, worker):
    count(make_image(hours_ago=10), place, living=100)
    die(place, 100, worker, hours_ago=1)
    late = count(make_image(hours_ago=5), place, living=100)
    assert late.booking_state == BookingState.BOOKED
    assert stock_at(place) == 0


def test_where_a_batch_would_fall_below_zero_a_person_decides(make_image, count, place, worker):
    count(make_image(hours_ago=10), place, living=100)
    die(place, 60, worker, hours_ago=1)
    late = count(make_image(hours_ago=5), place, living=30)  # asks for −70 where 40 are left
    assert late.booking_state == BookingState.WAITING
    assert CountWarning.NEEDS_REVIEW in late.warnings
    assert late.image.error_details.startswith("needs_review: ")
    assert stock_at(place) == 40
    validate(session=late, user=worker)
    late.refresh_from_db()
    assert late.booking_state == BookingState.BOOKED
    assert late.image.status == "ready"
    assert late.manual_adjustments["missing"] == 30
    assert stock_at(place) == 0


def test_counting_again_books_the_difference_on_the_same_batch(make_image, count, place):
    image = make_image()
    first = count(image, place, living=100)
    second = count(image, place, living=92)
    batch = StockBatch.objects.get()
    assert batch.quantity_current == 92
    assert list(batch.movements.order_by("pk").values_list("quantity", "session_uuid")) == [
        (100, first.uuid),
        (-8, second.uuid),
    ]


def test_an_earlier_count_of_the_same_photo_books_nothing_any_more(make_image, count, place):
    image = make_image()
    first = count(image, place, living=100)
    count(image, place, living=92)
    assert settle_session(first) == BookingState.SUPERSEDED
    assert stock_at(place) == 92


def test_containers_of_each_type_have_one_bin_and_one_batch(make_image, count, place):
    count(make_image(hours_ago=3), place, living=10, types=("segment", "box", "box"))
    count(make_image(hours_ago=1), place, living=12, types=("segment", "box", "box"))
    by_type = {
        batch.current_storage_bin.storage_bin_type.code: batch.quantity_current
        for batch in StockBatch.objects.order_by("pk")[:2]
    }
    assert by_type == {"SEGMENT": 10, "BOX": 20}
    assert place.bins.count() == 2
    assert stock_at(place) == 36


def test_without_a_place_nothing_is_booked_until_a_person_names_it(make_image, count, place, worker):
    session = count(make_image(), None, living=50)
    assert session.warnings == [CountWarning.NEEDS_LOCATION]
    assert session.image.status == "failed"
    assert session.image.error_details == "needs_location: GPS coordinates not found"
    assert StockMovement.objects.count() == 0
    assign_location(session=session, location=place, user=worker)
    session.refresh_from_db()
    assert (session.warnings, session.booking_state) == (
        [CountWarning.NEEDS_CALIBRATION],
        BookingState.BOOKED,
    )
    assert session.image.status == "ready"
    assert stock_at(place) == 50


def test_without_a_configuration_nothing_is_booked_until_there_is_one(make_image, count, worker):
    bare = StorageLocationFactory()
    session = count(make_image(), bare, living=50)
    assert session.warnings == [CountWarning.NEEDS_CONFIG]
    assert session.booking_state == BookingState.WAITING
    StorageLocationConfigFactory(storage_location=bare)
    assign_location(session=session, location=bare, user=worker)
    assert stock_at(bare) == 50


def test_a_photo_moved_to_another_place_gives_back_what_it_had_booked(make_image, count, place, worker):
    elsewhere = StorageLocationConfigFactory().storage_location
    count(make_image(hours_ago=9), place, living=40)
    wrong = count(make_image(hours_ago=1), place, living=300)
    assign_location(session=wrong, location=elsewhere, user=worker)
    assert (stock_at(place), stock_at(elsewhere)) == (40, 300)
    assert not StockBatch.objects.out_of_balance().exists()


def test_a_configuration_edited_later_changes_no_past_count(make_image, count, configured, place):
    session = count(make_image(), place, living=5)
    product = configured.product
    configured.is_active = False
    configured.save()
    settle_session(session)
    session.refresh_from_db()
    assert session.product == product
    assert stock_at(place) == 5


def test_two_photos_of_one_place_in_one_upload_warn_and_do_not_add_up(make_image, count, place, worker):
    upload = UploadSession.objects.create(user=worker)
    first = count(make_image(hours_ago=2, upload=upload), place, living=70)
    second = count(make_image(hours_ago=1, upload=upload), place, living=60)
    assert CountWarning.SAME_LOCATION not in first.warnings
    assert CountWarning.SAME_LOCATION in second.warnings
    assert stock_at(place) == 60


def test_a_partial_count_waits_until_a_person_accepts_it(make_image, count, place, worker):
    session = count(make_image(), place, living=8, skip_detection=True)
    assert CountWarning.PARTIAL_COUNT in session.warnings
    assert session.booking_state == BookingState.WAITING
    validate(session=session, user=worker)
    session.refresh_from_db()
    assert (session.booking_state, session.validated_by) == (BookingState.BOOKED, worker)
    assert stock_at(place) == 8


def test_an_analysis_without_inventory_books_nothing(make_image, count):
    session = count(make_image(with_inventory=False), None, living=50)
    assert (session.booking_state, session.warnings, session.image.status) == ("not_wanted", [], "ready")
    assert StockMovement.objects.count() == 0


def test_every_batch_equals_its_movements_after_all_this(make_image, count, place, worker):
    for hours_ago, living in ((9, 40), (7, 80), (8, 60), (3, 20), (1, 55)):
        count(make_image(hours_ago=hours_ago), place, living=living)
    die(place, 5, worker)
    states = ProcessingSession.objects.order_by("image__taken_at").values_list("booking_state", flat=True)
    assert list(states) == [BookingState.SUPERSEDED] * 4 + [BookingState.BOOKED]
    assert not StockBatch.objects.out_of_balance().exists()
    assert stock_at(place) == 50
