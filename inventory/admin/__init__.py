"""The admin pages of the inventory, one module a noun."""

from . import density, packaging, places, products, stock

__all__ = ["density", "packaging", "places", "products", "stock"]
