"""What is grown in a location: corrected in place, or replaced by a new cycle with the old one as history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from inventory.errors import ProductHasStock
from inventory.models import StorageLocationConfig
from inventory.services.configs import ConfigDetails, active_config, config_at, open_cycle, update_running
from tests.inventory import factories
from tests.inventory.factories import stocked_batch

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
    assert config_at(location, now - timedelta(days=61)) is None
    assert config_at(location, now - timedelta(seconds=1)) == spring
    assert config_at(location, now) == autumn


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


def test_the_product_of_a_running_cycle_changes_only_while_none_of_it_is_held(details):
    location = factories.StorageLocationFactory()
    open_cycle(location=location, details=details, at=timezone.now())
    other = replace(details, product=factories.ProductFactory())
    assert update_running(location=location, details=other).product == other.product
    stocked_batch(10, storage_location=location, product=other.product)
    with pytest.raises(ProductHasStock):
        update_running(location=location, details=details)
    config = active_config(location)
    assert config is not None
    assert config.product == other.product


def test_without_a_running_cycle_there_is_nothing_to_correct(details):
    with pytest.raises(StorageLocationConfig.DoesNotExist):
        update_running(location=factories.StorageLocationFactory(), details=details)
