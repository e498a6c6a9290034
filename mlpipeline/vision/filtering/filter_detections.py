"""The filter stage: which detections of a photo count. Every rule that has to know the whole photo is here.

The detect stage runs on each container alone and keeps all detections. Only here is known what the other containers
show, so a rule gives the same answer however the containers were shared out among tasks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlpipeline.vision.arrays import Mask, Shape
from mlpipeline.vision.filtering.border_plants import truncated_by_border
from mlpipeline.vision.filtering.cross_container_nms import duplicate_masks
from mlpipeline.vision.filtering.empty_pots import occupied_pots
from mlpipeline.vision.filtering.score_threshold import below_threshold
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.results import Detections
from mlpipeline.vision.rules import Rule


@dataclass(frozen=True, slots=True, eq=False)
class FilterResult:
    """What became of the detections of each container, by the container's index, in ascending order.

    kept: the detections that count. removed: (N,) True for those that do not, in the order in which they were detected.
    suppressed_low_score: the removed plants whose score lies below the photo's threshold.
    """

    kept: Mapping[int, Detections]
    removed: Mapping[int, Mask]
    suppressed_low_score: Detections


def filter_detections(
    detected: Mapping[int, Detections], shape: Shape, options: CountOptions
) -> FilterResult:
    """Decide which detections count.

    Args:
        detected: container index → its detections in full-image px; a container whose detection failed is absent.
        shape: (H, W) of the photo.
        options: the settings of the count.

    The rules, in this order, each on what the ones before it left: plants that another container has with a higher
    score (`duplicate_masks`), what the border of the picture cuts too short (`truncated_by_border`), plants below the
    photo's score threshold (`below_threshold`), and empty pots in which one of the plants that are left stands
    (`occupied_pots`).
    """
    indices = sorted(detected)
    working = _Working([detected[index] for index in indices])
    if options.has(Rule.CROSS_CONTAINER_NMS):
        working.remove(duplicate_masks(working.kept, options.iou))
    if options.has(Rule.BORDER_PLANTS):
        working.remove([truncated_by_border(seen, shape, options.border_share) for seen in working.kept])
    suppressed: list[Detections] = []
    if options.has(Rule.SCORE_THRESHOLD):
        thresholds = options.plant_thresholds
        if not options.has(Rule.EMPTINESS):
            thresholds = replace(thresholds, emptiness_log_odds=0.0)
        low = below_threshold(working.kept, thresholds)
        suppressed = [seen.select(mask) for seen, mask in zip(working.kept, low, strict=True)]
        working.remove(low)
    if options.has(Rule.OCCUPIED_POTS):
        working.remove([occupied_pots(seen) for seen in working.kept])
    return FilterResult(
        kept=dict(zip(indices, working.kept, strict=True)),
        removed=dict(zip(indices, working.removed, strict=True)),
        suppressed_low_score=Detections.concat(suppressed),
    )


class _Working:
    """The detections of each container that are left, and a mask over the original ones of what was removed."""

    def __init__(self, detected: Sequence[Detections]) -> None:
        self.kept = list(detected)
        self.removed = [np.zeros(len(seen), dtype=np.bool_) for seen in detected]

    def remove(self, masks: Sequence[Mask]) -> None:
        """Remove those of the kept detections of each container where its mask is True."""
        for place, mask in enumerate(masks):
            if mask.any():
                removed = self.removed[place]
                removed[np.flatnonzero(~removed)[mask]] = True
                self.kept[place] = self.kept[place].select(~mask)
