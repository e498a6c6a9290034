"""Verdicts: which of the detections of a photo count, once all its containers have been looked into."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Mask
from .doubles import seen_elsewhere
from .doubts import doubted
from .pots import planted_pots
from .results import ContainerFound, Detections


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """What became of the detections `found` in each container of a photo.

    left_out: for each container (N,) True for the detections that do not count. doubted: the plants among these that
    do not count because they are too unsure.
    """

    found: tuple[Detections, ...]
    left_out: tuple[Mask, ...]
    doubted: Detections

    @property
    def counting(self) -> list[Detections]:
        """The detections of each container that count."""
        return _rest(self.found, self.left_out)


def verdicts_on(
    found: Sequence[Detections], containers: Sequence[ContainerFound], least_iou: float
) -> Verdicts:
    """Decide which detections count: `found` holds those of each of the containers, in full-image px.

    Left out are plants that another container has more surely (see `seen_elsewhere`, also for `least_iou`), then plants
    too unsure for what else the photo shows (`doubted`), then pots in which one of the plants that are left stands.
    """
    gone = seen_elsewhere(found, least_iou)
    rest = _rest(found, gone)
    unsure = doubted(rest, containers)
    _also(gone, unsure)
    _also(gone, [planted_pots(seen) for seen in _rest(found, gone)])
    return Verdicts(
        tuple(found),
        tuple(gone),
        Detections.concat([seen.select(mask) for seen, mask in zip(rest, unsure, strict=True)]),
    )


def _rest(found: Sequence[Detections], gone: Sequence[Mask]) -> list[Detections]:
    return [seen.select(~mask) if mask.any() else seen for seen, mask in zip(found, gone, strict=True)]


def _also(gone: Sequence[Mask], of_the_rest: Sequence[Mask]) -> None:
    """Mark in each mask what another one says of those that it had left."""
    for mask, more in zip(gone, of_the_rest, strict=True):
        mask[np.flatnonzero(~mask)[more]] = True
