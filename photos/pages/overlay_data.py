"""What was found in a photo, as compact arrays for the overlay that the browser draws."""

from typing import Any

from photos.models import ProcessingSession
from photos.services.corrections.findings import corrected_findings


def findings_of(session: ProcessingSession) -> dict[str, Any]:
    """Everything the overlay needs, in pixels of the whole picture: four queries, however many plants.

    Boxes are parallel arrays x, y (centre), w, h, confidence (0 to 1), class_name, is_added (by a person); estimated
    areas are rings of points. All is as people have corrected it.
    """
    boxes = sorted(corrected_findings(session).boxes.items())
    return {
        "version": session.version,
        "width": session.image.width_px,
        "height": session.image.height_px,
        "detections": {
            "x": [round(box.center_x, 1) for _pk, box in boxes],
            "y": [round(box.center_y, 1) for _pk, box in boxes],
            "w": [round(box.width_px, 1) for _pk, box in boxes],
            "h": [round(box.height_px, 1) for _pk, box in boxes],
            "confidence": [round(box.confidence, 3) for _pk, box in boxes],
            "class_name": [box.class_name for _pk, box in boxes],
            "is_added": [pk < 0 for pk, _box in boxes],
        },
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
