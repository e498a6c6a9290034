import numpy as np
import pytest

from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.geometry.masks import Region
from mlpipeline.vision.imaging.tiles import (
    MAX_ROUNDING_SHARE,
    PAD_VALUE,
    Tile,
    cut_tile,
    integer_ratio_side,
    plan_tiles,
    tile_starts,
    whole_tile,
)


@pytest.mark.parametrize(
    ("start", "stop", "side", "overlap", "limit", "expected"),
    [
        pytest.param(0, 100, 100, 20, 100, [0], id="one tile fits exactly"),
        pytest.param(0, 180, 100, 20, 180, [0, 80], id="two tiles with the least overlap"),
        pytest.param(0, 181, 100, 20, 181, [0, 40, 81], id="one px more needs a third, spread evenly"),
        pytest.param(40, 60, 100, 20, 200, [0], id="a short stretch is centred"),
        pytest.param(180, 200, 100, 20, 200, [100], id="and kept inside the picture"),
        pytest.param(0, 50, 100, 20, 50, [-25], id="a picture smaller than a tile is centred in it"),
    ],
)
def test_tiles_cover_a_stretch_with_the_least_number(start, stop, side, overlap, limit, expected):
    assert tile_starts(start, stop, side, overlap, limit) == expected


def test_tiles_that_would_overlap_wholly_are_refused():
    with pytest.raises(InvalidInput):
        tile_starts(0, 10, 5, 5, 10)


@pytest.mark.parametrize("seed", range(5))
def test_every_plant_up_to_the_overlap_is_whole_in_some_tile(seed):
    rng = np.random.default_rng(seed)
    shape, overlap = (700, 900), 60
    mask = np.zeros(shape, np.bool_)
    mask[100:640, 80:300] = True
    mask[400:640, 80:850] = True
    tiles = plan_tiles(Region(0, 0, mask), shape, 200, overlap)
    rows, columns = np.nonzero(mask)
    chosen = rng.integers(0, len(rows), 200)
    middles = np.stack([columns[chosen], rows[chosen]], axis=1)
    boxes = np.concatenate([middles - overlap / 2, middles + overlap / 2], axis=1)
    boxes = np.clip(boxes, 0, [900, 700, 900, 700])
    whole = np.array(
        [[t.x0 <= b[0] and t.y0 <= b[1] and b[2] <= t.x1 and b[3] <= t.y1 for t in tiles] for b in boxes]
    )
    # A tile that holds hardly any of the container is left out; what stands there is whole in its neighbours.
    assert whole.any(axis=1).mean() >= 0.995


def test_tiles_stand_only_where_the_container_is():
    shape = (1000, 1000)
    mask = np.zeros(shape, np.bool_)
    mask[:200, :200] = True
    mask[800:, 800:] = True
    tiles = plan_tiles(Region(0, 0, mask), shape, 200, 20)
    assert len(tiles) < 10
    assert len(plan_tiles(Region(0, 0, np.ones(shape, np.bool_)), shape, 200, 20)) == 36


def test_an_empty_region_needs_no_tiles():
    assert plan_tiles(Region(0, 0, np.zeros((50, 50), np.bool_)), (50, 50), 20, 5) == ()


@pytest.mark.parametrize("shape", [(1, 500), (500, 1), (1, 1), (3, 7)])
def test_the_thinnest_pictures_can_be_tiled_and_cut(shape):
    tiles = plan_tiles(Region(0, 0, np.ones(shape, np.bool_)), shape, 64, 16)
    image = np.full((*shape, 3), 7, np.uint8)
    cut = [cut_tile(image, tile, 32) for tile in tiles]
    assert cut
    assert {tile.shape for tile in cut} == {(32, 32, 3)}


def test_a_tile_past_the_picture_is_grey_there_and_the_picture_stays_as_it_was():
    image = np.full((10, 10, 3), 200, np.uint8)
    before = image.copy()
    cut = cut_tile(image, Tile(-10, 0, 20), 20)
    assert np.unique(cut[:10, 10:]).tolist() == [200]
    assert np.unique(cut[:, :10]).tolist() == [PAD_VALUE]
    assert np.unique(cut[10:]).tolist() == [PAD_VALUE]
    assert np.array_equal(image, before)


def test_quarters_cover_their_tile_and_overlap():
    quarters = Tile(100, 200, 512).quarters(40)
    assert {quarter.side_px for quarter in quarters} == {276}
    assert min(q.x0 for q in quarters) == 100
    assert max(q.x1 for q in quarters) == 612
    assert min(q.y0 for q in quarters) == 200
    assert max(q.y1 for q in quarters) == 712
    assert quarters[0].x1 - quarters[1].x0 == 40


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (4032, 4096),
        (4000, 4096),
        (2016, 2048),
        (1500, 1536),
        (3000, 3072),
        (504, 512),
        (512, 512),
        (1024, 1024),
    ],
)
def test_a_side_that_lacks_little_is_made_of_whole_pixels(side, expected):
    assert integer_ratio_side(side, 512) == expected


@pytest.mark.parametrize("side", [1, 256, 490, 513, 760, 1025, 1600, 2105])
def test_a_side_that_lacks_much_stays(side):
    assert integer_ratio_side(side, 512) == side


def test_no_side_grows_by_more_than_its_room_or_shrinks():
    sides = np.arange(1, 9000)
    even = np.array([integer_ratio_side(side, 640) for side in sides.tolist()])
    assert (even >= sides).all()
    assert (even <= sides * (1 + MAX_ROUNDING_SHARE)).all()
    assert np.count_nonzero(even > sides) > 100


@pytest.mark.parametrize("shape", [(30, 400), (400, 30), (7, 7)])
def test_one_tile_shows_a_whole_picture_in_its_middle(shape):
    tile = whole_tile(shape, 64)
    assert tile.side_px == max(*shape, 64)
    assert min(tile.x0, tile.y0) <= 0
    assert abs((tile.x0 + tile.x1) / 2 - shape[1] / 2) <= 1
    assert abs((tile.y0 + tile.y1) / 2 - shape[0] / 2) <= 1
