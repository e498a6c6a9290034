"""What was found in a photo, as compact arrays for the overlay that the browser draws."""

from typing import Any

from photos.models import ProcessingSession
from photos.services.corrections.columns import box_columns, boxes_by_id
from photos.services.corrections.findings import corrected_findings


def findings_of(session: ProcessingSession) -> dict[str, Any]:
    """Everything the overlay needs, in pixels of the whole picture: four queries, however many plants.

    Boxes are parallel arrays x, y (centre), w, h, confidence (0 to 1), class_name, is_added (by a person); estimated
    areas are rings of points. All is as people have corrected it.
    """
    ids, boxes = boxes_by_id(corrected_findings(session))
    columns = box_columns(boxes)
    return {
        "version": session.version,
        "width": session.image.width_px,
        "height": session.image.height_px,
        "detections": {
            "x": columns.center_x,
            "y": columns.center_y,
            "w": columns.width_px,
            "h": columns.height_px,
            "confidence": columns.confidence,
            "class_name": columns.class_name,
            "is_added": [pk < 0 for pk in ids],
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
