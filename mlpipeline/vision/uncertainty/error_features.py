"""Features of the error of a count, each in plants, so that their weighted sum predicts how large it may be."""

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Floats
from mlpipeline.vision.estimation.vegetation import is_leaf_coloured
from mlpipeline.vision.geometry.boxes import areas, longest_sides, sides
from mlpipeline.vision.geometry.masks import ellipse_mask
from mlpipeline.vision.geometry.polygons import polygon_area
from mlpipeline.vision.imaging.analysis_image import AnalysisImage
from mlpipeline.vision.results import (
    BLURRY,
    DARK,
    EMPTY,
    GLARE,
    NO_CONTAINER,
    OUT_OF_SCALE,
    TRUNCATED,
    ContainerCount,
    Detections,
    PhotoCount,
)

TERMS = (
    "constant",  # 1: a plant may be missed in any picture
    "chance",  # √total: plants that are missed independently of each other
    "whole",  # total: what is wrong with all plants at once
    "expected_false",  # Σ (1 − p): detections that are expected to be false positives
    "suppressed_low_score",  # Σ p: plants whose scores were too low to count, of which some are real
    "estimated",  # plants that were not detected
    "crowded",  # plants in closed canopies, where one is taken for two and two for one
    "tiny",  # plants that span few pixels
    "unmatched_leaf",  # plants that would fit on green leaf that no detection covers
    "degraded",  # expected_false and suppressed_low_score once more, in a blurred, dark or glaring picture
    "truncated",  # all plants where the detector's limit was reached
    "out_of_scale",  # all plants where they could not be shown at a size the detector knows
    "unbounded",  # all plants of a picture in which no container was found
)
# Boxes cover this share of a container where plants touch, and this where hardly any ground shows between them.
TOUCHING, CLOSED = 0.5, 1.0
TINY_PX, SMALL_PX = 12.0, 24.0  # longest side of a plant: all of it is difficulty, and none of it
# Side of a plant where neither plants nor pots were detected, as a share of the picture's longer side: smaller ones
# would have been a crowd at some scale.
DEFAULT_PLANT_SHARE = 0.025

Terms = NDArray[np.float64]


def difficulty_terms(
    count: PhotoCount, probabilities: Floats, suppressed: Floats, unmatched_leaf: float
) -> Terms:
    """The (len(TERMS),) values of a count, all ≥ 0 and in plants.

    Args:
        count: of a photo, with all its warnings.
        probabilities: (N,) of `count.detections`, in their order: the probability of each to be right.
        suppressed: (M,) the same of `count.suppressed_low_score`.
        unmatched_leaf: see `unmatched_leaf_plants`.
    """
    seen = count.detections
    is_plant = seen.classes != EMPTY
    total = float(count.total)
    expected_false, low_score = float((1 - probabilities[is_plant]).sum()), float(suppressed.sum())
    warnings = set(count.warnings)
    return np.array(
        [
            1.0,
            np.sqrt(total),
            total,
            expected_false,
            low_score,
            count.estimated,
            sum(part.detected * canopy_closure(part) for part in count.containers),
            float(tininess(seen.boxes[is_plant]).sum()),
            unmatched_leaf,
            expected_false + low_score if warnings & {BLURRY, DARK, GLARE} else 0.0,
            total if TRUNCATED in warnings else 0.0,
            total if OUT_OF_SCALE in warnings else 0.0,
            total if NO_CONTAINER in warnings else 0.0,
        ],
        dtype=np.float64,
    )


def unmatched_leaf_plants(analysis: AnalysisImage, detections: Detections) -> float:
    """Plants that would fit on the green leaf in a picture's containers that no detection covers.

    More than were missed, because leaves reach past the ellipses of boxes: a measure of difficulty, not an estimate.
    `detections` are in pixels of the original picture.
    """
    own = detections.scaled(analysis.scale)
    leaf = is_leaf_coloured(analysis.image) & analysis.mask
    leaf &= ~ellipse_mask(own.boxes, (leaf.shape[0], leaf.shape[1]))
    # Where only pots are seen, a plant could fill one: the leaf in green crates would be hundreds of small ones.
    boxes = own.plants.boxes if len(own.plants) else own.empties.boxes
    side = float(np.median(sides(boxes))) if len(boxes) else DEFAULT_PLANT_SHARE * max(leaf.shape)
    return int(np.count_nonzero(leaf)) / max(side**2 * np.pi / 4, 1.0)


def canopy_closure(part: ContainerCount) -> float:
    """How closed the canopy of a container is: 0 where plants stand apart, 1 where no ground shows, at most 1.5.

    Judged by the sum of the plants' boxes against the container's area.
    """
    ground = polygon_area(part.container.polygon)
    covered = float(areas(part.detections.plants.boxes).sum()) / ground if ground else 0.0
    return min(max((covered - TOUCHING) / (CLOSED - TOUCHING), 0.0), 1.5)


def tininess(boxes: Boxes) -> NDArray[np.float64]:
    """(N,) 1 for a plant of at most TINY_PX, 0 from SMALL_PX on, in between by its size."""
    spare = (SMALL_PX - longest_sides(boxes).astype(np.float64)) / (SMALL_PX - TINY_PX)
    return np.asarray(np.clip(spare, 0.0, 1.0))
