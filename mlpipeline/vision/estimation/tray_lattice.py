"""Tray lattices: plants in rows and columns, so that every cell can be classified."""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Floats, Mask, Polygon, Shape, check
from mlpipeline.vision.geometry.boxes import box_centers
from mlpipeline.vision.runtime.jit import jit

Phases = NDArray[np.complex128]

MIN_POINTS = 12  # fewer objects line up by chance
MAX_LINES = 40  # rows or columns of the finest tray (288 cells are 18 by 16) with room above
LINES_STEP = 0.05  # between the numbers of lines that are tried
# Length of the mean phase vector from which there is a lattice; 1 is exact, jitter of a tenth of a cell gives 0.82.
MIN_PHASE_COHERENCE = 0.72
MIN_FILLED_SHARE = 0.5  # share of the cells that hold a detection
MAX_CROWDED_SHARE = 0.1  # share of the cells with two or more plants from which it is no lattice
INNER_CELL = (
    0.6  # of a cell's sides: the part in which leaf is measured, clear of the walls and the neighbours
)
EMPTY_COVER = 0.05  # a cell with less leaf is empty. Source: origin, empty containers, < 5 % vegetation
# Of the leaf that occupied cells show: with less, green is algae or a neighbour's tip. All other cells hold a plant:
# asking half the usual leaf of a missed one lost 6 % of the plants where 40 % were missed, this rule 2 %.
EMPTY_SHARE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """Rows and columns of a tray in a picture.

    `to_picture` (3, 3) takes (column, row) to px; whole numbers are the middles of cells.
    """

    rows: int
    columns: int
    to_picture: NDArray[np.float64]

    @property
    def capacity(self) -> int:
        """Cells of the tray."""
        return self.rows * self.columns

    def moved(self, dx: float, dy: float) -> "Lattice":
        """The same in a picture whose pixels are counted from elsewhere."""
        shift = np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]], dtype=np.float64)
        return Lattice(self.rows, self.columns, shift @ self.to_picture)

    def scaled(self, factor: float) -> "Lattice":
        """The same in a picture resized by `factor` > 0."""
        check(factor > 0, f"a picture is resized by a positive factor, got {factor}")
        return Lattice(self.rows, self.columns, np.diag([factor, factor, 1.0]) @ self.to_picture)

    def cells_of(self, points: Floats) -> NDArray[np.int64]:
        """(N,) index row × columns + column of the cell each point (px) lies in; −1 outside the lattice."""
        if not len(points):
            return np.zeros(0, dtype=np.int64)
        back = np.linalg.inv(self.to_picture)
        place = np.rint(_mapped(points.astype(np.float64), back)).astype(np.int64)
        column, row = place[:, 0], place[:, 1]
        inside = (column >= 0) & (column < self.columns) & (row >= 0) & (row < self.rows)
        return np.where(inside, row * self.columns + column, -1)

    def cell_outlines(self, share: float = 1.0) -> NDArray[np.float32]:
        """(capacity, 4, 2) corners of the cells in px, their sides multiplied by `share`."""
        row, column = np.divmod(np.arange(self.capacity), self.columns)
        half = share / 2
        corners = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
        points = np.stack([column, row], axis=1)[:, None, :] + corners
        return _mapped(points.reshape(-1, 2), self.to_picture).reshape(-1, 4, 2).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """What the cells of a lattice hold: (capacity,) bool arrays, and the share of leaf in the middle of each."""

    planted: Mask
    missed: Mask
    empty: Mask
    cover: Floats


def fit_lattice(objects: Boxes, polygon: Polygon) -> Lattice | None:
    """The rows and columns in which plants and empties stand; None where they do not stand in any.

    The container's outline is brought to a square first, which removes most of the perspective. Along each of its
    sides the spacing is the largest at which the middles agree in phase (the mean of exp(2πi u / spacing) is long);
    from the cells so numbered the exact mapping is fitted.

    Args: objects (N, 4) boxes of plants and empties in px; polygon (K, 2) outline of the container in px.
    """
    if len(objects) < MIN_POINTS:
        return None
    points = box_centers(objects).astype(np.float64)
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32)
    quad = quadrilateral(polygon)
    if cv2.contourArea(quad) <= 0:
        return None
    flat = _mapped(points, np.asarray(cv2.getPerspectiveTransform(quad, square), dtype=np.float64))
    column, row = _line_numbers(flat[:, 0]), _line_numbers(flat[:, 1])
    if column is None or row is None:
        return None
    columns, rows = int(column.max()) + 1, int(row.max()) + 1
    if min(rows, columns) < 2 or not _is_filled(row * columns + column, rows * columns):
        return None
    places = np.stack([column, row], axis=1).astype(np.float64)
    mapping = np.array(cv2.findHomography(places, points, cv2.LMEDS)[0], dtype=np.float64)
    # OpenCV answers None, or an empty array, where the points fix no mapping.
    if mapping.shape != (3, 3) or abs(np.linalg.det(mapping)) < 1e-9:
        return None
    return Lattice(rows, columns, mapping)


def classify_cells(lattice: Lattice, plants: Boxes, empties: Boxes, leaf: Mask) -> Cells:
    """What each cell holds.

    A cell with the middle of a plant is planted. Of the others, one with an empty pot or with hardly any leaf in
    its middle (less than 5 %, or than a fifth of what planted cells show) is empty, and the plant of any other was
    missed. Where no leaf could be separated (`leaf` all False), only detections count.

    Args: boxes (N, 4) in px of `leaf`, which is (H, W) bool.
    """
    planted = occupied(lattice, plants)
    detected_empty = occupied(lattice, empties) & ~planted
    cover = leaf_cover(lattice, leaf)
    has_leaf = bool(leaf.any()) and bool(planted.any())
    usual = float(np.median(cover[planted])) if has_leaf else 0.0
    unresolved = ~planted & ~detected_empty
    bare = cover < max(EMPTY_SHARE * usual, EMPTY_COVER)
    told_by_leaf = unresolved if has_leaf else np.zeros_like(unresolved)
    return Cells(planted, told_by_leaf & ~bare, detected_empty | (told_by_leaf & bare), cover)


def leaf_cover(lattice: Lattice, leaf: Mask) -> Floats:
    """(capacity,) share of leaf in the middle of each cell; a cell outside the picture has 0."""
    labels = cell_labels(lattice, leaf.shape)
    area = np.bincount(labels.ravel(), minlength=lattice.capacity + 1)[1:]
    green = np.bincount(labels[leaf], minlength=lattice.capacity + 1)[1:]
    return np.asarray(green / np.maximum(area, 1), dtype=np.float32)


def cell_labels(lattice: Lattice, shape: Shape) -> NDArray[np.int32]:
    """(H, W) number of the cell, from 1, in whose middle a pixel lies; 0 between them."""
    labels = np.zeros(shape, dtype=np.int32)
    outlines = lattice.cell_outlines(INNER_CELL)
    for number, corners in enumerate(np.rint(np.clip(outlines, -1e5, 1e5) * 16).astype(np.int32), start=1):
        cv2.fillConvexPoly(labels, corners, number, cv2.LINE_8, 4)
    return labels


def quadrilateral(polygon: Polygon) -> NDArray[np.float32]:
    """(4, 2) corners of the four-sided outline of a polygon, clockwise from the top left as seen.

    The outline's own corners where it has four, else those of the smallest rectangle around it.
    """
    hull = cv2.convexHull(polygon.reshape(-1, 1, 2))
    length = cv2.arcLength(hull, True)
    corners = hull
    for share in (0.01, 0.02, 0.04, 0.06, 0.08):
        corners = cv2.approxPolyDP(hull, share * length, True)
        if len(corners) <= 4:
            break
    if len(corners) != 4 or cv2.contourArea(corners) < 0.85 * cv2.contourArea(hull):
        corners = cv2.boxPoints(cv2.minAreaRect(hull))
    points = np.asarray(corners, dtype=np.float32).reshape(4, 2)
    around = points - points.mean(axis=0)
    ordered = points[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]
    first = int(np.argmin(ordered.sum(axis=1)))
    return np.roll(ordered, -first, axis=0)


def _line_numbers(values: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """The number, from 0, of the line that each of the (N,) values stands on; None where there are no lines."""
    extent = float(values.max() - values.min())
    if extent <= 0:
        return None
    check(math.isfinite(extent), "middles are finite")
    spacings = extent / np.arange(1, MAX_LINES, LINES_STEP)
    phases = _mean_phases(values / extent, len(spacings))
    clarity = np.abs(phases)
    best = float(clarity.max())
    if best < MIN_PHASE_COHERENCE:
        return None
    # Halves and thirds of the true spacing agree in phase as well: the largest that is nearly as clear is meant.
    first = int(np.flatnonzero(clarity >= 0.93 * best)[0])
    while first + 1 < len(clarity) and clarity[first + 1] > clarity[first]:
        first += 1
    offset = float(np.angle(phases[first])) / (2 * np.pi)
    numbers = np.rint(values / spacings[first] - offset).astype(np.int64)
    return np.asarray(numbers - numbers.min(), dtype=np.int64)


def _mean_phases(shares: NDArray[np.float64], count: int) -> Phases:
    """(count,) mean phase vectors of (N,) shares of the extent, for 1, 1 + LINES_STEP, … lines over it.

    A number of lines is a coarse step and a fine one, and the phase of a sum is a product: three exponentials a share
    do for all of them. No product of matrices: the threads of numpy's wait for each other, up to 8 ms on busy cores.
    """
    block = math.ceil(math.sqrt(count))
    turn = 2j * np.pi * shares
    sums = _sums_of_powers(np.exp(turn), np.exp(LINES_STEP * block * turn), np.exp(LINES_STEP * turn), block)
    return np.asarray(sums.ravel()[:count] / len(shares), dtype=np.complex128)


@jit
def _sums_of_powers(first: Phases, coarse: Phases, fine: Phases, block: int) -> Phases:
    """(block, block) sums over (N,) numbers of first · coarse ** row · fine ** column."""
    real, imaginary = np.zeros((block, block)), np.zeros((block, block))
    fine_real, fine_imaginary = np.empty(block), np.empty(block)
    for place in range(len(first)):
        power = np.complex128(1)
        for column in range(block):
            fine_real[column], fine_imaginary[column] = power.real, power.imag
            power *= fine[place]
        begin = first[place]
        for row in range(block):
            for column in range(block):
                real[row, column] += begin.real * fine_real[column] - begin.imag * fine_imaginary[column]
                imaginary[row, column] += begin.real * fine_imaginary[column] + begin.imag * fine_real[column]
            begin *= coarse[place]
    return np.asarray(real + 1j * imaginary)


def _is_filled(cells: NDArray[np.int64], capacity: int) -> bool:
    """Whether the cells are mostly taken, and by one object each."""
    taken = np.bincount(cells, minlength=capacity)
    return bool((taken > 0).mean() >= MIN_FILLED_SHARE and (taken > 1).mean() <= MAX_CROWDED_SHARE)


def occupied(lattice: Lattice, boxes: Boxes) -> Mask:
    """(capacity,) True for the cells that hold the middle of one of the (N, 4) boxes, in px of the picture."""
    cells = lattice.cells_of(box_centers(boxes))
    occupied = np.zeros(lattice.capacity, dtype=np.bool_)
    occupied[cells[cells >= 0]] = True
    return occupied


def _mapped(points: NDArray[Any], mapping: NDArray[Any]) -> NDArray[np.float64]:
    """(N, 2) points through a (3, 3) homography."""
    extended = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ mapping.T
    return np.asarray(extended[:, :2] / extended[:, 2:], dtype=np.float64)
