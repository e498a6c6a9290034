"""What a decision about photos would do, before anybody takes it: to the stock, and to what waits for a person."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from inventory.models import StorageLocation
from inventory.services.preview import StockPreview, preview_stock
from photos.choices import BookingState, CountWarning
from photos.models import ProcessingSession
from photos.services.booking.image_status import blocking
from photos.services.booking.stock_evidence import lock_photos


@dataclass(frozen=True)
class DecisionPreview:
    """What a decision would do.

    waits: what the newest counts of the photos wait for a person for afterwards; a shortfall stands in `stock`.
    """

    stock: StockPreview[list[CountWarning]]
    waits: list[CountWarning]


def preview_decision(
    decide: Callable[[], object], image_ids: Collection[UUID], *also: StorageLocation
) -> DecisionPreview:
    """Try a decision about these photos and take it back; `also`: places that it would name. Refusals are raised."""

    def decide_and_collect() -> list[CountWarning]:
        decide()
        counts = ProcessingSession.objects.filter(image__in=image_ids, image__deleted_at=None).newest()
        waiting = counts.filter(booking_state=BookingState.WAITING).select_related("image")
        codes = dict.fromkeys(code for count in waiting for code in blocking(count))
        return [code for code in codes if code != CountWarning.NEEDS_REVIEW]

    with transaction.atomic():
        # All that the decision locks: what it would lock after the places of the preview came out of order.
        places = lock_photos(image_ids, *also)
        stock = preview_stock(decide_and_collect, places)
    return DecisionPreview(stock, stock.outcome)
