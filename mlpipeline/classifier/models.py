"""Pictures to be classified, the answers, what people said of them, and pictures that show a product for sure."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mlpipeline.classifier.choices import PredictionStatus, SampleType
from mlpipeline.classifier.querysets import ClassifiedPictureQuerySet, PredictionQuerySet

FILE_NAME_LENGTH = 40


class ClassifiedPicture(models.Model):
    """A picture that was sent to be classified. However often it is sent, it is kept once.

    Example: 0aa6ab66d3f2b3a6e1a4bf0b6a6e5c3f.jpg, the MD5 of its bytes and the ending of its name.
    """

    file_name = models.CharField(_("file name"), max_length=FILE_NAME_LENGTH, unique=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    size_bytes = models.PositiveIntegerField(_("size in bytes"))
    staging_key = models.CharField(
        max_length=200, blank=True, help_text=_("Where the bytes lie until the store has them; then empty.")
    )
    created_at = models.DateTimeField(_("first sent"), auto_now_add=True)
    used_at = models.DateTimeField(_("last sent"), db_index=True)

    objects = ClassifiedPictureQuerySet.as_manager()

    class Meta:
        db_table = "classified_pictures"
        verbose_name = _("classified picture")
        verbose_name_plural = _("classified pictures")
        ordering: ClassVar[list[str]] = ["-used_at"]

    def __str__(self) -> str:
        return self.file_name


class Prediction(models.Model):
    """The question what a picture shows, and its answer. A worker claims several at once and answers them together.

    Example: worker@nursery.example sent 0aa6….jpg; it is an artichoke, says the general model, with a score of 0.41.
    The row is the truth; the message to the worker is only a hint. An answer is written by the holder of the claim
    alone, and not after `expires_at`: nobody waits for it any more.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("user")
    )
    picture = models.ForeignKey(
        ClassifiedPicture, on_delete=models.PROTECT, related_name="predictions", verbose_name=_("picture")
    )
    status = models.CharField(
        _("status"), max_length=10, choices=PredictionStatus, default=PredictionStatus.PENDING
    )
    label = models.CharField(_("prediction"), max_length=150, blank=True)
    score = models.FloatField(_("score"), null=True, blank=True)
    model_name = models.CharField(_("model"), max_length=100, blank=True)
    model_sha256 = models.CharField(_("SHA-256 of the model"), max_length=64, blank=True)
    error_code = models.CharField(_("error"), max_length=40, blank=True)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("asked"), auto_now_add=True)
    expires_at = models.DateTimeField(_("to be answered by"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    objects = PredictionQuerySet.as_manager()

    class Meta:
        db_table = "predictions"
        verbose_name = _("prediction")
        verbose_name_plural = _("predictions")
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["created_at"],
                condition=Q(status=PredictionStatus.PENDING),
                name="predictions_pending",
            ),
            models.Index(fields=["user", "-created_at"], name="predictions_of_user"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~Q(status=PredictionStatus.ANSWERED)
                | (Q(score__gte=0, score__lte=1) & ~Q(label="")),
                name="predictions_answered_says_what",
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.get_status_display()


class Feedback(models.Model):
    """What a person says of a prediction. With the product that the picture shows it becomes a training sample."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("user")
    )
    feedback = models.CharField(_("feedback"), max_length=1000)
    score = models.FloatField(_("score"))
    predicted_class = models.CharField(_("predicted class"), max_length=150)
    image_file_name = models.CharField(_("file name"), max_length=255)
    picture = models.ForeignKey(
        ClassifiedPicture,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="feedback",
        verbose_name=_("picture"),
    )
    created_at = models.DateTimeField(_("given"), auto_now_add=True)

    class Meta:
        db_table = "feedback"
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.predicted_class}: {self.feedback[:60]}"


class ProductSampleImage(models.Model):
    """A picture that shows one product for sure: for people to look at, and for the classifier to learn from."""

    product = models.ForeignKey(
        "inventory.Product", on_delete=models.CASCADE, related_name="+", verbose_name=_("product")
    )
    picture = models.ForeignKey(
        ClassifiedPicture, on_delete=models.PROTECT, related_name="samples", verbose_name=_("picture")
    )
    sample_type = models.CharField(
        _("what for"), max_length=20, choices=SampleType, default=SampleType.REFERENCE
    )
    product_state = models.ForeignKey(
        "inventory.ProductState",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("state"),
    )
    product_size = models.ForeignKey(
        "inventory.ProductSize",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("size"),
    )
    storage_location = models.ForeignKey(
        "inventory.StorageLocation",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("place"),
    )
    feedback = models.OneToOneField(
        Feedback,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="sample",
        verbose_name=_("feedback"),
    )
    is_primary = models.BooleanField(
        _("shown first"), default=False, help_text=_("The one picture that stands for the product.")
    )
    notes = models.CharField(_("notes"), max_length=500, blank=True)
    captured_on = models.DateField(_("taken on"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("added by"),
    )
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        db_table = "product_sample_images"
        verbose_name = _("product sample image")
        verbose_name_plural = _("product sample images")
        ordering: ClassVar[list[str]] = ["product", "-is_primary", "-created_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["product", "picture"],
                name="product_sample_images_once",
                violation_error_message=_("This picture is a sample of this product already."),
            ),
            models.UniqueConstraint(
                fields=["product"],
                condition=Q(is_primary=True),
                name="product_sample_images_one_primary",
                violation_error_message=_("Another picture of this product is shown first already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.get_sample_type_display()}"
