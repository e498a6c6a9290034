"""Files that come in chunks, and can so be continued after a lost connection (tus 1.0)."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from photos.choices import ImageSource
from photos.querysets import ResumableUploadQuerySet


class ResumableUpload(models.Model):
    """A file on its way: how much of it has arrived, and what its uploader says about the photo.

    Its last byte and its job are written in one transaction, so that it is whole exactly when it has a job.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("user")
    )
    # No foreign key: the upload is written with the first file that has arrived as a whole.
    upload_session_uuid = models.UUIDField(_("upload that it joins"), default=uuid.uuid4, db_index=True)
    file_uuid = models.UUIDField(
        _("file as its sender calls it"),
        null=True,
        blank=True,
        help_text=_("Begun again within the same upload, it is the same file."),
    )
    filename = models.CharField(_("file name"), max_length=255)
    size_bytes = models.PositiveBigIntegerField(_("size in bytes"), validators=[MinValueValidator(1)])
    offset_bytes = models.PositiveBigIntegerField(_("bytes that have arrived"), default=0)
    sha256 = models.CharField(_("SHA-256 as announced"), max_length=64, blank=True)
    storage_location = models.ForeignKey(
        "inventory.StorageLocation",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("place named by the uploader"),
    )
    warehouse = models.ForeignKey(
        "inventory.Warehouse",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("warehouse named by the uploader"),
    )
    notes = models.CharField(_("notes"), max_length=500, blank=True)
    taken_at = models.DateTimeField(_("taken at, as the uploader says"), null=True, blank=True)
    force = models.BooleanField(_("counts a known photo again"), default=False)
    source = models.CharField(_("sent from"), max_length=10, choices=ImageSource, default=ImageSource.API)
    job = models.OneToOneField(
        "UploadJob",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="resumable_upload",
        verbose_name=_("job"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), db_index=True)

    objects = ResumableUploadQuerySet.as_manager()

    class Meta:
        db_table = "resumable_uploads"
        verbose_name = _("resumable upload")
        verbose_name_plural = _("resumable uploads")
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user", "upload_session_uuid", "file_uuid"], name="resumable_uploads_file_once"
            ),
            models.CheckConstraint(
                condition=Q(job__isnull=True, offset_bytes__lt=F("size_bytes"))
                | Q(job__isnull=False, offset_bytes=F("size_bytes")),
                name="resumable_uploads_whole_with_job",
            ),
        ]

    def __str__(self) -> str:
        return self.filename


class UploadChunk(models.Model):
    """A stretch of a file, as it lies in staging until the file is whole."""

    resumable_upload = models.ForeignKey(
        ResumableUpload,
        on_delete=models.CASCADE,
        related_name="chunks",
        verbose_name=_("resumable upload"),
    )
    offset_bytes = models.PositiveBigIntegerField(_("first byte"))
    size_bytes = models.PositiveBigIntegerField(_("size in bytes"))
    staging_key = models.CharField(_("key in staging"), max_length=200)

    class Meta:
        db_table = "upload_chunks"
        verbose_name = _("chunk")
        verbose_name_plural = _("chunks")
        ordering: ClassVar[list[str]] = ["offset_bytes"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["resumable_upload", "offset_bytes"], name="upload_chunks_once_an_offset"
            ),
            models.CheckConstraint(condition=Q(size_bytes__gt=0), name="upload_chunks_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.staging_key} ({self.offset_bytes}+{self.size_bytes})"
