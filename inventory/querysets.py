"""The questions that are asked of places, configurations and stock.

Models import these, so no model is imported here, not even for a type: a row is a `models.Model` to them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, NoReturn, Self

from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Prefetch, Q, Subquery, Sum, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from demeter.change_times import ChangeTimedUpdates
from inventory.choices import BinSource, BinStatus
from inventory.errors import LedgerIsAppendOnly
from inventory.geometry import degrees_around

_SEARCHED: Final = (
    "code", "qr_code", "name", "storage_area__code", "storage_area__name", "storage_area__warehouse__code",
    "storage_area__warehouse__name",
)  # fmt: skip
_SEARCHED_OF_PRODUCT: Final = ("sku", "common_name", "scientific_name")


def _in_use(location: str = "") -> Q:
    """That a location is active and stands in an active area and warehouse. `location`: the path to it, with `__`."""
    names = ("is_active", "storage_area__is_active", "storage_area__warehouse__is_active")
    return Q(**{f"{location}{name}": True for name in names})


class WarehouseQuerySet(ChangeTimedUpdates, models.QuerySet[Any]):
    """Questions about warehouses."""

    def in_use(self) -> Self:
        """Warehouses that are active."""
        return self.filter(is_active=True)

    def with_stock(self) -> Self:
        """Adds `quantity` (living plants), `area_count` and `location_count`: of the locations in use."""
        area = Q(areas__is_active=True)
        location = area & Q(areas__locations__is_active=True)
        held = Sum("areas__locations__batches__quantity_current", filter=location)
        return self.annotate(
            quantity=Coalesce(held, 0),
            area_count=Count("areas", filter=area, distinct=True),
            location_count=Count("areas__locations", filter=location, distinct=True),
        )


class StorageAreaQuerySet(ChangeTimedUpdates, models.QuerySet[Any]):
    """Questions about the beds of warehouses."""

    def in_use(self) -> Self:
        """Areas that are active and lie in an active warehouse."""
        return self.filter(is_active=True, warehouse__is_active=True)

    def with_stock(self) -> Self:
        """Adds `quantity` (living plants) and `location_count`: of the locations in use."""
        location = Q(locations__is_active=True)
        return self.annotate(
            quantity=Coalesce(Sum("locations__batches__quantity_current", filter=location), 0),
            location_count=Count("locations", filter=location, distinct=True),
        )


class StorageLocationQuerySet(ChangeTimedUpdates, models.QuerySet[Any]):
    """Questions about the places that photos show."""

    def in_use(self) -> Self:
        """Locations that are active and stand in an active area and warehouse."""
        return self.filter(_in_use())

    def labelled(self, texts: Collection[str]) -> Self:
        """Locations whose QR labels say one of these texts, as a reader of codes gives them."""
        return self.filter(qr_code__in={text.strip().upper() for text in texts})

    def near(self, lat: float, lon: float, radius_m: float) -> Self:
        """Locations whose bounding box comes within a radius of a point.

        A superset of those whose polygon does: the caller measures. Answered from the index alone.
        """
        lon_reach, lat_reach = degrees_around(lat, radius_m)
        return self.filter(
            bbox_min_lon__lte=lon + lon_reach,
            bbox_max_lon__gte=lon - lon_reach,
            bbox_min_lat__lte=lat + lat_reach,
            bbox_max_lat__gte=lat - lat_reach,
        )

    def with_stock(self) -> Self:
        """Adds `quantity`: living plants."""
        return self.annotate(quantity=Coalesce(Sum("batches__quantity_current"), 0))

    def with_running_config(self) -> Self:
        """Adds `running_configs`: the configuration in force in a list, which is empty where there is none."""
        configs = self.model._meta.get_field("configs").related_model.objects.running()
        details = configs.select_related("product", "packaging", "expected_product_state")
        return self.prefetch_related(Prefetch("configs", details, to_attr="running_configs"))

    def matching(self, text: str) -> Self:
        """Locations in whose codes, names or product each word of a text occurs, whatever its case and accents.

        The product is the one that is configured to grow there now.

        A location whose code or QR code is the whole text comes first, then those whose code begins with it.
        """
        found = self
        for word in text.split():
            condition = Q()
            for field in _SEARCHED:
                condition |= Q(**{f"{field}__folded_contains": word})
            condition |= Q(Exists(self._configs_of(word)))
            found = found.filter(condition)
        is_named = Q(code__iexact=text) | Q(qr_code__iexact=text)
        rank = Case(When(is_named, then=0), When(code__istartswith=text, then=1), default=2)
        return found.annotate(match_rank=rank).order_by("match_rank", "code", "pk")

    def _configs_of(self, word: str) -> models.QuerySet[Any]:
        """The running configurations of a location whose product a word names."""
        named = Q()
        for field in _SEARCHED_OF_PRODUCT:
            named |= Q(**{f"product__{field}__folded_contains": word})
        configs = self.model._meta.get_field("configs").related_model.objects.running()
        return configs.filter(named, storage_location=OuterRef("pk"))


class StorageBinQuerySet(ChangeTimedUpdates, models.QuerySet[Any]):
    """Questions about containers."""

    def in_use(self) -> Self:
        """Containers that are not retired."""
        return self.exclude(status=BinStatus.RETIRED)

    def from_photos(self) -> Self:
        """Containers that stand for what photos showed."""
        return self.filter(source=BinSource.PHOTO)


class StorageLocationConfigQuerySet(ChangeTimedUpdates, models.QuerySet[Any]):
    """Questions about what is grown where."""

    def running(self) -> Self:
        """The configurations in force now."""
        return self.filter(is_active=True)


class ProductQuerySet(ChangeTimedUpdates, models.QuerySet[Any]):
    """Questions about products: none yet beyond those of Django."""


class DensityParameterQuerySet(ChangeTimedUpdates, models.QuerySet[Any]):
    """Questions about how densely plants stand."""

    def for_product_and_packaging(self, product: models.Model, packaging: models.Model | None) -> Self:
        """What is known of a product in a packaging: rows of that packaging before rows for any."""
        return self.filter(Q(packaging=packaging) | Q(packaging__isnull=True), product=product).order_by(
            F("packaging").asc(nulls_last=True), "pk"
        )


class StockBatchQuerySet(ChangeTimedUpdates, models.QuerySet[Any]):
    """Questions about batches."""

    def at_location(self, location: models.Model) -> Self:
        """Batches that belong to a location, emptied ones included."""
        return self.filter(storage_location=location)

    def of_product(self, product: models.Model) -> Self:
        """Batches of one product."""
        return self.filter(product=product)

    def in_stock(self) -> Self:
        """Batches that still hold plants."""
        return self.filter(quantity_current__gt=0)

    def at_places_in_use(self) -> Self:
        """Batches at locations in use: what the stock of the nursery is, on every page."""
        return self.filter(_in_use("storage_location__"))

    def newest_first(self) -> Self:
        """The order in which a photo's shortfall is taken from batches."""
        return self.order_by("-created_at", "-pk")

    def out_of_balance(self) -> Self:
        """Batches whose stored quantity is not the sum of their movements. Must return nothing."""
        return self.annotate(moved=Coalesce(Sum("movements__quantity"), 0)).exclude(
            quantity_current=F("moved")
        )


class StockMovementQuerySet(models.QuerySet[Any]):
    """Questions about the ledger, and the refusal to change it in bulk."""

    def held_until(self, location: models.Model, product: models.Model, at: datetime) -> Self:
        """The movements that made up what a location held of a product at a time, that moment included."""
        return self.filter(batch__storage_location=location, batch__product=product, occurred_at__lte=at)

    def at_places_in_use(self) -> Self:
        """Movements at locations in use."""
        return self.filter(_in_use("batch__storage_location__"))

    def with_balance(self) -> Self:
        """Adds `balance`: what the batch held after each movement."""
        moment = Q(occurred_at__lt=OuterRef("occurred_at"))
        until = moment | Q(occurred_at=OuterRef("occurred_at"), pk__lte=OuterRef("pk"))
        lines = self.model.objects.filter(until, batch=OuterRef("batch")).order_by().values("batch")
        return self.annotate(balance=Subquery(lines.annotate(held=Sum("quantity")).values("held")))

    def total(self) -> int:
        """The sum of these movements: plants, 0 if there are none."""
        return int(self.aggregate(total=Coalesce(Sum("quantity"), 0))["total"])

    def update(self, **kwargs: Any) -> NoReturn:
        raise LedgerIsAppendOnly(_("Movements cannot be changed; record an adjustment instead."))

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise LedgerIsAppendOnly(_("Movements cannot be changed; record an adjustment instead."))

    def delete(self) -> NoReturn:
        raise LedgerIsAppendOnly(_("Movements cannot be deleted; record an adjustment instead."))
