"""The admin pages of the inventory, one module a noun."""

from inventory.admin import configs, density, packaging, places, products, stock

__all__ = ["configs", "density", "packaging", "places", "products", "stock"]
