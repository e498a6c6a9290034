"""What is grown in a location: corrected in place, or replaced by a new cycle with the old one as history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.utils import timezone

from demeter.errors import ValidationError as Refused
from inventory.choices import MovementType
from inventory.models import StockBatch, StorageLocationConfig
from inventory.services.configs import (
    ConfigDetails,
    ConfigTimeline,
    active_config,
    count_by_hand,
    open_cycle,
    other_products,
    update_running,
)
from inventory.services.stock import held, record_movement
from tests.inventory import factories
from tests.inventory.factories import movement_details, stocked_batch

pytestmark = pytest.mark.django_db


@pytest.fixture
def details() -> ConfigDetails:
    return ConfigDetails(
        product=factories.ProductFactory(),
        expected_product_state=factories.ProductStateFactory(),
        packaging=factories.PackagingCatalogFactory(),
    )


def test_a_location_without_a_configuration_has_none():
    assert active_config(factories.StorageLocationFactory()) is None


def test_a_new_cycle_ends_the_running_one_and_both_are_found_by_their_time(details):
    location, now = factories.StorageLocationFactory(), timezone.now()
    spring = open_cycle(location=location, details=details, at=now - timedelta(days=60))
    autumn = open_cycle(
        location=location, details=replace(details, product=factories.ProductFactory()), at=now
    )
    spring.refresh_from_db()
    assert (spring.is_active, spring.ended_at) == (False, now)
    assert active_config(location) == autumn
    timeline = ConfigTimeline(location)
    assert timeline.at(now - timedelta(seconds=1)) == spring
    assert timeline.at(now) == autumn


def test_a_cycle_cannot_end_before_it_started(details):
    location, now = factories.StorageLocationFactory(), timezone.now()
    running = open_cycle(location=location, details=details, at=now)
    with pytest.raises(ValidationError):
        open_cycle(location=location, details=details, at=now - timedelta(days=1))
    assert list(StorageLocationConfig.objects.running()) == [running]


def test_correcting_the_running_cycle_keeps_its_row_and_relabels_the_stock(details):
    location = factories.StorageLocationFactory()
    running = open_cycle(location=location, details=details, at=timezone.now())
    batch = stocked_batch(10, storage_location=location, product=details.product)
    other_product = stocked_batch(10, storage_location=location)
    flowering = factories.ProductStateFactory()
    corrected = update_running(
        location=location, details=replace(details, expected_product_state=flowering, packaging=None)
    )
    batch.refresh_from_db()
    assert corrected.pk == running.pk
    assert (batch.product_state, batch.packaging) == (flowering, None)
    before = other_product.product_state
    other_product.refresh_from_db()
    assert other_product.product_state == before


def test_a_new_cycle_of_the_same_product_relabels_its_stock_and_what_is_counted_next_joins_it(details):
    location, now = factories.StorageLocationFactory(), timezone.now()
    open_cycle(location=location, details=details, at=now - timedelta(days=9))
    stocked_batch(500, storage_location=location, product=details.product, packaging=details.packaging)
    other_product = stocked_batch(10, storage_location=location)
    larger, flowering = factories.PackagingCatalogFactory(), factories.ProductStateFactory()
    new = replace(details, packaging=larger, expected_product_state=flowering)

    open_cycle(location=location, details=new, at=timezone.now())
    count_by_hand(
        location=location,
        product=details.product,
        quantity=520,
        at=timezone.now(),
        user=factories.UserFactory(),
    )

    grown = StockBatch.objects.at_location(location).of_product(details.product).in_stock()
    labels = grown.order_by().values_list("packaging", "product_state").annotate(Sum("quantity_current"))
    assert list(labels) == [(larger.pk, flowering.pk, 520)]
    assert other_product.product_state == StockBatch.objects.get(pk=other_product.pk).product_state


def test_a_new_cycle_of_another_product_leaves_the_labels_of_the_old_one(details):
    location, now = factories.StorageLocationFactory(), timezone.now()
    open_cycle(location=location, details=details, at=now - timedelta(days=9))
    batch = stocked_batch(500, storage_location=location, product=details.product)
    new = replace(
        details, product=factories.ProductFactory(), expected_product_state=factories.ProductStateFactory()
    )
    open_cycle(location=location, details=new, at=timezone.now())
    assert StockBatch.objects.get(pk=batch.pk).product_state == batch.product_state


@pytest.mark.parametrize("name", ["product", "packaging"])
def test_what_is_switched_off_is_configured_nowhere_anew_but_stays_where_it_grows(details, name):
    location, now = factories.StorageLocationFactory(), timezone.now()
    open_cycle(location=location, details=details, at=now - timedelta(days=9))
    others = {"product": factories.ProductFactory, "packaging": factories.PackagingCatalogFactory}
    switched_off = replace(details, **{name: others[name](is_active=False)})
    with pytest.raises(Refused):
        update_running(location=location, details=switched_off)
    with pytest.raises(Refused):
        open_cycle(location=location, details=switched_off, at=now)
    assert StorageLocationConfig.objects.get().is_active

    grown = getattr(details, name)
    grown.is_active = False
    grown.save()
    assert update_running(location=location, details=replace(details, notes="checked")).notes == "checked"
    assert open_cycle(location=location, details=details, at=now).is_active


def test_correcting_the_product_of_the_running_cycle_carries_its_stock_along(details):
    location, now = factories.StorageLocationFactory(), timezone.now()
    open_cycle(location=location, details=details, at=now - timedelta(days=1))
    batch = stocked_batch(10, storage_location=location, product=details.product)
    other = replace(details, product=factories.ProductFactory())
    assert update_running(location=location, details=other).product == other.product
    batch.refresh_from_db()
    assert (batch.product, batch.quantity_current) == (other.product, 10)
    assert active_config(location).product == other.product
    assert held(location, details.product, timezone.now()) == 0


def test_correcting_the_product_leaves_the_cycle_before_alone(details):
    location, now = factories.StorageLocationFactory(), timezone.now()
    open_cycle(location=location, details=details, at=now - timedelta(days=9))
    batch = stocked_batch(10, storage_location=location, product=details.product)
    second = open_cycle(location=location, details=details, at=timezone.now())
    record_movement(
        batch=batch,
        quantity=5,
        **movement_details(movement_type=MovementType.PLANTING, occurred_at=timezone.now()),
    )
    right = factories.ProductFactory()
    update_running(location=location, details=replace(details, product=right))
    assert held(location, details.product, timezone.now()) == 10
    assert held(location, right, timezone.now()) == 5
    assert held(location, details.product, second.started_at) == 10
    assert not StockBatch.objects.out_of_balance().exists()


def test_opening_a_cycle_with_an_answer_counts_what_is_left_of_the_old_product(details):
    location, worker = factories.StorageLocationFactory(), factories.UserFactory()
    open_cycle(location=location, details=details, at=timezone.now() - timedelta(days=1))
    stocked_batch(10, storage_location=location, product=details.product)
    new = replace(details, product=factories.ProductFactory())
    at = timezone.now()
    open_cycle(location=location, details=new, at=at, remaining=3, user=worker)
    assert held(location, details.product, at - timedelta(microseconds=1)) == 10
    assert held(location, details.product, at) == 3
    assert other_products(location, at) == {details.product: 3}


def test_without_a_running_cycle_there_is_nothing_to_correct(details):
    with pytest.raises(StorageLocationConfig.DoesNotExist):
        update_running(location=factories.StorageLocationFactory(), details=details)
