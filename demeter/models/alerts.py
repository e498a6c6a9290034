"""Alerts: what changed, whom to tell, and what became of telling them."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from demeter.choices import AlertKind, Channel, DeliveryStatus
from demeter.querysets import AlertDeliveryQuerySet
from demeter.webhook_url import check_webhook_url


def language_of_installation() -> str:
    """The language of people who have chosen none."""
    return str(settings.LANGUAGE_CODE)


class Alert(models.Model):
    """One change that people are told of: something broke, or is well again.

    Example: gpu_queue, which no worker served from 14:00 on, got one at 14:20: its alert number 2. The number makes
    that several processes that notice a change write it once.
    """

    kind = models.CharField(_("what"), max_length=30, choices=AlertKind)
    subject = models.CharField(_("of what"), max_length=60)
    number = models.PositiveIntegerField(_("number"))
    is_raised = models.BooleanField(_("broken"), help_text=_("Off: it is well again."))
    details = models.JSONField(_("details"), default=dict, blank=True)
    created_at = models.DateTimeField(_("noticed"), auto_now_add=True)

    class Meta:
        db_table = "alerts"
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "subject", "number"], name="alerts_once_a_change"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.subject}"


class AlertRecipient(models.Model):
    """Somebody, or a channel of a chat, that alerts are sent to."""

    name = models.CharField(_("name"), max_length=60)
    channel = models.CharField(_("how"), max_length=10, choices=Channel, default=Channel.EMAIL)
    address = models.CharField(
        _("address"),
        max_length=500,
        help_text=_("An e-mail address, or the https:// address of a webhook, which is a secret."),
    )
    language = models.CharField(
        _("language"), max_length=5, choices=settings.LANGUAGES, default=language_of_installation
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        db_table = "alert_recipients"
        verbose_name = _("recipient of alerts")
        verbose_name_plural = _("recipients of alerts")
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["channel", "address"],
                name="alert_recipients_once",
                violation_error_message=_("This address is told already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        self.address = self.address.strip()
        try:
            if self.channel == Channel.EMAIL:
                validate_email(self.address)
            else:
                check_webhook_url(self.address)
        except ValidationError as error:
            raise ValidationError({"address": error}) from error


class AlertDelivery(models.Model):
    """Telling one recipient of one alert. A sender claims the row by raising `attempt`, and writes the end itself.

    `key` goes along as the Message-ID of an e-mail and as the Idempotency-Key of a webhook: where a sender dies between
    sending and writing that down, the message comes twice and can be told to be the same.
    """

    alert = models.ForeignKey(
        Alert, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("alert")
    )
    recipient = models.ForeignKey(
        AlertRecipient, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("recipient")
    )
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    status = models.CharField(
        _("status"), max_length=10, choices=DeliveryStatus, default=DeliveryStatus.PENDING
    )
    attempt = models.PositiveSmallIntegerField(_("attempts"), default=0)
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    error_code = models.CharField(_("error"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    objects = AlertDeliveryQuerySet.as_manager()

    class Meta:
        db_table = "alert_deliveries"
        verbose_name = _("delivery of an alert")
        verbose_name_plural = _("deliveries of alerts")
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["created_at"],
                condition=Q(status=DeliveryStatus.PENDING),
                name="alert_deliveries_pending",
            ),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["alert", "recipient"], name="alert_deliveries_once_a_recipient"),
        ]

    def __str__(self) -> str:
        return f"{self.alert} → {self.recipient}"


class QueueWatch(models.Model):
    """When a queue was last seen with a worker, and when somebody last looked."""

    queue = models.CharField(_("queue"), max_length=40, unique=True)
    served_at = models.DateTimeField(_("last served"))
    looked_at = models.DateTimeField(_("last looked at"))

    class Meta:
        db_table = "queue_watches"
        verbose_name = _("watched queue")
        verbose_name_plural = _("watched queues")
        ordering: ClassVar[list[str]] = ["queue"]

    def __str__(self) -> str:
        return self.queue
