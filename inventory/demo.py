"""A small nursery to try DemeterAI with: five warehouses, seventeen locations, nine species.

Its places are larger and further apart than real claros (1.8 m wide), so that a phone's position, which errs
by three to five metres, names one of them. In tunnel T1 it is otherwise on purpose: a position cannot tell
T1-S-01 from T1-S-02 beside it, and T1-N-01 has no configuration.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from django.db import models, transaction
from django.utils import timezone

from inventory.choices import AreaPosition, WarehouseType
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
    ProductState,
    StorageArea,
    StorageBinType,
    StorageLocation,
    Warehouse,
)
from inventory.services.configs import ConfigDetails, active_config, open_cycle

M = TypeVar("M", bound=models.Model)

# South-west corner of the demo's site, in western Argentina.
SITE = plane_at(lon=-68.7045, lat=-33.0415)

# code, name, type, metres east and north of the site's corner
WAREHOUSES = [
    ("N1", "Nave 1", WarehouseType.GREENHOUSE, 0, 0),
    ("N2", "Nave 2", WarehouseType.GREENHOUSE, 55, 0),
    ("S1", "Sombráculo 1", WarehouseType.SHADEHOUSE, 0, 55),
    ("T1", "Túnel 1", WarehouseType.TUNNEL, 55, 55),
    ("C1", "Campo 1", WarehouseType.OPEN_FIELD, 0, 110),
]
WAREHOUSE_M = (40.0, 38.0)
# position, name, metres north of the warehouse's edge; each bed is half a warehouse
AREAS = [(AreaPosition.SOUTH, "Cantero Sur", 0.0), (AreaPosition.NORTH, "Cantero Norte", 19.0)]
AREA_M = (40.0, 19.0)


@dataclass(frozen=True)
class Spot:
    """A rectangle in metres within its bed."""

    west_m: float
    south_m: float
    width_m: float
    height_m: float


# Squares of 13 m, 12 m apart within a bed and 10 m from the other bed's.
BED_SPOTS = {
    AreaPosition.SOUTH: [Spot(1, 1, 13, 13), Spot(26, 1, 13, 13)],
    AreaPosition.NORTH: [Spot(1, 5, 13, 13), Spot(26, 5, 13, 13)],
}
TUNNEL_SPOTS = {
    AreaPosition.SOUTH: [Spot(1, 1, 1.8, 4.3), Spot(2.8, 1, 1.8, 4.3)],
    AreaPosition.NORTH: [Spot(26, 5, 13, 13)],
}
FIELD_SPOTS = {AreaPosition.SOUTH: [Spot(1, 1, 13, 13), Spot(26, 1, 13, 13)]}
OTHER_SPOTS = {"T1": TUNNEL_SPOTS, "C1": FIELD_SPOTS}

# SKU, category, genus, common name, scientific name, diameter of a plant in cm
PRODUCTS = [
    ("ECH-ELEGANS", "SUCCULENT", "Echeveria", "Rosa de alabastro", "Echeveria elegans", 7.0),
    ("ECH-AGAVOIDES", "SUCCULENT", "Echeveria", "Echeveria agavoides", "Echeveria agavoides", 8.0),
    ("HAW-FASCIATA", "SUCCULENT", "Haworthia", "Planta cebra", "Haworthiopsis fasciata", 6.0),
    ("SED-MORGAN", "SUCCULENT", "Sedum", "Cola de burro", "Sedum morganianum", 9.0),
    ("CRA-OVATA", "SUCCULENT", "Crassula", "Árbol de jade", "Crassula ovata", 9.0),
    ("MAM-HAHNIANA", "CACTUS", "Mammillaria", "Cactus anciana", "Mammillaria hahniana", 6.0),
    ("ECC-GRUSONII", "CACTUS", "Echinocactus", "Asiento de suegra", "Kroenleinia grusonii", 8.0),
    ("OPU-MICRODASYS", "CACTUS", "Opuntia", "Oreja de conejo", "Opuntia microdasys", 9.0),
    ("AGA-VICTORIAE", "AGAVE", "Agave", "Agave reina Victoria", "Agave victoriae-reginae", 10.0),
]

# SKU, name, material, colour, diameter and height in cm
PACKAGINGS = [
    ("POT-R5-NEGRO", "Maceta R5 negra", "PLASTIC", "Negro", 5, 5),
    ("POT-R8-TERRACOTA", "Maceta R8 terracota", "PLASTIC", "Terracota", 8, 7),
    ("POT-R9-GRIS", "Maceta R9 gris", "PLASTIC", "Gris", 9, 8),
    ("POT-T11-TERRACOTA", "Maceta de barro T11", "CLAY", "Terracota", 11, 10),
]
MATERIALS = [("PLASTIC", "Plástico"), ("CLAY", "Barro")]
COLOURS = [("Negro", "#222222"), ("Terracota", "#B5603A"), ("Gris", "#808080")]

UNCONFIGURED = "T1-N-01"
PHOTO_BIN_TYPES = ("SEGMENT", "BOX", "PLUG")


@transaction.atomic
def load_demo_nursery() -> None:
    """Make the demo's places, catalogue and configurations. What is there already stays as it is."""
    locations = _load_places()
    products = _load_products()
    packagings = _load_packagings()
    _load_densities(products, packagings)
    adult = ProductState.objects.get(code="ADULT")
    configured = [location for location in locations if location.code != UNCONFIGURED]
    for index, location in enumerate(configured):
        if active_config(location) is None:
            details = ConfigDetails(
                product=products[index % len(products)],
                packaging=packagings[index % len(packagings)],
                expected_product_state=adult,
            )
            # Backdated: the demo's photos may have been taken before the demo was loaded.
            open_cycle(location=location, details=details, at=timezone.now() - timedelta(days=365))


def _load_places() -> list[StorageLocation]:
    locations = []
    for code, name, warehouse_type, east_m, north_m in WAREHOUSES:
        warehouse = _ensure(
            Warehouse,
            {"code": code},
            name=name,
            warehouse_type=warehouse_type,
            polygon=SITE.rectangle(east_m, north_m, *WAREHOUSE_M),
        )
        spots_by_position = OTHER_SPOTS.get(code, BED_SPOTS)
        for position, area_name, bed_m in AREAS:
            area = _ensure(
                StorageArea,
                {"code": f"{code}-{position}"},
                warehouse=warehouse,
                name=area_name,
                position=position,
                polygon=SITE.rectangle(east_m, north_m + bed_m, *AREA_M),
            )
            for number, spot in enumerate(spots_by_position.get(position, []), start=1):
                outline = SITE.rectangle(
                    east_m + spot.west_m, north_m + bed_m + spot.south_m, spot.width_m, spot.height_m
                )
                location = _ensure(
                    StorageLocation,
                    {"code": f"{area.code}-{number:02d}"},
                    storage_area=area,
                    qr_code=f"CLARO-{area.code}-{number:02d}",
                    name=f"{name}, {area_name}, claro {number}",
                    polygon=outline,
                )
                locations.append(location)
    return locations


def _load_products() -> list[Product]:
    products = []
    for sku, category_code, genus, common_name, scientific_name, _diameter_cm in PRODUCTS:
        category = ProductCategory.objects.get(code=category_code)
        family = _ensure(ProductFamily, {"category": category, "name": genus}, scientific_name=genus)
        products.append(
            _ensure(
                Product, {"sku": sku}, family=family, common_name=common_name, scientific_name=scientific_name
            )
        )
    return products


def _load_packagings() -> list[PackagingCatalog]:
    pot = _ensure(PackagingType, {"code": "POT"}, name="Maceta")
    materials = {code: _ensure(PackagingMaterial, {"code": code}, name=name) for code, name in MATERIALS}
    colours = {name: _ensure(PackagingColor, {"name": name}, hex_code=value) for name, value in COLOURS}
    return [
        _ensure(
            PackagingCatalog,
            {"sku": sku},
            packaging_type=pot,
            material=materials[material],
            color=colours[colour],
            name=name,
            diameter_cm=diameter_cm,
            height_cm=height_cm,
        )
        for sku, name, material, colour, diameter_cm, height_cm in PACKAGINGS
    ]


def _load_densities(products: list[Product], packagings: list[PackagingCatalog]) -> None:
    """One row for each product in each packaging and container: pots stand side by side in a square grid."""
    diameters_cm = {sku: diameter_cm for sku, *_names, diameter_cm in PRODUCTS}
    for bin_type in StorageBinType.objects.filter(code__in=PHOTO_BIN_TYPES):
        for product in products:
            for packaging in packagings:
                plant_cm = diameters_cm[product.sku]
                pitch_cm = max(plant_cm, float(packaging.diameter_cm))
                _ensure(
                    DensityParameter,
                    {"storage_bin_type": bin_type, "product": product, "packaging": packaging},
                    avg_diameter_cm=plant_cm,
                    avg_area_per_plant_cm2=round(math.pi / 4 * plant_cm**2, 1),
                    plants_per_m2=round(10_000 / pitch_cm**2, 1),
                )


def _ensure(model: type[M], key: dict[str, Any], **fields: Any) -> M:
    """The row with this key, made and checked if it is not there yet."""
    existing = model._default_manager.filter(**key).first()
    if existing is not None:
        return existing
    row = model(**key, **fields)
    row.full_clean()
    row.save()
    return row
