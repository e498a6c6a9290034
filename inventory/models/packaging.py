"""What plants are potted in: type, material, colour, and the catalogue of their combinations."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory import code_formats
from inventory.models import constraints

CODE_TAKEN = _("This code is already in use.")

# A pot narrows downwards: it holds about three quarters of the cylinder around it.
# Source: DemeterAI design documents, packaging catalogue.
POT_SHARE_OF_CYLINDER = 0.75


class PackagingType(models.Model):
    """A kind of pot or tray, for example POT."""

    code = models.CharField(_("code"), max_length=50, validators=[code_formats.PACKAGING_PART.validator()])
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)

    class Meta:
        db_table = "packaging_types"
        ordering = ["name"]
        verbose_name = _("packaging type")
        verbose_name_plural = _("packaging types")
        constraints = [
            constraints.unique("packaging_types", "code", message=CODE_TAKEN),
            code_formats.PACKAGING_PART.constraint("packaging_types"),
        ]

    def __str__(self) -> str:
        return self.name


class PackagingMaterial(models.Model):
    """What a pot is made of, for example PLASTIC."""

    code = models.CharField(_("code"), max_length=50, validators=[code_formats.PACKAGING_PART.validator()])
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)

    class Meta:
        db_table = "packaging_materials"
        ordering = ["name"]
        verbose_name = _("packaging material")
        verbose_name_plural = _("packaging materials")
        constraints = [
            constraints.unique("packaging_materials", "code", message=CODE_TAKEN),
            code_formats.PACKAGING_PART.constraint("packaging_materials"),
        ]

    def __str__(self) -> str:
        return self.name


class PackagingColor(models.Model):
    """A colour pots come in, for example Terracotta #A0522D."""

    name = models.CharField(_("name"), max_length=50)
    hex_code = models.CharField(
        _("colour value"), max_length=7, validators=[code_formats.HEX_COLOUR.validator()]
    )

    class Meta:
        db_table = "packaging_colors"
        ordering = ["name"]
        verbose_name = _("packaging colour")
        verbose_name_plural = _("packaging colours")
        constraints = [
            constraints.unique("packaging_colors", "name", message=_("This name is already in use.")),
            code_formats.HEX_COLOUR.constraint("packaging_colors", "hex_code"),
        ]

    def __str__(self) -> str:
        return self.name


class PackagingCatalog(models.Model):
    """One pot that can be bought and sold, for example POT-R8-TERRACOTTA."""

    packaging_type = models.ForeignKey(
        PackagingType, on_delete=models.PROTECT, related_name="catalogue", verbose_name=_("type")
    )
    material = models.ForeignKey(
        PackagingMaterial, on_delete=models.PROTECT, related_name="catalogue", verbose_name=_("material")
    )
    color = models.ForeignKey(
        PackagingColor, on_delete=models.PROTECT, related_name="catalogue", verbose_name=_("colour")
    )
    sku = models.CharField(_("SKU"), max_length=50, validators=[code_formats.PACKAGING_SKU.validator()])
    name = models.CharField(_("name"), max_length=100)
    diameter_cm = models.DecimalField(_("diameter (cm)"), max_digits=6, decimal_places=2)
    height_cm = models.DecimalField(_("height (cm)"), max_digits=6, decimal_places=2)
    volume_l = models.DecimalField(
        _("volume (l)"),
        max_digits=8,
        decimal_places=3,
        null=True,
        blank=True,
        help_text=_("Empty: worked out from diameter and height."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        db_table = "packaging_catalog"
        ordering = ["sku"]
        verbose_name = _("packaging")
        verbose_name_plural = _("packaging catalogue")
        constraints = [
            constraints.unique("packaging_catalog", "sku", message=_("This SKU is already in use.")),
            code_formats.PACKAGING_SKU.constraint("packaging_catalog", "sku"),
            models.UniqueConstraint(
                fields=["packaging_type", "material", "color", "diameter_cm", "height_cm"],
                name="packaging_catalog_parts_unique",
                violation_error_message=_("The catalogue already has this packaging."),
            ),
            constraints.not_negative("packaging_catalog", "diameter_cm"),
            constraints.not_negative("packaging_catalog", "height_cm"),
            constraints.not_negative("packaging_catalog", "volume_l"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.sku})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.volume_l is None:
            radius_cm = float(self.diameter_cm) / 2
            cylinder_l = math.pi * radius_cm**2 * float(self.height_cm) / 1000
            self.volume_l = Decimal(f"{POT_SHARE_OF_CYLINDER * cylinder_l:.3f}")
        super().save(*args, **kwargs)
