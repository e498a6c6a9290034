import numpy as np
import pytest

from mlpipeline.training.scenes import SceneSpec, render_scene
from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.estimation.container_count import estimate_container
from mlpipeline.vision.estimation.coverage_estimator import (
    COVER_PLANT_PX,
    GROWTH,
    count_covers,
    estimate_by_coverage,
    free_space_mask,
    local_plant_px,
    thinning_miss_ratio,
)
from mlpipeline.vision.geometry.masks import Region
from mlpipeline.vision.imaging.container_crop import crop_container
from mlpipeline.vision.results import Container, Detections
from tests.mlpipeline.vision.count_options import make_options
from tests.mlpipeline.vision.synthetic_images import (
    LEAF,
    SOIL,
    detections_of,
    grid_of_discs,
    painted,
    rectangle,
)

SHAPE = (800, 800)
APART = grid_of_discs(16, 16, 50, 17, jitter=0.15, seed=3)
MAX_CROWDED_SHARE = grid_of_discs(16, 16, 50, 29, jitter=0.15, seed=4)  # neighbours overlap


def bands(discs, seen, shape=SHAPE, **colours):
    region = Region(0, 0, np.ones(shape, np.bool_))
    picture = painted(shape, discs, **colours)
    return estimate_by_coverage(crop_container(picture, region, seen, "segment", work_px=COVER_PLANT_PX))


def thinned(discs, share, seed=0):
    """The discs without a share of them, drawn by chance."""
    kept = np.random.default_rng(seed).permutation(len(discs))[round(share * len(discs)) :]
    return [discs[place] for place in sorted(kept)]


def total(parts):
    return sum(part.estimated for part in parts)


@pytest.mark.parametrize(
    ("covered", "expected"),
    [
        pytest.param([0, 0, 0, 0], 0, id="no leaf"),
        pytest.param([0, 90, 30, 5], 0, id="nothing uncovered, nothing missed"),
        pytest.param([50, 0, 0, 0], 0, id="no plant alone tells what it covers"),
        pytest.param([50, 100, 0, 0], 0.5, id="apart: one missed for two seen"),
        # Leaf under two plants, one in four missed: (1/4)², 2 · 1/4 · 3/4, (3/4)² of it; 1 − 6z + 9z² = (1 − 3z)².
        pytest.param([1, 6, 9, 0], 1 / 3, id="all leaf under two plants, a quarter missed"),
        # Leaf under three, half of them missed: 1 − 3z + 3z² − z³ = (1 − z)³.
        pytest.param([1, 3, 3, 1], 1.0, id="all leaf under three plants, half missed"),
        pytest.param([140, 100, 0, 0], 1.4, id="more missed than seen"),
        pytest.param([160, 100, 0, 0], 0, id="more than can be believed"),
    ],
)
def test_the_share_of_missed_plants_follows_from_how_often_leaf_is_covered(covered, expected):
    assert thinning_miss_ratio(np.array(covered, np.float64)) == pytest.approx(expected, abs=0.002)


@pytest.mark.parametrize("wrong", [[1, 2, 3], [-1, 2, 3, 4]])
def test_covered_areas_that_cannot_be_are_refused(wrong):
    with pytest.raises(InvalidInput):
        thinning_miss_ratio(np.array(wrong, np.float64))


def test_covers_are_counted_and_know_who_covers_alone():
    boxes = np.array([[10, 10, 30, 30], [22, 10, 42, 30], [90, 90, 130, 130]], np.float32)
    covers = count_covers(boxes, (100, 100))
    assert covers.times[20, [5, 15, 26, 37, 60]].tolist() == [0, 1, 2, 1, 0]
    assert covers.owner[20, [15, 37]].tolist() == [0, 1]
    assert covers.times[99, 99] == 1  # cut at the edge of the picture
    # A circle of radius 1.2 × 10 px covers 452 px².
    assert np.count_nonzero(count_covers(boxes[:1], (100, 100)).times) == pytest.approx(452, rel=0.03)


def test_covers_are_those_of_the_ellipses_pixel_by_pixel():
    rng = np.random.default_rng(5)
    middle, side = rng.uniform(-10, 130, (200, 2)), rng.uniform(0, 25, (200, 2))
    boxes = np.concatenate([middle - side / 2, middle + side / 2], axis=1).astype(np.float32)
    y, x = np.mgrid[:90, :120] + 0.5
    centre = ((boxes[:, :2] + boxes[:, 2:]) / 2).astype(np.float64)
    half = np.maximum((boxes[:, 2:] - boxes[:, :2]) / 2 * GROWTH, 0.5).astype(np.float64)
    inside = [
        ((x - cx) / a) ** 2 + ((y - cy) / b) ** 2 <= 1 for (cx, cy), (a, b) in zip(centre, half, strict=True)
    ]
    covers = count_covers(boxes, (90, 120))
    assert np.array_equal(covers.times, np.sum(inside, axis=0))
    alone = covers.times == 1
    assert np.count_nonzero(alone) > 500
    assert np.array_equal(covers.owner[alone], np.argmax(inside, axis=0)[alone])


def test_what_a_plant_covers_is_measured_in_its_neighbourhood():
    places = np.array([[x, y] for y in range(5, 400, 10) for x in range(5, 400, 10)], np.float32)
    own = np.where(places[:, 1] < 200, 40.0, 160.0)
    local = local_plant_px(own, places, 10.0, (400, 400))
    assert local[40, 200] == pytest.approx(40, rel=0.08)
    assert local[360, 200] == pytest.approx(160, rel=0.06)


@pytest.mark.parametrize("discs", [APART, MAX_CROWDED_SHARE], ids=["apart", "crowded"])
def test_where_every_plant_was_detected_exactly_nothing_is_estimated(discs):
    parts = bands(discs, detections_of(discs))
    assert [part.estimated for part in parts] == [0, 0, 0, 0]
    assert all(part.polygon == () for part in parts)


@pytest.mark.parametrize("share", [0.1, 0.2, 0.4])
@pytest.mark.parametrize("discs", [APART, MAX_CROWDED_SHARE], ids=["apart", "crowded"])
def test_of_plants_missed_by_chance_the_total_is_within_five_in_a_hundred(discs, share):
    seen = thinned(discs, share)
    assert len(seen) + total(bands(discs, detections_of(seen))) == pytest.approx(len(discs), rel=0.05)


def test_small_far_plants_that_were_missed_count_as_much_as_large_near_ones():
    # Rows that widen from 28 to 57 px, the plants with them: in front they show four times the leaf of those behind.
    spacings = np.linspace(1, 2, 19) * 800 / 28.5
    discs = [
        (x, y, 0.36 * step)
        for step, y in zip(spacings, np.cumsum(spacings) - spacings / 2, strict=True)
        for x in np.arange(step / 2, 800 - step / 2, step)
    ]
    far, near = [disc for disc in discs if disc[1] < 300], [disc for disc in discs if disc[1] >= 300]
    seen = thinned(far, 0.3) + near
    parts = bands(discs, detections_of(seen))
    assert len(seen) + total(parts) == pytest.approx(len(discs), rel=0.05)
    assert sum(part.estimated for part in parts[:2]) == pytest.approx(total(parts), rel=0.02)


def test_the_estimate_stands_in_the_band_where_plants_were_missed_with_their_outlines():
    seen = APART[:100] + APART[103:]
    parts = bands(APART, detections_of(seen))
    assert [round(part.estimated) for part in parts] == [0, 3, 0, 0]
    rings = [ring for part in parts for ring in part.polygon]
    middles = sorted(tuple((ring.min(axis=0) + ring.max(axis=0)) / 2) for ring in rings)
    assert np.allclose(middles, sorted((x, y) for x, y, _ in APART[100:103]), atol=4)
    assert {part.method for part in parts} == {"cover_based"}
    assert 0 < parts[1].processed_area_px <= 3 * np.pi * 19**2 < parts[1].residual_area_px
    assert all(0.5 < part.confidence < 1 for part in parts)


def test_weeds_and_tips_smaller_than_a_plant_are_not_estimated():
    weeds = [(x + 25, y + 25, 5) for x, y, _ in APART[:60]]
    assert total(bands(APART + weeds, detections_of(APART))) == 0


def test_room_for_a_missed_plant_lies_between_the_others_and_not_far_outside_them():
    grid = np.array([[x, y] for y in range(30, 90, 10) for x in range(30, 90, 10)], np.float32)
    room = free_space_mask(np.delete(grid, 14, axis=0), np.delete(grid, 14, axis=0), (120, 120))
    assert room[50, 50]  # the place of the one left out: 10 px from its neighbours, as they are from theirs
    assert not room[35, 35]  # 7 px from four of them
    assert room[20, 55]  # a row that is missing altogether
    assert not room[15, 55]  # further outside
    assert free_space_mask(grid[:1], grid[:1], (120, 120)).all()  # one plant tells nothing


def test_what_looks_like_leaf_beside_the_bed_is_not_estimated():
    strip = [(x, 780, 14) for x in range(20, 800, 20)]  # as the rim of a tray, or weeds along the path
    bed = [disc for disc in APART if disc[1] < 650]
    assert total(bands(bed + strip, detections_of(bed))) == 0


def test_empty_pots_are_ground_that_is_known():
    planted, bare = APART[:200], APART[200:]
    seen = Detections.concat([detections_of(thinned(planted, 0.2)), detections_of(bare[:40], 2)])
    assert total(bands(planted, seen)) == pytest.approx(40, rel=0.12)


def test_plants_of_the_colour_of_their_ground_are_not_estimated_and_not_trusted():
    parts = bands(APART, detections_of(thinned(APART, 0.2)), plant=SOIL)
    assert total(parts) == 0
    assert {part.confidence for part in parts} == {0.0}


def test_a_closed_canopy_is_leaf_by_rule():
    parts = bands([], detections_of(thinned(MAX_CROWDED_SHARE, 0.2)), ground=LEAF)
    assert total(parts) == pytest.approx(0.2 * len(MAX_CROWDED_SHARE), rel=0.4)


def test_missed_plants_are_told_from_detected_ones_only():
    with pytest.raises(InvalidInput):
        bands(APART, Detections.empty())


def test_the_way_of_estimating_is_an_option():
    scattered = grid_of_discs(8, 8, 100, 36, jitter=0.3, seed=5)  # too loose for rows and columns
    picture, bed = painted(SHAPE, scattered), rectangle("segment", 0, 0, 800, 800)
    seen = detections_of(thinned(scattered, 0.1))
    methods = [
        {part.method for part in estimate_container(picture, [bed], 0, seen, options).bands}
        for options in (make_options(), make_options(estimator="cover"), make_options(estimator="bands"))
    ]
    assert methods == [set(), {"cover_based"}, {"band_based"}]
    with pytest.raises(InvalidInput):
        make_options(estimator="guess")


@pytest.fixture(scope="module")
def scene():
    """A rendered bed that no weights were trained on."""
    return render_scene(SceneSpec("oblique", 720_042, 960, 720, split="held_out"))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 0.4])
def test_in_a_rendered_scene_the_total_comes_nearer_to_the_truth_and_never_goes_past_it_by_much(scene, share):
    rng = np.random.default_rng(11)
    containers = [
        Container(found.type, np.array(found.polygon, np.float32), 0.9) for found in scene.containers
    ]
    true = counted = detected = 0
    for index, found in enumerate(scene.containers):
        own = [plant for plant in scene.plants if plant.container_id == found.id]
        visible = [plant.box for plant in own if plant.box is not None and plant.occluded_fraction <= 0.6]
        boxes = np.array(visible, np.float32).reshape(-1, 4)[rng.random(len(visible)) >= share]
        seen = Detections(boxes, np.full(len(boxes), 0.8), np.zeros(len(boxes)))
        count = estimate_container(scene.image, containers, index, seen, make_options(estimator="cover"))
        true, counted, detected = true + len(own), counted + count.total, detected + count.detected
    assert true > 100
    assert abs(counted - true) <= max(0.06 * true, abs(detected - true) if share == 0 else 0)
