"""The machine room in the administration, and what of the libraries' pages is not wanted there."""

from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_celery_results.models import GroupResult, TaskResult
from unfold.decorators import display

from demeter.admin_base import ReadOnlyAdmin
from demeter.alerts.admin import AlertAdmin, AlertDeliveryAdmin, AlertRecipientAdmin, QueueWatchAdmin
from demeter.breakers.admin import CircuitBreakerAdmin
from demeter.models import WorkerHeartbeat
from demeter.querysets import SILENT_AFTER

__all__ = [
    "AlertAdmin",
    "AlertDeliveryAdmin",
    "AlertRecipientAdmin",
    "CircuitBreakerAdmin",
    "QueueWatchAdmin",
    "WorkerHeartbeatAdmin",
]

# Roles, not groups, say what a user may; results of tasks are for machines. The steps of a photo and its
# count tell a person what happened.
for _model in (Group, TaskResult, GroupResult):
    admin.site.unregister(_model)


@admin.register(WorkerHeartbeat)
class WorkerHeartbeatAdmin(ReadOnlyAdmin):
    """Which worker processes live, and what they serve."""

    list_display = ["worker", "served", "started_at", "beat_at", "is_alive"]
    search_fields = ["worker"]
    ordering = ["-beat_at"]

    @display(description=_("queues"))
    def served(self, worker: WorkerHeartbeat) -> str:
        return ", ".join(worker.queues)

    @display(description=_("alive"), boolean=True)
    def is_alive(self, worker: WorkerHeartbeat) -> bool:
        return worker.beat_at >= timezone.now() - SILENT_AFTER
