import numpy as np
import pytest

from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.estimation.band_estimator import (
    band_count,
    band_edges,
    estimate_bands,
    estimate_by_density,
    estimate_confidence,
    filter_plant_sized,
    visible_fill,
)
from mlpipeline.vision.estimation.density_estimator import DensityPrior
from mlpipeline.vision.geometry.masks import Region
from mlpipeline.vision.imaging.container_crop import crop_container
from mlpipeline.vision.results import Detections
from tests.mlpipeline.vision.synthetic_images import detections_of, grid_of_discs, painted

SHAPE = (400, 400)


def stand(discs, seen, region=None, shape=SHAPE, **colours):
    region = region or Region(0, 0, np.ones(shape, np.bool_))
    return crop_container(painted(shape, discs, **colours), region, seen)


@pytest.mark.parametrize(
    ("height", "expected"),
    [
        pytest.param(100, [0, 25, 50, 75, 100], id="four equal bands"),
        pytest.param(103, [0, 25, 50, 75, 103], id="the last takes the remainder"),
        pytest.param(1, [0, 0, 0, 0, 1], id="one row is the last band's"),
        pytest.param(0, [0, 0, 0, 0, 0], id="nothing"),
    ],
)
def test_bands_divide_the_height(height, expected):
    assert band_edges(height) == expected


@pytest.mark.parametrize(
    ("area", "plant", "alpha", "expected"),
    [
        pytest.param(0, 100, 0.9, 0, id="no leaf, no plants"),
        pytest.param(900, 100, 0.9, 10, id="900 / (100 × 0.9)"),
        pytest.param(250, 100, 1.0, 2.5, id="not rounded: only the container's sum is"),
    ],
)
def test_a_band_holds_its_leaf_over_what_one_plant_shows(area, plant, alpha, expected):
    assert band_count(area, plant, alpha) == pytest.approx(expected)


@pytest.mark.parametrize("values", [(-1, 100, 0.9), (10, 0, 0.9), (10, 100, 0.4), (10, 100, 1.6)])
def test_areas_and_alpha_out_of_range_are_refused(values):
    with pytest.raises(InvalidInput):
        band_count(*values)


@pytest.mark.parametrize(
    ("n", "separation", "explained", "processed", "expected"),
    [
        pytest.param(0, 1.0, 100, 0, 0.0, id="nothing measured"),
        pytest.param(10, 1.0, 100, 0, 0.5 ** (1 / 3), id="ten plants, all explained"),
        pytest.param(90, 0.8, 300, 100, (0.9 * 0.8 * 0.75) ** (1 / 3), id="the mean of all three"),
        pytest.param(90, 0.8, 0, 0, 0.0, id="nothing seen at all"),
    ],
)
def test_confidence_is_computed_from_what_it_rests_on(n, separation, explained, processed, expected):
    assert estimate_confidence(n, separation, explained, processed) == pytest.approx(expected)


def test_fill_is_the_share_of_their_ellipses_that_plants_show():
    leaf = np.zeros((100, 100), np.bool_)
    leaf[:, :50] = True
    half = detections_of([(50, 50, 40)])
    assert visible_fill(leaf, half, np.ones_like(leaf)) == pytest.approx(0.5, abs=0.03)
    assert visible_fill(~leaf & leaf, half, np.ones_like(leaf)) == 0.2
    assert visible_fill(leaf, Detections.empty(), np.ones_like(leaf)) == 1.0


def test_where_every_plant_was_detected_nothing_is_estimated():
    discs = grid_of_discs(8, 8, 50, 18)
    bands = estimate_bands(stand(discs, detections_of(discs)), 0.9)
    assert [band.band_number for band in bands] == [1, 2, 3, 4]
    assert sum(band.estimated for band in bands) == 0
    assert all(band.polygon == () for band in bands)
    assert [band.confidence for band in bands] == [pytest.approx((64 / 74) ** (1 / 3), abs=0.06)] * 4


def test_missed_plants_are_estimated_in_the_band_where_they_stand():
    discs = grid_of_discs(8, 8, 50, 18)
    missed = {1, 5, 20, 37, 38, 60}  # rows 0, 0, 2, 4, 4, 7: two, one, two and one in bands of two rows
    seen = detections_of([disc for place, disc in enumerate(discs) if place not in missed])
    bands = estimate_bands(stand(discs, seen), 1.0)
    assert [round(band.estimated) for band in bands] == [2, 1, 2, 1]
    assert sum(band.estimated for band in bands) == pytest.approx(6, rel=0.12)


def test_an_estimate_keeps_the_real_outlines_of_the_plants_it_found():
    discs = grid_of_discs(8, 8, 50, 18)
    bands = estimate_bands(stand(discs, detections_of(discs[:10] + discs[11:])), 0.9)
    rings = [ring for band in bands for ring in band.polygon]
    x, y, radius = discs[10]
    assert len(rings) == 1
    assert np.abs(np.hypot(*(rings[0] - [x, y]).T) - radius).max() < 3
    assert bands[0].processed_area_px == pytest.approx(np.pi * radius**2, rel=0.1)
    assert bands[0].residual_area_px > bands[0].processed_area_px


def test_bands_lie_over_the_container_and_not_over_the_picture():
    mask = np.zeros((1000, 1000), np.bool_)
    mask[600:1000, 500:900] = True
    discs = grid_of_discs(8, 8, 50, 18, corner=(500, 600))
    elsewhere = grid_of_discs(6, 6, 50, 18, corner=(20, 20))  # green outside the container is nobody's here
    found = stand(discs + elsewhere, detections_of(discs[:-1]), Region(0, 0, mask), shape=(1000, 1000))
    bands = estimate_bands(found, 1.0)
    assert [(band.y_start_px, band.y_end_px) for band in bands] == [
        (600, 700),
        (700, 800),
        (800, 900),
        (900, 1000),
    ]
    assert [round(band.estimated) for band in bands] == [0, 0, 0, 1]
    x, y, radius = discs[-1]
    assert np.abs(np.hypot(*(bands[3].polygon[0] - [x, y]).T) - radius).max() < 3


def test_residual_and_processed_areas_are_in_pixels_of_the_full_picture():
    discs = grid_of_discs(4, 4, 200, 72)  # worked on at a fifth of their size
    bands = estimate_bands(stand(discs, detections_of(discs[:-1]), shape=(800, 800)), 1.0)
    assert bands[3].processed_area_px == pytest.approx(np.pi * 72**2, rel=0.1)
    assert bands[3].plant_area_px == pytest.approx(np.pi * 72**2, rel=0.1)
    residual = 800 * 800 - 15 * np.pi * 72**2
    assert sum(band.residual_area_px for band in bands) == pytest.approx(residual, rel=0.03)


def test_dead_plants_and_empties_cover_their_places_but_teach_no_colour():
    discs = grid_of_discs(8, 8, 50, 18)
    seen = Detections.concat(
        [detections_of(discs[:48]), detections_of(discs[48:56], 1), detections_of(discs[56:], 2)]
    )
    picture_discs = discs[:48]  # dead plants and empty pots have the colour of the soil here
    bands = estimate_bands(stand(picture_discs, seen), 0.9)
    assert sum(band.estimated for band in bands) == 0


def test_weeds_and_leaf_tips_smaller_than_a_plant_are_not_plants():
    discs = grid_of_discs(8, 8, 50, 18)
    weeds = [(x + 25, y + 25, 4) for x, y, _ in discs[:40]]
    bands = estimate_bands(stand(discs + weeds, detections_of(discs)), 0.9)
    assert sum(band.estimated for band in bands) == 0


def test_where_plants_look_like_the_ground_nothing_is_estimated_and_nothing_is_trusted():
    discs = grid_of_discs(8, 8, 50, 18)
    bands = estimate_bands(stand(discs, detections_of(discs[:50]), plant=(120, 85, 60)), 0.9)
    assert sum(band.estimated for band in bands) == 0
    assert {band.confidence for band in bands} == {0.0}


def test_small_far_plants_are_counted_by_their_own_size():
    far = grid_of_discs(6, 16, 25, 9)
    near = grid_of_discs(4, 6, 66, 24, corner=(0, 150))
    missed_far = set(range(0, 96, 8))
    seen = detections_of([disc for place, disc in enumerate(far) if place not in missed_far] + near)
    bands = estimate_bands(stand(far + near, seen), 1.0)
    assert sum(band.estimated for band in bands) == pytest.approx(12, rel=0.25)


def test_what_counts_as_plant_sized_holds_a_core_and_an_area():
    leaf = np.zeros((80, 80), np.bool_)
    leaf[10:30, 10:30] = True  # a plant
    leaf[50:54, :] = True  # a hose
    leaf[60:66, 60:66] = True  # a weed
    kept = filter_plant_sized(leaf, [20.0] * 4, (400.0,) * 4)
    assert kept[20, 20]
    assert not kept[45:].any()


def test_density_is_used_where_nothing_was_detected():
    discs = grid_of_discs(8, 8, 50, 18)
    prior = DensityPrior(plant_area_cm2=np.pi * 9**2, cm2_per_px2=0.25, overlap_factor=1.0)
    region = Region(0, 0, np.ones(SHAPE, np.bool_))
    empty = crop_container(painted(SHAPE, discs), region, Detections.empty(), 36.0)
    bands = estimate_by_density(empty, prior)
    assert {band.method for band in bands} == {"density_based"}
    assert sum(band.estimated for band in bands) == pytest.approx(64, rel=0.06)
    assert all(0 < band.confidence <= 0.5 for band in bands)
