"""What was found in a photo: containers, plants, estimates, and what people made of it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from photos.choices import CalculationMethod, ContainerType, DetectionSource


class PhotoContainer(models.Model):
    """A stretch of plants, a box or a tray that stands in one photo."""

    session = models.ForeignKey(
        "ProcessingSession", on_delete=models.CASCADE, related_name="containers", verbose_name=_("count")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    type = models.CharField(_("type"), max_length=10, choices=ContainerType)
    polygon = models.JSONField(_("polygon"), help_text=_("[[x, y], …] in pixels of the picture."))
    confidence = models.FloatField(_("confidence"))
    capacity = models.PositiveIntegerField(_("capacity"), null=True, blank=True)
    detected = models.PositiveIntegerField(_("detected"), default=0)
    estimated = models.PositiveIntegerField(_("estimated"), default=0)
    dead = models.PositiveIntegerField(_("dead"), default=0)
    empty = models.PositiveIntegerField(_("empty cells"), default=0)
    is_counted = models.BooleanField(_("counted"), default=False)
    human_type = models.CharField(
        _("type by a person"),
        max_length=10,
        choices=ContainerType,
        blank=True,
        help_text=_("Empty unless the corrections of a validated count changed it."),
    )
    human_living = models.PositiveIntegerField(
        _("living by a person"),
        null=True,
        blank=True,
        help_text=_("Empty unless a validated count was corrected."),
    )
    warnings = models.JSONField(_("warnings"), default=list, blank=True)
    storage_bin = models.ForeignKey(
        "inventory.StorageBin",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("bin"),
    )

    class Meta:
        db_table = "photo_containers"
        verbose_name = _("container in a photo")
        verbose_name_plural = _("containers in photos")
        ordering: ClassVar[list[str]] = ["session", "position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["session", "position"], name="photo_containers_position_once"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="photo_containers_confidence_0_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.position + 1}"


class Detection(models.Model):
    """One plant, dead plant or empty cell that was seen. Pixels of the whole picture."""

    session = models.ForeignKey(
        "ProcessingSession", on_delete=models.CASCADE, related_name="detections", verbose_name=_("count")
    )
    container = models.ForeignKey(
        PhotoContainer, on_delete=models.CASCADE, related_name="detections", verbose_name=_("container")
    )
    center_x = models.FloatField()
    center_y = models.FloatField()
    width_px = models.FloatField()
    height_px = models.FloatField()
    confidence = models.FloatField()
    class_name = models.CharField(max_length=30)
    is_empty_container = models.BooleanField(default=False)
    is_alive = models.BooleanField(default=True)
    source = models.CharField(max_length=10, choices=DetectionSource, default=DetectionSource.MODEL)
    classification = models.ForeignKey(
        "Classification",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="detections",
        verbose_name=_("classification"),
        help_text=_("Of the plants that were shown to the nursery's own classifier."),
    )
    stock_movement = models.ForeignKey(
        "inventory.StockMovement",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # asked by count alone; without an index a booking rewrites rows in place on PostgreSQL
        verbose_name=_("booked by"),
    )

    class Meta:
        db_table = "detections"
        verbose_name = _("detection")
        verbose_name_plural = _("detections")
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(width_px__gt=0, height_px__gt=0), name="detections_sides_positive"
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="detections_confidence_0_1"
            ),
            models.CheckConstraint(
                condition=Q(is_empty_container=False) | Q(is_alive=False),
                name="detections_empty_is_not_alive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.class_name} ({self.center_x:.0f}, {self.center_y:.0f})"


class Estimation(models.Model):
    """Plants that hide in one band of a container, and how that was computed."""

    session = models.ForeignKey(
        "ProcessingSession", on_delete=models.CASCADE, related_name="estimations", verbose_name=_("count")
    )
    container = models.ForeignKey(
        PhotoContainer, on_delete=models.CASCADE, related_name="estimations", verbose_name=_("container")
    )
    band_number = models.PositiveSmallIntegerField(_("band"))
    band_y_start = models.FloatField()
    band_y_end = models.FloatField()
    estimated_count = models.FloatField(
        _("estimated"), help_text=_("Plants before rounding: a container is rounded once, not each band.")
    )
    residual_area_px = models.FloatField(help_text=_("Before floor suppression."))
    processed_area_px = models.FloatField(help_text=_("After floor suppression."))
    avg_plant_area_px = models.FloatField()
    vegetation_polygon = models.JSONField(default=list, help_text=_("Rings in pixels."))
    calculation_method = models.CharField(_("method"), max_length=15, choices=CalculationMethod)
    confidence = models.FloatField(_("confidence"))
    stock_movement = models.ForeignKey(
        "inventory.StockMovement",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("booked by"),
    )

    class Meta:
        db_table = "estimations"
        verbose_name = _("estimation")
        verbose_name_plural = _("estimations")
        ordering: ClassVar[list[str]] = ["container", "band_number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["container", "band_number"], name="estimations_band_once"),
            models.CheckConstraint(
                condition=Q(estimated_count__gte=0), name="estimations_count_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(processed_area_px__gte=0, processed_area_px__lte=models.F("residual_area_px")),
                name="estimations_processed_within_residual",
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="estimations_confidence_0_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.container} · {self.band_number}"


class Classification(models.Model):
    """Which product, packaging or size a group of plants in a count is said to be, and how sure that is.

    Rows that detections point to are what the nursery's own classifier said of those plants. The others say as what
    the whole count is booked.
    """

    session = models.ForeignKey(
        "ProcessingSession", on_delete=models.CASCADE, related_name="classifications", verbose_name=_("count")
    )
    product = models.ForeignKey(
        "inventory.Product", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    packaging = models.ForeignKey(
        "inventory.PackagingCatalog", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    product_size = models.ForeignKey(
        "inventory.ProductSize", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    quantity = models.PositiveIntegerField(
        _("plants"), default=0, help_text=_("Living, detected or estimated.")
    )
    product_confidence_percent = models.PositiveSmallIntegerField(null=True, blank=True)
    packaging_confidence_percent = models.PositiveSmallIntegerField(null=True, blank=True)
    size_confidence_percent = models.PositiveSmallIntegerField(null=True, blank=True)
    model_version = models.CharField(max_length=100, blank=True)

    class Meta:
        db_table = "classifications"
        verbose_name = _("classification")
        verbose_name_plural = _("classifications")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(product__isnull=False)
                | Q(packaging__isnull=False)
                | Q(product_size__isnull=False),
                name="classifications_say_something",
            ),
            *[
                models.CheckConstraint(
                    condition=Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__lte": 100}),
                    name=f"classifications_{field.removesuffix('_confidence_percent')}_at_most_100",
                )
                for field in (
                    "product_confidence_percent",
                    "packaging_confidence_percent",
                    "size_confidence_percent",
                )
            ],
        ]

    def __str__(self) -> str:
        return f"{self.product or self.packaging or self.product_size}"


class Correction(models.Model):
    """What a person changed in the findings of a count; every correction is a labelled sample.

    Appended, never edited: the rows of the model stay as they are, and replaying the corrections in the order of their
    versions gives what people say (photos.services.corrections).
    """

    session = models.ForeignKey(
        "ProcessingSession", on_delete=models.CASCADE, related_name="corrections", verbose_name=_("count")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("user")
    )
    version = models.PositiveIntegerField(_("version it led to"))
    operations = models.JSONField(
        _("operations"),
        help_text=_(
            "add, move, delete, restore, relabel, retype, hand_counts, with the ids that were given."
        ),
    )
    edit_id = models.UUIDField(
        _("edit"), null=True, blank=True, help_text=_("The client's own name of the edit: it counts once.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        db_table = "corrections"
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["session", "version"], name="corrections_version_once"),
            models.UniqueConstraint(fields=["session", "edit_id"], name="corrections_edit_once"),
        ]

    def __str__(self) -> str:
        return f"{self.session} v{self.version}"
