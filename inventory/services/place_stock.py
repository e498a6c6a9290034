"""What stands at a location."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Sum

from inventory.models import Product, StockBatch, StorageLocation


@dataclass(frozen=True)
class ProductStock:
    """Living plants of one product."""

    product: Product
    quantity: int


def stock_by_product(location: StorageLocation) -> list[ProductStock]:
    """What a location holds now, the product with most plants first. Two queries."""
    batches = StockBatch.objects.at_location(location).in_stock().order_by()
    held = dict(batches.values_list("product").annotate(Sum("quantity_current")))
    products = Product.objects.in_bulk(held)
    stock = [ProductStock(products[pk], quantity) for pk, quantity in held.items()]
    return sorted(stock, key=lambda row: (-row.quantity, row.product.sku))
