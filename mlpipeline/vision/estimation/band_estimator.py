"""Bands: plants that the detector missed, estimated from leaf that no detection covers.

The container, not the picture, is cut into four horizontal bands, because perspective makes plants smaller towards
the top. In each band: residual = container without detections; processed = residual without floor, slivers and
pieces too small to be a plant; estimate = processed / (plant area × alpha). Source: DemeterAI origin, band estimation.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from mlpipeline.vision.arrays import Mask, check
from mlpipeline.vision.estimation.density_estimator import DensityPrior, count_by_density
from mlpipeline.vision.estimation.plant_area import band_box_areas_px
from mlpipeline.vision.estimation.vegetation import segment_by_colour_model, segment_by_excess_green
from mlpipeline.vision.geometry.masks import ellipse_mask, mask_contours, morphological_open
from mlpipeline.vision.imaging.container_crop import ContainerCrop
from mlpipeline.vision.results import BandEstimate, Detections

BANDS = 4
SLIVER_SHARE = 0.15  # of a plant's side: the radius of the disc that processed leaf has to hold everywhere
CORE_SHARE = 0.22  # of a plant's side: the radius of the disc that a missed plant holds somewhere
MIN_PLANT_SHARE = 0.3  # of a plant's area: smaller pieces are leaves of their neighbours
MIN_FILL = 0.2  # share of its ellipse that a plant covers at least
# Confidence of a density estimate at best: nothing in this photo vouches for the plant's size.
DENSITY_TRUST = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class BandInputs:
    """What is known of one container before it is cut into bands, at the working size of its crop.

    residual, processed: (H, W) bool. plant_area: px² of a plant in each band. counts: plants in each band.
    """

    residual: Mask
    processed: Mask
    plant_area: tuple[float, ...]
    counts: tuple[float, ...]
    method: str
    confidence: float


def band_edges(height_px: int, bands: int = BANDS) -> list[int]:
    """Rows at which bands begin and end: equal heights, the last takes the remainder. B + 1 ascending rows from 0."""
    check(height_px >= 0 and bands >= 1, f"got {bands} bands over {height_px} px")
    return [band * (height_px // bands) for band in range(bands)] + [height_px]


def rows_of(height_px: int, number: int) -> slice:
    """The rows of band `number`, from 0."""
    edges = band_edges(height_px)
    return slice(edges[number], edges[number + 1])


def estimate_bands(crop: ContainerCrop, alpha: float) -> tuple[BandEstimate, ...]:
    """The four bands of a container with detected plants, each with the plants missed in it, not rounded.

    A container whose leaf cannot be separated from its ground gets bands that estimate nothing, with confidence 0.
    """
    covered = ellipse_mask(crop.detections.boxes, crop.mask.shape)
    residual = crop.mask & ~covered
    living = crop.living
    leaf = segment_by_colour_model(crop.image, crop.mask, living.boxes, crop.detections.empties.boxes)
    edges = np.array(band_edges(crop.mask.shape[0]), dtype=np.float64)
    box_areas = band_box_areas_px(crop.detections.plants.boxes, edges)
    fill = visible_fill(leaf.mask, living, crop.mask)
    plant_areas = tuple(area * math.pi / 4 * fill for area in box_areas)
    processed = filter_plant_sized(residual & leaf.mask, [math.sqrt(area) for area in box_areas], plant_areas)
    explained = int(np.count_nonzero(covered & crop.mask))
    confidence = estimate_confidence(
        len(living), leaf.separation, explained, int(np.count_nonzero(processed))
    )
    counts = tuple(
        band_count(
            float(np.count_nonzero(processed[rows_of(len(processed), band)])), plant_areas[band], alpha
        )
        for band in range(BANDS)
    )
    return to_band_estimates(
        crop, BandInputs(residual, processed, plant_areas, counts, "band_based", confidence)
    )


def estimate_by_density(crop: ContainerCrop, prior: DensityPrior) -> tuple[BandEstimate, ...]:
    """The four bands of a container in which nothing was detected, from a density prior and green leaf."""
    leaf = segment_by_excess_green(crop.image, crop.mask)
    plant_area = prior.plant_area_px * crop.scale**2
    side = math.sqrt(plant_area * 4 / math.pi)
    processed = filter_plant_sized(leaf.mask, [side] * BANDS, (plant_area,) * BANDS)
    to_picture = crop.scale**-2
    counts = tuple(
        count_by_density(
            np.count_nonzero(processed[rows]) * to_picture,
            np.count_nonzero(crop.mask[rows]) * to_picture,
            prior,
        )
        for rows in (rows_of(len(processed), band) for band in range(BANDS))
    )
    work = BandInputs(
        crop.mask, processed, (plant_area,) * BANDS, counts, "density_based", DENSITY_TRUST * leaf.separation
    )
    return to_band_estimates(crop, work)


def visible_fill(leaf: Mask, plants: Detections, valid: Mask) -> float:
    """Share of a plant's ellipse that is leaf and is not hidden by another plant, in MIN_FILL…1; 1 without plants.

    It corrects the bias of boxes: a star of leaves covers much less than its box, and canopies overlap.
    """
    extent = plants.boxes[:, 2:] - plants.boxes[:, :2]
    full = float(extent.prod(axis=1).sum() * math.pi / 4)
    if full == 0:
        return 1.0
    seen = np.count_nonzero(leaf & valid & ellipse_mask(plants.boxes, valid.shape))
    return min(max(seen / full, MIN_FILL), 1.0)


def band_count(processed_area_px: float, plant_area_px: float, alpha: float) -> float:
    """Plants on an area of leaf: area / (plant area × alpha), not rounded, because only a container's sum is.

    Raises: InvalidInput unless the area is ≥ 0, the plant's > 0 and alpha within 0.5–1.5.
    Source: DemeterAI origin, band estimation step 4E; there rounded up in every band, two plants too many on average.
    """
    check(
        processed_area_px >= 0 and plant_area_px > 0 and 0.5 <= alpha <= 1.5,
        f"got {processed_area_px} px², {plant_area_px} px² a plant, alpha {alpha}",
    )
    return processed_area_px / (plant_area_px * alpha)


def estimate_confidence(calibrated_on: int, separation: float, explained_px: int, processed_px: int) -> float:
    """How far an estimate can be trusted, 0–1: the geometric mean of three shares.

    Calibration n / (n + 10) for n plants measured; the separation of leaf from ground; and explained / (explained +
    processed), because an estimate that is small against what was seen can do little harm.
    """
    explained = explained_px / (explained_px + processed_px) if explained_px else 0.0
    return float((calibrated_on / (calibrated_on + 10) * separation * explained) ** (1 / 3))


def filter_plant_sized(leaf: Mask, side_px: list[float], plant_area_px: tuple[float, ...]) -> Mask:
    """Leaf that could be plants: without slivers, and without pieces that hold no plant's core.

    A plant's leaves reach past the ellipse of its box, so most of what no detection covers belongs to plants that
    were counted. Sides and areas are those of a plant in each band, in px of `leaf`.
    """
    kept = np.zeros_like(leaf)
    for band in range(BANDS):
        # Opened as a whole and cut afterwards: cutting first would lose what stands on the edge of two bands.
        solid = morphological_open(leaf, SLIVER_SHARE * side_px[band]).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
        depth = cv2.distanceTransform(solid, cv2.DIST_L2, 5)
        deepest = np.zeros(count, dtype=np.float32)
        np.maximum.at(deepest, labels.ravel().astype(np.int64), depth.ravel())
        large = stats[:, cv2.CC_STAT_AREA] >= MIN_PLANT_SHARE * plant_area_px[band]
        plants = (deepest >= CORE_SHARE * side_px[band]) & large
        plants[0] = False  # the background
        rows = rows_of(len(leaf), band)
        kept[rows] = plants[labels[rows]]
    return kept


def to_band_estimates(crop: ContainerCrop, work: BandInputs) -> tuple[BandEstimate, ...]:
    """The bands in picture pixels."""
    to_picture = 1 / crop.scale
    full, small = band_edges(crop.height_px), band_edges(crop.mask.shape[0])
    result = []
    for band in range(BANDS):
        rows = rows_of(crop.mask.shape[0], band)
        corner = (float(crop.x0), crop.y0 + small[band] * to_picture)
        result.append(
            BandEstimate(
                band_number=band + 1,
                y_start_px=crop.y0 + full[band],
                y_end_px=crop.y0 + full[band + 1],
                estimated=float(work.counts[band]),
                residual_area_px=float(np.count_nonzero(work.residual[rows]) * to_picture**2),
                processed_area_px=float(np.count_nonzero(work.processed[rows]) * to_picture**2),
                plant_area_px=float(work.plant_area[band] * to_picture**2),
                polygon=mask_contours(work.processed[rows], corner, to_picture),
                method=work.method,
                confidence=work.confidence,
            )
        )
    return tuple(result)
