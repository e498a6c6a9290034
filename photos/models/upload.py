"""One request of a client, and one job for each of its files."""

import uuid
from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from photos.choices import CountWarning, JobPurpose, JobStatus, Stage
from photos.querysets import UploadJobQuerySet


class UploadSession(models.Model):
    """The files that one client sent with one request, for example the 40 photos of a walk through nave 3."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="upload_sessions",
        verbose_name=_("user"),
    )
    storage_location = models.ForeignKey(
        "inventory.StorageLocation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("place named by the uploader"),
    )
    warehouse = models.ForeignKey(
        "inventory.Warehouse",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("warehouse named by the uploader"),
    )
    notes = models.CharField(_("notes"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)

    class Meta:
        db_table = "upload_sessions"
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} · {self.user}"


class UploadJob(models.Model):
    """What becomes of one file. Its id is what clients follow, however often the work behind it is tried."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    upload_session = models.ForeignKey(
        UploadSession, on_delete=models.CASCADE, related_name="jobs", verbose_name=_("upload")
    )
    position = models.PositiveSmallIntegerField(_("position in the request"), default=0)
    purpose = models.CharField(_("purpose"), max_length=10, choices=JobPurpose, default=JobPurpose.UPLOAD)
    filename = models.CharField(_("file name"), max_length=255)
    image = models.ForeignKey(
        "Image",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="jobs",
        verbose_name=_("photo"),
        help_text=_("Empty when the file was refused."),
    )
    session = models.ForeignKey(
        "ProcessingSession",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="jobs",
        verbose_name=_("count"),
    )
    duplicate_of = models.ForeignKey(
        "Image", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("same as")
    )
    status = models.CharField(_("status"), max_length=12, choices=JobStatus, default=JobStatus.PENDING)
    stage = models.CharField(_("stage"), max_length=12, choices=Stage, default=Stage.STORED)
    progress_percent = models.PositiveSmallIntegerField(
        _("progress in %"), default=0, validators=[MaxValueValidator(100)]
    )
    code = models.CharField(_("error code"), max_length=40, blank=True)
    error = models.CharField(_("error"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    completed_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = UploadJobQuerySet.as_manager()

    class Meta:
        db_table = "upload_jobs"
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering: ClassVar[list[str]] = ["-created_at", "position"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["session"],
                condition=Q(status__in=[JobStatus.PENDING, JobStatus.PROCESSING]),
                name="upload_jobs_open",
            ),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(progress_percent__lte=100), name="upload_jobs_progress_at_most_100"
            ),
            models.CheckConstraint(
                condition=Q(status=JobStatus.REJECTED) | Q(image__isnull=False),
                name="upload_jobs_image_unless_rejected",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[JobStatus.REJECTED, JobStatus.FAILED]) | ~Q(code=""),
                name="upload_jobs_failure_has_code",
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def stands_elsewhere(self) -> bool:
        """Whether the photo was known, and its count stands at another place than the one that was named now."""
        return CountWarning.DUPLICATE_ELSEWHERE.value in self.warnings

    @property
    def warnings(self) -> list[str]:
        """Codes of CountWarning: those of the count, and what this upload contradicts."""
        if self.session is None:
            return []
        is_known = self.duplicate_of_id is not None
        named_id = self.upload_session.storage_location_id if is_known else None
        return warnings_of_job(
            self.session.warnings, self.duplicate_of_id, named_id, self.session.storage_location_id
        )


def warnings_of_job(
    of_count: Sequence[str], duplicate_of_id: UUID | None, named_id: int | None, stands_at_id: int | None
) -> list[str]:
    """The warnings of a count, and that it stands at another place than was named for a photo that was known."""
    is_elsewhere = None not in (duplicate_of_id, named_id, stands_at_id) and named_id != stands_at_id
    return [*of_count, CountWarning.DUPLICATE_ELSEWHERE.value] if is_elsewhere else list(of_count)


class IdempotencyKey(models.Model):
    """A key that a client sent with a request, and the answer it got: the same request is answered, not repeated."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    body_sha256 = models.CharField(max_length=64)
    response_status = models.PositiveSmallIntegerField()
    response_body = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        db_table = "idempotency_keys"
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "path", "key"], name="idempotency_keys_once"),
        ]

    def __str__(self) -> str:
        return f"{self.path} {self.key}"
