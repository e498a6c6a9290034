"""Pictures made small by halves, and tiles cut from them."""

import numpy as np
import pytest

from mlpipeline.vision.imaging.pyramid import Pyramid, downsample, downsample_2x, pyramid_of, shared_pyramid
from mlpipeline.vision.imaging.tiles import Tile, cut_tile


def slope(height, width):
    """A picture whose red is its column and whose green is its row, in 1/8 px steps."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 0] = np.arange(width) // 8
    picture[..., 1] = np.arange(height)[:, None] // 8
    return picture


def test_a_half_is_the_mean_of_four_and_drops_the_odd_row():
    picture = np.zeros((5, 4, 3), np.uint8)
    picture[:2, :2] = [[[0] * 3, [40] * 3], [[80] * 3, [120] * 3]]
    half = downsample_2x(picture)
    assert half.shape == (2, 2, 3)
    assert half[0, 0].tolist() == [60, 60, 60]
    assert half[1, 1].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "size", [(100, 75), (1000, 750), (999, 1), (250, 300)], ids=lambda size: f"{size[0]}x{size[1]}"
)
def test_a_picture_is_as_small_as_asked_for_and_looks_as_before(size):
    picture = slope(1500, 2000)
    small = downsample(picture, size)
    assert small.shape == (size[1], size[0], 3)
    expected = picture[..., 0].mean()
    assert small[..., 0].mean() == pytest.approx(expected, abs=1)


def test_a_tile_near_its_own_size_is_cut_from_the_picture_itself():
    picture = slope(600, 800)
    tile = Tile(13, 7, 511)
    cut, shown = Pyramid(picture).cut(tile, 128)
    assert shown == tile
    assert np.array_equal(cut, cut_tile(picture, tile, 128))


@pytest.mark.parametrize("tile", [Tile(0, 0, 1024), Tile(201, 103, 1777), Tile(-37, 411, 1500)], ids=repr)
def test_a_tile_cut_from_a_half_shows_what_it_says_it_shows(tile):
    picture = slope(2000, 2040)
    cut, shown = Pyramid(picture).cut(tile, 128)
    direct = cut_tile(picture, shown, 128)
    assert np.abs(cut.astype(int) - direct).max() <= 3
    assert max(abs(shown.x0 - tile.x0), abs(shown.y0 - tile.y0)) <= tile.side_px / 128 / 4
    assert abs(shown.side_px - tile.side_px) <= tile.side_px / 128 / 4


def test_cutting_leaves_the_picture_as_it_is():
    picture = slope(1000, 1000)
    before = picture.copy()
    Pyramid(picture).cut(Tile(0, 0, 1000), 32)
    assert np.array_equal(picture, before)


def test_a_picture_one_pixel_high_has_tiles_too():
    cut, shown = Pyramid(slope(1, 5000)).cut(Tile(0, -2500, 5000), 64)
    assert cut.shape == (64, 64, 3)
    assert shown.side_px == 5000


def test_halves_of_one_picture_are_shared_while_it_is_counted_and_no_longer():
    picture, other = slope(200, 300), slope(200, 300)
    with shared_pyramid(picture):
        assert pyramid_of(picture) is pyramid_of(picture)
        assert pyramid_of(other) is not pyramid_of(picture)
        assert np.array_equal(pyramid_of(picture).level(1), downsample_2x(picture))
    assert pyramid_of(picture) is not pyramid_of(picture)


def test_tiles_cut_together_are_those_cut_one_by_one():
    picture = slope(1000, 1200)
    tiles = [Tile(0, 0, 1000), Tile(100, 50, 130), Tile(-50, 300, 600), Tile(700, 500, 333)]
    together = Pyramid(picture).cut_all(tiles, 64)
    for (cut, shown), tile in zip(together, tiles, strict=True):
        alone, shown_alone = Pyramid(picture).cut(tile, 64)
        assert shown == shown_alone
        assert np.array_equal(cut, alone)
