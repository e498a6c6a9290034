"""Alerts in the administration: who is told, what there was to tell, and whether it arrived."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display

from demeter.admin_base import ModelAdmin, ReadOnlyAdmin
from demeter.alerts import texts
from demeter.alerts.changes import record_test
from demeter.alerts.queue import send_messages
from demeter.choices import Channel, DeliveryStatus
from demeter.models import Alert, AlertDelivery, AlertRecipient, QueueWatch

_COLOURS = {
    DeliveryStatus.PENDING: "warning",
    DeliveryStatus.SENT: "success",
    DeliveryStatus.FAILED: "danger",
}


class _Deliveries(TabularInline):
    """What became of telling each recipient."""

    model = AlertDelivery
    fields = readonly_fields = ["recipient", "status", "attempt", "sent_at", "shown_error"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("recipient")

    @display(description=_("error"))
    def shown_error(self, delivery: AlertDelivery) -> str:
        return error_text(delivery)


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """What people were told of, the newest first."""

    explanation = _(
        "What broke, and what is well again. Each change is told once to every active recipient; the deliveries say "
        "whether it arrived."
    )
    list_display = ["title", "kind", "shown_state", "created_at"]
    list_filter = ["kind", "is_raised", "created_at"]
    search_fields = ["subject"]
    date_hierarchy = "created_at"
    fields = ["title", "text", "kind", "subject", "is_raised", "created_at"]
    readonly_fields = ["title", "text"]
    inlines = [_Deliveries]

    @display(description=_("what happened"))
    def title(self, alert: Alert) -> str:
        return texts.title(alert)

    @display(description=_("what is known"))
    def text(self, alert: Alert) -> str:
        return texts.text(alert)

    @display(description=_("state"), ordering="is_raised", label={True: "danger", False: "success"})
    def shown_state(self, alert: Alert) -> tuple[bool, Any]:
        return alert.is_raised, _("broken") if alert.is_raised else _("well")


@admin.register(AlertRecipient)
class AlertRecipientAdmin(ModelAdmin):
    """Who is told, how, and in which language; with a message to try it."""

    explanation = _(
        "Who is told when a service is away, a queue has no worker or a job waits for long: by e-mail, or by a webhook "
        "such as that of a chat. Send a test to see that it arrives."
    )
    list_display = ["name", "channel", "shown_address", "language", "is_active", "last_delivery"]
    list_filter = ["channel", "is_active"]
    search_fields = ["name", "address"]
    fields = ["name", "channel", "address", "language", "is_active"]
    actions = ["send_tests"]
    actions_submit_line = ["send_test"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        newest = AlertDelivery.objects.filter(recipient=OuterRef("pk")).order_by("-created_at", "-pk")
        return rows.annotate(last_status=Subquery(newest.values("status")[:1]))

    @display(description=_("address"))
    def shown_address(self, recipient: AlertRecipient) -> str:
        """The host alone of a webhook: who has its whole address can write there."""
        if recipient.channel == Channel.EMAIL:
            return recipient.address
        scheme, _separator, rest = recipient.address.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}/…"

    @display(description=_("last message"), label=_COLOURS)
    def last_delivery(self, recipient: Any) -> tuple[str, Any] | None:
        status = recipient.last_status
        return None if status is None else (status, DeliveryStatus(status).label)

    @admin.action(description=_("Send a test"), permissions=["change"])
    def send_tests(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for recipient in queryset:
            self._send_test(request, recipient)

    @action(description=_("Save and send a test"), permissions=["change"])
    def send_test(self, request: HttpRequest, obj: AlertRecipient) -> None:
        self._send_test(request, obj)

    def _send_test(self, request: HttpRequest, recipient: AlertRecipient) -> None:
        send_messages([record_test(recipient).pk])
        text = _("A test is on its way to %(name)s. The deliveries show whether it arrived.")
        self.message_user(request, text % {"name": recipient.name}, messages.SUCCESS)


@admin.register(AlertDelivery)
class AlertDeliveryAdmin(ReadOnlyAdmin):
    """Which messages were taken, wait, or were refused, and why."""

    list_display = ["what", "recipient", "shown_status", "attempt", "shown_error", "created_at", "sent_at"]
    list_filter = ["status", "recipient", "created_at"]
    search_fields = ["recipient__name"]
    list_select_related = ["alert", "recipient"]

    @display(description=_("alert"))
    def what(self, delivery: AlertDelivery) -> str:
        return texts.title(delivery.alert)

    @display(description=_("status"), ordering="status", label=_COLOURS)
    def shown_status(self, delivery: AlertDelivery) -> tuple[str, str]:
        return delivery.status, delivery.get_status_display()

    @display(description=_("error"))
    def shown_error(self, delivery: AlertDelivery) -> str:
        return error_text(delivery)


@admin.register(QueueWatch)
class QueueWatchAdmin(ReadOnlyAdmin):
    """When each queue was last seen with a worker."""

    list_display = ["queue", "served_at", "looked_at"]


def error_text(delivery: AlertDelivery) -> str:
    """Why a message was not taken; empty for one that was."""
    return str(texts.ERRORS.get(delivery.error_code, delivery.error_code))
