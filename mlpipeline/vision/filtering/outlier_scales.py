"""Containers whose detections are far smaller than the plants that the confident containers of the photo show.

The grains of a substrate look like a crowd of seedlings where a container was searched at too fine a scale, and an
empty pot beside planted ones has nothing else to show.
"""

from collections.abc import Sequence

import numpy as np

from mlpipeline.vision.arrays import Mask
from mlpipeline.vision.boxes import sides
from mlpipeline.vision.results import Detections
from mlpipeline.vision.scales import sizes_of

MIN_MEAN_SCORE = 0.55  # of all detections of a container: from here on the container is confident
MIN_CONFIDENT_CONTAINERS = 2  # fewer say nothing about the others
MAX_SCALE_RATIO = (
    2.5  # by which the usual plant may be larger than a detection of a container that is not confident
)


def outlier_scale_masks(detected: Sequence[Detections]) -> list[Mask]:
    """For each container (N,) True for detections too small beside what the confident containers show.

    The usual side is the median over the confident containers of the median side of their plants. A container that is
    not confident, and whose own median side is smaller than it by more than MAX_SCALE_RATIO, loses the detections
    that are smaller by as much; what is as large as the neighbours' plants stays.
    """
    kept_all = [np.zeros(len(seen), dtype=np.bool_) for seen in detected]
    sizes = [sizes_of(seen) for seen in detected]
    confident = [
        size.median_px for seen, size in zip(detected, sizes, strict=True) if size and _is_confident(seen)
    ]
    if len(confident) < MIN_CONFIDENT_CONTAINERS:
        return kept_all
    smallest_px = float(np.median(confident)) / MAX_SCALE_RATIO
    return [
        np.asarray(sides(seen.boxes) < smallest_px, dtype=np.bool_)
        if size and size.median_px < smallest_px and not _is_confident(seen)
        else none
        for seen, size, none in zip(detected, sizes, kept_all, strict=True)
    ]


def _is_confident(seen: Detections) -> bool:
    return bool(len(seen)) and float(np.mean(seen.scores)) >= MIN_MEAN_SCORE
