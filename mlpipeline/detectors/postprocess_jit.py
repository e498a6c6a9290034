"""Decoding and NMS: from a network's raw output for one tile to the plants in it, in machine code on a CPU.

The same that `network` and `soft_nms` do with torch, which spends 4–10 ms a tile on some thirty small steps, a third
of what the network takes; this takes less than 1 ms.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Floats
from mlpipeline.vision.runtime.jit import jit

Logits = NDArray[np.float32]
Numbers = NDArray[np.int64]

CELLS = 64  # a side, of the grid in which a tile's boxes are looked up


@dataclass(frozen=True, slots=True)
class NmsConfig:
    """How what a network proposes for a tile becomes plants.

    min_score: what scores no more is no candidate. iou: from which of two boxes the better one stays. most: boxes
    that stay at most, the best. side_px: of the tile; boxes are cut at its edges. sigma: see `soft_nms_decay`.
    """

    min_score: float
    iou: float
    most: int
    side_px: int
    sigma: float


def decode_and_nms(
    distances: Logits,
    logits: Logits,
    gains: Floats,
    places: Floats,
    min_logit: float,
    rules: NmsConfig,
) -> tuple[Boxes, Floats, NDArray[np.int16]]:
    """Boxes (N, 4) xyxy px in a tile, best first, scores and classes of what stays.

    Args:
        distances: (4 · bins, P) distributions of the distances to the four sides, see `decoded_boxes`.
        logits: (C, P) of the scores.
        gains: (C,) see Weights.
        places: (3, P) centre x and y of the cells in cells, and their strides in px.
        min_logit: below it no logit reaches the least score.
        rules: how candidates become plants.
    """
    cells, best = _likely(logits, min_logit)
    scores = 1 / (1 + np.exp(-best))
    above = scores > np.float32(rules.min_score)
    cells, scores = cells[above], scores[above]
    shares = _shares(distances, cells)
    np.exp(shares, out=shares)
    boxes = _decoded(shares, places, cells)
    order = np.argsort(-scores, kind="stable")
    kept = order[_survivors(boxes[order], rules.iou, rules.most, rules.side_px)]
    boxes = boxes[kept].clip(0, np.float32(rules.side_px))
    penalty = _penalties(boxes, np.argsort(boxes[:, 0], kind="stable"))
    scores = scores[kept] * np.exp(-penalty / np.float32(rules.sigma))
    return boxes, scores.clip(0, 1), _classes(logits, gains, cells[kept])


@jit
def _likely(logits: Logits, least: float) -> tuple[Numbers, Floats]:
    """The cells whose best class has a logit above `least`, and that logit."""
    classes, count = logits.shape
    cells = np.empty(count, np.int64)
    values = np.empty(count, np.float32)
    found = 0
    for cell in range(count):
        best = logits[0, cell]
        for other in range(1, classes):
            best = max(best, logits[other, cell])
        if best > least:
            cells[found], values[found] = cell, best
            found += 1
    return cells[:found].copy(), values[:found].copy()


@jit
def _classes(logits: Logits, gains: Floats, cells: Numbers) -> NDArray[np.int16]:
    """(N,) the class of each cell that is most likely once the gains are added; of equal ones the first."""
    chosen = np.zeros(len(cells), np.int16)
    for place, cell in enumerate(cells):
        best = logits[0, cell] + gains[0]
        for other in range(1, len(gains)):
            value = logits[other, cell] + gains[other]
            if value > best:
                best = value
                chosen[place] = other
    return chosen


@jit
def _shares(distances: Logits, cells: Numbers) -> Floats:
    """(N, 4 · bins) distributions of cells, each less its greatest value, so that no exponential overflows."""
    bins = distances.shape[0] // 4
    shares = np.empty((len(cells), 4 * bins), np.float32)
    for row in range(4 * bins):
        for place, cell in enumerate(cells):
            shares[place, row] = distances[row, cell]
    for place in range(len(cells)):
        for side in range(4):
            part = shares[place, side * bins : (side + 1) * bins]
            part -= part.max()
    return shares


@jit
def _decoded(shares: Floats, places: Floats, cells: Numbers) -> Boxes:
    """(N, 4) xyxy px from the (N, 4 · bins) exponentials of the distributions of cells; see `decoded_boxes`."""
    bins = shares.shape[1] // 4
    boxes = np.empty((len(cells), 4), np.float32)
    for place, cell in enumerate(cells):
        stride = places[2, cell]
        for side in range(4):
            whole, moment = np.float32(0), np.float32(0)
            for step in range(bins):
                share = shares[place, side * bins + step]
                whole += share
                moment += share * np.float32(step)
            reach = moment / whole
            centre = places[side % 2, cell]
            boxes[place, side] = (centre - reach if side < 2 else centre + reach) * stride
    return boxes


@jit
def _survivors(boxes: Boxes, iou: float, most: int, side_px: int) -> Numbers:
    """Indices of the (N, 4) boxes, best first, that no better survivor overlaps by more than `iou`; `most` at most.

    A box is compared with the survivors around it, in a grid over the tile: middles of two boxes that overlap so far
    lie within (1 − iou) / (1 + iou) of the longer side, and that is at most 1 / iou times the shorter one.
    """
    reach = (1 - iou) / (1 + iou) / iou * 1.001
    unit = side_px / CELLS
    first = np.full((CELLS, CELLS), -1, np.int64)  # of the survivors in a cell; `after` has the others
    after = np.empty(len(boxes), np.int64)
    kept = np.empty(min(len(boxes), most), np.int64)
    count = 0
    for place in range(len(boxes)):
        if count == most:
            break
        x0, y0, x1, y1 = boxes[place]
        area = (x1 - x0) * (y1 - y0)
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        aside, above = reach * (x1 - x0), reach * (y1 - y0)
        left, right = _cell(x - aside, unit), _cell(x + aside, unit)
        top, bottom = _cell(y - above, unit), _cell(y + above, unit)
        survives = True
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                other = first[row, column]
                while other >= 0 and survives:
                    width = min(x1, boxes[other, 2]) - max(x0, boxes[other, 0])
                    height = min(y1, boxes[other, 3]) - max(y0, boxes[other, 1])
                    if width > 0 and height > 0:
                        common = width * height
                        whole = (boxes[other, 2] - boxes[other, 0]) * (boxes[other, 3] - boxes[other, 1])
                        survives = common / (whole + area - common) <= iou
                    other = after[other]
        if survives:
            row, column = _cell(y, unit), _cell(x, unit)
            after[place] = first[row, column]
            first[row, column] = place
            kept[count] = place
            count += 1
    return kept[:count].copy()


@jit
def _cell(position: float, unit: float) -> int:
    """The row or column of the grid in which a position lies; beside the tile the outermost."""
    return min(max(math.floor(position / unit), 0), CELLS - 1)


@jit
def _penalties(boxes: Boxes, order: Numbers) -> Floats:
    """(N,) sums of IoU² with all better boxes; (N, 4) boxes best first, and their order from left to right."""
    penalty = np.zeros(len(boxes), np.float32)
    for begin in range(len(order)):
        one = order[begin]
        x0, y0, x1, y1 = boxes[one]
        area = (x1 - x0) * (y1 - y0)
        for then in range(begin + 1, len(order)):
            other = order[then]
            if boxes[other, 0] >= x1:
                break
            height = min(y1, boxes[other, 3]) - max(y0, boxes[other, 1])
            if height > 0:
                common = (min(x1, boxes[other, 2]) - boxes[other, 0]) * height
                whole = (boxes[other, 2] - boxes[other, 0]) * (boxes[other, 3] - boxes[other, 1])
                overlap = common / (area + whole - common)
                penalty[max(one, other)] += overlap * overlap
    return penalty
