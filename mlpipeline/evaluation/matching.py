"""Matching: which plants of the truth a count has found, and which of its plants are none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Floats, Mask, as_boxes, check
from mlpipeline.vision.geometry.boxes import box_centers

#: How far a point may lie from the middle of a box, in shares of the box's sides: half a side is its edge.
REACH = 0.5
#: A plant of which a sliver shows is hit within this of its middle, however narrow the sliver is.
MIN_REACH_PX = 2.0
_CANDIDATE_CHUNK = 1_000_000  # pairs held in memory; 2,000 plants have some 70,000
_NOT_MATCHED = -1

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """Points and true plants, each paired at most once.

    point_truth (N,) the index of the plant that each point is, −1 where it is none; truth_point (M,) the index of the
    point that found each plant, −1 where it was missed.
    """

    point_truth: Indices
    truth_point: Indices

    @property
    def is_hit(self) -> Mask:
        """(N,) True for points that are a plant."""
        return np.asarray(self.point_truth != _NOT_MATCHED)

    @property
    def is_found(self) -> Mask:
        """(M,) True for plants that a point has found."""
        return np.asarray(self.truth_point != _NOT_MATCHED)

    @property
    def true_positives(self) -> int:
        return int(np.count_nonzero(self.is_hit))

    @property
    def false_positives(self) -> int:
        return len(self.point_truth) - self.true_positives

    @property
    def false_negatives(self) -> int:
        return len(self.truth_point) - self.true_positives

    @property
    def precision(self) -> float:
        """Share of the points that are plants; 1 where there are no points: nothing wrong was said."""
        return self.true_positives / len(self.point_truth) if len(self.point_truth) else 1.0

    @property
    def recall(self) -> float:
        """Share of the plants that were found; 1 where there are none."""
        return self.true_positives / len(self.truth_point) if len(self.truth_point) else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where there was nothing and nothing was found."""
        everything = len(self.point_truth) + len(self.truth_point)
        return 2 * self.true_positives / everything if everything else 1.0


def match(points: Floats, scores: Floats, truth_boxes: Boxes, *, reach: float = REACH) -> Matching:
    """Pair points with the plants they show, one to one, the best score first.

    A point shows a plant when it lies in its box; of several that are still free it takes the one whose middle is
    nearest. Points of one score come in the order given.

    Args:
        points: (N, 2) x, y in px.
        scores: (N,) any numbers; only their order is used.
        truth_boxes: (M, 4) xyxy px.
        reach: farthest distance from a box's middle, in shares of its width and height; 0.5 is the box itself.

    Raises: InvalidInput when shapes do not fit or `reach` is not positive.
    """
    boxes = as_boxes(truth_boxes)
    points = np.asarray(points, dtype=np.float32)
    check(points.ndim == 2 and points.shape[1] == 2, f"points are (N, 2), got {points.shape}")
    check(len(scores) == len(points), f"each point has a score, got {len(points)} and {len(scores)}")
    check(reach > 0, f"reach is positive, got {reach}")
    point_truth = np.full(len(points), _NOT_MATCHED, dtype=np.int64)
    truth_point = np.full(len(boxes), _NOT_MATCHED, dtype=np.int64)
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")
    for rank, plant in _candidates(points[order], boxes, reach):
        point = order[rank]
        if point_truth[point] == _NOT_MATCHED and truth_point[plant] == _NOT_MATCHED:
            point_truth[point], truth_point[plant] = plant, point
    return Matching(point_truth, truth_point)


def _candidates(points: Floats, boxes: Boxes, reach: float) -> Iterator[tuple[int, int]]:
    """Pairs (place of a point, index of a box it lies in): the points in their order, of each the nearest box first.

    Boxes are sorted by their middles along x, so the ones that can hold a point are one run of them.
    """
    if not len(boxes):
        return
    middles = box_centers(boxes)
    half = np.maximum((boxes[:, 2:] - boxes[:, :2]) * np.float32(reach), np.float32(MIN_REACH_PX))
    by_x = np.argsort(middles[:, 0], kind="stable")
    along, widest = middles[by_x, 0], half[:, 0].max()
    first = np.searchsorted(along, points[:, 0] - widest, side="left")
    count = np.searchsorted(along, points[:, 0] + widest, side="right") - first
    for start, stop in _parts(count):
        run = count[start:stop]
        place = np.repeat(np.arange(start, stop), run)
        within = np.arange(len(place)) - np.repeat(np.cumsum(run) - run, run)
        box = by_x[first[place] + within]
        offset = np.abs(points[place] - middles[box])
        holds = (offset <= half[box]).all(axis=1)
        place, box, offset = place[holds], box[holds], offset[holds]
        nearest = np.lexsort(((offset**2).sum(axis=1), place))
        yield from zip(place[nearest].tolist(), box[nearest].tolist(), strict=True)


def _parts(count: Indices) -> Iterator[tuple[int, int]]:
    """Runs start…stop of points whose candidates fit in memory together; at least one point each."""
    ends = np.cumsum(count)
    start = 0
    while start < len(count):
        done = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + _CANDIDATE_CHUNK, side="right")))
        yield start, stop
        start = stop
