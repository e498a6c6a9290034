"""The heartbeats of the workers."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from demeter.querysets import WorkerHeartbeatQuerySet


class WorkerHeartbeat(models.Model):
    """The heartbeat of one worker process. A busy worker answers no ping, but its thread goes on writing here.

    Example: nave-pc:4211 serves gpu_queue, last heard of four seconds ago.
    """

    worker = models.CharField(_("worker"), max_length=120, unique=True, help_text=_("host:pid"))
    queues = models.JSONField(_("queues"), default=list)
    started_at = models.DateTimeField(_("started"))
    beat_at = models.DateTimeField(_("last heard of"), db_index=True)

    resident_bytes = models.PositiveBigIntegerField(_("memory in bytes"), null=True, blank=True)
    gpu_reserved_bytes = models.PositiveBigIntegerField(_("GPU memory in bytes"), null=True, blank=True)

    objects = WorkerHeartbeatQuerySet.as_manager()

    class Meta:
        db_table = "worker_heartbeats"
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering: ClassVar[list[str]] = ["worker"]

    def __str__(self) -> str:
        return self.worker
