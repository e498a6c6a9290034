"""What was found in a photo, as compact arrays for the overlay that the browser draws."""

from collections.abc import Iterable
from typing import Any

from photos.models import ProcessingSession
from photos.services.corrections.findings import Kind, corrected_findings, kind_of


def findings_of(session: ProcessingSession) -> dict[str, Any]:
    """Everything the overlay needs, in pixels of the whole picture: four queries, however many plants.

    Plants are parallel arrays x, y (centre) and r (radius of the disc); estimated areas are rings of points. All is as
    people have corrected it.
    """
    boxes: dict[Kind, list[tuple[float, ...]]] = {kind: [] for kind in Kind}
    for box in corrected_findings(session).boxes.values():
        boxes[kind_of(box.class_name)].append((box.center_x, box.center_y, box.width_px, box.height_px))
    return {
        "version": session.version,
        "width": session.image.width_px,
        "height": session.image.height_px,
        "living": _discs(boxes[Kind.LIVING]),
        "dead": _discs(boxes[Kind.DEAD]),
        "empty": _discs(boxes[Kind.EMPTY]),
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
