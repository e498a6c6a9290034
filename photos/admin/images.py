"""Photos in the administration."""

from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from photos.admin import badge_colours, review_actions
from photos.admin.actions import DecisionAdmin
from photos.image_states import ImageState, reason_of, state_of
from photos.image_urls import annotated_url, original_url, thumbnail_url
from photos.models import Image
from photos.pages import decision_texts as texts
from photos.querysets import ImageQuerySet


def shown_thumbnail(image: Image, drawing_id: UUID | None) -> SafeString | str:
    """For a column that leads to the row: the file's name is what the link is called."""
    url = thumbnail_url(image, drawing_id)
    html = '<img src="{}" alt="{}" loading="lazy" width="96" class="rounded-default">'
    return format_html(html, url, image.original_filename) if url else "—"


class StateFilter(admin.SimpleListFilter):
    """Photos by what became of them; those that wait for a person apart from those that are broken."""

    title = _("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(state.value, state.label) for state in ImageState]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        photos = cast(ImageQuerySet, queryset)
        match self.value():
            case ImageState.TRASHED.value:
                return photos.in_trash()
            case ImageState.WAITING.value:
                return photos.not_deleted().waiting_for_person()
            case ImageState.BROKEN.value:
                return photos.not_deleted().broken()
            case ImageState.UPLOADED.value | ImageState.PROCESSING.value | ImageState.READY.value as status:
                return photos.not_deleted().filter(status=status)
        return photos


@admin.register(Image)
class ImageAdmin(DecisionAdmin):
    """The pictures as they came, with thumbnails; a photo's counts stand on its page and under Counts.

    Supervisors name their place, have them counted again, validate the newest count, trash and restore them.
    """

    list_display = [
        "thumbnail", "original_filename", "shown_state", "reason", "uploaded_by", "taken_at", "uploaded_at"
    ]  # fmt: skip
    list_display_links = ["thumbnail", "original_filename"]
    list_filter = [
        StateFilter, "source", "is_stored", "with_inventory", "uploaded_at",
        "content_type",
    ]  # fmt: skip
    list_select_related = ["uploaded_by"]
    search_fields = [
        "id", "original_filename", "sha256", "uploaded_by__email", "error_details", "sessions__storage_location__code",
    ]  # fmt: skip
    date_hierarchy = "uploaded_at"
    list_per_page = 25
    actions = ["count_again_all", "assign_place_all", "validate_all", "trash_all", "restore_all"]
    actions_detail = ["count_again", "assign_place", "validate", "trash", "restore"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "thumbnail", "links", "original_filename", "shown_state", "reason", "deleted_at", "deleted_by",
                ]
            },
        ),
        (_("Picture"), {"fields": ["width_px", "height_px", "file_size_bytes", "content_type", "sha256"]}),
        (_("Taken"), {"fields": ["taken_at", "taken_at_source", "gps_coordinates", "exif"]}),
        (_("Uploaded"), {"fields": ["uploaded_by", "uploaded_at", "upload_session", "source", "with_inventory"]}),
        (
            _("Where the bytes lie"),
            {
                "classes": ["collapse"],
                "fields": [
                    "id", "is_stored", "staging_key", "bucket", "original_key", "preview_key",
                    "full_picture_key", "thumbnail_key",
                ],
            },
        ),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        photos = cast(ImageQuerySet, super().get_queryset(request))
        return photos.with_drawing()

    def has_decide_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Whoever may change photos decides about them, although nobody edits their rows."""
        return request.user.has_perm("photos.change_image")

    def view_on_site(self, image: Image) -> str:
        return reverse("photo", args=[image.pk])

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().changeform_view(request, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"  # signed links in it expire
        return response

    @display(description=_("picture"))
    def thumbnail(self, image: Any) -> SafeString | str:
        return shown_thumbnail(image, image.drawing_id)

    @display(description=_("files"))
    def links(self, image: Any) -> SafeString:
        found = [
            (original_url(image), _("Original")),
            (annotated_url(image, image.drawing_id), _("With drawing")),
        ]
        link = '<a class="text-primary-600 underline" href="{}">{}</a>'
        return format_html_join(" · ", link, [(url, text) for url, text in found if url])

    @display(description=_("status"), ordering="status", label=badge_colours.IMAGE_STATE)
    def shown_state(self, image: Image) -> tuple[ImageState, Promise]:
        state = state_of(image)
        return state, state.label

    @display(description=_("reason"))
    def reason(self, image: Image) -> str:
        return reason_of(image) or "—"

    @admin.action(description=texts.COUNT_AGAIN.title, permissions=["decide"])
    def count_again_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return review_actions.decide(self, request, queryset, review_actions.COUNT_AGAIN)

    @admin.action(description=texts.ASSIGN_PLACE.title, permissions=["decide"])
    def assign_place_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return review_actions.decide(self, request, queryset, review_actions.ASSIGN_PLACE)

    @admin.action(description=texts.VALIDATE.title, permissions=["decide"])
    def validate_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return review_actions.decide(self, request, queryset, review_actions.VALIDATE)

    @admin.action(description=texts.TRASH.title, permissions=["decide"])
    def trash_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return review_actions.decide(self, request, queryset, review_actions.TRASH)

    @admin.action(description=texts.RESTORE.title, permissions=["decide"])
    def restore_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return review_actions.decide(self, request, queryset, review_actions.RESTORE)

    @action(description=texts.TRASH.title, url_path="trash", permissions=["decide"], icon="delete")
    def trash(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.decide_about(request, object_id, review_actions.TRASH)

    @action(
        description=texts.RESTORE.title, url_path="restore", permissions=["decide"], icon="restore_from_trash"
    )
    def restore(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.decide_about(request, object_id, review_actions.RESTORE)
