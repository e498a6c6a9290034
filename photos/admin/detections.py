"""What was found in photos, row by row, for those who look into one count."""

from django.contrib import admin

from demeter.admin_base import ReadOnlyAdmin
from photos.models import Classification, Detection, Estimation, PhotoContainer


class FindingAdmin(ReadOnlyAdmin):
    """Rows of one count each."""

    list_select_related = ["session__image"]
    search_fields = ["session__uuid", "session__image__original_filename"]


@admin.register(PhotoContainer)
class PhotoContainerAdmin(FindingAdmin):
    """Segments, boxes and trays."""

    list_display = [
        "__str__", "session", "detected", "estimated", "dead", "empty", "confidence", "is_counted", "storage_bin"
    ]  # fmt: skip
    list_filter = ["type", "is_counted"]
    list_select_related = ["session__image", "storage_bin"]


@admin.register(Detection)
class DetectionAdmin(FindingAdmin):
    """Plants, dead plants and empty cells."""

    list_display = [
        "class_name", "session", "container", "center_x", "center_y", "confidence", "is_alive", "source"
    ]  # fmt: skip
    list_filter = ["class_name", "is_alive", "is_empty_container", "source"]
    list_select_related = ["session__image", "container"]


@admin.register(Estimation)
class EstimationAdmin(FindingAdmin):
    """Estimates of hidden plants, band by band."""

    list_display = [
        "session", "container", "band_number", "estimated_count", "avg_plant_area_px", "calculation_method",
        "confidence",
    ]  # fmt: skip
    list_filter = ["calculation_method"]
    list_select_related = ["session__image", "container"]


@admin.register(Classification)
class ClassificationAdmin(FindingAdmin):
    """Which product, packaging or size plants are said to be."""

    list_display = [
        "session", "product", "packaging", "product_size", "quantity", "product_confidence_percent",
        "packaging_confidence_percent", "size_confidence_percent", "model_version",
    ]  # fmt: skip
    list_filter = ["product_size", "model_version"]
    list_select_related = ["session__image", "product", "packaging", "product_size"]
