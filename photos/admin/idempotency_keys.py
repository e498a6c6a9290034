"""Idempotency keys in the administration."""

from django.contrib import admin

from demeter.admin_base import ReadOnlyAdmin
from photos.models import IdempotencyKey


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    """Requests that clients marked, and what they were answered."""

    list_display = ["key", "path", "user", "response_status", "created_at"]
    list_filter = ["path", "response_status"]
    list_select_related = ["user"]
    search_fields = ["key", "user__email"]
