"""Uploads in the administration."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from demeter.admin_base import ReadOnlyAdmin
from photos.choices import JobStatus
from photos.models import UploadJob, UploadSession


class JobInline(TabularInline):
    """The files of one upload."""

    model = UploadJob
    fields = ["filename", "status", "stage", "progress_percent", "code", "error"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True
    ordering = ["position"]

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(UploadSession)
class UploadSessionAdmin(ReadOnlyAdmin):
    """One request of a client, and what became of each of its files."""

    list_display = ["created_at", "user", "files", "completed", "failed", "storage_location", "notes"]
    list_filter = ["created_at", "warehouse"]
    list_select_related = ["user", "storage_location"]
    search_fields = ["id", "notes", "user__email", "user__name", "jobs__filename"]
    date_hierarchy = "created_at"
    inlines = [JobInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[UploadSession]:
        bad = Q(jobs__status__in=[JobStatus.FAILED, JobStatus.REJECTED])
        return (
            super()
            .get_queryset(request)
            .annotate(
                files_in_all=Count("jobs", distinct=True),
                files_completed=Count("jobs", filter=Q(jobs__status=JobStatus.COMPLETED), distinct=True),
                files_failed=Count("jobs", filter=bad, distinct=True),
            )
        )

    @display(description=_("files"), ordering="files_in_all")
    def files(self, upload: Any) -> int:
        return upload.files_in_all

    @display(description=_("completed"), ordering="files_completed")
    def completed(self, upload: Any) -> int:
        return upload.files_completed

    @display(description=_("failed"), ordering="files_failed")
    def failed(self, upload: Any) -> int:
        return upload.files_failed
