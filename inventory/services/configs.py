"""What is grown in a location: read it, correct the running cycle, or open a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from inventory.errors import ProductHasStock
from inventory.models import (
    PackagingCatalog,
    Product,
    ProductState,
    StockBatch,
    StorageLocation,
    StorageLocationConfig,
)
from inventory.querysets import StorageLocationConfigQuerySet
from inventory.services.stock import lock_location


@dataclass(frozen=True, kw_only=True)
class ConfigDetails:
    """What a configuration says of its location. `area_cm2` None means the location's whole area."""

    product: Product
    expected_product_state: ProductState
    packaging: PackagingCatalog | None = None
    area_cm2: float | None = None
    notes: str = ""


def active_config(location: StorageLocation) -> StorageLocationConfig | None:
    """The configuration in force now, None if the location has none."""
    return _with_details(location).running().first()


def config_at(location: StorageLocation, at: datetime) -> StorageLocationConfig | None:
    """The configuration that was in force at a time, None if the location had none."""
    return _with_details(location).valid_at(at).order_by("-started_at").first()


@transaction.atomic
def update_running(*, location: StorageLocation, details: ConfigDetails) -> StorageLocationConfig:
    """Correct the running configuration: same plants, other pot, state or area. The stock's labels follow.

    Raises: StorageLocationConfig.DoesNotExist if none is running, ProductHasStock if the product would change
    under plants that are held: that is a new cycle.
    """
    location = lock_location(location)
    config = StorageLocationConfig.objects.running().get(storage_location=location)
    in_stock = StockBatch.objects.at(location).in_stock().of(config.product)
    if details.product != config.product and in_stock.exists():
        raise ProductHasStock(
            _("%(location)s still holds plants of %(product)s; open a new cycle instead.")
            % {"location": location.code, "product": config.product},
            location=location.code,
        )
    config.product = details.product
    config.expected_product_state = details.expected_product_state
    config.packaging = details.packaging
    config.area_cm2 = details.area_cm2
    config.notes = details.notes
    config.full_clean()
    config.save()
    in_stock.update(product_state=details.expected_product_state, packaging=details.packaging)
    return config


@transaction.atomic
def open_cycle(*, location: StorageLocation, details: ConfigDetails, at: datetime) -> StorageLocationConfig:
    """Close the running configuration, if there is one, and start a new one. The old one stays as history.

    Raises: ValidationError if the running one started after `at`.
    """
    location = lock_location(location)
    running = StorageLocationConfig.objects.running().filter(storage_location=location).first()
    if running:
        running.is_active = False
        running.ended_at = at
        running.full_clean()
        running.save()
    config = StorageLocationConfig(
        storage_location=location,
        product=details.product,
        expected_product_state=details.expected_product_state,
        packaging=details.packaging,
        area_cm2=details.area_cm2,
        notes=details.notes,
        started_at=at,
    )
    config.full_clean()
    config.save()
    return config


def _with_details(location: StorageLocation) -> StorageLocationConfigQuerySet:
    return StorageLocationConfig.objects.filter(storage_location=location).select_related(
        "product", "expected_product_state", "packaging"
    )
