"""Coverage: plants that the detector missed, from how often its detections cover the leaf of a container.

Every detected plant is taken to cover the leaf in and just around its box. Were it missed, the leaf that it alone
covers would be covered by nothing: so the leaf covered once shows, in this very picture, what a missed plant leaves
behind, whatever its species and its overlap with its neighbours. No area of a plant and no correction factor is
assumed. Each pixel is measured in plants of its neighbourhood, so far and near plants, small and large ones count
alike.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Floats, Mask, Shape, check
from mlpipeline.vision.estimation.band_estimator import (
    BANDS,
    BandInputs,
    estimate_confidence,
    rows_of,
    to_band_estimates,
)
from mlpipeline.vision.estimation.vegetation import closed_canopy, leaf_likeness
from mlpipeline.vision.geometry.boxes import box_centers
from mlpipeline.vision.geometry.morphology import disc_kernel
from mlpipeline.vision.imaging.container_crop import ContainerCrop
from mlpipeline.vision.results import EMPTY, BandEstimate
from mlpipeline.vision.runtime.jit import jit

COVER_PLANT_PX = 14  # plants are measured at this side; at 18 px the mean error was the same within 0.1 %
GROWTH = (
    1.2  # of a box's axes: leaves reach past the ellipse, and the rim of a detected plant is no missed one
)
# Of a plant's side: the radius over which likeness is averaged, so that grain and thin tips fade. Twice as much took
# half of the far plants for ground where the near ones were three times as large.
MIDDLE_SHARE = 0.1
TYPICAL = 0.3  # quantile of the plants' own middles from which leaf is believed to be a plant's
# The believed likeness is no higher than this much for each plant, but never lower than that of few: a few plants
# do not show all shades of their kind.
LIKENESS_PER_PLANT, LIKENESS_OF_FEW = 0.03, 0.5
# Leaf is more like plants than most empty pots are, as long as some plants stay above that.
BARE_QUANTILE, PLANT_QUANTILE = 0.9, 0.7
MIN_EMPTIES_COUNT = 5  # empty pots from which their colours are known
MIN_LIKENESS = 0.1  # median of the plants' middles below which nothing was learnt of their colour
MIN_PIECE_PLANTS = 0.3  # of a plant: smaller pieces of leaf are rims and weeds
# A missed plant stands as far from its neighbours as all but this share of the detected ones: leaf without such room is
# moss or the walls of a tray that look like plants. Measured on at most SAMPLED plants, to be quick.
CLOSEST, SAMPLED = 0.1, 300
MIN_HULL_COUNT, FRINGE = 20, 1.0  # at 1.5 the wall of a tray was 18 plants of a hundred
MAX_REACH_SHARE = 0.75  # of a plant's side: how far from its middle the leaf of a missed plant reaches
NEIGHBOURHOOD = 2.5  # plants: the reach (sigma) over which the leaf of a plant is averaged
PRIOR_PLANTS = 1.0  # weight of the container's mean against the neighbourhood's
# Missed plants for each detected one from which the leaf is rather ground: wrong detections on gravel made it leaf. Of
# a few plants so many may be missed by chance, so they are allowed CHANCE more, together.
MAX_MISS_RATIO, CHANCE = 1.5, 3.0
COVER_LEVELS = 4  # 0 to 3 covers; the series ends there


@dataclass(frozen=True, slots=True, eq=False)
class Covers:
    """How often each pixel is covered, and by what.

    times: (H, W) uint8. owner: (H, W) int32, the number from 0 of the one object that covers a pixel, valid where
    `times` is 1.
    """

    times: NDArray[np.uint8]
    owner: NDArray[np.int32]


def count_covers(boxes: Boxes, shape: Shape) -> Covers:
    """Cover a picture of `shape` with the ellipses inscribed in (N, 4) boxes, their axes multiplied by GROWTH."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = np.maximum((boxes[:, 2:] - boxes[:, :2]) / 2 * GROWTH, 0.5)
    return Covers(*_covers(middle.astype(np.float64), half.astype(np.float64), *shape))


@jit
def _covers(
    middle: NDArray[np.float64], half: NDArray[np.float64], height: int, width: int
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """`times` and `owner` from ellipses' middles and half axes, row by row: a pixel is covered where its middle is.

    The sum of the numbers of those that cover a pixel is the owner's, where there is one.
    """
    count = np.zeros((height, width), np.int32)
    owner = np.zeros((height, width), np.int32)
    for number in range(len(middle)):
        (x, y), (half_x, half_y) = middle[number], half[number]
        for row in range(max(math.floor(y - half_y), 0), min(math.ceil(y + half_y), height)):
            upward = (row + 0.5 - y) / half_y
            if abs(upward) > 1:
                continue
            reach = half_x * math.sqrt(max(1 - upward**2, 0.0))
            begin, end = math.ceil(x - reach - 0.5), math.floor(x + reach - 0.5) + 1
            for column in range(max(begin, 0), min(end, width)):
                count[row, column] += 1
                owner[row, column] += number
    times = np.empty((height, width), np.uint8)
    for row in range(height):
        for column in range(width):
            times[row, column] = min(count[row, column], 255)
            owner[row, column] *= count[row, column] == 1
    return times, owner


def thinning_miss_ratio(covered: NDArray[np.floating], most: float = MAX_MISS_RATIO) -> float:
    """Missed plants for each detected one, from the leaf that is covered 0, 1, 2 and 3 times.

    If each plant was missed with odds z, leaf that plants cover k times in truth is left with fewer covers in known
    shares (binomial thinning), and c0 − c1 z + c2 z² − c3 z³ is the leaf that no plant covers at all: none, because
    leaf belongs to plants. The least root is the answer; 0 if it is `most` or more, which is not believed.
    Source: I. Good and G. Toulmin, The number of new species, 1956 (the same alternating series).
    """
    check(
        len(covered) == COVER_LEVELS,
        f"leaf covered 0 to {COVER_LEVELS - 1} times, got {len(covered)} numbers",
    )
    none, once, twice, thrice = (float(value) for value in covered)
    check(min(none, once, twice, thrice) >= 0, "areas are not negative")
    if none == 0:
        return 0.0
    odds = np.linspace(0, most, 2001)
    left = none - once * odds + twice * odds**2 - thrice * odds**3
    crossed = np.flatnonzero(left <= 0)
    # Where the series never reaches zero its turning point comes nearest to it.
    share = float(odds[crossed[0] if len(crossed) else int(left.argmin())])
    return share if once > 0 and share < most else 0.0


def estimate_by_coverage(crop: ContainerCrop) -> tuple[BandEstimate, ...]:
    """The four bands of a container with detected plants, each with the plants missed in it, not rounded.

    `crop` is best brought to COVER_PLANT_PX. A container whose leaf cannot be separated from its ground gets bands that
    estimate nothing, with confidence 0; one in which no detection leaves a plant's leaf uncovered estimates exactly 0.
    """
    objects = crop.detections
    is_plant = objects.classes != EMPTY
    plants = int(np.count_nonzero(is_plant))
    check(plants > 0, "missed plants are estimated from detected ones")
    # Leaf follows from colours, free space from where plants stand: neither needs the other.
    with ThreadPoolExecutor(1) as beside:
        vegetation = beside.submit(segment_plant_leaf, crop)
        places = box_centers(objects.boxes[is_plant])
        covers = count_covers(objects.boxes, crop.mask.shape)
        room = free_space_mask(box_centers(objects.boxes), places, crop.mask.shape)
        own_room = (
            cv2.distanceTransform((~room).astype(np.uint8), cv2.DIST_L2, 5)
            <= MAX_REACH_SHARE * COVER_PLANT_PX
        )
        leaf, strength = vegetation.result()
    once = leaf & (covers.times == 1)
    own = np.bincount(covers.owner[once], minlength=len(objects)).astype(np.float64)[is_plant]
    plant_px = local_plant_px(own, places, _spacing(crop, plants), crop.mask.shape)
    unit = np.asarray(1 / plant_px, dtype=np.float32)
    processed, free = _pieces(leaf & (covers.times == 0) & own_room, unit, room)
    measured = own * unit[_cells(places, crop.mask.shape)]
    solid = float(measured[measured >= MIN_PIECE_PLANTS].sum())
    shares = np.array(
        [unit[leaf & (covers.times == times)].sum() for times in range(COVER_LEVELS)], dtype=np.float64
    )
    # What the small pieces took from the leaf covered once they take from that covered more often as well.
    shares *= solid / max(float(shares[1]), 1e-9)
    shares[:2] = free.sum(), solid
    missed = thinning_miss_ratio(shares, MAX_MISS_RATIO + CHANCE / plants) * plants
    if missed == 0:
        processed = np.zeros_like(processed)
    in_band = np.array([free[rows_of(len(free), band)].sum() for band in range(BANDS)])
    counts = in_band * (missed / max(float(in_band.sum()), 1e-9))
    residual = crop.mask & (covers.times == 0)
    confidence = estimate_confidence(
        plants, strength, int(np.count_nonzero(leaf & ~residual)), int(np.count_nonzero(processed))
    )
    usual = tuple(
        _mean_or(plant_px[rows_of(len(plant_px), band)], float(own.mean())) for band in range(BANDS)
    )
    work = BandInputs(residual, processed, usual, tuple(counts.tolist()), "cover_based", confidence)
    return to_band_estimates(crop, work)


def local_plant_px(own_px: NDArray[np.float64], places: Floats, spacing: float, shape: Shape) -> Floats:
    """(H, W) px² of leaf that a plant alone covers, as its neighbourhood has it; at least 1.

    Args: own_px (N,) of each plant, places (N, 2) its middle, spacing the px from plant to plant; N ≥ 1.
    """
    step = max(1.0, spacing)  # one cell a plant: neighbourhoods are smooth, and cells are few
    cells = (max(1, int(np.ceil(shape[0] / step))), max(1, int(np.ceil(shape[1] / step))))
    row = np.clip((places[:, 1] / step).astype(int), 0, cells[0] - 1)
    column = np.clip((places[:, 0] / step).astype(int), 0, cells[1] - 1)
    leaf, plants = np.zeros(cells, dtype=np.float32), np.zeros(cells, dtype=np.float32)
    np.add.at(leaf, (row, column), own_px.astype(np.float32))
    np.add.at(plants, (row, column), 1)
    # A Gaussian spreads each plant over 2πσ² cells: times that, sums are those of the neighbourhood.
    reach = 2 * np.pi * NEIGHBOURHOOD**2
    leaf, plants = (
        reach * cv2.GaussianBlur(grid, (0, 0), NEIGHBOURHOOD, borderType=cv2.BORDER_CONSTANT)
        for grid in (leaf, plants)
    )
    mean = float(own_px.mean())
    local = (leaf + PRIOR_PLANTS * mean) / (plants + PRIOR_PLANTS)
    local = cv2.resize(local, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.maximum(np.asarray(local, dtype=np.float32), 1)


def segment_plant_leaf(crop: ContainerCrop) -> tuple[Mask, float]:
    """(H, W) True on leaf like that of the detected plants, and how much it differs from the rest, 0–1.

    Leaf is what looks as much like a plant as most of the plants' own middles do: a split of all pixels into two
    groups, as in `floor`, finds none where shades run into each other. `crop` is at COVER_PLANT_PX.
    """
    objects = crop.detections
    likeness = leaf_likeness(crop.image, crop.mask, crop.living.boxes, objects.empties.boxes)
    around = disc_kernel(round(MIDDLE_SHARE * COVER_PLANT_PX)).astype(np.float32)
    kernel = around / np.float32(np.count_nonzero(around))
    smooth = cv2.filter2D(np.where(crop.mask, likeness.ratio, 0), -1, kernel)
    middles = smooth[_cells(box_centers(objects.boxes), crop.mask.shape)]
    plants, bare = middles[objects.classes != EMPTY], middles[objects.classes == EMPTY]
    usual = float(np.median(plants))
    if usual < MIN_LIKENESS:
        return closed_canopy(crop.image, likeness)
    least = min(float(np.quantile(plants, TYPICAL)), max(LIKENESS_PER_PLANT * len(plants), LIKENESS_OF_FEW))
    if len(bare) >= MIN_EMPTIES_COUNT:
        above_bare = float(np.quantile(bare, BARE_QUANTILE))
        least = max(least, min(above_bare, float(np.quantile(plants, PLANT_QUANTILE))))
    return (smooth >= max(least, 0.0)) & crop.mask, 1 - float(np.exp(-usual))


def free_space_mask(objects: Floats, plants: Floats, shape: Shape) -> Mask:
    """(H, W) True where a missed plant may have its middle, among (N, 2) objects of which (M, 2) are plants; M ≥ 1.

    It stands as far from all objects as all but the CLOSEST plants do from their nearest neighbour, and, where the
    objects are MIN_HULL_COUNT, no further outside their convex hull than FRINGE times that: what lies beyond is
    the path, or the wall of a tray. Missing plants change both little: of several neighbours one is mostly seen.
    """
    distance = _usual_distance(plants)
    others = np.ones(shape, dtype=np.uint8)
    others[_cells(objects, shape)] = 0
    room = np.asarray(cv2.distanceTransform(others, cv2.DIST_L2, 5) >= distance, dtype=np.bool_)
    if len(objects) < MIN_HULL_COUNT:
        return room
    outside = np.ones(shape, dtype=np.uint8)
    cv2.fillConvexPoly(outside, cv2.convexHull(np.rint(objects).astype(np.int32)), 0)
    reach = FRINGE * max(distance, 1.0)
    return room & np.asarray(cv2.distanceTransform(outside, cv2.DIST_L2, 5) <= reach, dtype=np.bool_)


def _usual_distance(places: Floats) -> float:
    """Pixels from a plant to its nearest neighbour that all but the CLOSEST keep; 0 for one plant.

    Less in proportion where plants are few: of those the missing are neighbours, and the others seem far apart.
    """
    if len(places) < 2:
        return 0.0
    trust = min(1.0, len(places) / MIN_HULL_COUNT)
    chosen = places[:: math.ceil(len(places) / SAMPLED)]
    square = (chosen[:, None, 0] - places[:, 0]) ** 2 + (chosen[:, None, 1] - places[:, 1]) ** 2
    second = np.partition(square, 1, axis=1)[:, 1]  # the first is the plant itself
    return trust * float(np.quantile(np.sqrt(second), CLOSEST))


def _pieces(free: Mask, unit: Floats, room: Mask) -> tuple[Mask, Floats]:
    """Uncovered leaf without pieces that are too small for a plant or have no room for one; what its pixels count.

    The second array (H, W) is the share of a plant that each pixel of it stands for.
    """
    count, labels = cv2.connectedComponents(free.astype(np.uint8), connectivity=4)
    worth = np.where(free, unit, 0).astype(np.float32)
    large = np.bincount(labels[free], weights=unit[free], minlength=count) >= MIN_PIECE_PLANTS
    large &= np.bincount(labels[room], minlength=count) > 0
    large[0] = False  # the background
    kept = np.asarray(large[labels], dtype=np.bool_)
    return kept, np.where(kept, worth, 0).astype(np.float32)


def _mean_or(values: Floats, otherwise: float) -> float:
    """The mean of an array, and something else where it is empty: the lowest crops have bands without a row."""
    return float(values.mean()) if values.size else otherwise


def _spacing(crop: ContainerCrop, plants: int) -> float:
    """Pixels from plant to plant, if they were spread evenly over the container."""
    return math.sqrt(max(int(np.count_nonzero(crop.mask)), 1) / plants)


def _cells(points: Floats, shape: Shape) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column indices of the pixels under (N, 2) points; a point outside takes the nearest pixel."""
    places = np.clip(np.floor(points), 0, [shape[1] - 1, shape[0] - 1]).astype(np.int64)
    return places[:, 1], places[:, 0]
