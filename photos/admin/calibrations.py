"""The calibrations learnt from validated photos, place by place: shown, and reset where they have become wrong."""

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from demeter.accounts.models import User
from demeter.admin_base import ReadOnlyAdmin
from photos.models import CalibrationSample, PlaceCalibration
from photos.services.context.place_calibration import reset_calibration


class SampleInline(TabularInline):
    """The validated counts behind the values. Whoever may look at a calibration sees them."""

    model = CalibrationSample
    fields = ["session", "plants", "plant_area_cm2", "plants_per_m2", "visible_share"]
    show_change_link = True
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("session__image")


@admin.register(PlaceCalibration)
class PlaceCalibrationAdmin(ReadOnlyAdmin):
    """Learnt values are never typed in: they follow from validated photos, or are reset."""

    list_display = [
        "place", "product", "packaging", "container_type", "photos", "plants", "area", "density", "changed_at"
    ]  # fmt: skip
    list_filter = [
        "container_type",
        ("storage_location__storage_area__warehouse", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["storage_location", "product", "packaging"]
    search_fields = [
        "storage_location__code",
        "storage_location__name",
        "product__common_name",
        "product__sku",
    ]
    inlines = [SampleInline]
    actions = ["reset"]
    fieldsets = [
        (None, {"fields": ["storage_location", "product", "packaging", "container_type"]}),
        (
            _("Learnt"),
            {
                "fields": [
                    "photos", "plants", "plant_area_cm2", "plant_area_cm2_spread", "plant_area_px", "plants_per_m2",
                    "plants_per_m2_spread", "plants_per_m2_most", "visible_share", "last_taken_at", "changed_at",
                ]
            },
        ),
        (_("Reset"), {"fields": ["forgotten_at", "forgotten_by"]}),
    ]  # fmt: skip

    def has_decide_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Whoever may change counts decides about what was learnt from them, although nobody edits the rows."""
        return request.user.has_perm("photos.change_placecalibration")

    @display(description=_("place"), ordering="storage_location__code")
    def place(self, calibration: PlaceCalibration) -> str:
        return calibration.storage_location.code

    @display(description=_("area of a plant (cm²)"), ordering="plant_area_cm2")
    def area(self, calibration: PlaceCalibration) -> str:
        return _with_spread(calibration.plant_area_cm2, calibration.plant_area_cm2_spread)

    @display(description=_("plants per m²"), ordering="plants_per_m2")
    def density(self, calibration: PlaceCalibration) -> str:
        return _with_spread(calibration.plants_per_m2, calibration.plants_per_m2_spread)

    @admin.action(description=_("Reset the calibration"), permissions=["decide"])
    def reset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for calibration in queryset:
            told = gettext(
                "Calibration reset: %(photos)d photos, %(area)s cm² a plant, %(density)s plants per m²."
            )
            self.log_change(
                request,
                calibration,
                told
                % {
                    "photos": calibration.photos,
                    "area": self.area(calibration),
                    "density": self.density(calibration),
                },
            )
            reset_calibration(calibration, user=cast(User, request.user))
            self.message_user(
                request, gettext("Calibration reset: %(row)s") % {"row": calibration}, messages.SUCCESS
            )


@admin.register(CalibrationSample)
class CalibrationSampleAdmin(ReadOnlyAdmin):
    """The sample that each validated count adds to a calibration."""

    list_display = ["session", "calibration", "plants", "plant_area_cm2", "plants_per_m2", "visible_share"]
    list_filter = ["calibration__container_type"]
    list_select_related = ["session__image", "calibration__storage_location", "calibration__product"]
    search_fields = ["session__image__original_filename", "calibration__storage_location__code"]


def _with_spread(mean: float | None, spread: float | None) -> str:
    if mean is None:
        return "—"
    return f"{number_format(mean, 1)} ± {number_format(spread or 0.0, 1)}"
