"""What was found in a count, as compact parallel arrays: thousands of boxes load fast."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from photos.models import ProcessingSession
from photos.services.corrections.findings import Findings, Kind, corrected_findings, kind_of
from photos.services.corrections.sums import Sums, correct_sums

_ESTIMATION_COLUMNS = (
    "container_id", "band_number", "band_y_start", "band_y_end", "estimated_count", "residual_area_px",
    "processed_area_px", "avg_plant_area_px", "vegetation_polygon", "calculation_method", "confidence",
)  # fmt: skip


def detection_columns(session: ProcessingSession) -> dict[str, Any]:
    """The boxes that stand after all corrections, by id, with the counts by hand and the sums."""
    findings = corrected_findings(session)
    boxes = sorted(findings.boxes.items())
    kinds = [kind_of(box.class_name) for _pk, box in boxes]
    return {
        "session_id": session.uuid,
        "version": session.version,
        "id": [pk for pk, _box in boxes],
        "center_x": [round(box.center_x, 1) for _pk, box in boxes],
        "center_y": [round(box.center_y, 1) for _pk, box in boxes],
        "width_px": [round(box.width_px, 1) for _pk, box in boxes],
        "height_px": [round(box.height_px, 1) for _pk, box in boxes],
        "confidence": [round(box.confidence, 3) for _pk, box in boxes],
        "class_name": [box.class_name for _pk, box in boxes],
        "is_empty_container": [kind == Kind.EMPTY for kind in kinds],
        "is_alive": [kind == Kind.LIVING for kind in kinds],
        "container_id": [box.container_id for _pk, box in boxes],
        "hand_counts": hand_counts(findings),
        "model_sums": model_sums(session),
        "sums": sums_of(correct_sums(session, findings).photo),
    }


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
