"""The stock of a place follows from the evidence, in whatever order it arrives and however it is corrected."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from inventory.choices import MovementSource, MovementType
from inventory.errors import InsufficientStock
from inventory.models import StockBatch, StockMovement, StorageBinType
from inventory.services.configs import ConfigDetails, count_by_hand, open_cycle, update_running
from inventory.services.preview import preview_stock
from inventory.services.stock import create_batch, held, record_movement
from photos.choices import BookingState, CountWarning, TakenAtSource
from photos.errors import CountReplaced
from photos.models import ProcessingSession
from photos.services.booking import stock_evidence
from photos.services.booking.stock_evidence import settle_places
from photos.services.results.session_lifecycle import assign_location, reprocess
from photos.services.review.photo_dates import date_photo
from photos.services.review.trash import restore, trash
from photos.services.review.validation import answer, validate, withdraw_validation
from tests.inventory.factories import (
    ProductFactory,
    StorageBinFactory,
    StorageLocationConfigFactory,
    StorageLocationFactory,
    UserFactory,
)
from tests.photos.services.conftest import at, finish

pytestmark = pytest.mark.django_db


def stock_at(place, product=None) -> int:
    batches = StockBatch.objects.at_location(place)
    batches = batches.of_product(product) if product else batches
    return sum(batches.values_list("quantity_current", flat=True))


def ledger_until(place, moment: datetime) -> int:
    return StockMovement.objects.filter(batch__storage_location=place, occurred_at__lte=moment).total()


@dataclass
class Recorder:
    """A worker who records movements at a place."""

    worker: object

    def __call__(self, place, kind: str, quantity: int, *, hours_ago: float = 0, batch=None) -> StockMovement:
        batch = batch or StockBatch.objects.at_location(place).newest_first().first()
        return record_movement(
            batch=batch,
            quantity=quantity,
            movement_type=MovementType(kind),
            request_id=uuid4(),
            user=self.worker,
            occurred_at=at(hours_ago),
            reason="recorded by hand",
        )


@pytest.fixture
def record(worker) -> Recorder:
    return Recorder(worker)


@pytest.fixture
def elsewhere():
    return StorageLocationConfigFactory().storage_location


@pytest.fixture(autouse=True)
def nothing_is_out_of_balance(db):
    """After each of these tests: settling once more writes nothing, and every batch is the sum of its movements."""
    yield
    places = set(StockBatch.objects.values_list("storage_location", flat=True))
    written = [movement for settlement in settle_places(places) for movement in settlement.movements]
    assert written == []
    assert not StockBatch.objects.out_of_balance().exists()


# Moving photos


def test_an_older_photo_moved_away_leaves_the_newer_one_as_it_is(make_image, count, place, elsewhere, worker):
    old = count(make_image(hours_ago=9), place, living=80)
    new = count(make_image(hours_ago=1), place, living=100)
    old = assign_location(session=old, location=elsewhere, user=worker)
    assert (stock_at(place), stock_at(elsewhere)) == (100, 80)
    new.refresh_from_db()
    assert CountWarning.MOVED in old.warnings
    assert CountWarning.PHOTO_MOVED_AWAY in new.warnings


def test_a_recount_that_names_another_place_moves_the_photo(make_image, count, place, elsewhere, worker):
    old = make_image(hours_ago=9)
    count(old, place, living=80)
    count(make_image(hours_ago=1), place, living=100)
    job = reprocess(image=old, user=worker, location=elsewhere)
    assert (stock_at(place), stock_at(elsewhere)) == (100, 80)
    finish(job.session, living=82)
    assert (stock_at(place), stock_at(elsewhere)) == (100, 82)


def test_the_newest_photo_moved_away_lets_the_one_before_it_decide(
    make_image, count, place, elsewhere, worker
):
    new = count(make_image(hours_ago=1), place, living=100)
    old = count(make_image(hours_ago=9), place, living=80)
    assert old.booking_state == BookingState.SUPERSEDED
    assign_location(session=new, location=elsewhere, user=worker)
    assert (stock_at(place), stock_at(elsewhere)) == (80, 100)
    old.refresh_from_db()
    assert old.booking_state == BookingState.BOOKED
    assert CountWarning.SUPERSEDED not in old.warnings


@pytest.mark.parametrize("first", [0, 1], ids=["one first", "other first"])
def test_two_swapped_photos_are_put_right_one_after_the_other(
    make_image, count, place, elsewhere, worker, first
):
    sessions = [
        (count(make_image(hours_ago=3), place, living=200), elsewhere),
        (count(make_image(hours_ago=2), elsewhere, living=300), place),
    ]
    for session, right in (sessions[first], sessions[1 - first]):
        assign_location(session=session, location=right, user=worker)
    assert (stock_at(place), stock_at(elsewhere)) == (300, 200)


def test_a_place_without_a_configuration_takes_the_photo_all_the_same(make_image, count, place, worker):
    bare = StorageLocationFactory()
    session = count(make_image(), place, living=100)
    session = assign_location(session=session, location=bare, user=worker)
    assert (stock_at(place), stock_at(bare)) == (0, 0)
    assert session.warnings[0] == CountWarning.NEEDS_CONFIG
    details = ConfigDetails(
        product=ProductFactory(), expected_product_state=StorageLocationConfigFactory().expected_product_state
    )
    open_cycle(location=bare, details=details, at=timezone.now())
    session.refresh_from_db()
    assert (stock_at(bare), session.booking_state, session.image.status) == (
        100,
        BookingState.BOOKED,
        "ready",
    )


def test_the_right_place_may_have_a_newer_photo(make_image, count, place, elsewhere, worker):
    count(make_image(hours_ago=1), elsewhere, living=70)
    wrong = count(make_image(hours_ago=5), place, living=100)
    assign_location(session=wrong, location=elsewhere, user=worker)
    assert (stock_at(place), stock_at(elsewhere)) == (0, 70)


def test_a_partial_recount_at_the_right_place_leaves_nothing_at_the_wrong_one(
    make_image, count, place, elsewhere, worker
):
    image = make_image()
    count(image, place, living=100)
    job = reprocess(image=image, user=worker, location=elsewhere)
    session = finish(job.session, living=90, skip_detection=True)
    assert session.booking_state == BookingState.WAITING
    assert (stock_at(place), stock_at(elsewhere)) == (0, 100)  # the first count is one of the same photo


def test_a_place_named_while_a_recount_runs_stays(make_image, count, place, elsewhere, worker):
    image = make_image()
    first = count(image, place, living=100)
    job = reprocess(image=image, user=worker)
    assign_location(session=first, location=elsewhere, user=worker)
    finish(job.session, living=95)
    assert (stock_at(place), stock_at(elsewhere)) == (0, 95)


# Movements dated in the past


@pytest.mark.parametrize(("kind", "quantity", "newest"), [("muerte", -5, 100), ("plantar", 50, 150)])
def test_what_was_recorded_late_is_in_the_newer_photo_already(
    make_image, count, place, record, kind, quantity, newest
):
    count(make_image(hours_ago=20), place, living=100)
    count(make_image(hours_ago=1), place, living=newest)
    record(place, kind, quantity, hours_ago=10)
    assert stock_at(place) == newest
    assert ledger_until(place, at(9)) == 100 + quantity
    assert ledger_until(place, at(21)) == 0


def test_a_transplant_that_both_photos_show_already_changes_neither_place(
    make_image, count, place, elsewhere, record
):
    count(make_image(hours_ago=20), place, living=100)
    count(make_image(hours_ago=1), place, living=60)
    count(make_image(hours_ago=1), elsewhere, living=90)
    record(place, "transplante", -40, hours_ago=10)
    record(elsewhere, "transplante", 40, hours_ago=10)
    assert (stock_at(place), stock_at(elsewhere)) == (60, 90)


def test_a_movement_is_checked_against_all_that_the_place_holds(make_image, count, place, record):
    count(make_image(hours_ago=9), place, living=100)
    count(make_image(hours_ago=5), place, living=103)
    small = StockBatch.objects.at_location(place).newest_first().first()
    assert small.quantity_current == 3
    record(place, "muerte", -10, batch=small)
    assert stock_at(place) == 93
    with pytest.raises(InsufficientStock) as refusal:
        record(place, "ventas", -94, batch=small)
    assert (refusal.value.details["held"], refusal.value.details["asked"]) == (93, 94)
    assert stock_at(place) == 93


def test_a_repeated_movement_is_recorded_once(make_image, count, place, worker):
    count(make_image(hours_ago=9), place, living=100)
    batch = StockBatch.objects.get()
    details = {
        "movement_type": MovementType.DEATH,
        "request_id": uuid4(),
        "user": worker,
        "occurred_at": at(1),
    }
    first, second = (record_movement(batch=batch, quantity=-5, **details) for _ in range(2))
    assert first.pk == second.pk
    assert stock_at(place) == 95


# Shortfalls


def test_an_accepted_shortfall_stays_accepted_and_later_plants_add_up(
    make_image, count, place, record, worker
):
    supervisor = UserFactory(role="supervisor")
    count(make_image(hours_ago=10), place, living=100)
    record(place, "muerte", -60, hours_ago=1)
    late = count(make_image(hours_ago=5), place, living=30)
    assert (late.booking_state, stock_at(place)) == (BookingState.WAITING, 40)
    validate(session=late, user=supervisor)
    assert stock_at(place) == 0
    adjustment = StockMovement.objects.get(movement_type=MovementType.ADJUSTMENT)
    assert (adjustment.quantity, adjustment.user, adjustment.source) == (
        30,
        supervisor,
        MovementSource.MANUAL,
    )
    record(place, "plantar", 50)
    assert stock_at(place) == 50
    validate(session=late, user=supervisor)
    assert stock_at(place) == 50
    assign_location(session=late, location=place, user=worker)
    assert stock_at(place) == 50


def test_a_shortfall_ends_by_itself_once_the_statement_is_not_below_zero(make_image, count, place, record):
    count(make_image(hours_ago=10), place, living=100)
    record(place, "muerte", -60, hours_ago=1)
    late = count(make_image(hours_ago=5), place, living=30)
    record(place, "plantar", 50)
    late.refresh_from_db()
    assert (late.booking_state, stock_at(place)) == (BookingState.BOOKED, 20)
    assert late.image.status == "ready"


def test_an_acceptance_can_be_taken_back(make_image, count, place, record):
    supervisor = UserFactory(role="supervisor")
    count(make_image(hours_ago=10), place, living=100)
    record(place, "muerte", -60, hours_ago=1)
    late = count(make_image(hours_ago=5), place, living=30)
    validate(session=late, user=supervisor)
    late = withdraw_validation(session=late, user=supervisor)
    assert (late.booking_state, late.validated, stock_at(place)) == (BookingState.WAITING, False, 40)
    assert CountWarning.NEEDS_REVIEW in late.warnings
    validate(session=late, user=supervisor)
    assert stock_at(place) == 0


def test_an_acceptance_goes_with_its_photo(make_image, count, place, elsewhere, record):
    supervisor = UserFactory(role="supervisor")
    count(make_image(hours_ago=10), place, living=100)
    record(place, "muerte", -60, hours_ago=1)
    late = validate(session=count(make_image(hours_ago=5), place, living=30), user=supervisor)
    assign_location(session=late, location=elsewhere, user=supervisor)
    assert (stock_at(place), stock_at(elsewhere)) == (40, 30)


def test_a_shortfall_in_the_trash_is_accepted_by_nobody(make_image, count, place, record):
    count(make_image(hours_ago=10), place, living=100)
    record(place, "muerte", -60, hours_ago=1)
    late = count(make_image(hours_ago=5), place, living=30)
    trash(image_ids=[late.image_id], user=UserFactory(role="supervisor"))
    late.refresh_from_db()
    lines = StockMovement.objects.count()
    validate(session=late, user=UserFactory(role="supervisor"))
    assert (StockMovement.objects.count(), stock_at(place)) == (lines, 40)


def test_plants_sold_from_the_bed_are_missing_in_the_whole_place(make_image, count, place, record):
    image = make_image(hours_ago=10)
    count(image, place, by_type={"segment": 100, "box": 10})
    bed = StockBatch.objects.get(current_storage_bin__storage_bin_type__category="segment")
    record(place, "ventas", -100, hours_ago=1, batch=bed)
    late = count(make_image(hours_ago=5), place, by_type={"segment": 10, "box": 90})
    assert (late.booking_state, stock_at(place)) == (BookingState.BOOKED, 0)


# Counts of the same photo


def test_a_partial_recount_replaces_nothing(make_image, count, place, worker):
    old, new = make_image(hours_ago=9), make_image(hours_ago=1)
    count(old, place, living=90)
    count(new, place, living=100)
    count(new, place, living=40, skip_detection=True)
    count(old, place, living=90)
    assert stock_at(place) == 100


def test_a_validated_count_yields_only_to_one_that_a_person_accepts(make_image, count, place, worker):
    image = make_image()
    first = count(image, place, living=100)
    validate(session=first, user=worker)
    second = count(image, place, living=60)
    assert (stock_at(place), second.booking_state) == (100, BookingState.SUPERSEDED)
    validate(session=second, user=worker)
    assert stock_at(place) == 60


def test_a_replaced_count_cannot_be_validated(make_image, count, place, worker):
    image = make_image()
    first = count(image, place, living=100)
    count(image, place, living=60)
    with pytest.raises(CountReplaced):
        validate(session=first, user=worker)
    assert stock_at(place) == 60


def test_validating_twice_writes_nothing(make_image, count, place, worker):
    session = count(make_image(), place, living=100)
    validate(session=session, user=worker)
    lines = StockMovement.objects.count()
    validate(session=session, user=worker)
    assert StockMovement.objects.count() == lines


# The trash


def test_a_photo_in_the_trash_decides_nothing_until_it_is_restored(make_image, count, place, worker):
    count(make_image(hours_ago=9), place, living=80)
    newest = make_image(hours_ago=1)
    session = count(newest, place, living=100)
    assert trash(image_ids=[newest.pk], user=worker) == [newest.pk]
    assert stock_at(place) == 80
    session.refresh_from_db()
    assert (session.booking_state, session.booked_quantity) == (BookingState.OPEN, None)
    assert trash(image_ids=[newest.pk], user=worker) == []
    assert restore(image_ids=[newest.pk], user=worker) == [newest.pk]
    assert stock_at(place) == 100


@pytest.mark.parametrize("has_place", [True, False], ids=["moved", "given its place"])
def test_a_photo_that_is_moved_while_it_goes_to_the_trash_leaves_nothing_at_its_new_place(
    make_image, count, place, worker, monkeypatch, has_place
):
    session = count(make_image(), place if has_place else None, living=30)
    elsewhere = StorageLocationConfigFactory().storage_location
    places_of = stock_evidence.places_of

    def move_afterwards(image_ids):
        found = places_of(image_ids)
        monkeypatch.undo()  # once
        assign_location(session=session, location=elsewhere, user=worker)
        return found

    monkeypatch.setattr(stock_evidence, "places_of", move_afterwards)
    trash(image_ids=[session.image_id], user=worker)
    assert (stock_at(place), stock_at(elsewhere)) == (0, 0)
    restore(image_ids=[session.image_id], user=worker)
    assert (stock_at(place), stock_at(elsewhere)) == (0, 30)


def test_a_photo_in_the_trash_that_is_counted_late_books_nothing(make_image, count, place, worker):
    image = make_image()
    trash(image_ids=[image.pk], user=worker)
    count(image, place, living=100)
    assert stock_at(place) == 0
    restore(image_ids=[image.pk], user=worker)
    assert stock_at(place) == 100


def test_an_analysis_in_the_trash_still_wants_no_booking(make_image, count, worker):
    session = count(make_image(with_inventory=False), living=100)
    trash(image_ids=[session.image_id], user=worker)
    restore(image_ids=[session.image_id], user=worker)
    session.refresh_from_db()
    assert session.booking_state == BookingState.NOT_WANTED


# Products and cycles


@pytest.fixture
def new_cycle(configured, worker):
    """Open a cycle of another product at the configured place; returns that product."""

    def open_(*, remaining: int | None = None, hours_ago: float = 0):
        configured.refresh_from_db()
        if configured.started_at > at(hours_ago):
            configured.started_at = at(hours_ago) - timedelta(days=30)
            configured.save()
        details = ConfigDetails(
            product=ProductFactory(), expected_product_state=configured.expected_product_state
        )
        open_cycle(
            location=configured.storage_location,
            details=details,
            at=at(hours_ago),
            remaining=remaining,
            user=worker,
        )
        return details.product

    return open_


def test_a_photo_taken_before_a_new_cycle_shows_the_old_product(
    make_image, count, place, configured, new_cycle
):
    product = new_cycle(hours_ago=2)
    count(make_image(hours_ago=5), place, living=40)
    assert (stock_at(place, configured.product), stock_at(place, product)) == (40, 0)


def test_an_old_photo_counted_again_after_the_cycle_changed_is_still_of_the_old_product(
    make_image, count, place, configured, new_cycle
):
    image = make_image(hours_ago=5)
    count(image, place, living=100)
    product = new_cycle(hours_ago=2)
    count(image, place, living=110)
    assert (stock_at(place, configured.product), stock_at(place, product)) == (110, 0)


def test_a_photo_of_a_new_cycle_waits_while_the_old_product_is_still_in_the_books(
    make_image, count, place, configured, new_cycle, worker
):
    count(make_image(hours_ago=9), place, living=100)
    product = new_cycle(hours_ago=5)
    session = count(make_image(hours_ago=1), place, living=30)
    assert session.warnings[0] == CountWarning.OTHER_PRODUCT
    assert session.image.error_details.startswith("other_product: ")
    assert (stock_at(place, configured.product), stock_at(place, product)) == (100, 0)
    count_by_hand(location=place, product=configured.product, quantity=0, at=at(4), user=worker)
    session.refresh_from_db()
    assert (session.booking_state, session.image.status) == (BookingState.BOOKED, "ready")
    assert (stock_at(place, configured.product), stock_at(place, product)) == (0, 30)


def test_plants_of_the_old_product_that_stay_are_counted_once_for_all_photos_of_the_cycle(
    make_image, count, place, configured, new_cycle, worker
):
    count(make_image(hours_ago=9), place, living=100)
    product = new_cycle(hours_ago=6)
    first = count(make_image(hours_ago=3), place, living=30)
    assert first.booking_state == BookingState.WAITING
    count_by_hand(location=place, product=configured.product, quantity=12, at=at(5), user=worker)
    first.refresh_from_db()
    assert first.booking_state == BookingState.BOOKED
    later = count(make_image(hours_ago=1), place, living=40)
    assert later.booking_state == BookingState.BOOKED
    assert CountWarning.OTHER_PRODUCT not in later.warnings
    assert (stock_at(place, configured.product), stock_at(place, product)) == (12, 40)


def test_what_stays_at_the_change_of_cycle_keeps_no_photo_waiting(
    make_image, count, place, configured, new_cycle
):
    count(make_image(hours_ago=9), place, living=100)
    product = new_cycle(hours_ago=5, remaining=7)
    session = count(make_image(hours_ago=1), place, living=30)
    assert session.booking_state == BookingState.BOOKED
    assert (stock_at(place, configured.product), stock_at(place, product)) == (7, 30)


def test_a_count_by_hand_from_before_the_cycle_answers_nothing(
    make_image, count, place, configured, new_cycle, worker
):
    count_by_hand(location=place, product=configured.product, quantity=12, at=at(7), user=worker)
    product = new_cycle(hours_ago=5)
    session = count(make_image(hours_ago=1), place, living=30)
    assert session.warnings[0] == CountWarning.OTHER_PRODUCT
    session = answer(session=session, warning=CountWarning.OTHER_PRODUCT)  # of this photo alone
    assert session.booking_state == BookingState.BOOKED
    assert (stock_at(place, configured.product), stock_at(place, product)) == (12, 30)


def test_the_next_cycle_asks_again(make_image, count, place, configured, new_cycle):
    count(make_image(hours_ago=9), place, living=100)
    new_cycle(hours_ago=8, remaining=7)
    count(make_image(hours_ago=6), place, living=30)
    new_cycle(hours_ago=4, remaining=0)
    session = count(make_image(hours_ago=1), place, living=20)
    assert session.warnings[0] == CountWarning.OTHER_PRODUCT


def test_the_answer_at_the_change_of_cycle_keeps_no_photo_waiting(
    make_image, count, place, configured, new_cycle
):
    count(make_image(hours_ago=9), place, living=100)
    product = new_cycle(hours_ago=5, remaining=0)
    session = count(make_image(hours_ago=1), place, living=30)
    assert session.booking_state == BookingState.BOOKED
    assert (stock_at(place, configured.product), stock_at(place, product)) == (0, 30)


def test_correcting_the_product_carries_photos_and_movements_along(
    make_image, count, place, configured, record
):
    session = count(make_image(hours_ago=3), place, living=100)
    record(place, "muerte", -10, hours_ago=1)
    right = ProductFactory()
    update_running(
        location=place,
        details=ConfigDetails(product=right, expected_product_state=configured.expected_product_state),
    )
    session.refresh_from_db()
    assert (session.product, session.booking_state) == (right, BookingState.BOOKED)
    assert (stock_at(place, configured.product), stock_at(place, right)) == (0, 90)


# Counts by hand


def test_a_first_count_by_hand_decides_from_its_date(make_image, count, place, configured, record):
    count(make_image(hours_ago=9), place, living=100)
    batch = create_batch(
        on=timezone.localdate(),
        storage_location=place,
        storage_bin=StorageBinFactory(storage_location=place),
        product=configured.product,
        product_state=configured.expected_product_state,
    )
    record(place, "manual_init", 80, hours_ago=4, batch=batch)
    assert stock_at(place) == 80
    batch.refresh_from_db()
    assert batch.quantity_current == 80
    count(make_image(hours_ago=6), place, living=95)
    assert (stock_at(place), ledger_until(place, at(5))) == (80, 95)
    count(make_image(hours_ago=1), place, living=70)
    assert stock_at(place) == 70


def test_a_hand_made_batch_in_no_bin_is_part_of_what_a_photo_shows(
    make_image, count, place, configured, record
):
    count(make_image(hours_ago=9), place, living=100)
    batch = create_batch(
        on=timezone.localdate(),
        storage_location=place,
        product=configured.product,
        product_state=configured.expected_product_state,
    )
    record(place, "plantar", 30, hours_ago=5, batch=batch)
    assert stock_at(place) == 130
    session = count(make_image(hours_ago=1), place, living=90)
    assert (session.booking_state, stock_at(place)) == (BookingState.BOOKED, 90)


# What a photo says of itself


def test_a_photo_without_a_date_does_not_decide_over_a_dated_one(make_image, count, place, worker):
    count(make_image(hours_ago=5), place, living=100)
    session = count(make_image(hours_ago=0, taken_at_source=TakenAtSource.RECEIVED), place, living=60)
    assert (session.booking_state, stock_at(place)) == (BookingState.WAITING, 100)
    assert session.image.error_details.startswith("undated: ")
    validate(session=session, user=worker)
    assert stock_at(place) == 60


def test_a_photo_without_a_date_decides_where_nothing_else_is_dated(make_image, count, place):
    undated = count(make_image(hours_ago=2, taken_at_source=TakenAtSource.RECEIVED), place, living=60)
    assert (undated.booking_state, stock_at(place)) == (BookingState.BOOKED, 60)
    count(make_image(hours_ago=9), place, living=100)
    undated.refresh_from_db()
    assert (undated.booking_state, stock_at(place)) == (BookingState.WAITING, 100)


def test_naming_the_time_of_a_photo_puts_it_in_its_place(make_image, count, place):
    count(make_image(hours_ago=5), place, living=100)
    session = count(make_image(hours_ago=0, taken_at_source=TakenAtSource.RECEIVED), place, living=60)
    date_photo(image=session.image, taken_at=at(20))
    session.refresh_from_db()
    assert (session.booking_state, stock_at(place)) == (BookingState.SUPERSEDED, 100)
    assert ledger_until(place, at(10)) == 60


FAR = {"lat": -33.0, "lon": -68.0, "altitude": None, "accuracy": 5.0}


def test_a_named_place_that_the_position_contradicts_waits_for_a_person(make_image, count, place, worker):
    session = count(make_image(gps_coordinates=FAR), place, living=100)
    assert (session.warnings[0], stock_at(place)) == (CountWarning.PLACE_MISMATCH, 0)
    assert session.image.error_details.startswith("place_mismatch: ")
    assign_location(session=session, location=place, user=worker)
    session.refresh_from_db()
    assert (session.booking_state, stock_at(place)) == (BookingState.BOOKED, 100)


def test_the_same_bytes_at_another_place_wait_for_a_supervisor(make_image, count, place, elsewhere, worker):
    first = make_image(hours_ago=5)
    count(first, place, living=100)
    later = count(make_image(hours_ago=5, sha256=first.sha256), elsewhere, living=100)
    assert later.warnings[0] == CountWarning.DUPLICATE_ELSEWHERE
    assert (stock_at(place), stock_at(elsewhere)) == (100, 0)
    trash(image_ids=[first.pk], user=worker)
    assert (stock_at(place), stock_at(elsewhere)) == (0, 100)
    restore(image_ids=[first.pk], user=worker)
    assert (stock_at(place), stock_at(elsewhere)) == (100, 0)
    validate(session=later, user=worker)
    assert (stock_at(place), stock_at(elsewhere)) == (100, 100)


def test_an_empty_picture_where_plants_stood_waits_for_a_person(make_image, count, place, worker):
    count(make_image(hours_ago=5), place, living=100)
    session = count(make_image(hours_ago=1), place, living=0, warnings=[CountWarning.NO_CONTAINER])
    assert (session.booking_state, stock_at(place)) == (BookingState.WAITING, 100)
    assert CountWarning.NOTHING_FOUND in session.warnings
    validate(session=session, user=worker)
    assert stock_at(place) == 0


def test_an_empty_picture_of_an_empty_place_books_nothing_and_waits_for_nobody(make_image, count, place):
    session = count(make_image(hours_ago=1), place, living=0, warnings=[CountWarning.NO_CONTAINER])
    assert session.booking_state == BookingState.BOOKED


# What stands around


def test_missing_and_retired_bins_are_made_again(make_image, count, place):
    count(make_image(hours_ago=5), place, living=100)
    place.bins.update(status="retired")
    count(make_image(hours_ago=1), place, living=130)
    assert stock_at(place) == 130
    assert place.bins.exclude(status="retired").count() == 1


def test_a_missing_type_of_bin_is_made_again(make_image, count, place):
    StorageBinType.objects.filter(category="segment").delete()
    session = count(make_image(), place, living=100)
    assert (session.booking_state, stock_at(place)) == (BookingState.BOOKED, 100)


def test_the_ledger_tells_the_stock_of_every_past_moment(make_image, count, place, configured, record):
    for hours_ago, living in ((9, 40), (3, 20), (7, 80), (1, 55), (8, 60)):
        count(make_image(hours_ago=hours_ago), place, living=living)
    record(place, "muerte", -5, hours_ago=2)
    record(place, "plantar", 7, hours_ago=6)
    wanted = {10: 0, 8.5: 40, 7.5: 60, 6.5: 80, 5: 87, 2.5: 20, 1.5: 15, 0: 55}
    assert {hours: held(place, configured.product, at(hours)) for hours in wanted} == wanted


def test_a_preview_tells_what_would_change_and_changes_nothing(make_image, count, place, elsewhere, worker):
    session = count(make_image(hours_ago=1), place, living=100)
    lines = StockMovement.objects.count()
    preview = preview_stock(
        lambda: assign_location(session=session, location=elsewhere, user=worker), {place.pk, elsewhere.pk}
    )
    assert {(c.location, c.before, c.after) for c in preview.changes} == {
        (place, 100, 0),
        (elsewhere, 0, 100),
    }
    session.refresh_from_db()
    assert (StockMovement.objects.count(), session.storage_location) == (lines, place)
    assert ProcessingSession.objects.get().moved_from is None
