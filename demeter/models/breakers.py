"""Circuit breakers as rows."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from demeter.choices import BreakerName, BreakerState


class CircuitBreaker(models.Model):
    """A circuit breaker that all processes share, and since when it is what it is.

    Without Redis this row is the breaker; with Redis it follows what stands there. Example: the store's has been open
    since 14:02, after five calls in a row could not connect.
    """

    name = models.CharField(_("stands before"), max_length=20, choices=BreakerName, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=BreakerState, default=BreakerState.CLOSED)
    faults = models.PositiveIntegerField(_("faults in a row"), default=0)
    changed_at = models.DateTimeField(
        _("since"), auto_now_add=True, help_text=_("When it opened; or when it closed again.")
    )
    opened_at = models.DateTimeField(
        _("last fault that opened it"), null=True, blank=True, help_text=_("The next probe counts from here.")
    )
    last_fault = models.CharField(_("last fault"), max_length=100, blank=True)
    probe_token = models.CharField(max_length=32, blank=True, editable=False)
    probe_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        db_table = "circuit_breakers"
        verbose_name = _("circuit breaker")
        verbose_name_plural = _("circuit breakers")
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.get_name_display()
