"""The picture as it came from the phone, and where its bytes lie."""

import uuid
from collections.abc import Collection, Iterable
from typing import Any, ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from demeter.change_times import ChangeTimed
from photos.choices import ImageSource, ImageStatus, TakenAtSource
from photos.querysets import ImageQuerySet

SHOWN_BY_BROWSERS: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/avif"})


class Image(ChangeTimed):
    """A photo of one place. The id is made before the bytes are stored, so key and row agree.

    Sizes are those of the picture as a person sees it: the EXIF turn is applied.
    `processing_status_updated_at` follows `status` in `save`, and in bulk in `ImageQuerySet.update`.
    """

    _status_in_row: str | None = None  # as it was read last

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="image_id")
    upload_session = models.ForeignKey(
        "UploadSession", on_delete=models.PROTECT, related_name="images", verbose_name=_("upload")
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="images",
        verbose_name=_("uploaded by"),
        db_column="uploaded_by_user_id",
    )
    uploaded_at = models.DateTimeField(_("uploaded at"), auto_now_add=True)
    original_filename = models.CharField(_("file name"), max_length=255)
    source = models.CharField(
        _("source"),
        max_length=10,
        choices=ImageSource,
        default=ImageSource.API,
        db_column="upload_source",
    )
    content_type = models.CharField(_("content type"), max_length=30)
    file_size_bytes = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64, db_index=True)
    width_px = models.PositiveIntegerField(_("width in px"))
    height_px = models.PositiveIntegerField(_("height in px"))
    exif = models.JSONField(_("EXIF"), default=dict, blank=True, db_column="exif_metadata")
    gps_coordinates = models.JSONField(
        _("GPS position"),
        null=True,
        blank=True,
        help_text=_("lat and lon in degrees, altitude and accuracy in metres."),
    )
    label_location_ids = models.JSONField(
        _("labels in the photo"),
        default=list,
        blank=True,
        help_text=_("Keys of the places whose QR labels were read in it."),
    )
    taken_at = models.DateTimeField(
        _("taken at"), help_text=_("As the photo or its uploader says, else the time of the upload.")
    )
    taken_at_source = models.CharField(
        _("date from"), max_length=10, choices=TakenAtSource, default=TakenAtSource.RECEIVED
    )

    staging_key = models.CharField(
        max_length=255, blank=True, help_text=_("Empty once the store has the original.")
    )
    bucket = models.CharField(
        _("bucket"),
        max_length=255,
        blank=True,
        db_column="s3_bucket",
        help_text=_("Of the original; on a disk, the folder that stands for one."),
    )
    original_key = models.CharField(max_length=255, unique=True, db_column="s3_key_original")
    is_stored = models.BooleanField(_("original is in the store"), default=False)
    thumbnail_key = models.CharField(max_length=255, blank=True, db_column="s3_key_thumbnail")
    preview_key = models.CharField(max_length=255, blank=True)
    full_picture_key = models.CharField(
        max_length=255,
        blank=True,
        help_text=_("Made when somebody looks closely at what browsers do not show."),
    )

    status = models.CharField(_("status"), max_length=12, choices=ImageStatus, default=ImageStatus.UPLOADED)
    processing_status_updated_at = models.DateTimeField(
        _("status changed"), default=timezone.now, editable=False
    )
    error_details = models.CharField(_("error"), max_length=500, blank=True)
    with_inventory = models.BooleanField(_("counts as stock"), default=True)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("deleted by"),
    )

    objects = ImageQuerySet.as_manager()

    class Meta:
        db_table = "s3_images"
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering: ClassVar[list[str]] = ["-uploaded_at", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-uploaded_at", "-id"], name="s3_images_newest"),
            models.Index(  # what the gallery shows, so that its pages and their number are read from the index alone
                fields=["-uploaded_at", "-id"],
                condition=Q(deleted_at__isnull=True, with_inventory=True),
                name="s3_images_gallery",
            ),
            models.Index(  # the other orders in which the gallery may be asked for
                fields=["taken_at", "id"],
                condition=Q(deleted_at__isnull=True, with_inventory=True),
                name="s3_images_gallery_taken",
            ),
            models.Index(
                fields=["original_filename", "id"],
                condition=Q(deleted_at__isnull=True, with_inventory=True),
                name="s3_images_gallery_named",
            ),
            models.Index(fields=["uploaded_by", "-uploaded_at"], name="s3_images_of_user"),
            models.Index(fields=["status", "-uploaded_at"], name="s3_images_by_status"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(file_size_bytes__gt=0), name="s3_images_size_positive"),
            models.CheckConstraint(
                condition=Q(width_px__gt=0, height_px__gt=0), name="s3_images_sides_positive"
            ),
            models.CheckConstraint(
                condition=Q(is_stored=True) | ~Q(staging_key=""),
                name="s3_images_bytes_somewhere",
                violation_error_message=_("The bytes of a photo lie in staging until the store has them."),
            ),
        ]

    def __str__(self) -> str:
        return self.original_filename

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **options: Any
    ) -> Self:
        image = super().from_db(db, field_names, values, **options)
        if "status" in field_names:
            image._status_in_row = image.status
        return image

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        super().refresh_from_db(*args, **kwargs)
        if "status" in self.__dict__:  # else it is not loaded, and reading it would do so
            self._status_in_row = self.status

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        fields = None if update_fields is None else set(update_fields)
        if not self._state.adding and (fields is None or "status" in fields):
            if self.status != self._status_in_row:
                self.processing_status_updated_at = timezone.now()
            fields = fields and {*fields, "processing_status_updated_at"}
        super().save(*args, update_fields=fields, **kwargs)
        if fields is None or "status" in fields:
            self._status_in_row = self.status

    @property
    def needs_preview(self) -> bool:
        """Whether browsers do not show the original, or do not agree on how it is to be turned."""
        return self.content_type not in SHOWN_BY_BROWSERS or self.exif.get("orientation", 1) != 1

    @property
    def is_dated(self) -> bool:
        """Whether anybody says when the photo was taken; else `taken_at` is the time of the upload."""
        return self.taken_at_source != TakenAtSource.RECEIVED
