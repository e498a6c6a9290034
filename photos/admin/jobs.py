"""Jobs in the administration."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from demeter.admin_base import ReadOnlyAdmin
from photos.admin import badge_colours
from photos.models import UploadJob


@admin.register(UploadJob)
class UploadJobAdmin(ReadOnlyAdmin):
    """What became of one file, by the id that clients follow."""

    list_display = [
        "filename", "shown_status", "stage", "progress_percent", "purpose", "upload_session", "created_at", "code"
    ]  # fmt: skip
    list_filter = ["status", "stage", "purpose", "code", "created_at"]
    list_select_related = ["upload_session__user"]
    search_fields = ["id", "filename", "image__id", "upload_session__id", "error"]
    date_hierarchy = "created_at"

    @display(description=_("status"), ordering="status", label=badge_colours.JOB)
    def shown_status(self, job: UploadJob) -> tuple[str, str]:
        return job.status, job.get_status_display()
