"""Idempotency keys in the administration."""

from django.contrib import admin

from photos.admin.base import OwnPhotosAdmin
from photos.models import IdempotencyKey


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(OwnPhotosAdmin):
    """Requests that clients marked, and what they were answered."""

    owner_path = "user"
    list_display = ["key", "path", "user", "response_status", "created_at"]
    list_filter = ["path", "response_status"]
    list_select_related = ["user"]
    search_fields = ["key", "user__email"]
