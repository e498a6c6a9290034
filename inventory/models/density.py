"""How densely a product stands in a kind of container."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from demeter.change_times import ChangeTimed
from inventory.models import constraints
from inventory.querysets import DensityParameterQuerySet


class DensityParameter(ChangeTimed):
    """What plants of one product take up in one kind of container, used where a photo shows too few."""

    storage_bin_type = models.ForeignKey(
        "StorageBinType",
        on_delete=models.PROTECT,
        related_name="density_parameters",
        verbose_name=_("container type"),
    )
    product = models.ForeignKey(
        "Product", on_delete=models.PROTECT, related_name="density_parameters", verbose_name=_("product")
    )
    packaging = models.ForeignKey(
        "PackagingCatalog",
        on_delete=models.PROTECT,
        related_name="density_parameters",
        null=True,
        blank=True,
        verbose_name=_("packaging"),
        help_text=_("Empty: for any packaging without its own row."),
    )
    avg_area_per_plant_cm2 = models.FloatField(_("area of a plant (cm²)"))
    plants_per_m2 = models.FloatField(_("plants per m²"))
    overlap_adjustment_factor = models.FloatField(
        _("overlap factor"),
        default=0.85,
        help_text=_("Share of its area that neighbours leave visible, above 0 and up to 1."),
    )
    avg_diameter_cm = models.FloatField(_("diameter of a plant (cm)"))
    notes = models.TextField(_("notes"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = DensityParameterQuerySet.as_manager()

    class Meta:
        db_table = "density_parameters"
        ordering = ["storage_bin_type", "product"]
        verbose_name = _("density parameter")
        verbose_name_plural = _("density parameters")
        constraints = [
            UniqueConstraint(
                fields=["storage_bin_type", "product", "packaging"],
                name="density_parameters_one_a_packaging",
                violation_error_message=_("These plants already have a density in this container."),
            ),
            # SQL counts two empty packagings as different, so the row without one needs its own rule.
            UniqueConstraint(
                fields=["storage_bin_type", "product"],
                condition=Q(packaging__isnull=True),
                name="density_parameters_one_for_any_packaging",
                violation_error_message=_("These plants already have a density in this container."),
            ),
            constraints.positive("density_parameters", "avg_area_per_plant_cm2"),
            constraints.positive("density_parameters", "plants_per_m2"),
            constraints.positive("density_parameters", "avg_diameter_cm"),
            CheckConstraint(
                condition=Q(overlap_adjustment_factor__gt=0, overlap_adjustment_factor__lte=1),
                name="density_parameters_overlap_in_range",
                violation_error_message=_("The overlap factor must be above 0 and at most 1."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} / {self.storage_bin_type.code}"
