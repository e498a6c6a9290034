"""What was found in a count, as compact parallel arrays: thousands of boxes load fast."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np

from photos.models import ProcessingSession
from photos.services.corrections.findings import Box, Findings, Kind, corrected_findings, kind_of
from photos.services.corrections.sums import Sums, correct_sums

_ESTIMATION_COLUMNS = (
    "container_id", "band_number", "band_y_start", "band_y_end", "estimated_count", "residual_area_px",
    "processed_area_px", "avg_plant_area_px", "vegetation_polygon", "calculation_method", "confidence",
)  # fmt: skip


def detection_columns(session: ProcessingSession) -> dict[str, Any]:
    """The boxes that stand after all corrections, by id, with the counts by hand and the sums."""
    findings = corrected_findings(session)
    ids, boxes = boxes_by_id(findings)
    columns = box_columns(boxes)
    kinds = {name: kind_of(name) for name in set(columns.class_name)}
    living = {name: kind == Kind.LIVING for name, kind in kinds.items()}
    empty = {name: kind == Kind.EMPTY for name, kind in kinds.items()}
    return {
        "session_id": session.uuid,
        "version": session.version,
        "id": ids,
        **columns._asdict(),
        "is_empty_container": [empty[name] for name in columns.class_name],
        "is_alive": [living[name] for name in columns.class_name],
        "container_id": [box.container_id for box in boxes],
        "hand_counts": hand_counts(findings),
        "model_sums": model_sums(session),
        "sums": sums_of(correct_sums(session, findings).photo),
    }


def boxes_by_id(findings: Findings) -> tuple[list[int], list[Box]]:
    """The ids of the boxes that stand, ascending, so those that people added first; and the boxes."""
    ids = sorted(findings.boxes)
    return ids, [findings.boxes[pk] for pk in ids]


class BoxColumns(NamedTuple):
    """Boxes as lists of one length: middle and sides in tenths of px, confidence in thousandths."""

    center_x: list[float]
    center_y: list[float]
    width_px: list[float]
    height_px: list[float]
    confidence: list[float]
    class_name: list[str]


def box_columns(boxes: Sequence[Box]) -> BoxColumns:
    """What can be seen of these boxes. numpy rounds a column at once: Python takes ten times as long."""
    if not boxes:
        return BoxColumns([], [], [], [], [], [])
    *numbers, class_names, _containers = zip(*boxes, strict=True)
    *sides, confidence = (np.array(column, dtype=float) for column in numbers)
    center_x, center_y, width_px, height_px = (column.round(1).tolist() for column in sides)
    return BoxColumns(
        center_x, center_y, width_px, height_px, confidence.round(3).tolist(), list(class_names)
    )


def hand_counts(findings: Findings) -> list[dict[str, Any]]:
    """The counts by hand that stand."""
    return [{"container_id": pk, **asdict(count)} for pk, count in findings.hand_counts.items()]


def sums_of(sums: Sums) -> dict[str, int]:
    """The sums with what follows from them."""
    return {**asdict(sums), "total": sums.total, "living": sums.living}


def model_sums(session: ProcessingSession) -> dict[str, int]:
    """What the model itself has counted."""
    return {
        "detected": session.total_detected,
        "estimated": session.total_estimated,
        "dead": session.total_dead,
        "empty": session.total_empty_containers,
    }


def container_columns(session: ProcessingSession) -> dict[str, Any]:
    """The containers of a count with their types and sums after all corrections, by position."""
    findings = corrected_findings(session)
    sums = correct_sums(session, findings).containers
    rows = list(session.containers.all())
    return {
        "session_id": session.uuid,
        "version": session.version,
        "id": [row.pk for row in rows],
        "type": [findings.types.get(row.pk, row.type) for row in rows],
        "polygon": [row.polygon for row in rows],
        "capacity": [row.capacity for row in rows],
        "detected": [sums[row.pk].detected for row in rows],
        "estimated": [sums[row.pk].estimated for row in rows],
        "empty": [sums[row.pk].empty for row in rows],
        "dead": [sums[row.pk].dead for row in rows],
        "model_type": [row.type for row in rows],
        "model_detected": [row.detected for row in rows],
        "model_estimated": [row.estimated for row in rows],
        "model_empty": [row.empty for row in rows],
        "model_dead": [row.dead for row in rows],
        **{f"boxes_{kind}": [findings.found[row.pk, kind] for row in rows] for kind in Kind},
    }


def estimation_columns(session: ProcessingSession) -> dict[str, Any]:
    """The bands of all containers as the model estimated them: one query."""
    rows = list(
        session.estimations.order_by("container__position", "band_number").values_list(
            *_ESTIMATION_COLUMNS, "container__type"
        )
    )
    return {
        "session_id": session.uuid,
        **{name: _column(rows, position) for position, name in enumerate(_ESTIMATION_COLUMNS)},
        "container_type": _column(rows, len(_ESTIMATION_COLUMNS)),
    }


def _column(rows: Sequence[Sequence[Any]], position: int) -> list[Any]:
    return [row[position] for row in rows]
