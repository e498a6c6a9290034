"""Writing down that something broke, or is well again: once a change, however many processes notice it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from demeter.choices import AlertKind
from demeter.models import Alert, AlertDelivery, AlertRecipient

Raised = set[tuple[str, str]]


def record_change(kind: AlertKind, subject: str, *, is_raised: bool, details: dict[str, Any]) -> Alert | None:
    """Write an alert and a delivery for each active recipient. None if the last alert says the same already.

    Of several processes that notice one change, one writes it: its number is unique.
    """
    last = _last(kind, subject)
    if is_raised == (last is not None and last.is_raised):
        return None
    with transaction.atomic():
        alert, is_new = Alert.objects.get_or_create(
            kind=kind,
            subject=subject,
            number=1 if last is None else last.number + 1,
            defaults={"is_raised": is_raised, "details": details},
        )
        if not is_new:
            return None
        _address(alert, list(AlertRecipient.objects.filter(is_active=True)))
    return alert


@transaction.atomic
def record_test(recipient: AlertRecipient) -> AlertDelivery:
    """Write an alert that tells one recipient nothing but that alerts arrive."""
    subject = str(recipient.pk)
    AlertRecipient.objects.select_for_update().get(pk=recipient.pk)
    number = Alert.objects.filter(kind=AlertKind.TEST, subject=subject).count() + 1
    alert = Alert.objects.create(kind=AlertKind.TEST, subject=subject, number=number, is_raised=False)
    [delivery] = _address(alert, [recipient])
    return delivery


def raised_alerts() -> Raised:
    """What is broken as far as people were told: (kind, subject) of each."""
    return set(last_raised_alerts().order_by().values_list("kind", "subject"))


def last_raised_alerts() -> QuerySet[Alert]:
    """The last alert of each thing that is broken as far as people were told."""
    newer = Alert.objects.filter(
        kind=OuterRef("kind"), subject=OuterRef("subject"), number__gt=OuterRef("number")
    )
    return Alert.objects.filter(~Exists(newer), is_raised=True)


def _last(kind: AlertKind, subject: str) -> Alert | None:
    return Alert.objects.filter(kind=kind, subject=subject).order_by("-number").first()


def _address(alert: Alert, recipients: list[AlertRecipient]) -> list[AlertDelivery]:
    deliveries = [AlertDelivery(alert=alert, recipient=recipient) for recipient in recipients]
    return AlertDelivery.objects.bulk_create(deliveries)
