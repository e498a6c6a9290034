"""The four levels of places, the types of container, and what is grown where."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from demeter.change_times import ChangeTimed
from inventory import code_formats
from inventory.choices import AreaPosition, BinCategory, BinSource, BinStatus, WarehouseType
from inventory.models import constraints
from inventory.models.geo_place import GeoPlace, check_contains, check_lies_within
from inventory.querysets import (
    StorageAreaQuerySet,
    StorageBinQuerySet,
    StorageLocationConfigQuerySet,
    StorageLocationQuerySet,
    WarehouseQuerySet,
)

CODE_TAKEN = _("This code is already in use.")


class Warehouse(GeoPlace):
    """A nave: one greenhouse, shade house, tunnel or field, for example N1 “Nave 1”."""

    code = models.CharField(_("code"), max_length=20, validators=[code_formats.WAREHOUSE.validator()])
    name = models.CharField(_("name"), max_length=100)
    warehouse_type = models.CharField(_("type"), max_length=20, choices=WarehouseType)

    objects = WarehouseQuerySet.as_manager()

    class Meta:
        db_table = "warehouses"
        ordering = ["code"]
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")
        constraints = [
            constraints.unique("warehouses", "code", message=CODE_TAKEN),
            code_formats.WAREHOUSE.constraint("warehouses"),
            constraints.one_of("warehouses", "warehouse_type", WarehouseType),
            *constraints.on_earth("warehouses"),
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.name}"

    def clean(self) -> None:
        if self.pk:
            check_contains(self, self.areas.all())


class StorageArea(GeoPlace):
    """A cantero: one bed of a warehouse, for example N1-NORTH."""

    warehouse = models.ForeignKey(
        Warehouse, on_delete=models.PROTECT, related_name="areas", verbose_name=_("warehouse")
    )
    code = models.CharField(_("code"), max_length=50, validators=[code_formats.AREA.validator()])
    name = models.CharField(_("name"), max_length=100)
    position = models.CharField(_("position"), max_length=1, choices=AreaPosition, blank=True)

    objects = StorageAreaQuerySet.as_manager()

    class Meta:
        db_table = "storage_areas"
        ordering = ["code"]
        verbose_name = _("storage area")
        verbose_name_plural = _("storage areas")
        constraints = [
            constraints.unique("storage_areas", "code", message=CODE_TAKEN),
            code_formats.AREA.constraint("storage_areas"),
            CheckConstraint(
                condition=Q(position__in=["", *AreaPosition.values]),
                name="storage_areas_position_known",
                violation_error_message=_("Choose one of the listed values."),
            ),
            *constraints.on_earth("storage_areas"),
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.name}"

    def clean(self) -> None:
        if self.warehouse_id:
            check_lies_within(self, self.warehouse)
        if self.pk:
            check_contains(self, self.locations.all())


class StorageLocation(GeoPlace):
    """A claro: the gap between two columns, which one photo shows, for example N1-NORTH-03."""

    storage_area = models.ForeignKey(
        StorageArea, on_delete=models.PROTECT, related_name="locations", verbose_name=_("storage area")
    )
    code = models.CharField(_("code"), max_length=50, validators=[code_formats.LOCATION.validator()])
    qr_code = models.CharField(
        _("QR code"),
        max_length=20,
        validators=[code_formats.QR.validator()],
        help_text=_("What the label at this place says: 8 to 20 characters."),
    )
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    last_photo_at = models.DateTimeField(
        _("last photo"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When its newest counted photo was taken; follows whenever the place is settled."),
    )

    objects = StorageLocationQuerySet.as_manager()

    class Meta:
        db_table = "storage_locations"
        ordering = ["code"]
        verbose_name = _("storage location")
        verbose_name_plural = _("storage locations")
        indexes = [
            models.Index(
                fields=["bbox_min_lon", "bbox_max_lon", "bbox_min_lat", "bbox_max_lat"],
                name="storage_locations_bbox",
            )
        ]
        constraints = [
            constraints.unique("storage_locations", "code", message=CODE_TAKEN),
            constraints.unique("storage_locations", "qr_code", message=_("This QR code is already in use.")),
            code_formats.LOCATION.constraint("storage_locations"),
            code_formats.QR.constraint("storage_locations", "qr_code"),
            *constraints.on_earth("storage_locations"),
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.name}"

    def clean(self) -> None:
        if self.storage_area_id:
            check_lies_within(self, self.storage_area)


class StorageBinType(models.Model):
    """A kind of container, for example PLUG_288: a tray of 18 × 16 cells."""

    code = models.CharField(_("code"), max_length=50, validators=[code_formats.CATALOGUE.validator()])
    name = models.CharField(_("name"), max_length=100)
    category = models.CharField(_("category"), max_length=20, choices=BinCategory)
    is_grid = models.BooleanField(_("has a fixed grid of cells"), default=False)
    rows = models.PositiveSmallIntegerField(_("rows"), null=True, blank=True)
    columns = models.PositiveSmallIntegerField(_("columns"), null=True, blank=True)
    capacity = models.PositiveIntegerField(
        _("capacity"), null=True, blank=True, help_text=_("Plants it can hold; empty if it has no limit.")
    )
    length_cm = models.FloatField(_("length (cm)"), null=True, blank=True)
    width_cm = models.FloatField(_("width (cm)"), null=True, blank=True)
    height_cm = models.FloatField(_("height (cm)"), null=True, blank=True)
    description = models.TextField(_("description"), blank=True)

    class Meta:
        db_table = "storage_bin_types"
        ordering = ["category", "code"]
        verbose_name = _("container type")
        verbose_name_plural = _("container types")
        constraints = [
            constraints.unique("storage_bin_types", "code", message=CODE_TAKEN),
            code_formats.CATALOGUE.constraint("storage_bin_types"),
            constraints.one_of("storage_bin_types", "category", BinCategory),
            CheckConstraint(
                condition=Q(is_grid=False)
                | Q(rows__isnull=False, columns__isnull=False, rows__gt=0, columns__gt=0),
                name="storage_bin_types_grid_has_cells",
                violation_error_message=_("A container with a grid needs its rows and columns."),
            ),
            constraints.positive("storage_bin_types", "capacity"),
            constraints.positive("storage_bin_types", "length_cm"),
            constraints.positive("storage_bin_types", "width_cm"),
            constraints.positive("storage_bin_types", "height_cm"),
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.name}"


class StorageBin(ChangeTimed):
    """A container that stands in a location, for example N1-NORTH-03-BOX_01.

    Photos do not recognise a single box again, so what they count of one container type is kept in one bin.
    """

    storage_location = models.ForeignKey(
        StorageLocation, on_delete=models.PROTECT, related_name="bins", verbose_name=_("storage location")
    )
    storage_bin_type = models.ForeignKey(
        StorageBinType, on_delete=models.PROTECT, related_name="bins", verbose_name=_("container type")
    )
    code = models.CharField(_("code"), max_length=100, validators=[code_formats.BIN.validator()])
    label = models.CharField(_("label"), max_length=100, blank=True)
    description = models.TextField(_("description"), blank=True)
    position_metadata = models.JSONField(
        _("position"),
        default=dict,
        blank=True,
        help_text=_("Where it stands in its photo: mask, box and confidence."),
    )
    status = models.CharField(_("status"), max_length=20, choices=BinStatus, default=BinStatus.ACTIVE)
    source = models.CharField(_("source"), max_length=10, choices=BinSource, default=BinSource.MANUAL)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = StorageBinQuerySet.as_manager()

    class Meta:
        db_table = "storage_bins"
        ordering = ["code"]
        verbose_name = _("container")
        verbose_name_plural = _("containers")
        constraints = [
            constraints.unique("storage_bins", "code", message=CODE_TAKEN),
            code_formats.BIN.constraint("storage_bins"),
            constraints.one_of("storage_bins", "status", BinStatus),
            constraints.one_of("storage_bins", "source", BinSource),
            UniqueConstraint(
                fields=["storage_location", "storage_bin_type"],
                condition=Q(source=BinSource.PHOTO) & ~Q(status=BinStatus.RETIRED),
                name="storage_bins_one_from_photos",
                violation_error_message=_(
                    "This location already has a container of this type for photo counts."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        was_retired = StorageBin.objects.filter(pk=self.pk, status=BinStatus.RETIRED).exists()
        if was_retired and self.status != BinStatus.RETIRED:
            raise ValidationError(
                {"status": ValidationError(_("A retired container stays retired."), code="retired_is_final")}
            )


class StorageLocationConfig(ChangeTimed):
    """What is grown in a location for one cultivation cycle: the product and pot a count is booked as."""

    storage_location = models.ForeignKey(
        StorageLocation, on_delete=models.PROTECT, related_name="configs", verbose_name=_("storage location")
    )
    product = models.ForeignKey(
        "Product", on_delete=models.PROTECT, related_name="configs", verbose_name=_("product")
    )
    packaging = models.ForeignKey(
        "PackagingCatalog",
        on_delete=models.PROTECT,
        related_name="configs",
        null=True,
        blank=True,
        verbose_name=_("packaging"),
    )
    expected_product_state = models.ForeignKey(
        "ProductState", on_delete=models.PROTECT, related_name="configs", verbose_name=_("expected state")
    )
    area_cm2 = models.FloatField(
        _("planted area (cm²)"),
        null=True,
        blank=True,
        help_text=_("Empty: the whole area of the location."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    started_at = models.DateTimeField(_("from"), default=timezone.now)
    ended_at = models.DateTimeField(_("until"), null=True, blank=True, editable=False)
    notes = models.TextField(_("notes"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = StorageLocationConfigQuerySet.as_manager()

    class Meta:
        db_table = "storage_location_config"
        ordering = ["storage_location", "-started_at"]
        verbose_name = _("location configuration")
        verbose_name_plural = _("location configurations")
        constraints = [
            UniqueConstraint(
                fields=["storage_location"],
                condition=Q(is_active=True),
                name="storage_location_config_one_active",
                violation_error_message=_("This location already has an active configuration."),
            ),
            CheckConstraint(
                condition=Q(is_active=True, ended_at__isnull=True)
                | Q(is_active=False, ended_at__isnull=False),
                name="storage_location_config_ended_when_inactive",
                violation_error_message=_("A configuration has an end exactly when it is not active."),
            ),
            CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="storage_location_config_ends_after_start",
                violation_error_message=_("A configuration cannot end before it starts."),
            ),
            constraints.not_negative("storage_location_config", "area_cm2"),
        ]

    def __str__(self) -> str:
        return f"{self.storage_location.code}: {self.product}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._set_end()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self._set_end()

    def _set_end(self) -> None:
        """Switching a configuration off dates its end, so that history can be looked up by date."""
        if self.is_active:
            self.ended_at = None
        elif self.ended_at is None:
            self.ended_at = max(timezone.now(), self.started_at)
