"""One piece of work on a photo, and who holds it."""

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from demeter.middleware import request_id_at_hand
from photos.choices import StepKind, StepStatus
from photos.querysets import ProcessingStepQuerySet

if TYPE_CHECKING:
    from photos.models.session import ProcessingSession


class ProcessingStep(models.Model):
    """One piece of work on a photo. The row is the truth; the message that names it is only a hint.

    A worker claims the row by raising `attempt`; every write it makes carries that number and is refused once the
    row has moved on. While it works it renews the lease; a lease that ran out frees the row for another worker.
    """

    image = models.ForeignKey(
        "Image", on_delete=models.CASCADE, related_name="steps", verbose_name=_("photo")
    )
    session = models.ForeignKey(
        "ProcessingSession",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="steps",
        verbose_name=_("count"),
        help_text=_("Empty for work on the picture itself."),
    )
    kind = models.CharField(_("work"), max_length=20, choices=StepKind)
    key = models.CharField(
        _("key"), max_length=80, unique=True, help_text=_("Makes creating a step twice harmless.")
    )
    request_id = models.CharField(
        _("request"),
        max_length=64,
        blank=True,
        default=request_id_at_hand,
        help_text=_("The HTTP request that has caused the work, as the log names it."),
    )
    container_positions = models.JSONField(_("containers"), default=list, blank=True)

    status = models.CharField(_("status"), max_length=10, choices=StepStatus, default=StepStatus.PENDING)
    attempt = models.PositiveIntegerField(_("claims"), default=0)
    failures = models.PositiveSmallIntegerField(
        _("failures"), default=0, help_text=_("Faults that may be ours or the photo's; outages do not count.")
    )
    losses = models.PositiveSmallIntegerField(
        _("lost workers"), default=0, help_text=_("Workers that died, or hung, while they held the step.")
    )
    worker = models.CharField(_("worker"), max_length=120, blank=True, help_text=_("host:pid of the holder."))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    lease_expires_at = models.DateTimeField(_("lease ends"), null=True, blank=True)
    deadline_at = models.DateTimeField(_("deadline"), null=True, blank=True)
    tiles_done = models.PositiveIntegerField(_("tiles done"), default=0)
    tiles_total = models.PositiveIntegerField(_("tiles in all"), default=0)
    seconds = models.FloatField(_("seconds"), null=True, blank=True)
    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    error_message = models.CharField(_("error"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    reopened_at = models.DateTimeField(
        _("opened again"),
        null=True,
        blank=True,
        help_text=_("When it was last asked for once more, after it had been done."),
    )
    finished_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = ProcessingStepQuerySet.as_manager()

    class Meta:
        db_table = "processing_steps"
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering: ClassVar[list[str]] = ["id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["status", "kind"],
                condition=Q(status__in=[StepStatus.PENDING, StepStatus.RUNNING]),
                name="processing_steps_open",
            ),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~Q(status=StepStatus.RUNNING)
                | Q(lease_expires_at__isnull=False, deadline_at__isnull=False),
                name="processing_steps_running_has_lease",
            ),
            models.CheckConstraint(
                condition=~Q(status=StepStatus.FAILED) | ~Q(error_code=""),
                name="processing_steps_failure_has_code",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.image_id}"

    @property
    def own_session(self) -> "ProcessingSession":
        """The count this work is for. Raises ValueError for work on the picture itself, which is for none."""
        if self.session is None:
            raise ValueError(f"Step {self.pk} ({self.kind}) belongs to no count.")
        return self.session
