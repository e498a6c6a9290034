"""What a place should hold, worked out from the rows in another way than the product does: by asking backwards in time.

Slow and recursive on purpose: it shares no code with `inventory.services.statement`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from inventory.choices import MovementType
from inventory.models import ManualCount, StockMovement, StorageLocation, StorageLocationConfig
from photos.models import Image, ProcessingSession

Moment = tuple[datetime, int, datetime, str]  # when, movements before counts, when recorded, which
LAST = "~"
END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Evidence:
    """One count of one product: by hand, or the counts of one photo from which the best speaks."""

    moment: Moment
    product: int
    candidates: tuple[ProcessingSession, ...] = ()
    by_hand: int | None = None


class Oracle:
    """The evidence of one place as it is now."""

    def __init__(self, place: StorageLocation) -> None:
        self.place = place
        self.configs = list(
            StorageLocationConfig.objects.filter(storage_location=place).order_by("started_at")
        )
        self.movements = list(
            StockMovement.objects.filter(batch__storage_location=place)
            .exclude(movement_type=MovementType.PHOTO)
            .values_list("batch__product", "occurred_at", "quantity")
        )
        self.evidence = sorted([*self._photos(), *self._by_hand()], key=lambda evidence: evidence.moment)
        self.products = {product for product, *_ in self.movements} | {e.product for e in self.evidence}

    def holds(self, product: int, until: datetime | None = None) -> int:
        """Living plants by the statement, now or at a past moment; below zero for a shortfall."""
        return self._holds(product, (until or END, 1, END, LAST))

    def deciding(self, product: int) -> Evidence | None:
        """The evidence that decides what the place holds of a product now."""
        mine = [e for e in reversed(self.evidence) if e.product == product and self._speaks(e) is not None]
        return mine[0] if mine else None

    def deciding_session(self, product: int) -> ProcessingSession | None:
        """The count of a photo that decides, None if a person's count does or there is none."""
        decides = self.deciding(product)
        return next(iter(self._best(decides)), None) if decides is not None else None

    def _holds(self, product: int, before: Moment) -> int:
        for evidence in reversed([e for e in self.evidence if e.product == product and e.moment < before]):
            shown = self._speaks(evidence)
            if shown is not None:
                return shown + self._moved(product, evidence.moment[0], before)
        return self._moved(product, None, before)

    def _moved(self, product: int, after: datetime | None, before: Moment) -> int:
        return sum(
            quantity
            for of, at, quantity in self.movements
            if of == product and (after is None or at > after) and (at, 0, at, "") < before
        )

    def _speaks(self, evidence: Evidence) -> int | None:
        """What a count says, None if a person has still to be asked about it."""
        if evidence.by_hand is not None:
            return evidence.by_hand
        best = self._best(evidence)
        return best[0].total_living if best else None

    def _best(self, evidence: Evidence) -> list[ProcessingSession]:
        free = [session for session in evidence.candidates if not self._waits(evidence, session)]
        accepted = [session for session in free if session.validated]
        return sorted(accepted or free, key=lambda session: -session.attempt)[:1]

    def _waits(self, evidence: Evidence, session: ProcessingSession) -> bool:
        accepted = set(session.accepted_warnings)
        if "partial_count" in session.warnings and "partial_count" not in accepted:
            return True
        if not session.image.is_dated and "undated" not in accepted and self._others_are_dated(session):
            return True
        if "other_product" in accepted:
            return False
        others = {product for product in self.products if product != evidence.product}
        return any(
            self._holds(product, evidence.moment) > 0
            and not self._is_hand_counted(product, session.image.taken_at, evidence.moment)
            for product in others
        )

    def _is_hand_counted(self, product: int, taken_at: datetime, before: Moment) -> bool:
        """Whether a person's count, made since the cycle of a photo began, is what the product is known by."""
        began = [c.started_at for c in self.configs if c.started_at <= taken_at]
        speaking = [
            evidence
            for evidence in self.evidence
            if evidence.product == product and evidence.moment < before and self._speaks(evidence) is not None
        ]
        return bool(
            began and speaking and speaking[-1].by_hand is not None and speaking[-1].moment[0] >= began[-1]
        )

    def _others_are_dated(self, session: ProcessingSession) -> bool:
        return any(
            other.image.is_dated and "partial_count" not in other.warnings
            for evidence in self.evidence
            for other in evidence.candidates
            if other.image_id != session.image_id
        )

    def _photos(self) -> list[Evidence]:
        found = []
        for image in Image.objects.filter(deleted_at=None, with_inventory=True):
            counts = list(image.sessions.select_related("image").order_by("attempt"))
            if not counts or counts[-1].storage_location_id != self.place.pk:
                continue
            product = self._grown(image.taken_at)
            finished = tuple(count for count in counts if count.status == "completed")
            if product is not None and finished:
                moment = (image.taken_at, 1, image.uploaded_at, f"{counts[0].pk:09d}")
                found.append(Evidence(moment, product, finished))
        return found

    def _by_hand(self) -> list[Evidence]:
        counts = ManualCount.objects.filter(storage_location=self.place)
        return [
            Evidence((c.counted_at, 1, c.created_at, f"{c.pk:09d}"), c.product_id, by_hand=c.quantity)
            for c in counts
        ]

    def _grown(self, at: datetime) -> int | None:
        running = [c for c in self.configs if c.started_at <= at and (c.ended_at is None or c.ended_at > at)]
        later = [c for c in self.configs if c.started_at > at]
        chosen = running[-1:] or later[:1]
        return chosen[0].product_id if chosen else None
