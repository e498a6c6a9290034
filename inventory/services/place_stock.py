"""What stands at a location."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Sum

from inventory.models import Product, StockBatch, StorageBin, StorageLocation


@dataclass(frozen=True)
class ProductBatches:
    """The batches of one product that still hold plants, newest first."""

    product: Product
    batches: list[StockBatch]

    @property
    def quantity(self) -> int:
        """Plants in all of these batches."""
        return sum(batch.quantity_current for batch in self.batches)


@dataclass(frozen=True)
class ProductStock:
    """Living plants of one product."""

    product: Product
    quantity: int


def has_stock_history(container: StorageBin) -> bool:
    """Whether a batch stands in a container, or a movement of the ledger went into or out of it."""
    return (
        container.batches.exists()
        or container.inbound_movements.exists()
        or container.outbound_movements.exists()
    )


def stock_by_product(location: StorageLocation) -> list[ProductStock]:
    """What a location holds now, the product with most plants first. Two queries."""
    batches = StockBatch.objects.at_location(location).in_stock().order_by()
    held = dict(batches.values_list("product").annotate(Sum("quantity_current")))
    products = Product.objects.in_bulk(held)
    stock = [ProductStock(products[pk], quantity) for pk, quantity in held.items()]
    return sorted(stock, key=lambda row: (-row.quantity, row.product.sku))


def batches_by_product(location: StorageLocation) -> list[ProductBatches]:
    """What a location holds now, batch by batch; the product with most plants first. One query."""
    batches = (
        StockBatch.objects.at_location(location)
        .in_stock()
        .newest_first()
        .select_related("product", "product_state", "product_size", "packaging", "current_storage_bin")
    )
    of_product: dict[Product, list[StockBatch]] = {}
    for batch in batches:
        of_product.setdefault(batch.product, []).append(batch)
    stock = [ProductBatches(product, held) for product, held in of_product.items()]
    return sorted(stock, key=lambda row: (-row.quantity, row.product.sku))
