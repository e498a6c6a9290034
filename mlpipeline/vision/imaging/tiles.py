"""Tiles: square windows of the picture, of one size, only where the container is."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from mlpipeline.vision.arrays import Image, Mask, check
from mlpipeline.vision.geometry.masks import Region
from mlpipeline.vision.imaging.area_resize import resize_area

PAD_VALUE = 114  # the grey that YOLO letterboxes with, so the weights have seen it as "nothing here"
# Tiles with less of the container are left out. Source: origin, slices below 2 % content.
MIN_CONTAINER_SHARE = 0.02

ROW_STEP = 16  # of nearly all tiles every so many rows show that they hold more than that

# Tiles may be this much larger to be made of whole pixels: averaging those takes a sixth of the time (from 1 024 px
# 0.3 ms, from 1 008 px 1.7 ms). It is what photos of 4 000 px lack to 4 096.
MAX_ROUNDING_SHARE = 0.04


@dataclass(frozen=True, slots=True)
class Tile:
    """A square window of the picture: its corner and side in picture pixels. It may reach past the picture."""

    x0: int
    y0: int
    side_px: int

    @property
    def x1(self) -> int:
        """The right edge, excluded, in px of the picture."""
        return self.x0 + self.side_px

    @property
    def y1(self) -> int:
        """The bottom edge, excluded, in px of the picture."""
        return self.y0 + self.side_px

    def quarters(self, overlap_px: float) -> tuple["Tile", ...]:
        """Four smaller tiles that cover this one and overlap by at least `overlap_px`."""
        side = min(self.side_px, math.ceil((self.side_px + overlap_px) / 2))
        far = self.side_px - side
        return tuple(Tile(self.x0 + dx, self.y0 + dy, side) for dy in (0, far) for dx in (0, far))


def tile_starts(start: int, stop: int, side_px: int, overlap_px: float, limit: int) -> list[int]:
    """Where tiles of `side_px` begin so that they cover start…stop, neighbours overlapping by `overlap_px` or more.

    They are spread evenly (all overlaps alike) and stay within 0…limit where the picture is large enough for that;
    one tile larger than the stretch is centred on it.
    Raises: InvalidInput unless 0 ≤ overlap_px < side_px and start < stop.
    """
    check(0 <= overlap_px < side_px, f"tiles of {side_px} px cannot overlap by {overlap_px} px")
    check(start < stop, f"tiles cover something, got {start}…{stop}")
    length = stop - start
    if length <= side_px:
        begin = start - (side_px - length) // 2
        return [min(max(begin, 0), limit - side_px) if side_px <= limit else (limit - side_px) // 2]
    count = 1 + math.ceil((length - side_px) / (side_px - overlap_px))
    starts = [start + math.floor(step * (length - side_px) / (count - 1)) for step in range(count)]
    return sorted({min(max(begin, 0), max(limit - side_px, 0)) for begin in starts})


def plan_tiles(
    region: Region, shape: tuple[int, int], side_px: int, overlap_px: float, reach: float = 0.5
) -> tuple[Tile, ...]:
    """Tiles that cover a region of a picture of `shape`, so that every plant up to `overlap_px` is whole in one.

    Rows of tiles run over the height of the region; in each row, tiles stand only under the stretch that the region
    has there, widened on either side by what a plant reaches out of it: `reach` times its size, a half where it belongs
    to the region by its middle. Tiles that hold less than MIN_CONTAINER_SHARE of the region are left out.
    """
    cropped = region.cropped()
    if cropped.is_empty:
        return ()
    height, width = shape
    margin = math.ceil(overlap_px * reach)
    top, bottom = max(cropped.y0 - margin, 0), min(cropped.y1 + margin, height)
    # Per-row stretches are widened by a margin, columns are read from the rows that the tile row covers.
    tiles: list[Tile] = []
    for y0 in tile_starts(top, bottom, side_px, overlap_px, height):
        rows = cropped.mask[max(y0 - cropped.y0, 0) : max(y0 + side_px - cropped.y0, 0)]
        for left, right in _runs(np.asarray(rows.any(axis=0)), gap_px=side_px):
            start, stop = max(cropped.x0 + left - margin, 0), min(cropped.x0 + right + margin, width)
            tiles += [Tile(x0, y0, side_px) for x0 in tile_starts(start, stop, side_px, overlap_px, width)]
    if len(tiles) == 1:
        return tuple(tiles)
    enough = MIN_CONTAINER_SHARE * side_px**2
    held = [_overlap_px(cropped, tile, enough) for tile in tiles]
    least = min(enough, max(held))
    return tuple(tile for tile, area in zip(tiles, held, strict=True) if area >= least)


def integer_ratio_side(side_px: int, tile_px: int) -> int:
    """A tile's side of which whole pixels make one of `tile_px`.

    Where none is at most MAX_ROUNDING_SHARE larger, the side itself.
    """
    unit = tile_px
    while 2 * unit <= side_px:
        unit *= 2
    for even in (unit, unit * 3 // 2, 2 * unit):
        # One and a half of the tile itself would have pixels that are shared.
        if side_px <= even <= side_px * (1 + MAX_ROUNDING_SHARE) and (even * 2 != 3 * tile_px):
            return even
    return side_px


def whole_tile(shape: tuple[int, int], min_side_px: int = 1) -> Tile:
    """The tile over the whole of a picture of `shape`, in its middle, at least `min_side_px` wide."""
    height, width = shape
    side = max(height, width, min_side_px)
    return Tile((width - side) // 2, (height - side) // 2, side)


def cut_tile(image: Image, tile: Tile, tile_px: int) -> Image:
    """The picture under a tile, resized to (tile_px, tile_px, 3); grey where the tile reaches past the picture."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = max(tile.x0, 0), max(tile.y0, 0), min(tile.x1, width), min(tile.y1, height)
    window = image[y0:y1, x0:x1]
    if window.shape[:2] != (tile.side_px, tile.side_px):
        full = np.full((tile.side_px, tile.side_px, 3), PAD_VALUE, dtype=np.uint8)
        full[y0 - tile.y0 : y1 - tile.y0, x0 - tile.x0 : x1 - tile.x0] = window
        window = full
    if tile.side_px == tile_px:
        return np.ascontiguousarray(window)
    size = (tile_px, tile_px)
    if tile.side_px > tile_px:  # nothing aliases
        return resize_area(window, size)
    # Cubic when enlarging: edges stay edges.
    return np.asarray(cv2.resize(window, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def _runs(columns: Mask, gap_px: int) -> list[tuple[int, int]]:
    """Runs of True as (first, end excluded); runs closer than `gap_px` are one."""
    places = np.flatnonzero(columns)
    if not len(places):
        return []
    breaks = np.flatnonzero(np.diff(places) > gap_px)
    firsts = places[np.concatenate([[0], breaks + 1])].tolist()
    lasts = places[np.concatenate([breaks, [len(places) - 1]])].tolist()
    return [(first, last + 1) for first, last in zip(firsts, lasts, strict=True)]


def _overlap_px(region: Region, tile: Tile, enough: float) -> int:
    """How many pixels of a region lie in a tile; where some of the rows hold `enough`, only theirs."""
    rows = slice(max(tile.y0 - region.y0, 0), max(tile.y1 - region.y0, 0))
    columns = slice(max(tile.x0 - region.x0, 0), max(tile.x1 - region.x0, 0))
    under = region.mask[rows, columns]
    in_some = int(np.count_nonzero(under[::ROW_STEP]))
    return in_some if in_some >= enough else int(np.count_nonzero(under))
