"""Corrections in the administration."""

from django.contrib import admin

from demeter.admin_base import ReadOnlyAdmin
from photos.models import Correction


@admin.register(Correction)
class CorrectionAdmin(ReadOnlyAdmin):
    """What people changed in the findings of counts; appended, never edited."""

    list_display = ["session", "version", "user", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["session__image", "user"]
    search_fields = ["session__uuid", "session__image__original_filename", "user__email"]
    date_hierarchy = "created_at"
