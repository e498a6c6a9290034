"""The demo's result: one row a photo, as a table for people and as JSON for programs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from inventory.models import StockBatch
from photos.choices import BookingState, SessionStatus
from photos.models import ProcessingSession, UploadJob

LARGEST_ERROR_PERCENT = 10.0


@dataclass(frozen=True)
class Row:
    """What became of one photo. What is not known is None: it failed, or has no label file."""

    file: str
    detected: int | None = None
    estimated: int | None = None
    total: int | None = None
    dead: int | None = None
    true: int | None = None
    error_percent: float | None = None
    seconds: float | None = None
    location: str | None = None
    booked: int | None = None

    @property
    def is_good(self) -> bool:
        """Counted, booked, and near its truth where that is known."""
        is_near = self.error_percent is None or self.error_percent <= LARGEST_ERROR_PERCENT
        return self.total is not None and self.booked is not None and is_near

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def true_count(photo: Path) -> int | None:
    """How many plants the YOLO label file beside the picture names; None without such a file."""
    label = photo.with_suffix(".txt")
    if not label.is_file():
        return None
    return sum(1 for line in label.read_text().splitlines() if line.strip())


def error_percent(*, total: int, true: int) -> float:
    """How far a count is from its truth, in % of the truth, never negative. An empty bed counts as one."""
    return round(100 * abs(total - true) / max(true, 1), 1)


def session_of(job: UploadJob) -> ProcessingSession | None:
    """The count a job led to; for a photo that was there already, the newest count of that photo."""
    if job.session is not None:
        return job.session
    if job.duplicate_of is not None:
        return job.duplicate_of.sessions.order_by("-attempt").first()
    return None


def row_of(photo: Path, job: UploadJob) -> Row:
    """The figures of a photo and its job: only its name and truth while the count has not completed."""
    true = true_count(photo)
    session = session_of(job)
    if session is None or session.status != SessionStatus.COMPLETED:
        return Row(file=photo.name, true=true)
    started_at = session.started_at or session.created_at
    return Row(
        file=photo.name,
        detected=session.total_detected,
        estimated=session.total_estimated,
        total=session.total,
        dead=session.total_dead,
        true=true,
        error_percent=None if true is None else error_percent(total=session.total, true=true),
        seconds=round((session.completed_at - started_at).total_seconds(), 1)
        if session.completed_at
        else None,
        location=session.storage_location.code if session.storage_location else None,
        booked=session.booked_quantity if session.booking_state == BookingState.BOOKED else None,
    )


def format_rows(rows: Sequence[Row]) -> str:
    """The rows as a plain-text table, with headings in the active language."""
    columns = {
        "file": _("photo"),
        "location": _("place"),
        "detected": _("detected"),
        "estimated": _("estimated"),
        "total": _("total"),
        "dead": _("dead"),
        "true": _("true"),
        "error_percent": _("error %"),
        "seconds": _("seconds"),
        "booked": _("booked"),
    }
    cells = [[getattr(row, name) for name in columns] for row in rows]
    return format_table(list(columns.values()), cells)


def format_stock() -> str:
    """What is in stock after the demo: the sum of the batches by place and product."""
    totals = (
        StockBatch.objects.in_stock()
        .values_list("storage_location__code", "product__scientific_name")
        .annotate(plants=Sum("quantity_current"))
        .order_by("storage_location__code", "product__scientific_name")
    )
    return format_table([_("place"), _("product"), _("plants")], [list(total) for total in totals])


def format_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns side by side; numbers to the right, what is not known as a dash."""
    texts = [["–" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(len(text) for text in column) for column in zip(heads, *texts, strict=True)]
    is_number = [
        any(isinstance(row[i], int | float) for row in rows)
        and all(row[i] is None or isinstance(row[i], int | float) for row in rows)
        for i in range(len(heads))
    ]

    def line(cells: Sequence[str]) -> str:
        aligned = (
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(cells, widths, is_number, strict=True)
        )
        return "  ".join(aligned).rstrip()

    return "\n".join([line(heads), line(["─" * width for width in widths]), *map(line, texts)])
