"""How densely plants stand, as people say it."""

from __future__ import annotations

import math

from django.db import transaction

from inventory.models import DensityParameter, PackagingCatalog, Product, StorageBinType


@transaction.atomic
def set_density(
    *,
    product: Product,
    packaging: PackagingCatalog | None,
    storage_bin_type: StorageBinType,
    avg_diameter_cm: float,
    plants_per_m2: float,
) -> DensityParameter:
    """Write how densely a product in a packaging stands in a kind of container, in place of what was said before.

    The area of a plant is that of a disc of its diameter. Raises ValidationError for figures that cannot be.
    """
    parameter = DensityParameter.objects.filter(
        product=product, packaging=packaging, storage_bin_type=storage_bin_type
    ).first() or DensityParameter(product=product, packaging=packaging, storage_bin_type=storage_bin_type)
    parameter.avg_diameter_cm = avg_diameter_cm
    parameter.plants_per_m2 = plants_per_m2
    parameter.avg_area_per_plant_cm2 = math.pi * avg_diameter_cm**2 / 4
    parameter.full_clean()
    parameter.save()
    return parameter
