"""The calibration of a place, and the samples of validated counts that it is computed from."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from photos.choices import ContainerType


class PlaceCalibration(models.Model):
    """What plants of one product take up at one place in one kind of container, learnt from validated photos.

    The values are a summary of its samples and are always computed from them anew, never added to, so that
    validating twice or naming another place leaves no trace. They are empty while there is no sample.
    """

    storage_location = models.ForeignKey(
        "inventory.StorageLocation",
        on_delete=models.CASCADE,
        related_name="calibrations",
        verbose_name=_("place"),
    )
    product = models.ForeignKey(
        "inventory.Product", on_delete=models.CASCADE, related_name="calibrations", verbose_name=_("product")
    )
    packaging = models.ForeignKey(
        "inventory.PackagingCatalog",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="calibrations",
        verbose_name=_("packaging"),
    )
    container_type = models.CharField(_("type of container"), max_length=10, choices=ContainerType)

    photos = models.PositiveIntegerField(_("photos"), default=0, help_text=_("Validated photos behind it."))
    plants = models.PositiveIntegerField(_("plants"), default=0, help_text=_("On all these photos."))
    plant_area_cm2 = models.FloatField(
        _("area of a plant (cm²)"), null=True, help_text=_("Newer photos weigh more: plants grow.")
    )
    plant_area_cm2_spread = models.FloatField(
        _("spread of the area (cm²)"), null=True, help_text=_("Standard deviation between photos.")
    )
    plant_area_px = models.FloatField(
        _("area of a plant (px²)"),
        null=True,
        help_text=_("In a picture whose longer side measures 4000 pixels."),
    )
    plants_per_m2 = models.FloatField(_("plants per m²"), null=True)
    plants_per_m2_spread = models.FloatField(_("spread of plants per m²"), null=True)
    plants_per_m2_most = models.FloatField(_("most plants per m²"), null=True)
    visible_share = models.FloatField(
        _("visible share"), null=True, help_text=_("Of a plant's own area, what its neighbours leave to see.")
    )
    last_taken_at = models.DateTimeField(_("newest photo"), null=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    forgotten_at = models.DateTimeField(
        _("reset at"), null=True, help_text=_("Validations up to that moment are left out.")
    )
    forgotten_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("reset by"),
    )

    class Meta:
        db_table = "place_calibrations"
        verbose_name = _("calibration of a place")
        verbose_name_plural = _("calibrations of places")
        ordering: ClassVar[list[str]] = ["storage_location__code", "product", "container_type"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["storage_location", "product", "packaging", "container_type"],
                name="place_calibrations_one_a_packaging",
            ),
            # SQL counts two empty packagings as different, so the row without one needs its own rule.
            models.UniqueConstraint(
                fields=["storage_location", "product", "container_type"],
                condition=Q(packaging__isnull=True),
                name="place_calibrations_one_without_packaging",
            ),
            models.CheckConstraint(
                condition=Q(photos=0)
                | Q(plant_area_cm2__gt=0, plant_area_px__gt=0, plants_per_m2__gt=0, plants_per_m2_most__gt=0),
                name="place_calibrations_photos_have_values",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.storage_location.code} · {self.product} · {self.get_container_type_display()}"


class CalibrationSample(models.Model):
    """What one validated count says of the plants in one kind of container."""

    calibration = models.ForeignKey(
        PlaceCalibration, on_delete=models.CASCADE, related_name="samples", verbose_name=_("calibration")
    )
    session = models.ForeignKey(
        "ProcessingSession",
        on_delete=models.CASCADE,
        related_name="calibration_samples",
        verbose_name=_("count"),
    )
    plants = models.PositiveIntegerField(_("plants"))
    plant_area_cm2 = models.FloatField(_("area of a plant (cm²)"))
    plant_area_px = models.FloatField(
        _("area of a plant (px²)"), help_text=_("In a picture whose longer side measures 4000 pixels.")
    )
    plants_per_m2 = models.FloatField(_("plants per m²"))
    visible_share = models.FloatField(_("visible share"))

    class Meta:
        db_table = "calibration_samples"
        verbose_name = _("calibration sample")
        verbose_name_plural = _("calibration samples")
        ordering: ClassVar[list[str]] = ["-session__image__taken_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["calibration", "session"], name="calibration_samples_once_a_count"
            ),
            models.CheckConstraint(
                condition=Q(plant_area_cm2__gt=0, plant_area_px__gt=0, plants_per_m2__gt=0),
                name="calibration_samples_values_positive",
            ),
            models.CheckConstraint(
                condition=Q(visible_share__gt=0, visible_share__lte=1),
                name="calibration_samples_visible_share_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session}"
