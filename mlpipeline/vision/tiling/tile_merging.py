"""Merging: from the detections of overlapping tiles to one set in which each plant stands once.

Three rules. A box that an inner tile edge cuts is dropped: the tiles overlap by more than a plant, so another tile has
that plant whole. A box that ends near such an edge may be cut too, as detectors place edges roughly: it goes where
another tile's box covers it. What is left is suppressed between different tiles only: overlaps within one tile are
canopies that touch, which the detector's own NMS has kept. Source: simulations with a perfect detector, in which greedy
merging over all boxes lost 5–40 % of plants whose canopies overlap, and these rules none (`manage.py bench_merging`).
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Floats, Mask, Shape, check
from mlpipeline.vision.geometry.boxes import ioa_pairs, iou_pairs, longest_sides
from mlpipeline.vision.imaging.tiles import Tile
from mlpipeline.vision.results import Detections
from mlpipeline.vision.runtime.jit import jit

Indices = NDArray[np.int64]
# Tile pixels: a cut box ends within this of the edge, as detectors do not place it exactly.
EDGE_TOLERANCE_PX = 2.0
# A box that ends within this share of its longer side of an inner edge may be cut. With edges placed to 3 % of a
# side, 6–9 % of crowded plants were counted twice without this.
NEAR_EDGE_SHARE = 0.1
# Share of such a box that another tile's box covers, if both are the same plant. Neighbours, even with canopies 1.8
# times as wide as they stand apart, cover half of each other.
SAME_PLANT_SHARE = 0.75


def touches_tile_edge(boxes: Boxes, tile: Tile, shape: Shape, tolerance_px: float | Floats) -> Mask:
    """(N,) True for boxes that reach an edge of their tile which is no edge of the picture; all in picture pixels.

    tolerance_px: how near to the edge a box reaches it, one number or one for each box.
    """
    height, width = shape
    cut = np.zeros(len(boxes), dtype=np.bool_)
    if tile.x0 > 0:
        cut |= boxes[:, 0] <= tile.x0 + tolerance_px
    if tile.y0 > 0:
        cut |= boxes[:, 1] <= tile.y0 + tolerance_px
    if tile.x1 < width:
        cut |= boxes[:, 2] >= tile.x1 - tolerance_px
    if tile.y1 < height:
        cut |= boxes[:, 3] >= tile.y1 - tolerance_px
    return cut


def merge_tiles(
    seen: Sequence[tuple[Tile, Detections]], shape: Shape, tile_px: int, iou: float = 0.5
) -> Detections:
    """One set from the detections of the tiles of a plan, all in picture pixels: cut boxes dropped, the rest merged.

    A single tile has no inner edge: no other tile has what it cuts, so all of it stays.
    """
    if len(seen) == 1:
        return cross_tile_nms([answer for _, answer in seen], iou)
    whole = [
        answer.select(
            ~touches_tile_edge(answer.boxes, tile, shape, EDGE_TOLERANCE_PX * tile.side_px / tile_px)
        )
        for tile, answer in seen
    ]
    near_edge = [
        touches_tile_edge(
            answer.boxes, tile, shape, longest_sides(answer.boxes) * np.float32(NEAR_EDGE_SHARE)
        )
        for (tile, _), answer in zip(seen, whole, strict=True)
    ]
    return _merged(whole, np.concatenate([np.zeros(0, np.bool_), *near_edge]), iou)


def cross_tile_nms(parts: Sequence[Detections], iou: float = 0.5) -> Detections:
    """Unite the detections of different tiles (or passes), all in one frame, best score first.

    Two boxes of different parts that overlap by `iou` or more are one plant, whatever their classes: the one with
    the higher score stays, and loses against nothing that was itself suppressed. Boxes of one part never suppress
    each other. Of two equal scores the earlier part's wins, so the result is the same every time.
    """
    return _merged(parts, np.zeros(sum(len(part) for part in parts), dtype=np.bool_), iou)


def _merged(parts: Sequence[Detections], near_edge: Mask, iou: float) -> Detections:
    """See `merge_tiles`. `near_edge` (N,) says of the boxes of all parts which may be cut.

    Of two boxes of a plant the one that no edge cuts stays, and one that may be cut is suppressed also where another
    only covers it: the box of a cut plant overlaps that of the whole one by less than `iou`.
    """
    check(0 < iou < 1, f"iou lies between 0 and 1, got {iou}")
    together = Detections.concat(parts)
    if sum(len(part) > 0 for part in parts) < 2:  # nothing to suppress, only to rank
        return together.select(np.argsort(-together.scores, kind="stable"))
    part_of = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    order = np.lexsort((-together.scores, near_edge))
    ranked, part_of, near_edge = together.select(order), part_of[order], near_edge[order]
    first, second = _overlapping(ranked.boxes, part_of, near_edge, iou)
    left = ranked.select(_greedy_nms(len(ranked), first, second))
    return left.select(np.argsort(-left.scores, kind="stable")) if near_edge.any() else left


def _greedy_nms(count: int, better: Indices, worse: Indices) -> Mask:
    """Greedy suppression over ranked boxes, resolved in rounds: a box that a kept one overlaps is suppressed.

    A round decides all boxes that no better one can still suppress, so there are as many rounds as the longest chain
    of overlaps, which is short.
    """
    alive = np.ones(count, dtype=np.bool_)
    while len(better):
        threatened = np.zeros(count, dtype=np.bool_)
        threatened[worse] = True
        safe = ~threatened[better]
        gone = np.zeros(count, dtype=np.bool_)
        gone[worse[safe]] = True
        alive &= ~gone
        left = ~safe & ~gone[better] & ~gone[worse]
        better, worse = better[left], worse[left]
    return alive


def _overlapping(
    boxes: Boxes, part_of: Indices, near_edge: Mask, threshold: float
) -> tuple[Indices, Indices]:
    """Pairs (i < j) of boxes of different parts that are one plant: their IoU reaches the threshold, or i covers j.

    Boxes are sorted into levels by longest side, each 1 / threshold times the last: IoU ≥ t needs sides within a
    factor t of each other, so only equal and neighbouring levels can meet. Within a level, middles of such boxes
    lie within (1 − t) / (1 + t) of the longer side of each other, so a grid of that cell size finds all candidates
    in neighbouring cells. A cut box keeps its uncut side and lies within the whole one, so it is found there too.
    """
    side = np.maximum(longest_sides(boxes), np.float32(1e-3)).astype(np.float64)
    step = 1 / threshold
    level = np.floor(np.log(side) / math.log(step)).astype(np.int64)
    middle = ((boxes[:, :2] + boxes[:, 2:]) / 2).astype(np.float64)
    found = [
        _near(
            middle,
            part_of,
            np.flatnonzero(level == rung),
            np.flatnonzero(level == other),
            step ** (other + 1) * (1 - threshold) / (1 + threshold),
        )
        for rung in np.unique(level).tolist()
        for other in (rung, rung + 1)
    ]
    a, b = np.concatenate([np.zeros((2, 0), np.int64), *found], axis=1)
    a, b = np.minimum(a, b), np.maximum(a, b)
    same = iou_pairs(boxes[a], boxes[b]) >= threshold
    maybe_cut = np.flatnonzero(near_edge[b] & ~same)
    same[maybe_cut] = ioa_pairs(boxes[b[maybe_cut]], boxes[a[maybe_cut]]) >= SAME_PLANT_SHARE
    return a[same], b[same]


@jit
def _near(
    middle: NDArray[np.float64], part_of: Indices, here: Indices, there: Indices, cell: float
) -> Indices:
    """(2, P) pairs of boxes of different parts, one of `here` and one of `there`, that lie near each other.

    Their middles (N, 2) lie in the same or neighbouring cells of a square grid. Where `here` and `there` are the same
    boxes, each pair is found once.
    """
    are_same = len(here) == len(there) and np.array_equal(here, there)
    pairs = np.empty((2, 4 * len(here) + 64), np.int64)
    if not len(here) or not len(there):
        return pairs[:, :0].copy()
    left = min(middle[here, 0].min(), middle[there, 0].min())
    top = min(middle[here, 1].min(), middle[there, 1].min())
    column, row = _cells(middle[there, 0], left, cell), _cells(middle[there, 1], top, cell)
    own_column, own_row = _cells(middle[here, 0], left, cell), _cells(middle[here, 1], top, cell)
    width = max(column.max(), own_column.max()) + 2
    keys = row * width + column
    order = np.argsort(keys, kind="mergesort")
    keys = keys[order]
    count = 0
    for place in range(len(here)):
        for line in range(-1, 2):
            # Three cells of a row are neighbours in the sorted keys: one range a box.
            key = (own_row[place] + line) * width + own_column[place]
            at = np.searchsorted(keys, key - 1)
            while at < len(keys) and keys[at] <= key + 1:
                one, other = here[place], there[order[at]]
                at += 1
                if part_of[one] == part_of[other] or (are_same and one > other):
                    continue
                if count == pairs.shape[1]:
                    larger = np.empty((2, 2 * count), np.int64)
                    larger[:, :count] = pairs
                    pairs = larger
                pairs[0, count], pairs[1, count] = one, other
                count += 1
    return pairs[:, :count].copy()


@jit
def _cells(places: NDArray[np.float64], low: float, cell: float) -> Indices:
    """The row or column, from 1, of the cell in which each of (N,) places lies."""
    return np.floor((places - low) / cell).astype(np.int64) + 1
