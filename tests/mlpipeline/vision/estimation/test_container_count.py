import numpy as np
import pytest

from mlpipeline.vision.containers.cleaning import whole_picture
from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.estimation.container_count import estimate_container, rounded_estimate
from mlpipeline.vision.estimation.density_estimator import DensityPrior
from mlpipeline.vision.estimation.place_priors import PlacePriors
from mlpipeline.vision.results import BandEstimate, Container, Detections
from tests.mlpipeline.vision.count_options import make_options
from tests.mlpipeline.vision.synthetic_images import SOIL, detections_of, grid_of_discs, painted, rectangle

SHAPE = (400, 400)
BED = rectangle("segment", 0, 0, 400, 400)
SCATTERED = grid_of_discs(8, 8, 50, 18, jitter=0.3, seed=5)


def estimate(discs, seen, container=BED, others=(), density=None, **options):
    picture = painted(SHAPE, discs)
    priors = PlacePriors(density={} if density is None else {container.type: density})
    return estimate_container(picture, [container, *others], 0, seen, make_options(**options), priors)


def band(estimated):
    return BandEstimate(1, 0, 10, estimated, 1.0, 1.0, 1.0, (), "band_based", 0.5)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param([], 0, id="no bands"),
        pytest.param([0.4, 0.4, 0.4, 0.4], 2, id="1.6 in all is two; rounded band by band it would be none"),
        pytest.param([0.1, 0.1, 0.1, 0.1], 0, id="0.4 in all is none; rounded up by band it would be four"),
        pytest.param([0.5, 0, 0, 0], 1, id="half rounds up"),
    ],
)
def test_an_estimate_is_rounded_once_a_container(parts, expected):
    assert rounded_estimate([band(part) for part in parts]) == expected


def test_detected_plants_count_living_or_dead_and_empties_never():
    seen = Detections.concat(
        [detections_of(SCATTERED[:40]), detections_of(SCATTERED[40:50], 1), detections_of(SCATTERED[50:], 2)]
    )
    count = estimate(SCATTERED[:40], seen)
    assert (count.detected, count.dead, count.empty, count.estimated) == (50, 10, 14, 0)


def test_missed_plants_are_added_by_bands_where_plants_stand_anyhow():
    count = estimate(
        SCATTERED,
        detections_of(SCATTERED[:56]),
        alpha={"segment": 1.0, "box": 1.0, "plug": 1.0},
        estimator="bands",
    )
    assert {part.method for part in count.bands} == {"band_based"}
    assert count.capacity is None
    assert count.detected == 56
    assert count.total == pytest.approx(64, abs=2)


def test_a_tray_is_read_cell_by_cell():
    tray = rectangle("plug", 0, 0, 400, 400)
    discs = grid_of_discs(10, 10, 40, 14)
    missed, bare = discs[60:100:9], discs[3:60:12]
    planted = [disc for disc in discs if disc not in missed + bare]
    count = estimate(planted + missed, detections_of(planted), tray)
    assert {part.method for part in count.bands} == {"grid_analysis"}
    assert (count.capacity, count.detected, count.estimated, count.empty) == (100, 90, 5, 5)
    # Rows 6 (twice), 7, 8 and 9 of ten hold a missed plant; row 7 has its middle where the last band begins.
    assert [part.estimated for part in count.bands] == [0, 0, 2, 3]


def test_pots_in_rows_on_the_ground_are_no_cells_and_nothing_is_read_between_them():
    discs = grid_of_discs(8, 8, 50, 18)
    gaps = discs[3:60:4]
    pots = [disc for disc in discs if disc not in gaps]
    bare = estimate(pots, detections_of(pots))
    green = estimate(discs, detections_of(pots))
    for count in (bare, green):
        assert (count.detected, count.estimated, count.empty) == (len(pots), 0, 0)
        assert (count.capacity, count.bands, count.warnings) == (None, (), ())


def test_a_tray_whose_only_plant_stands_at_its_rim_has_bands_of_finite_numbers():
    tray = rectangle("plug", 0, 0, 400, 400)
    cells = grid_of_discs(8, 8, 40, 14, jitter=0.1, seed=17)
    at_the_rim = [(319.0, 180.0, 8.0)]  # just outside of the last column
    seen = Detections.concat([detections_of(cells, 2), detections_of(at_the_rim)])
    count = estimate(at_the_rim, seen, tray)
    assert (count.detected, count.estimated, count.empty) == (1, 0, 64)
    assert np.isfinite([part.plant_area_px for part in count.bands]).all()


def test_an_empty_pot_is_counted_where_the_detector_sees_one():
    tray = rectangle("plug", 0, 0, 400, 400)
    discs = grid_of_discs(10, 10, 40, 14)
    seen = Detections.concat([detections_of(discs[:70]), detections_of(discs[70:], 2)])
    count = estimate(discs[:70], seen, tray)
    assert (count.detected, count.empty, count.estimated) == (70, 30, 0)


def test_the_leaf_in_a_box_is_not_estimated_for_the_segment_around_it():
    box = rectangle("box", 0, 0, 400, 160, 0.5)
    in_box, in_bed = [d for d in SCATTERED if d[1] < 160], [d for d in SCATTERED if d[1] >= 185]
    count = estimate(in_box + in_bed, detections_of(in_bed), BED, [box])
    assert count.detected == len(in_bed)
    assert count.estimated <= 1


def test_nothing_is_estimated_in_a_picture_without_a_container():
    count = estimate(SCATTERED, detections_of(SCATTERED[:50]), whole_picture(SHAPE))
    assert (count.detected, count.estimated, count.bands) == (50, 0, ())


def test_leaf_is_estimated_where_an_estimator_is_asked_for():
    seen = detections_of(SCATTERED[:50])
    assert estimate(SCATTERED, seen).total == 50
    assert estimate(SCATTERED, seen, estimator="bands").total > 50


def test_without_detections_the_density_of_the_place_is_used_and_without_that_nothing():
    prior = DensityPrior(plant_area_cm2=np.pi * 18**2, cm2_per_px2=1.0, overlap_factor=1.0)
    discs = grid_of_discs(8, 8, 50, 18)
    with_prior = estimate(discs, Detections.empty(), density=prior)
    assert with_prior.estimated == pytest.approx(64, abs=5)
    assert {part.method for part in with_prior.bands} == {"density_based"}
    assert estimate(discs, Detections.empty()).total == 0


@pytest.mark.parametrize("estimator", ["none", "bands"])
def test_where_plants_were_detected_no_density_adds_others(estimator):
    prior = DensityPrior(plant_area_cm2=np.pi * 18**2, cm2_per_px2=1.0, overlap_factor=1.0)
    few = grid_of_discs(2, 2, 120, 18, jitter=0.2)
    count = estimate(few, detections_of(few), density=prior, estimator=estimator)
    assert "density_based" not in {part.method for part in count.bands}


def test_a_bed_of_pots_that_are_seen_to_be_empty_needs_no_density():
    prior = DensityPrior(plant_area_cm2=np.pi * 18**2, cm2_per_px2=1.0)
    count = estimate([], detections_of(SCATTERED[:20], 2), density=prior)
    assert (count.total, count.empty) == (0, 20)


def test_an_empty_bed_counts_nothing():
    count = estimate([], Detections.empty())
    assert (count.detected, count.estimated, count.dead, count.empty, count.bands) == (0, 0, 0, 0, ())


def test_a_container_outside_the_picture_counts_nothing():
    count = estimate(SCATTERED, Detections.empty(), rectangle("box", 900, 900, 950, 950))
    assert count.total == 0


def test_warnings_of_the_detections_reach_the_count():
    assert estimate(SCATTERED, detections_of(SCATTERED).warned("truncated")).warnings == ("truncated",)


@pytest.mark.parametrize("shape", [(1, 400), (400, 1), (1, 1), (3, 5)])
def test_the_thinnest_pictures_are_counted_without_a_crash(shape):
    picture = np.full((*shape, 3), SOIL, np.uint8)
    container = Container("box", whole_picture(shape).polygon, 0.9)
    seen = Detections(np.array([[0, 0, shape[1], shape[0]]]), np.array([0.9]), np.array([0]))
    priors = PlacePriors(density={"box": DensityPrior(10, 1)})
    for found, expected in ((seen, 1), (Detections.empty(), 0)):
        assert estimate_container(picture, [container], 0, found, make_options(), priors).total == expected


def test_the_picture_is_not_modified():
    picture = painted(SHAPE, SCATTERED)
    before = picture.copy()
    estimate_container(picture, [BED], 0, detections_of(SCATTERED[:50]), make_options())
    assert np.array_equal(picture, before)


def test_a_container_that_is_not_there_is_refused():
    with pytest.raises(InvalidInput):
        estimate_container(painted(SHAPE, []), [BED], 1, Detections.empty(), make_options())


@pytest.mark.parametrize(
    "wrong",
    [
        {"confidence": 1.1},
        {"iou": 0.0},
        {"overlap": 1.0},
        {"batch_tiles": 0},
        {"max_enlargement": 0.5},
        {"alpha": {"segment": 0.9}},
        {"alpha": {"segment": 0.4, "box": 0.9, "plug": 0.9}},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(InvalidInput):
        make_options(**wrong)
