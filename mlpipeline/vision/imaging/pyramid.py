"""Shrinking: large pictures made small by halves: one step over all of their pixels takes several times as long."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

import cv2
import numpy as np

from mlpipeline.vision.arrays import Image
from mlpipeline.vision.imaging.area_resize import resize_area
from mlpipeline.vision.imaging.tiles import Tile, cut_tile
from mlpipeline.vision.runtime.parallel import parallel_map

# Pixels that are left for each one wanted, at least, before the last step. Without them all is averaged twice, and
# blurred: on a dense bed F1 fell by .03.
FINENESS = 2


def downsample_2x(image: Image) -> Image:
    """(H // 2, W // 2, 3): each pixel the mean of four; of an odd size the last row or column is left out."""
    height, width = image.shape[0] // 2, image.shape[1] // 2
    even = image[: 2 * height, : 2 * width]
    return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def downsample(image: Image, size: tuple[int, int], fineness: float = FINENESS) -> Image:
    """A picture at a smaller `size` (width, height): by halves first where it is much larger.

    fineness: pixels that are left for each one wanted, at least, before the last step; fewer are quicker.
    """
    pyramid, depth, small = pyramid_of(image), 0, image
    while small.shape[0] >= 2 * fineness * size[1] and small.shape[1] >= 2 * fineness * size[0]:
        depth += 1
        small = pyramid.level(depth)
    return resize_area(small, size)


class Pyramid:
    """A picture and its halves, each made at its first use, to cut tiles of any scale from.

    Measured on 12 megapixels: a tile over a whole container takes 1 ms from its level and 20 ms from the picture.
    """

    def __init__(self, image: Image) -> None:
        self._levels = [image]
        self._making = Lock()

    def cut(self, tile: Tile, tile_px: int) -> tuple[Image, Tile]:
        """The picture under a tile at (tile_px, tile_px, 3), and the tile that it shows, in picture pixels.

        That is the given tile, on whole pixels of the level it is cut from: moved by a quarter tile pixel at most.
        """
        depth = self._depth(tile, tile_px)
        step = 1 << depth
        small = Tile(round(tile.x0 / step), round(tile.y0 / step), round(tile.side_px / step))
        shown = Tile(small.x0 * step, small.y0 * step, small.side_px * step)
        return cut_tile(self.level(depth), small, tile_px), shown

    def cut_all(self, tiles: Sequence[Tile], tile_px: int) -> list[tuple[Image, Tile]]:
        """The same for several tiles, each core one at a time."""
        return parallel_map(lambda tile: self.cut(tile, tile_px), tiles, cv2.getNumThreads())

    def _depth(self, tile: Tile, tile_px: int) -> int:
        """How many times the picture is halved before a tile is cut from it."""
        depth = 0
        while tile.side_px >= FINENESS * tile_px << (depth + 1) and min(self.level(depth).shape[:2]) >= 2:
            depth += 1
        return depth

    def level(self, depth: int) -> Image:
        """The picture halved `depth` times."""
        with self._making:
            while len(self._levels) <= depth:
                self._levels.append(downsample_2x(self._levels[-1]))
            return self._levels[depth]


_SHARED: dict[int, Pyramid] = {}  # by the id of the picture, which each of them keeps alive


@contextmanager
def shared_pyramid(image: Image) -> Iterator[None]:
    """Share the pyramid of one picture among all threads while the body runs.

    Its levels are computed once for all stages of a count; the key is the array's identity.
    """
    _SHARED[id(image)] = Pyramid(image)
    try:
        yield
    finally:
        _SHARED.pop(id(image), None)


def pyramid_of(image: Image) -> Pyramid:
    """A picture and its halves; those that others use as well, within `shared_pyramid`."""
    return _SHARED.get(id(image)) or Pyramid(image)
