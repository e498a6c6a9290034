"""Everything that carries the nursery: places, products, packaging, stock."""

from .counts import ManualCount
from .density import DensityParameter
from .packaging import PackagingCatalog, PackagingColor, PackagingMaterial, PackagingType
from .places import (
    StorageArea,
    StorageBin,
    StorageBinType,
    StorageLocation,
    StorageLocationConfig,
    Warehouse,
)
from .products import Product, ProductCategory, ProductFamily, ProductSize, ProductState
from .stock import StockBatch, StockMovement

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
