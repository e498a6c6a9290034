"""At which time a movement is recorded of which only the day is known."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.utils import timezone

from inventory.choices import MovementType
from inventory.errors import FutureMovement, MovementTimeUnclear
from inventory.services.configs import count_by_hand
from inventory.services.movement_time import Side, movement_time
from inventory.services.stock import create_batch, held, record_movement
from tests.inventory.factories import (
    ProductFactory,
    StorageLocationConfigFactory,
    UserFactory,
    movement_details,
)
from tests.photos.count_builders import count_photo, store_photo

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 10)


def at(hour: int, minute: int = 0, *, day: date = DAY) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


@pytest.fixture
def config():
    return StorageLocationConfigFactory(started_at=at(0) - timedelta(days=30))


def count(config, hour, *, product=None, quantity=20, day=DAY):
    return count_by_hand(
        location=config.storage_location,
        product=product or config.product,
        quantity=quantity,
        at=at(hour, day=day),
        user=UserFactory(),
    )


def time_of(config, answer=None, *, day=DAY):
    return movement_time(day=day, location=config.storage_location, product=config.product, answer=answer)


def test_a_day_without_a_count_is_its_noon(config):
    count(config, 9, day=DAY - timedelta(days=1))
    count(config, 9, product=ProductFactory())
    assert time_of(config) == at(12)


def test_today_is_now(config):
    assert timezone.now() - time_of(config, day=timezone.localdate()) < timedelta(minutes=1)


def test_a_day_that_has_not_come_is_refused(config):
    with pytest.raises(FutureMovement):
        time_of(config, day=timezone.localdate() + timedelta(days=1))


@pytest.mark.parametrize("hour", [9, 18])
def test_the_day_of_a_count_asks_whether_it_was_before_or_after(config, hour):
    counted = count(config, hour)
    with pytest.raises(MovementTimeUnclear) as question:
        time_of(config)
    assert (question.value.code, question.value.status) == ("before_or_after_count", 409)
    assert question.value.details["counted_at"] == at(hour).isoformat()
    assert question.value.details["count"] == str(counted.uuid)
    assert f"{hour:02}:00" in str(question.value)


@pytest.mark.parametrize("hour", [0, 9, 18])
def test_the_answer_decides_whether_the_count_has_seen_the_movement(config, hour):
    batch = create_batch(
        on=DAY,
        storage_location=config.storage_location,
        product=config.product,
        product_state=config.expected_product_state,
    )
    count(config, hour)
    for side, stock in ((Side.BEFORE, 20), (Side.AFTER, 25)):
        when = time_of(config, side)
        assert timezone.localdate(when) == DAY
        record_movement(
            batch=batch,
            quantity=5,
            **movement_details(movement_type=MovementType.PLANTING, occurred_at=when),
        )
        assert held(config.storage_location, config.product, timezone.now()) == stock


def test_the_last_count_of_a_day_is_the_one_that_is_asked_about(config):
    count(config, 9)
    count(config, 15)
    with pytest.raises(MovementTimeUnclear) as question:
        time_of(config)
    assert question.value.details["counted_at"] == at(15).isoformat()
    assert time_of(config, Side.AFTER) > at(15)


def test_a_first_count_of_the_place_is_a_count_too(config):
    batch = create_batch(
        on=DAY,
        storage_location=config.storage_location,
        product=config.product,
        product_state=config.expected_product_state,
    )
    record_movement(batch=batch, quantity=30, **movement_details(occurred_at=at(8)))
    with pytest.raises(MovementTimeUnclear):
        time_of(config)


def test_a_photo_asks_and_one_that_waits_for_a_person_does_not(config):
    worker = UserFactory()
    count_photo(store_photo(worker, taken_at=at(10)), config.storage_location, warnings=["partial_count"])
    assert time_of(config) == at(12)
    count_photo(store_photo(worker, taken_at=at(11)), config.storage_location)
    with pytest.raises(MovementTimeUnclear) as question:
        time_of(config)
    assert question.value.details["is_photo"]
