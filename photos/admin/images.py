"""Photos in the administration."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from photos.admin import labels
from photos.admin.base import OwnPhotosAdmin
from photos.models import Image
from photos.pages.pictures import annotated_url, original_url, thumbnail_url


@admin.register(Image)
class ImageAdmin(OwnPhotosAdmin):
    """The pictures as they came, with thumbnails; a photo's counts stand on its page and under Counts."""

    owner_path = "uploaded_by"
    list_display = [
        "thumbnail", "original_filename", "shown_status", "error_details", "uploaded_by", "taken_at", "uploaded_at"
    ]  # fmt: skip
    list_display_links = ["thumbnail", "original_filename"]
    list_filter = ["status", "source", "is_stored", "with_inventory", "uploaded_at", "content_type"]
    list_select_related = ["uploaded_by"]
    search_fields = ["id", "original_filename", "sha256", "uploaded_by__email", "error_details"]
    date_hierarchy = "uploaded_at"
    list_per_page = 25
    fieldsets = [
        (None, {"fields": ["thumbnail", "links", "original_filename", "status", "error_details"]}),
        (_("Picture"), {"fields": ["width_px", "height_px", "file_size_bytes", "content_type", "sha256"]}),
        (_("Taken"), {"fields": ["taken_at", "taken_at_source", "gps_coordinates", "exif"]}),
        (_("Uploaded"), {"fields": ["uploaded_by", "uploaded_at", "upload_session", "source", "with_inventory"]}),
        (
            _("Where the bytes lie"),
            {
                "classes": ["collapse"],
                "fields": [
                    "id", "is_stored", "staging_key", "original_key", "preview_key", "thumbnail_key", "annotated_key",
                    "annotated_thumbnail_key", "deleted_at", "deleted_by",
                ],
            },
        ),
    ]  # fmt: skip

    def view_on_site(self, image: Image) -> str:
        return reverse("photo", args=[image.pk])

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().changeform_view(request, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"  # signed links in it expire
        return response

    @display(description=_("picture"))
    def thumbnail(self, image: Image) -> SafeString | str:
        url = thumbnail_url(image)
        if url is None:
            return "—"
        return format_html('<img src="{}" alt="" loading="lazy" width="96" class="rounded-default">', url)

    @display(description=_("files"))
    def links(self, image: Image) -> SafeString:
        found = [(original_url(image), _("Original")), (annotated_url(image), _("With drawing"))]
        link = '<a class="text-primary-600 underline" href="{}">{}</a>'
        return format_html_join(" · ", link, [(url, text) for url, text in found if url])

    @display(description=_("status"), ordering="status", label=labels.IMAGE)
    def shown_status(self, image: Image) -> tuple[str, str]:
        return image.status, image.get_status_display()
