"""What the inventory refuses."""

from __future__ import annotations

from demeter.errors import DemeterError


class InvalidPolygon(DemeterError):
    """The outline of a place is not a usable polygon, or does not lie where it must."""

    code, status = "invalid_polygon", 400


class InsufficientStock(DemeterError):
    """More plants were to be taken than there are."""

    code, status = "insufficient_stock", 409


class RequestReused(DemeterError):
    """A request id came again, but for another movement than the one it was first used for."""

    code, status = "request_reused", 409


class LedgerIsAppendOnly(DemeterError):
    """Somebody tried to change or delete a movement; an adjustment is the way to correct one."""

    code, status = "ledger_append_only", 409


class FutureMovement(DemeterError):
    """A movement or a count is dated in the future."""

    code, status = "future_date", 400


class MovementTimeUnclear(DemeterError):
    """A movement is dated on the day of the count that decides its place: was it before or after the count?"""

    code, status = "before_or_after_count", 409


class AlreadyConfigured(DemeterError):
    """A place was to get its first configuration, but one is running."""

    code, status = "already_configured", 409
