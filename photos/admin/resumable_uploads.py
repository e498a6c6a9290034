"""Files that come in chunks, in the administration."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from demeter.admin_base import ReadOnlyAdmin
from photos.models import ResumableUpload, UploadChunk


@admin.register(ResumableUpload)
class ResumableUploadAdmin(ReadOnlyAdmin):
    """Files on their way, and for a day those that have arrived."""

    list_display = ["filename", "user", "arrived", "storage_location", "created_at", "expires_at"]
    list_filter = ["created_at", "source"]
    list_select_related = ["user", "storage_location"]
    search_fields = ["id", "filename", "sha256", "user__email"]

    @display(description=_("arrived"), ordering="offset_bytes")
    def arrived(self, resumable: ResumableUpload) -> str:
        return f"{100 * resumable.offset_bytes // resumable.size_bytes} %"


@admin.register(UploadChunk)
class UploadChunkAdmin(ReadOnlyAdmin):
    """What has arrived of files that are not whole yet."""

    list_display = ["resumable_upload", "offset_bytes", "size_bytes", "staging_key"]
    list_select_related = ["resumable_upload"]
    search_fields = ["resumable_upload__filename", "staging_key"]
