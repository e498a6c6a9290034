"""What is grown in a location: read it, correct the running cycle, or open a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from demeter.accounts.models import User
from demeter.errors import ValidationError as Refused
from inventory.errors import AlreadyConfigured
from inventory.models import (
    ManualCount,
    PackagingCatalog,
    Product,
    ProductState,
    StockBatch,
    StorageLocation,
    StorageLocationConfig,
)
from inventory.querysets import StorageLocationConfigQuerySet
from inventory.services.ledger import held, lock_location
from inventory.services.relabelling import carry_over
from inventory.services.settlement import settle


@dataclass(frozen=True, kw_only=True)
class ConfigDetails:
    """What a configuration says of its location. `area_cm2` None means the location's whole area."""

    product: Product
    expected_product_state: ProductState
    packaging: PackagingCatalog | None = None
    area_cm2: float | None = None
    notes: str = ""


class ConfigTimeline:
    """The configurations of one location by date, read once."""

    def __init__(self, location: StorageLocation) -> None:
        self._configs = list(_with_details(location).order_by("started_at", "pk"))

    def at(self, moment: datetime) -> StorageLocationConfig | None:
        """The configuration that ran at a time; where none ran, the next that began. None: none began after it."""
        running = [
            config
            for config in self._configs
            if config.started_at <= moment and not _has_ended(config, moment)
        ]
        later = [config for config in self._configs if config.started_at > moment]
        return running[-1] if running else later[0] if later else None


def active_config(location: StorageLocation) -> StorageLocationConfig | None:
    """The configuration in force now, None if the location has none."""
    return _with_details(location).running().first()


def configs_of(location: StorageLocation) -> StorageLocationConfigQuerySet:
    """All configurations of a location, the running one first, then the past from the newest on."""
    return _with_details(location).order_by("-is_active", "-started_at", "-pk")


@transaction.atomic
def update_running(*, location: StorageLocation, details: ConfigDetails) -> StorageLocationConfig:
    """Correct the running configuration: same plants, other name, pot, state or area.

    Its photos, batches and movements come along; the place is settled anew.
    Raises: StorageLocationConfig.DoesNotExist if none is running, demeter.errors.ValidationError if the product or the
    pot is another one and switched off.
    """
    location = lock_location(location)
    config = StorageLocationConfig.objects.running().get(storage_location=location)
    _refuse_out_of_use(details, config)
    former = config.product
    config.product = details.product
    config.expected_product_state = details.expected_product_state
    config.packaging = details.packaging
    config.area_cm2 = details.area_cm2
    config.notes = details.notes
    config.full_clean()
    config.save()
    pairs = []
    if former != config.product:
        ended = StorageLocationConfig.objects.filter(storage_location=location).aggregate(
            last=Max("ended_at")
        )
        # What came before the first cycle is taken for part of it, as for photos (ConfigTimeline).
        since = ended["last"] or datetime.min.replace(tzinfo=UTC)
        pairs = carry_over(location, former, config.product, since=since)
    _relabel(config)
    settle([location.pk], pending=pairs)
    return config


@transaction.atomic
def open_cycle(
    *,
    location: StorageLocation,
    details: ConfigDetails,
    at: datetime,
    remaining: int | None = None,
    user: User | None = None,
) -> StorageLocationConfig:
    """Close the running configuration, if there is one, and start a new one. The old one stays as history.

    Where the product stays the same, so do its plants: what is in stock of it gets the new state and pot.

    Args:
        location: the place; it is locked until the transaction ends.
        details: what grows there from now on.
        at: when the new configuration starts, and the running one ends.
        remaining: plants of the old product that are still there, 0 if all are gone, as `user` says: a count by hand
            at the moment of the change. None: nobody has said; new photos wait for that answer while the books hold
            any.
        user: who says what remains; without one `remaining` is not recorded.
    Raises: ValidationError if the running one started after `at`, demeter.errors.ValidationError if the product or the
    pot is switched off and not that of the running one.
    """
    location = lock_location(location)
    running = StorageLocationConfig.objects.running().filter(storage_location=location).first()
    _refuse_out_of_use(details, running)
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
    if running and remaining is not None and user is not None and running.product != config.product:
        ManualCount.objects.create(
            storage_location=location, product=running.product, quantity=remaining, counted_at=at, user=user
        )
    if running and running.product_id == config.product_id:
        _relabel(config)
    settle([location.pk])
    return config


@transaction.atomic
def configure_first(
    *, location: StorageLocation, details: ConfigDetails, at: datetime
) -> StorageLocationConfig:
    """Say what grows at a location for which nothing is configured now: nothing is replaced.

    Photos that were taken there before `at`, since the last cycle, are of this configuration too (ConfigTimeline).
    Raises AlreadyConfigured if somebody has configured it meanwhile.
    """
    location = lock_location(location)
    if (running := active_config(location)) is not None:
        raise AlreadyConfigured(
            _("This place is configured for %(product)s already. Load the page again.")
            % {"product": running.product}
        )
    return open_cycle(location=location, details=details, at=at)


@transaction.atomic
def count_by_hand(
    *,
    location: StorageLocation,
    product: Product,
    quantity: int,
    at: datetime,
    user: User,
    reason: str = "",
) -> ManualCount:
    """Say how many living plants of a product stand at a place, for example what is left of an old one.

    The count decides from its date on. A quantity that the books hold anyway is evidence all the same.
    """
    location = lock_location(location)
    count = ManualCount(
        storage_location=location, product=product, quantity=quantity, counted_at=at, user=user, reason=reason
    )
    count.full_clean()
    count.save()
    settle([location.pk])
    return count


def other_products(location: StorageLocation, at: datetime) -> dict[Product, int]:
    """Living plants of products that a location held at a time without being configured for them."""
    config = ConfigTimeline(location).at(at)
    return held_beside(location, config.product if config else None, at)


def held_beside(location: StorageLocation, product: Product | None, at: datetime) -> dict[Product, int]:
    """Living plants that a location held at a time of all products but one."""
    others = Product.objects.filter(batches__storage_location=location).distinct().order_by("pk")
    if product is not None:
        others = others.exclude(pk=product.pk)
    plants = {other: held(location, other, at) for other in others}
    return {other: quantity for other, quantity in plants.items() if quantity > 0}


def _relabel(config: StorageLocationConfig) -> None:
    """Give what is in stock of a configuration's product its state and its pot."""
    in_stock = StockBatch.objects.at_location(config.storage_location).in_stock()
    in_stock.of_product(config.product).update(
        product_state=config.expected_product_state, packaging=config.packaging
    )


def _refuse_out_of_use(details: ConfigDetails, running: StorageLocationConfig | None) -> None:
    """Refuse a product or a pot that is switched off, unless the running configuration has it already."""
    for name in ("product", "packaging"):
        row = getattr(details, name)
        is_kept = running is not None and row == getattr(running, name)
        if row is not None and not row.is_active and not is_kept:
            raise Refused(
                _("%(name)s is switched off. Choose another one, or switch it on again.") % {"name": row}
            )


def _has_ended(config: StorageLocationConfig, moment: datetime) -> bool:
    return config.ended_at is not None and config.ended_at <= moment


def _with_details(location: StorageLocation) -> StorageLocationConfigQuerySet:
    return StorageLocationConfig.objects.filter(storage_location=location).select_related(
        "product", "expected_product_state", "packaging"
    )
