"""The numbers of a count as a sum that can be followed, each with what it means and where it is seen in the picture.

All come from the row of the count (`ProcessingSession.total` and its neighbours). What is drawn is counted beside them,
so that the page says itself where the picture shows something else.
"""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from photos.choices import BookingState, CalculationMethod
from photos.models import ProcessingSession
from photos.services.corrections.findings import Kind, corrected_findings, kind_of, tally


@dataclass(frozen=True)
class Number:
    """One line of the sum. `sign` goes before it; `swatch` is its colour in the picture; None: there is no number."""

    code: str
    label: str
    value: int | None
    explanation: str
    sign: str = ""
    swatch: str = ""

    @property
    def is_sum(self) -> bool:
        return self.sign == "="


def numbers_of(session: ProcessingSession) -> list[Number]:
    """The lines from what was seen to what is booked, and then what is no plant. Two queries, three if corrected."""
    seen = session.detected - session.dead
    drawn = _drawn(session)
    lines = [
        Number("living_seen", _("Living, seen"), seen, _seen(seen, drawn[Kind.LIVING]), swatch="living"),
        Number("dead", _("Dead, seen"), session.dead, _seen(session.dead, drawn[Kind.DEAD]), "+", "dead"),
        Number("estimated", _("Estimated"), session.estimated, _estimated(session), "+", "estimated"),
        Number("total", _("All plants"), session.total, "", "="),
    ]
    if session.dead:
        lines += [
            Number("minus_dead", _("Dead"), session.dead, "", "−"),
            Number("living", _("Living"), session.total_living, _("What the stock counts."), "="),
        ]
    if session.image.with_inventory and session.image.deleted_at is None:
        lines.append(Number("booked", _("Booked, living"), session.booked_quantity, _booked(session)))
    empty = Number(
        "empty", _("Empty pots or cells"), session.empty, _empty(session, drawn[Kind.EMPTY]), swatch="empty"
    )
    return [*lines, empty]


def _drawn(session: ProcessingSession) -> Counter[Kind]:
    """How many marks of each kind the numbers rest on: as they were validated, else as the model found them."""
    drawn: Counter[Kind] = Counter()
    if session.is_corrected:
        findings = corrected_findings(session, until=session.validated_version)
        for (_container, kind), n in tally(findings.boxes.values()).items():
            drawn[kind] += n
        return drawn
    rows = session.detections.order_by().values("class_name").annotate(n=Count("pk"))
    for row in rows:
        drawn[kind_of(row["class_name"])] += row["n"]
    return drawn


def _seen(value: int, drawn: int) -> str:
    if value == drawn:
        return _("Each has a mark in the picture.") if value else ""
    return _("Counted by hand; the picture has %(drawn)s marks.") % {"drawn": _written(drawn)}


def _estimated(session: ProcessingSession) -> str:
    if not session.estimated:
        return ""
    if session.is_corrected and session.estimated != session.total_estimated:
        return _("Nobody sees them. Corrected: the model had estimated %(n)s.") % {
            "n": _written(session.total_estimated)
        }
    methods = session.estimations.filter(estimated_count__gt=0).order_by("calculation_method")
    names = [
        str(CalculationMethod(method).label)
        for method in methods.values_list("calculation_method", flat=True).distinct()
        if method in CalculationMethod.values
    ]
    return _("Nobody sees them: they hide in the blue areas. Estimated by: %(methods)s.") % {
        "methods": ", ".join(names).lower() or "—"
    }


def _booked(session: ProcessingSession) -> str:
    if session.booking_state == BookingState.BOOKED:
        return _("All living plants. The movements are the difference to what the books held before.")
    if session.booking_state == BookingState.SUPERSEDED:
        return _("Nothing: a newer count of this place decides.")
    if session.booking_state == BookingState.WAITING:
        return _("Nothing yet: it waits for a person. What for stands above the picture.")
    return _("Nothing yet.")


def _empty(session: ProcessingSession, drawn: int) -> str:
    if not session.empty and not drawn:
        return ""
    if session.empty == drawn:
        return _("Not plants. Each has a mark in the picture.")
    if session.is_corrected:
        return _("Not plants. Counted by hand; the picture has %(drawn)s marks.") % {"drawn": _written(drawn)}
    return _(
        "Not plants. %(drawn)s have a mark in the picture; in trays the grid decides which cells are empty, "
        "marked or not."
    ) % {"drawn": _written(drawn)}


def _written(number: int) -> str:
    return str(number_format(number, force_grouping=True))
