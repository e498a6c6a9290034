"""Throttles that bound clients gone wild, and never stand in the way when their cache is away."""

from django.conf import settings
from rest_framework.throttling import ScopedRateThrottle, SimpleRateThrottle


class SharedRate(SimpleRateThrottle):
    """A rate of the whole web server.

    Without a cache server each process counts for itself, and allows its share of the rate: together they allow no
    more than is set, and a count costs an upload next to nothing. While a cache server is away, each process allows
    the whole rate (demeter.caches).
    """

    def parse_rate(self, rate: str | None) -> tuple[int | None, int | None]:
        allowed, period_s = super().parse_rate(rate)
        if allowed is not None and not settings.CACHE_URL:
            allowed = max(1, allowed // settings.WEB_PROCESSES)
        return allowed, period_s


class SharedScopedRate(SharedRate, ScopedRateThrottle):
    """The same, with the rate that a view names in `throttle_scope`; counted by user."""
