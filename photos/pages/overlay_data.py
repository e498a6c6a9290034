"""What was found in a photo, as compact arrays for the overlay that the browser draws."""

from collections.abc import Iterable
from typing import Any

from photos.models import ProcessingSession


def findings_of(session: ProcessingSession) -> dict[str, Any]:
    """Everything the overlay needs, in pixels of the whole picture: three queries, however many plants.

    Plants are parallel arrays x, y (centre) and r (radius of the disc); estimated areas are rings of points.
    """
    living: list[tuple[float, ...]] = []
    dead: list[tuple[float, ...]] = []
    empty: list[tuple[float, ...]] = []
    found = session.detections.values_list(
        "center_x", "center_y", "width_px", "height_px", "is_alive", "is_empty_container"
    )
    for *box, is_alive, is_empty in found.iterator():
        (empty if is_empty else living if is_alive else dead).append(tuple(box))
    return {
        "version": session.version,
        "width": session.image.width_px,
        "height": session.image.height_px,
        "living": _discs(living),
        "dead": _discs(dead),
        "empty": _discs(empty),
        "containers": [
            {"label": str(container), "polygon": container.polygon, "is_counted": container.is_counted}
            for container in session.containers.all()
        ],
        "estimated": [
            ring
            for rings in session.estimations.values_list("vegetation_polygon", flat=True)
            for ring in rings
        ],
    }


def _discs(boxes: Iterable[tuple[float, ...]]) -> dict[str, list[float]]:
    """Centres and radii to a tenth of a pixel. A disc spans 80 % of the mean side, so that neighbours stay apart."""
    rows = [(round(x, 1), round(y, 1), round((width + height) * 0.2, 1)) for x, y, width, height in boxes]
    return {"x": [row[0] for row in rows], "y": [row[1] for row in rows], "r": [row[2] for row in rows]}
