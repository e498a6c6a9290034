"""Steps in the administration: where work hangs, and why it failed."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from demeter.admin_base import ReadOnlyAdmin
from photos.admin import badge_colours
from photos.models import ProcessingStep


@admin.register(ProcessingStep)
class ProcessingStepAdmin(ReadOnlyAdmin):
    """One piece of work on a photo, its holder and its errors."""

    list_display = [
        "kind", "image", "shown_status", "attempt", "failures", "losses", "worker", "tiles", "seconds", "error_code",
        "error_message", "created_at",
    ]  # fmt: skip
    list_filter = ["status", "kind", "error_code", "created_at"]
    list_select_related = ["image"]
    search_fields = [
        "key",
        "worker",
        "error_message",
        "image__original_filename",
        "session__uuid",
        "request_id",
    ]
    date_hierarchy = "created_at"
    ordering = ["-id"]

    @display(description=_("tiles"))
    def tiles(self, step: ProcessingStep) -> str:
        return f"{step.tiles_done} / {step.tiles_total}" if step.tiles_total else "—"

    @display(description=_("status"), ordering="status", label=badge_colours.STEP)
    def shown_status(self, step: ProcessingStep) -> tuple[str, str]:
        return step.status, step.get_status_display()
