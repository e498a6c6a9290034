"""Between rows and the arrays of the vision core."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from mlpipeline.vision.arrays import Mask, Shape
from mlpipeline.vision.geometry.boxes import boxes_at
from mlpipeline.vision.grading.size_grades import MEDIUM, SIZES, size_counts
from mlpipeline.vision.results import (
    CLASS_NAMES,
    PLANT,
    PX_DECIMALS,
    BandEstimate,
    Container,
    ContainerCount,
    Detections,
    PhotoCount,
)
from photos.models import Detection, Estimation, PhotoContainer, ProcessingSession
from photos.services.execution.annotation_data import DrawingData
from photos.services.results.count_results import CountedBand, CountedContainer, FoundContainer, FoundPlants


def containers_found(session: ProcessingSession) -> list[Container]:
    """The containers of a count, by position."""
    return [container_found(row) for row in session.containers.all()]


def container_found(row: PhotoContainer) -> Container:
    """A row as the core knows it."""
    return Container(row.type, np.array(row.polygon, dtype=np.float32), row.confidence)


def found_container(found: Container) -> FoundContainer:
    """A container as its row will say it."""
    polygon = [[round(x, PX_DECIMALS), round(y, PX_DECIMALS)] for x, y in found.polygon.tolist()]
    return FoundContainer(found.type, polygon, float(found.score))


def found_plants(position: int, seen: Detections) -> FoundPlants:
    """What was detected in one container, as its rows will say it."""
    return FoundPlants(
        container_position=position,
        boxes=seen.boxes.tolist(),
        confidences=seen.scores.tolist(),
        class_names=[CLASS_NAMES[index] for index in seen.classes],
        warnings=seen.warnings,
    )


def detections_from(rows: list[Detection], warnings: tuple[str, ...] = ()) -> Detections:
    """Rows as arrays; classes that the core does not know are left to the rows alone."""
    known = [row for row in rows if row.class_name in CLASS_NAMES]
    centers = np.array([(row.center_x, row.center_y) for row in known], dtype=np.float64).reshape(-1, 2)
    extents = np.array([(row.width_px, row.height_px) for row in known], dtype=np.float64).reshape(-1, 2)
    return Detections(
        boxes_at(centers, extents),
        np.array([row.confidence for row in known], dtype=np.float32),
        np.array([CLASS_NAMES.index(row.class_name) for row in known], dtype=np.int16),
        warnings,
    )


@dataclass(frozen=True)
class DetectedRows:
    """The detections of each container whose detection succeeded, by its position, and the ids of the rows."""

    detected: dict[int, Detections]
    row_ids: dict[int, list[int]]

    def ids_of(self, masks: Mapping[int, Mask]) -> list[int]:
        """The ids of the rows for which the mask of their container, (N,), is True."""
        return [
            row_id
            for position, mask in masks.items()
            for row_id, chosen in zip(self.row_ids[position], mask.tolist(), strict=True)
            if chosen
        ]


def detected_rows(session: ProcessingSession) -> DetectedRows:
    """The detections of a count as the detect stage returned them; of a container whose detection failed, none."""
    detected: dict[int, Detections] = {}
    row_ids: dict[int, list[int]] = {}
    for container in session.containers.filter(is_counted=True).prefetch_related("detections"):
        rows = [row for row in container.detections.all() if row.class_name in CLASS_NAMES]
        detected[container.position] = detections_from(rows, tuple(container.warnings))
        row_ids[container.position] = [row.pk for row in rows]
    return DetectedRows(detected, row_ids)


def sizes_of(counts: Iterable[ContainerCount], shape: Shape) -> dict[str, int]:
    """Living plants of a photo of `shape` by size; those that were only estimated are M."""
    counts = list(counts)
    living = [count.detections.select(count.detections.classes == PLANT).boxes for count in counts]
    sizes = size_counts(living, shape)
    sizes[SIZES[MEDIUM]] += sum(count.estimated for count in counts)
    return sizes


def counted_container(position: int, count: ContainerCount) -> CountedContainer:
    """The sums of a container, as its rows will say them."""
    return CountedContainer(
        container_position=position,
        detected=count.detected,
        estimated=count.estimated,
        dead=count.dead,
        empty=count.empty,
        capacity=count.capacity,
        bands=[_band(band) for band in count.bands],
        warnings=count.warnings,
    )


def _band(band: BandEstimate) -> CountedBand:
    return CountedBand(
        band_number=band.band_number,
        band_y_start=float(band.y_start_px),
        band_y_end=float(band.y_end_px),
        estimated_count=round(float(band.estimated), 3),
        residual_area_px=round(float(band.residual_area_px), 1),
        processed_area_px=round(float(band.processed_area_px), 1),
        avg_plant_area_px=round(float(band.plant_area_px), 1),
        vegetation_polygon=[ring.round(1).tolist() for ring in band.polygon],
        calculation_method=band.method,
        confidence=round(float(band.confidence), 3),
    )


def photo_count(data: DrawingData) -> PhotoCount:
    """Rows of a finished count as the core's own record, for drawing."""
    detections: dict[int, list[Detection]] = defaultdict(list)
    for row in data.detections:
        detections[row.container_id].append(row)
    bands: dict[int, list[Estimation]] = defaultdict(list)
    for estimation in data.estimations:
        bands[estimation.container_id].append(estimation)
    image = data.session.image
    return PhotoCount(
        width=image.width_px,
        height=image.height_px,
        containers=tuple(
            ContainerCount(
                container=Container(row.type, np.array(row.polygon, dtype=np.float32), row.confidence),
                detections=detections_from(detections[row.pk]),
                bands=tuple(_estimate(band) for band in bands[row.pk]),
                detected=row.detected,
                estimated=row.estimated,
                dead=row.dead,
                empty=row.empty,
                capacity=row.capacity,
            )
            for row in data.containers
        ),
    )


def _estimate(row: Estimation) -> BandEstimate:
    return BandEstimate(
        band_number=row.band_number,
        y_start_px=int(row.band_y_start),
        y_end_px=int(row.band_y_end),
        estimated=row.estimated_count,
        residual_area_px=row.residual_area_px,
        processed_area_px=row.processed_area_px,
        plant_area_px=row.avg_plant_area_px,
        polygon=tuple(np.array(ring, dtype=np.float32) for ring in row.vegetation_polygon),
        method=row.calculation_method,
        confidence=row.confidence,
    )
