"""Everything that carries the nursery: places, products, packaging, stock."""

from inventory.models.counts import ManualCount
from inventory.models.density import DensityParameter
from inventory.models.packaging import PackagingCatalog, PackagingColor, PackagingMaterial, PackagingType
from inventory.models.places import (
    StorageArea,
    StorageBin,
    StorageBinType,
    StorageLocation,
    StorageLocationConfig,
    Warehouse,
)
from inventory.models.products import Product, ProductCategory, ProductFamily, ProductSize, ProductState
from inventory.models.stock import StockBatch, StockMovement

__all__ = [
    "DensityParameter",
    "ManualCount",
    "PackagingCatalog",
    "PackagingColor",
    "PackagingMaterial",
    "PackagingType",
    "Product",
    "ProductCategory",
    "ProductFamily",
    "ProductSize",
    "ProductState",
    "StockBatch",
    "StockMovement",
    "StorageArea",
    "StorageBin",
    "StorageBinType",
    "StorageLocation",
    "StorageLocationConfig",
    "Warehouse",
]
