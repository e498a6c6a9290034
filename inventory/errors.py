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


class ProductHasStock(DemeterError):
    """The product of a running configuration cannot change while the location holds plants of it."""

    code, status = "product_has_stock", 409
