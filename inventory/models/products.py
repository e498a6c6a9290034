"""What the nursery grows: category, genus, species, and the state and size of a plant."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, F, Q
from django.utils.translation import gettext_lazy as _

from demeter.change_times import ChangeTimed
from inventory import code_formats
from inventory.models import constraints
from inventory.querysets import ProductQuerySet

CODE_TAKEN = _("This code is already in use.")


class ProductCategory(models.Model):
    """A large group of plants as the price list has them, for example CACTUS."""

    code = models.CharField(_("code"), max_length=50, validators=[code_formats.CATALOGUE.validator()])
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)

    class Meta:
        db_table = "product_categories"
        ordering = ["name"]
        verbose_name = _("product category")
        verbose_name_plural = _("product categories")
        constraints = [
            constraints.unique("product_categories", "code", message=CODE_TAKEN),
            code_formats.CATALOGUE.constraint("product_categories"),
        ]

    def __str__(self) -> str:
        return self.name


class ProductFamily(models.Model):
    """A genus within a category, for example Echeveria among the succulents."""

    category = models.ForeignKey(
        ProductCategory, on_delete=models.PROTECT, related_name="families", verbose_name=_("category")
    )
    name = models.CharField(_("name"), max_length=100)
    scientific_name = models.CharField(_("scientific name"), max_length=150, blank=True)
    description = models.TextField(_("description"), blank=True)

    class Meta:
        db_table = "product_families"
        ordering = ["name"]
        verbose_name = _("product family")
        verbose_name_plural = _("product families")
        constraints = [
            constraints.unique(
                "product_families",
                "category",
                "name",
                message=_("This category already has a family of this name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Product(ChangeTimed):
    """A species or variety that is grown and sold, for example Echeveria elegans."""

    family = models.ForeignKey(
        ProductFamily, on_delete=models.PROTECT, related_name="products", verbose_name=_("family")
    )
    sku = models.CharField(_("SKU"), max_length=20, validators=[code_formats.PRODUCT_SKU.validator()])
    common_name = models.CharField(_("common name"), max_length=150)
    scientific_name = models.CharField(_("scientific name"), max_length=150, blank=True)
    description = models.TextField(_("description"), blank=True)
    custom_attributes = models.JSONField(_("further attributes"), default=dict, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        db_table = "products"
        ordering = ["common_name", "sku"]
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            constraints.unique("products", "sku", message=_("This SKU is already in use.")),
            code_formats.PRODUCT_SKU.constraint("products", "sku"),
        ]

    def __str__(self) -> str:
        return f"{self.common_name} ({self.sku})"


class ProductState(models.Model):
    """How far a plant has grown, and whether it can be sold as it is, for example ADULT."""

    code = models.CharField(_("code"), max_length=50, validators=[code_formats.CATALOGUE.validator()])
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    is_sellable = models.BooleanField(_("can be sold"), default=False)
    sort_order = models.IntegerField(_("order"), default=0)

    class Meta:
        db_table = "product_states"
        ordering = ["sort_order", "code"]
        verbose_name = _("product state")
        verbose_name_plural = _("product states")
        constraints = [
            constraints.unique("product_states", "code", message=CODE_TAKEN),
            code_formats.CATALOGUE.constraint("product_states"),
            constraints.not_negative("product_states", "sort_order"),
        ]

    def __str__(self) -> str:
        return self.name


class ProductSize(models.Model):
    """A size class by height, for example M: 10 to 20 cm."""

    code = models.CharField(_("code"), max_length=20, validators=[code_formats.SIZE.validator()])
    name = models.CharField(_("name"), max_length=100)
    min_height_cm = models.FloatField(_("from height (cm)"), null=True, blank=True)
    max_height_cm = models.FloatField(_("up to height (cm)"), null=True, blank=True)
    sort_order = models.IntegerField(_("order"), default=0)

    class Meta:
        db_table = "product_sizes"
        ordering = ["sort_order", "code"]
        verbose_name = _("product size")
        verbose_name_plural = _("product sizes")
        constraints = [
            constraints.unique("product_sizes", "code", message=CODE_TAKEN),
            code_formats.SIZE.constraint("product_sizes"),
            constraints.not_negative("product_sizes", "min_height_cm"),
            CheckConstraint(
                condition=Q(min_height_cm__isnull=True)
                | Q(max_height_cm__isnull=True)
                | Q(max_height_cm__gt=F("min_height_cm")),
                name="product_sizes_heights_in_order",
                violation_error_message=_("The upper height must be above the lower one."),
            ),
            constraints.not_negative("product_sizes", "sort_order"),
        ]

    def __str__(self) -> str:
        return self.name
