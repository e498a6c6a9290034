"""Rows of the inventory for tests. Locations are 10 m squares on a 20 m grid, within one large outline."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import factory
from django.utils import timezone

from demeter.accounts.models import User
from inventory.choices import MovementType, WarehouseType
from inventory.geometry import plane_at
from inventory.models import (
    DensityParameter,
    PackagingCatalog,
    PackagingColor,
    PackagingMaterial,
    PackagingType,
    Product,
    ProductCategory,
    ProductFamily,
    ProductSize,
    ProductState,
    StockBatch,
    StorageArea,
    StorageBin,
    StorageBinType,
    StorageLocation,
    StorageLocationConfig,
    Warehouse,
)
from inventory.services.stock import create_batch, record_movement

SITE = plane_at(lon=-68.704, lat=-33.041)


def square(west_m: float, south_m: float, side_m: float = 10.0) -> dict[str, Any]:
    """A square outline, its south-west corner in metres from the test site's."""
    return SITE.rectangle(west_m, south_m, side_m, side_m)


class UserFactory(factory.django.DjangoModelFactory):
    """A worker."""

    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"inventory{n}@example.com")
    name = "Rosa"
    role = "worker"


class WarehouseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Warehouse

    code = factory.Sequence(lambda n: f"W{n:04d}")
    name = "Nave"
    warehouse_type = WarehouseType.GREENHOUSE
    polygon = factory.LazyFunction(lambda: square(0, 0, 220))


class StorageAreaFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = StorageArea

    warehouse = factory.SubFactory(WarehouseFactory)
    code = factory.LazyAttributeSequence(lambda o, n: f"{o.warehouse.code}-A{n}")
    name = "Cantero"
    polygon = factory.LazyFunction(lambda: square(5, 5, 210))


class StorageLocationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = StorageLocation

    storage_area = factory.SubFactory(StorageAreaFactory)
    code = factory.LazyAttributeSequence(lambda o, n: f"{o.storage_area.code}-L{n}")
    qr_code = factory.Sequence(lambda n: f"CLARO-{n:06d}")
    name = factory.Sequence(lambda n: f"Claro {n}")
    polygon = factory.Sequence(lambda n: square(10 + 20 * (n % 10), 10 + 20 * (n // 10 % 10)))


class StorageBinTypeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = StorageBinType

    code = factory.Sequence(lambda n: f"TYPE_{n}")
    name = "Cajón"
    category = "box"


class StorageBinFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = StorageBin

    storage_location = factory.SubFactory(StorageLocationFactory)
    storage_bin_type = factory.SubFactory(StorageBinTypeFactory)
    code = factory.LazyAttributeSequence(lambda o, n: f"{o.storage_location.code}-B{n}")


class ProductCategoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ProductCategory

    code = factory.Sequence(lambda n: f"CATEGORY_{n}")
    name = "Suculentas"


class ProductFamilyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ProductFamily

    category = factory.SubFactory(ProductCategoryFactory)
    name = "Echeveria"


class ProductFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Product

    family = factory.SubFactory(ProductFamilyFactory)
    sku = factory.Sequence(lambda n: f"PRODUCT-{n}")
    common_name = "Rosa de alabastro"


class ProductStateFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ProductState

    code = factory.Sequence(lambda n: f"STATE_{n}")
    name = "Adulta"
    is_sellable = True


class ProductSizeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ProductSize

    code = factory.Sequence(lambda n: f"SIZE_{n}")
    name = "Mediana"


class PackagingTypeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PackagingType

    code = factory.Sequence(lambda n: f"POT-{n}")
    name = "Maceta"


class PackagingMaterialFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PackagingMaterial

    code = factory.Sequence(lambda n: f"PLASTIC-{n}")
    name = "Plástico"


class PackagingColorFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PackagingColor

    name = factory.Sequence(lambda n: f"Negro {n}")
    hex_code = "#222222"


class PackagingCatalogFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PackagingCatalog

    packaging_type = factory.SubFactory(PackagingTypeFactory)
    material = factory.SubFactory(PackagingMaterialFactory)
    color = factory.SubFactory(PackagingColorFactory)
    sku = factory.Sequence(lambda n: f"POT-R8-{n}")
    name = "Maceta R8"
    diameter_cm = 8
    height_cm = 7


class DensityParameterFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DensityParameter

    storage_bin_type = factory.SubFactory(StorageBinTypeFactory)
    product = factory.SubFactory(ProductFactory)
    avg_area_per_plant_cm2 = 50.0
    plants_per_m2 = 150.0
    avg_diameter_cm = 8.0


class StorageLocationConfigFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = StorageLocationConfig

    storage_location = factory.SubFactory(StorageLocationFactory)
    product = factory.SubFactory(ProductFactory)
    packaging = factory.SubFactory(PackagingCatalogFactory)
    expected_product_state = factory.SubFactory(ProductStateFactory)


class StockBatchFactory(factory.django.DjangoModelFactory):
    """An empty batch in a bin of its location: fill it with a movement, as the services do."""

    class Meta:
        model = StockBatch

    batch_code = factory.Sequence(lambda n: f"LOC1-PROD1-20260101-{n:05d}")
    storage_location = factory.SubFactory(StorageLocationFactory)
    current_storage_bin = factory.SubFactory(
        StorageBinFactory, storage_location=factory.SelfAttribute("..storage_location")
    )
    product = factory.SubFactory(ProductFactory)
    product_state = factory.SubFactory(ProductStateFactory)


def movement_details(**changes: Any) -> dict[str, Any]:
    """What `record_movement` needs besides batch and quantity: an initial count, now, by a new worker."""
    return {
        "movement_type": MovementType.INITIAL_COUNT,
        "request_id": uuid4(),
        "user": changes.get("user") or UserFactory(),
        "occurred_at": timezone.now(),
        **changes,
    }


def stocked_batch(quantity: int, **details: Any) -> StockBatch:
    """A batch of the services' own making that holds `quantity` plants in a bin of its location."""
    location = details.pop("storage_location", None) or StorageLocationFactory()
    defaults: dict[str, Any] = {
        "on": date(2026, 1, 1),
        "storage_location": location,
        "storage_bin": StorageBinFactory(storage_location=location),
    }
    for name, make in (("product", ProductFactory), ("product_state", ProductStateFactory)):
        if name not in details:
            defaults[name] = make()
    batch = create_batch(**{**defaults, **details})
    return record_movement(batch=batch, quantity=quantity, **movement_details()).batch
