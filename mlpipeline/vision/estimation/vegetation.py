"""Floor suppression: which of the pixels that no detection covers are leaf, and which are ground.

The nursery's plants are green, blue-grey, purple or yellow, so no fixed colour is a plant. What a plant looks like is
learnt from the middles of the detections, what the ground looks like from empty pots and from the rest, and where the
two cannot be separated nothing is called leaf: overcounting is the common fault of estimates.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Image, Mask, check, check_image, check_mask
from mlpipeline.vision.geometry.masks import ellipse_mask
from mlpipeline.vision.runtime.jit import jit

INNER_SHARE = 0.55  # of a box's ellipse: its leaves, with little of the ground between them
MIN_PIXELS = 200  # colours from fewer pixels are chance
# Share of the variance that lies between two groups; a single bell curve cut in two has 0.64.
MIN_SEPARATION = 0.66
# A leaf mask must know this share of the plants, and call less of the empties leaf.
MIN_RECALL, MAX_FALSE_SHARE = 0.6, 0.2
CLOSED_CANOPY = 0.8  # share of the uncovered pixels that is green where no ground is to be seen
RATIO_LIMIT = 3.0
# Green to blue-green leaf in OpenCV's HSV (H 0–179). Source: origin, floor suppression, H 35–85, S and V from 40.
LEAF_HSV = ((25, 40, 40), (95, 255, 255))


@dataclass(frozen=True, slots=True, eq=False)
class VegetationMask:
    """Where leaf is: `mask` (H, W), and how well it differs from ground: `separation` 0–1, 0 when nothing was found."""

    mask: Mask
    separation: float


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """How much each pixel looks like plants: `ratio` (H, W), the log-likelihood ratio of its colour, ±RATIO_LIMIT.

    `valid`, `inner`, `rest`, `bare` (H, W) bool: the container, and in it the middles of plants, what no detection
    covers, and the middles of empty pots.
    """

    ratio: NDArray[np.float32]
    valid: Mask
    inner: Mask
    rest: Mask
    bare: Mask


def otsu_threshold(values: NDArray[np.floating]) -> tuple[float, float]:
    """The value that splits numbers best into two groups, and how well: the share of variance between the groups.

    Only the values given are regarded: an image with its masked part set to zero would put the threshold between
    the mask and everything else. Values equal to the threshold belong to the lower group. Separation is 0 for fewer
    than two different values.
    Source: N. Otsu, A threshold selection method from gray-level histograms, 1979: eta = between / total variance.
    """
    if len(values) < 2 or float(values.min()) == float(values.max()):
        return (float(values.max()) if len(values) else 0.0), 0.0
    low, high = float(values.min()), float(values.max())
    counts, edges = np.histogram(values, bins=256, range=(low, high))
    share = np.cumsum(counts) / len(values)
    middles = (edges[:-1] + edges[1:]) / 2
    sums = np.cumsum(counts * middles) / len(values)
    mean, weight = sums[-1], share * (1 - share)
    between = np.divide((mean * share - sums) ** 2, weight, out=np.zeros_like(sums), where=weight > 0)
    best = int(between.argmax())
    total = float((counts * (middles - mean) ** 2).sum() / len(values))
    return float(edges[best + 1]), float(min(1.0, between[best] / total)) if total > 0 else 0.0


def is_leaf_coloured(image: Image) -> Mask:
    """(H, W) True on green to blue-green: the rule where no detection shows the plants' colours."""
    check_image(image)
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    return np.asarray(cv2.inRange(hsv, LEAF_HSV[0], LEAF_HSV[1]), dtype=np.bool_)


def segment_by_excess_green(image: Image, valid: Mask) -> VegetationMask:
    """Leaf where nothing was detected: green by rule, and on the greener side of Otsu's threshold over valid pixels.

    Greenness is 2G − R − B. Source: Woebbecke et al., Color indices for weed identification, 1995 (excess green).
    """
    check_mask(valid)
    check(valid.shape == image.shape[:2], f"mask {valid.shape} and picture {image.shape} differ")
    green = is_leaf_coloured(image) & valid
    if not green.any():
        return VegetationMask(green, 0.0)
    channels = image.astype(np.int16)
    greenness = (2 * channels[..., 1] - channels[..., 0] - channels[..., 2]).astype(np.float32)
    threshold, separation = otsu_threshold(greenness[valid])
    if separation < MIN_SEPARATION:
        # One colour all over: a closed canopy where most of it is green, else a ground with a green cast.
        share = int(np.count_nonzero(green)) / int(np.count_nonzero(valid))
        return (
            VegetationMask(green, share)
            if share >= CLOSED_CANOPY
            else VegetationMask(np.zeros_like(green), 0.0)
        )
    return VegetationMask(green & (greenness > threshold), separation)


def segment_by_colour_model(
    image: Image, valid: Mask, plants: Boxes, empties: Boxes, uncertain: Mask | None = None
) -> VegetationMask:
    """Leaf that looks like the detected plants, in the valid part of a picture.

    Args:
        image: (H, W, 3) uint8 RGB.
        valid: (H, W) bool, the container.
        plants: (N, 4) boxes of detected living plants, in px of `image`.
        empties: (M, 4) boxes of empty pots, the same.
        uncertain: (H, W) bool, the places that are in question, if they are known better than as all that is not
            covered: the cells of a tray without its walls.

    Each pixel gets the log-likelihood ratio of its colour, the middles of plants against the uncovered rest and the
    empty pots, and Otsu's threshold splits the ratios of the valid pixels. Leaf of missed plants among the rest only
    lowers its own ratio: a share m of it leaves log(1 / m). Where the rest looks like the plants, the canopy may be
    closed: then leaf is what is green by rule, if the plants are.

    Returns an empty mask with separation 0 where there are too few examples, where the split puts plants or empty
    pots on the wrong side, or where neither way can separate leaf from ground.
    """
    likeness = leaf_likeness(image, valid, plants, empties, uncertain)
    if np.count_nonzero(likeness.inner) < MIN_PIXELS:
        return VegetationMask(np.zeros_like(valid), 0.0)
    if np.count_nonzero(likeness.rest | likeness.bare) >= MIN_PIXELS:
        threshold, separation = otsu_threshold(likeness.ratio[valid])
        # Below 0 a colour is rather ground, wherever the split lies.
        leaf = (likeness.ratio > max(threshold, 0.0)) & valid
        if separation >= MIN_SEPARATION and _agrees(leaf, likeness):
            return VegetationMask(leaf, separation)
    return VegetationMask(*closed_canopy(image, likeness))


def leaf_likeness(
    image: Image, valid: Mask, plants: Boxes, empties: Boxes, uncertain: Mask | None = None
) -> Likeness:
    """How much each pixel looks like the detected plants; the arguments are those of `segment_by_colour_model`."""
    check_image(image)
    check_mask(valid)
    inner = ellipse_mask(plants, valid.shape, INNER_SHARE) & valid
    bare = ellipse_mask(empties, valid.shape, INNER_SHARE) & valid & ~inner
    rest = valid & ~ellipse_mask(plants, valid.shape) & ~ellipse_mask(empties, valid.shape)
    if uncertain is not None and np.count_nonzero(rest & uncertain) >= MIN_PIXELS:
        rest &= uncertain
    cells = _colour_cells(image)
    return Likeness(_log_ratio(cells, inner, rest, bare)[cells], valid, inner, rest, bare)


def closed_canopy(image: Image, likeness: Likeness) -> tuple[Mask, float]:
    """Leaf where no ground shows that it could be separated from: what is green by rule, if the plants are.

    Returns the mask and the share of green in what is not covered; an empty mask and 0 where that is no canopy.
    """
    green = is_leaf_coloured(image) & likeness.valid
    rest = likeness.rest
    uncovered_green = int(np.count_nonzero(green & rest)) / max(int(np.count_nonzero(rest)), 1)
    if likeness.inner.any() and uncovered_green >= CLOSED_CANOPY and _agrees(green, likeness):
        return green, uncovered_green
    return np.zeros_like(green), 0.0


def _agrees(leaf: Mask, likeness: Likeness) -> bool:
    """Whether a leaf mask knows most of the plants' middles for leaf and few of the empty pots."""
    inner, bare = likeness.inner, likeness.bare
    recognised = int(np.count_nonzero(leaf & inner)) / int(np.count_nonzero(inner))
    mistaken = int(np.count_nonzero(leaf & bare)) / max(int(np.count_nonzero(bare)), 1)
    return recognised >= MIN_RECALL and mistaken <= MAX_FALSE_SHARE


def _colour_cells(image: Image) -> NDArray[np.int32]:
    """(H, W) index of each pixel's cell in a Lab cube of 16 by 32 by 32: colour counts for more than brightness."""
    lab = cv2.cvtColor(cv2.GaussianBlur(image, (3, 3), 0), cv2.COLOR_RGB2LAB)
    return _cells_of(np.asarray(lab, dtype=np.uint8))


@jit
def _cells_of(lab: Image) -> NDArray[np.int32]:
    height, width = lab.shape[:2]
    cells = np.empty((height, width), np.int32)
    for row in range(height):
        for column in range(width):
            light, red, yellow = lab[row, column]
            cells[row, column] = (light // 16) * 1024 + (red // 8) * 32 + yellow // 8
    return cells


def _log_ratio(cells: NDArray[np.int32], plant: Mask, rest: Mask, bare: Mask) -> NDArray[np.float32]:
    """(16 384,) log-likelihood ratio of each colour cell, within ±RATIO_LIMIT; 0 for colours seen nowhere."""
    grounds = [_histogram(cells[part]) for part in (rest, bare) if np.count_nonzero(part) >= MIN_PIXELS]
    of_ground = np.mean(grounds, axis=0) if grounds else _histogram(cells[rest | bare])
    floor = np.float32(1e-5)  # a colour rarer than this in both is no evidence
    ratio = np.log(_histogram(cells[plant]) + floor) - np.log(of_ground + floor)
    return np.asarray(np.clip(ratio, -RATIO_LIMIT, RATIO_LIMIT), dtype=np.float32)


def _histogram(cells: NDArray[np.int32]) -> NDArray[np.float32]:
    """(16 384,) shares of the colour cells, each smoothed with its neighbours (1 2 1 along each axis)."""
    cube: NDArray[np.float32] = (
        np.bincount(cells, minlength=16 * 32 * 32).reshape(16, 32, 32).astype(np.float32)
    )
    for axis in range(3):
        padded = np.pad(cube, [(1, 1) if other == axis else (0, 0) for other in range(3)], mode="edge")
        lower, middle, upper = (np.take(padded, np.arange(cube.shape[axis]) + k, axis=axis) for k in range(3))
        cube = np.asarray((lower + 2 * middle + upper) / 4, dtype=np.float32)
    return np.asarray(cube.reshape(-1) / max(float(cube.sum()), 1.0), dtype=np.float32)
