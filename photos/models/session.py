"""One counting of one photo."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from demeter.change_times import ChangeTimed
from photos.choices import BookingState, LocationSource, SessionStatus
from photos.querysets import HAS_WARNINGS, ProcessingSessionQuerySet


class ProcessingSession(ChangeTimed):
    """One counting of one photo: what was found, where, and what became of it in the books.

    The configuration, product, state and packaging are copied from the place as soon as it is known, so that a
    later edit of the configuration changes no past count. Counting again makes a new session of the same image.
    """

    uuid = models.UUIDField(
        _("session id"), unique=True, default=uuid.uuid4, editable=False, db_column="session_id"
    )
    image = models.ForeignKey(
        "Image",
        on_delete=models.CASCADE,
        related_name="sessions",
        verbose_name=_("photo"),
        db_column="original_image_id",
    )
    attempt = models.PositiveSmallIntegerField(_("count number"), default=1)
    processed_image_id = models.UUIDField(
        _("drawing"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("The name of its drawing in the store; empty until one is made."),
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    storage_location = models.ForeignKey(
        "inventory.StorageLocation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="processing_sessions",
        verbose_name=_("place"),
    )
    location_source = models.CharField(
        _("place known from"), max_length=10, choices=LocationSource, blank=True
    )
    location_candidates = models.JSONField(
        _("candidates"), default=list, blank=True, help_text=_("Ranked: id, name, distance_m.")
    )
    gps_distance_m = models.FloatField(
        _("distance of the position (m)"),
        null=True,
        blank=True,
        help_text=_("From the photo's own position to the outline of the place; empty without a position."),
    )
    moved_from = models.ForeignKey(
        "inventory.StorageLocation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("moved from"),
        help_text=_("The place that the count was said to show before a person named another."),
    )
    configuration = models.ForeignKey(
        "inventory.StorageLocationConfig",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("configuration"),
    )
    product = models.ForeignKey(
        "inventory.Product",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product"),
    )
    product_state = models.ForeignKey(
        "inventory.ProductState",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("state"),
    )
    packaging = models.ForeignKey(
        "inventory.PackagingCatalog",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("packaging"),
    )

    status = models.CharField(
        _("status"), max_length=12, choices=SessionStatus, default=SessionStatus.PENDING
    )
    warnings = models.JSONField(_("warnings"), default=list, blank=True)
    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    error_message = models.CharField(_("error"), max_length=500, blank=True)

    total_detected = models.PositiveIntegerField(_("detected"), default=0)
    total_estimated = models.PositiveIntegerField(_("estimated"), default=0)
    total_dead = models.PositiveIntegerField(_("dead"), default=0)
    total_empty_containers = models.PositiveIntegerField(_("empty containers"), default=0)
    avg_confidence = models.FloatField(_("mean confidence"), null=True, blank=True)
    interval_low = models.PositiveIntegerField(_("at least"), null=True, blank=True)
    interval_high = models.PositiveIntegerField(_("at most"), null=True, blank=True)
    interval_reasons = models.JSONField(
        _("why not more closely"), default=list, blank=True, help_text=_("Codes of IntervalReason.")
    )
    expected_living = models.PositiveIntegerField(
        _("expected"),
        null=True,
        blank=True,
        help_text=_("Living plants by the last count of the place and what was recorded since."),
    )
    category_counts = models.JSONField(_("counts by class"), default=dict, blank=True)
    model_versions = models.JSONField(
        _("models"),
        default=dict,
        blank=True,
        help_text=_("{kind: {name, sha256}} of the weights that counted."),
    )
    timings = models.JSONField(_("timings in s"), default=dict, blank=True)
    recognition = models.JSONField(
        _("recognised"),
        default=dict,
        blank=True,
        help_text=_("What the plants look like to the nursery's own classifier, where it has one."),
    )

    booking_state = models.CharField(
        _("booking"), max_length=12, choices=BookingState, default=BookingState.OPEN
    )
    booking_revision = models.PositiveSmallIntegerField(
        _("booking revision"),
        default=0,
        help_text=_("How often movements were written for this count."),
    )
    booked_quantity = models.PositiveIntegerField(
        _("booked"),
        null=True,
        blank=True,
        help_text=_("The living plants that this count stands for in the stock."),
    )
    accepted_warnings = models.JSONField(
        _("accepted warnings"),
        default=list,
        blank=True,
        help_text=_("Codes of CountWarning that a person has answered: the count waits for them no more."),
    )

    version = models.PositiveIntegerField(_("version of the findings"), default=1)
    validated = models.BooleanField(_("validated"), default=False)
    validated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("validated by"),
        db_column="validated_by_user_id",
    )
    validation_date = models.DateTimeField(_("validated at"), null=True, blank=True)
    validated_version = models.PositiveIntegerField(
        _("validated version"),
        null=True,
        blank=True,
        help_text=_(
            "The version of the findings that was validated; a later correction waits for another word."
        ),
    )
    human_detected = models.PositiveIntegerField(
        _("seen by a person"),
        null=True,
        blank=True,
        help_text=_("Empty unless a validated count was corrected; the model's own numbers stay beside it."),
    )
    human_estimated = models.PositiveIntegerField(_("estimated by a person"), null=True, blank=True)
    human_dead = models.PositiveIntegerField(_("dead by a person"), null=True, blank=True)
    human_empty = models.PositiveIntegerField(_("empty by a person"), null=True, blank=True)
    manual_adjustments = models.JSONField(_("adjustments"), default=dict, blank=True)

    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    completed_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = ProcessingSessionQuerySet.as_manager()

    class Meta:
        db_table = "photo_processing_sessions"
        verbose_name = _("count")
        verbose_name_plural = _("counts")
        ordering: ClassVar[list[str]] = ["-created_at", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["storage_location", "booking_state"], name="sessions_location_booking"),
            models.Index(fields=["image"], condition=Q(version__gt=1), name="sessions_corrected"),
            models.Index(fields=["image", "attempt"], condition=HAS_WARNINGS, name="sessions_with_warnings"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["image", "attempt"], name="photo_processing_sessions_attempt_once"
            ),
            models.UniqueConstraint(
                fields=["processed_image_id"],
                condition=Q(processed_image_id__isnull=False),
                name="photo_processing_sessions_drawing_of_one",
            ),
            models.UniqueConstraint(
                fields=["image"],
                condition=Q(status__in=[SessionStatus.PENDING, SessionStatus.PROCESSING]),
                name="photo_processing_sessions_one_running",
                violation_error_message=_("This photo is being counted already."),
            ),
            models.CheckConstraint(
                condition=Q(total_dead__lte=F("total_detected")),
                name="photo_processing_sessions_dead_were_detected",
            ),
            models.CheckConstraint(
                condition=Q(
                    human_detected__isnull=True,
                    human_estimated__isnull=True,
                    human_dead__isnull=True,
                    human_empty__isnull=True,
                )
                | Q(
                    human_detected__isnull=False,
                    human_estimated__isnull=False,
                    human_dead__isnull=False,
                    human_empty__isnull=False,
                    human_dead__lte=F("human_detected"),
                    validated=True,
                ),
                name="photo_processing_sessions_human_count_whole",
            ),
            models.CheckConstraint(
                condition=Q(avg_confidence__isnull=True) | Q(avg_confidence__gte=0, avg_confidence__lte=1),
                name="photo_processing_sessions_confidence_0_1",
            ),
            models.CheckConstraint(
                condition=~Q(status=SessionStatus.FAILED) | ~Q(error_code=""),
                name="photo_processing_sessions_failure_has_code",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.image} · {self.attempt}"

    @property
    def is_corrected(self) -> bool:
        """Whether a person's numbers stand in place of the model's."""
        return self.human_detected is not None

    @property
    def detected(self) -> int:
        """Plants that were seen, living or dead: as a person validated them, else by the model."""
        return self.total_detected if self.human_detected is None else self.human_detected

    @property
    def estimated(self) -> int:
        """Plants that were not seen: as a person validated them, else by the model."""
        return self.total_estimated if self.human_estimated is None else self.human_estimated

    @property
    def dead(self) -> int:
        """Dead plants: as a person validated them, else by the model."""
        return self.total_dead if self.human_dead is None else self.human_dead

    @property
    def empty(self) -> int:
        """Empty pots or cells: as a person validated them, else by the model."""
        return self.total_empty_containers if self.human_empty is None else self.human_empty

    @property
    def total(self) -> int:
        """All plants: detected and estimated, living and dead."""
        return self.detected + self.estimated

    @property
    def counts_by_class(self) -> dict[str, int]:
        """How many of each class, which add up to the totals: as a person validated them, else by the model.

        People count the living, the dead and the empties; into further classes only the model divides them.
        """
        if not self.is_corrected:
            return dict(self.category_counts)
        return {"plant": self.total_living, "dead": self.dead, "empty": self.empty}

    @property
    def interval(self) -> tuple[int, int] | None:
        """Lowest and highest number of plants that are likely, 90 times in 100.

        None where the count could not be judged, and once a person has said what is true.
        """
        if self.validated or self.interval_low is None or self.interval_high is None:
            return None
        return self.interval_low, self.interval_high

    @property
    def total_living(self) -> int:
        """What the stock books: all plants but the dead."""
        return self.total - self.dead
