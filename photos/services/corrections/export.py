"""A count to take along: what was found, as people have corrected it, for a spreadsheet, a program or a map viewer."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from photos.models import ProcessingSession
from photos.services.corrections.columns import (
    container_columns,
    detection_columns,
    estimation_columns,
    hand_counts,
    model_sums,
    sums_of,
)
from photos.services.corrections.findings import corrected_findings
from photos.services.corrections.sums import correct_sums

_CSV_COLUMNS = (
    "id", "class_name", "is_alive", "is_empty_container", "center_x", "center_y", "width_px", "height_px",
    "confidence", "container_id", "container_type", "added_by_person",
)  # fmt: skip


def export_json(session: ProcessingSession) -> dict[str, Any]:
    """All there is about a count: its place and times, the sums of the model and of people, and what was found."""
    image, place, user = session.image, session.storage_location, session.validated_by
    findings = corrected_findings(session)
    return {
        "session_id": session.uuid,
        "image_id": image.pk,
        "filename": image.original_filename,
        "width_px": image.width_px,
        "height_px": image.height_px,
        "taken_at": image.taken_at,
        "storage_location_code": place.code if place else None,
        "product": str(session.product) if session.product else None,
        "model_versions": session.model_versions,
        "model_sums": model_sums(session),
        "sums": sums_of(correct_sums(session, findings).photo),
        "hand_counts": hand_counts(findings),
        "validated": session.validated,
        "validated_by": user.name if user else None,
        "validation_date": session.validation_date,
        "validated_version": session.validated_version,
        "booked_quantity": session.booked_quantity,
        "detections": detection_columns(session),
        "containers": container_columns(session),
        "estimations": estimation_columns(session),
    }


def export_csv(session: ProcessingSession) -> str:
    """One line a box, with a line of names; numbers have a decimal point, texts no formula."""
    found, containers = detection_columns(session), container_columns(session)
    types = dict(zip(containers["id"], containers["type"], strict=True))
    sheet = io.StringIO()
    lines = csv.writer(sheet)
    lines.writerow(_CSV_COLUMNS)
    for box in _rows(found):
        kind = types.get(box["container_id"], "")
        person = box["id"] < 0
        values = {
            **box,
            "class_name": _plain(box["class_name"]),
            "container_type": kind,
            "added_by_person": person,
        }
        lines.writerow([_cell(values[name]) for name in _CSV_COLUMNS])
    return sheet.getvalue()


def export_geojson(session: ProcessingSession) -> dict[str, Any]:
    """Boxes, containers and estimated areas as GeoJSON features.

    Coordinates are px of the picture, y pointing down: no phone knows its position exactly enough for a plant.
    Where the phone was (WGS 84, degrees) stands in `photo`.
    """
    features = [
        _feature("container", properties, [_closed(properties.pop("polygon"))])
        for properties in _rows(container_columns(session))
    ]
    features.extend(
        _feature("estimated_area", band, [_closed(ring)])
        for band in _rows(estimation_columns(session))
        for ring in band.pop("vegetation_polygon")
    )
    features.extend(_feature("detection", box, [_outline(box)]) for box in _rows(detection_columns(session)))
    return {
        "type": "FeatureCollection",
        "coordinate_system": "image pixels, origin top left, y down",
        "session_id": session.uuid,
        "version": session.version,
        "photo": {
            "image_id": session.image.pk,
            "filename": session.image.original_filename,
            "width_px": session.image.width_px,
            "height_px": session.image.height_px,
            "taken_at": session.image.taken_at,
            "gps_coordinates": session.image.gps_coordinates,
        },
        "features": features,
    }


def _rows(columns: dict[str, Any]) -> Iterator[dict[str, Any]]:
    names = [name for name, values in columns.items() if isinstance(values, list) and name != "hand_counts"]
    for values in zip(*(columns[name] for name in names), strict=True):
        yield dict(zip(names, values, strict=True))


def _feature(kind: str, properties: dict[str, Any], rings: list[Any]) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": rings}
    return {"type": "Feature", "geometry": geometry, "properties": {"kind": kind, **properties}}


def _outline(box: dict[str, Any]) -> list[list[float]]:
    x, y, half_width, half_height = (
        box["center_x"],
        box["center_y"],
        box["width_px"] / 2,
        box["height_px"] / 2,
    )
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    return [[round(x + dx * half_width, 1), round(y + dy * half_height, 1)] for dx, dy in corners]


def _closed(ring: list[list[float]]) -> list[list[float]]:
    """GeoJSON closes a ring by its first corner."""
    return ring if not ring or ring[0] == ring[-1] else [*ring, ring[0]]


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else value


def _plain(text: str) -> str:
    """A text that a spreadsheet takes for no formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
