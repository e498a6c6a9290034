"""Movements, batches and the ledger that neither code nor the database lets anybody rewrite."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction

from inventory.choices import MovementSource, MovementType
from inventory.errors import InsufficientStock, LedgerIsAppendOnly, RequestReused
from inventory.models import StockBatch, StockMovement
from inventory.services.ledger import append_movement
from inventory.services.stock import create_batch, held, next_batch_code, record_movement
from tests.inventory import factories
from tests.inventory.factories import movement_details, stocked_batch

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 20)


def test_a_batch_holds_the_sum_of_its_movements():
    batch = stocked_batch(100)
    record_movement(batch=batch, quantity=-30, **movement_details(movement_type=MovementType.SALE))
    record_movement(batch=batch, quantity=5, **movement_details(movement_type=MovementType.PLANTING))
    batch.refresh_from_db()
    assert (batch.quantity_initial, batch.quantity_current) == (100, 75)
    assert not StockBatch.objects.out_of_balance().exists()


def test_a_movement_says_its_direction_and_the_bins_it_went_between():
    batch = stocked_batch(10)
    first = batch.movements.get()
    out = record_movement(batch=batch, quantity=-4, **movement_details(movement_type=MovementType.SALE))
    assert (first.is_inbound, first.source_bin, first.destination_bin) == (
        True,
        None,
        batch.current_storage_bin,
    )
    assert (out.is_inbound, out.source_bin, out.destination_bin) == (False, batch.current_storage_bin, None)
    assert out.source == MovementSource.MANUAL


def test_a_repeated_request_is_recorded_once():
    batch = stocked_batch(10)
    details = movement_details(movement_type=MovementType.DEATH)
    movements = [record_movement(batch=batch, quantity=-3, **details) for _ in range(3)]
    batch.refresh_from_db()
    assert len({movement.pk for movement in movements}) == 1
    assert batch.quantity_current == 7


@pytest.mark.parametrize("change", ["quantity", "type", "batch"])
def test_a_request_id_cannot_be_used_for_another_movement(change):
    batch = stocked_batch(10)
    details = movement_details(movement_type=MovementType.SALE)
    record_movement(batch=batch, quantity=-3, **details)
    other_batch = stocked_batch(10) if change == "batch" else batch
    if change == "type":
        details["movement_type"] = MovementType.DEATH
    with pytest.raises(RequestReused):
        record_movement(batch=other_batch, quantity=-4 if change == "quantity" else -3, **details)
    assert StockMovement.objects.filter(request_id=details["request_id"]).get().quantity == -3


def test_more_than_a_batch_holds_cannot_be_taken_and_nothing_is_written():
    batch = stocked_batch(10)
    with pytest.raises(InsufficientStock) as refusal:
        record_movement(batch=batch, quantity=-11, **movement_details(movement_type=MovementType.SALE))
    batch.refresh_from_db()
    assert (refusal.value.details["held"], refusal.value.details["asked"]) == (10, 11)
    assert (batch.quantity_current, batch.movements.count()) == (10, 1)


@pytest.mark.parametrize(
    ("movement_type", "quantity", "reason"),
    [
        pytest.param(MovementType.SALE, 1, "", id="a sale that brings plants"),
        pytest.param(MovementType.DEATH, 1, "", id="a death that brings plants"),
        pytest.param(MovementType.PLANTING, -1, "", id="a planting that takes plants"),
        pytest.param(MovementType.ADJUSTMENT, 1, "", id="an adjustment without a reason"),
        pytest.param(MovementType.ADJUSTMENT, 0, "seen", id="no plants"),
        pytest.param("theft", -1, "seen", id="an unknown type"),
    ],
)
def test_a_movement_that_cannot_be_is_refused_by_the_service_and_by_the_database(
    movement_type, quantity, reason
):
    batch = stocked_batch(10)
    details = movement_details(movement_type=movement_type, reason=reason)
    with pytest.raises(ValidationError):
        record_movement(batch=batch, quantity=quantity, **details)
    line = StockMovement(batch=batch, quantity=quantity, is_inbound=quantity > 0, source="manual", **details)
    with pytest.raises(IntegrityError), transaction.atomic():
        line.save()
    assert batch.movements.count() == 1


def test_a_movement_whose_direction_contradicts_its_sign_is_refused_by_the_database():
    details = movement_details(movement_type=MovementType.PHOTO, source="ia")
    line = StockMovement(batch=stocked_batch(10), quantity=-1, is_inbound=True, **details)
    with pytest.raises(IntegrityError, match="stock_movements_direction_matches_sign"), transaction.atomic():
        line.save()


def test_nobody_records_what_photo_counts_alone_book():
    batch = stocked_batch(10)
    with pytest.raises(ValidationError) as refusal:
        record_movement(batch=batch, quantity=5, **movement_details(movement_type=MovementType.PHOTO))
    assert list(refusal.value.message_dict) == ["movement_type"]
    assert batch.movements.count() == 1


def test_the_pots_of_dead_plants_stay_with_their_batch_as_emptied():
    batch = stocked_batch(10)
    movement = record_movement(batch=batch, quantity=-4, **movement_details(movement_type=MovementType.DEATH))
    assert (movement.batch.quantity_current, movement.batch.quantity_empty_containers) == (6, 4)


def test_an_emptied_batch_leaves_its_bin_keeps_its_location_and_returns_with_its_plants():
    batch = stocked_batch(10)
    photo = {"movement_type": MovementType.PHOTO}
    emptied = append_movement(batch=batch, quantity=-10, **movement_details(**photo)).batch
    assert (emptied.current_storage_bin, emptied.storage_location) == (None, batch.storage_location)
    refilled = append_movement(batch=batch, quantity=3, **movement_details(**photo)).batch
    assert refilled.current_storage_bin == batch.current_storage_bin


def test_what_a_location_held_counts_its_product_up_to_a_moment_and_that_moment_too():
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    location, product = factories.StorageLocationFactory(), factories.ProductFactory()
    photo = {"movement_type": MovementType.PHOTO}
    batches = [
        create_batch(
            on=DAY, storage_location=location, product=product, product_state=factories.ProductStateFactory()
        )
        for _ in range(2)
    ]
    append_movement(batch=batches[0], quantity=100, **movement_details(occurred_at=noon, **photo))
    append_movement(batch=batches[1], quantity=20, **movement_details(occurred_at=noon, **photo))
    later = noon + timedelta(hours=1)
    append_movement(batch=batches[1], quantity=-20, **movement_details(occurred_at=later, **photo))
    another_product = factories.StockBatchFactory(storage_location=location)
    another_location = factories.StockBatchFactory(product=product)
    for other in (another_product, another_location):
        append_movement(batch=other, quantity=7, **movement_details(occurred_at=noon, **photo))
    assert held(location, product, noon - timedelta(seconds=1)) == 0
    assert held(location, product, noon) == 120
    assert held(location, product, later) == 100


def test_batch_codes_count_up_for_each_location_product_and_day():
    location, product = factories.StorageLocationFactory(), factories.ProductFactory()
    state = factories.ProductStateFactory()
    kind = {"storage_location": location, "product": product, "product_state": state}
    codes = [create_batch(on=DAY, **kind).batch_code for _ in range(2)]
    codes.append(create_batch(on=DAY + timedelta(days=1), **kind).batch_code)
    stem = f"LOC{location.pk}-PROD{product.pk}"
    assert codes == [f"{stem}-20261120-001", f"{stem}-20261120-002", f"{stem}-20261121-001"]


def test_the_thousandth_batch_of_a_day_gets_a_longer_code_that_is_free():
    location, product = factories.StorageLocationFactory(), factories.ProductFactory()
    for number in ("999", "1000"):
        code = f"LOC{location.pk}-PROD{product.pk}-20261120-{number}"
        factories.StockBatchFactory(storage_location=location, product=product, batch_code=code)
    assert next_batch_code(location, product, DAY).endswith("-1001")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_batch_code_is_only_given_inside_a_transaction_that_keeps_the_location_locked():
    location, product = factories.StorageLocationFactory(), factories.ProductFactory()
    with pytest.raises(transaction.TransactionManagementError):
        next_batch_code(location, product, DAY)


def test_a_movement_cannot_be_changed_or_deleted_in_code():
    movement = stocked_batch(10).movements.get()
    movement.quantity = 11
    lines = StockMovement.objects.all()
    changes = [
        movement.save,
        movement.delete,
        lines.delete,
        lambda: lines.update(quantity=11),
        lambda: lines.bulk_update([movement], ["quantity"]),
    ]
    for change in changes:  # five of them, so the loop is never empty
        with pytest.raises(LedgerIsAppendOnly):
            change()
    movement.refresh_from_db()
    assert movement.quantity == 10


def test_the_database_itself_refuses_to_change_a_movement():
    movement = stocked_batch(10).movements.get()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE stock_movements SET quantity = 11 WHERE id = %s", [movement.pk])
    movement.refresh_from_db()
    assert movement.quantity == 10


def test_a_batch_whose_quantity_was_tampered_with_is_out_of_balance():
    honest, tampered = stocked_batch(10), stocked_batch(10)
    StockBatch.objects.filter(pk=tampered.pk).update(quantity_current=9)
    assert list(StockBatch.objects.out_of_balance()) == [tampered]
    assert honest not in StockBatch.objects.out_of_balance()


def test_a_batch_without_movements_that_claims_plants_is_out_of_balance():
    empty, claiming = factories.StockBatchFactory(), factories.StockBatchFactory(quantity_current=5)
    assert list(StockBatch.objects.out_of_balance()) == [claiming]
    assert empty.quantity_current == 0


def test_the_same_request_id_cannot_be_in_the_ledger_twice():
    request_id = uuid4()
    lines = [
        StockMovement(
            batch=stocked_batch(1),
            quantity=1,
            is_inbound=True,
            source="ia",
            **movement_details(request_id=request_id),
        )
        for _ in range(2)
    ]
    lines[0].save()
    with pytest.raises(IntegrityError), transaction.atomic():
        lines[1].save()
