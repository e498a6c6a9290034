"""Circuit breakers in the administration: what each stands before, whether it lets calls through, and since when."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from demeter.admin_base import ReadOnlyAdmin
from demeter.breakers.breaker import follow_row
from demeter.choices import BreakerState
from demeter.models import CircuitBreaker

_COLOURS = {BreakerState.CLOSED: "success", BreakerState.HALF_OPEN: "warning", BreakerState.OPEN: "danger"}

_MEANINGS = {
    BreakerState.CLOSED: _("closed: calls go through"),
    BreakerState.HALF_OPEN: _("half-open: one call tries it"),
    BreakerState.OPEN: _("open: nobody calls"),
}


@admin.register(CircuitBreaker)
class CircuitBreakerAdmin(ReadOnlyAdmin):
    """The machine room's breakers; a row appears at the first fault."""

    explanation = _(
        "A circuit breaker stands before a service that others wait for. After several faults in a row it opens: "
        "nobody calls the service any more, photos wait. After a while one call tries it; if that goes well, the "
        "breaker closes."
    )
    list_display = ["name", "shown_state", "changed_at", "faults", "last_fault", "next_probe_at"]
    fields = ["name", "state", "changed_at", "faults", "last_fault", "next_probe_at"]
    readonly_fields = ["next_probe_at"]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        for name in settings.CIRCUIT_BREAKERS:
            follow_row(name)
        return super().changelist_view(request, extra_context)

    @display(description=_("state"), ordering="state", label=_COLOURS)
    def shown_state(self, breaker: CircuitBreaker) -> tuple[str, Promise]:
        return breaker.state, _MEANINGS[BreakerState(breaker.state)]

    @display(description=_("next probe"))
    def next_probe_at(self, breaker: CircuitBreaker) -> Any:
        if breaker.state == BreakerState.CLOSED or breaker.opened_at is None:
            return None
        return breaker.opened_at + timedelta(seconds=settings.CIRCUIT_BREAKERS[breaker.name]["open_s"])
