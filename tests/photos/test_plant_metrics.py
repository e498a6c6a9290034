"""Measuring plants by their boxes."""

import math

import numpy as np
import pytest

from photos.plant_metrics import ELLIPSE, cm2_per_px, mean_plant_area, polygon_area, summary, visible_share


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        pytest.param([[10, 20]], 200 * ELLIPSE, id="one plant fills its box as an ellipse"),
        pytest.param([[10, 10], [10, 30]], 200 * ELLIPSE, id="two plants"),
        pytest.param([[10, 10]] * 9 + [[400, 400]], 100 * ELLIPSE, id="a box around everything is left out"),
    ],
)
def test_the_area_of_a_plant_is_the_mean_of_the_usual_ones(sides, expected):
    assert mean_plant_area(np.array(sides, float)) == pytest.approx(expected)


def lens_share(distance: float, radius: float) -> float:
    """Union divided by sum of two discs. Source: area of a circular lens."""
    half = distance / 2
    lens = 2 * (radius**2 * math.acos(half / radius) - half * math.sqrt(radius**2 - half**2))
    return 1 - lens / (2 * math.pi * radius**2)


@pytest.mark.parametrize(
    ("centres", "expected"),
    [
        pytest.param([[0, 0]], 1.0, id="a plant alone"),
        pytest.param([[0, 0], [500, 0]], 1.0, id="two apart"),
        pytest.param([[0, 0], [0, 0]], 0.5, id="two in one place"),
        pytest.param([[0, 0], [40, 0]], lens_share(40, 30), id="two that overlap"),
        pytest.param([[5, 0], [5, 0], [5, 0], [900, 0]], 0.5, id="three in one place and one apart"),
    ],
)
def test_the_visible_share_is_what_neighbours_leave_of_a_plant(centres, expected):
    sides = np.full((len(centres), 2), 60.0)
    assert visible_share(np.array(centres, float), sides) == pytest.approx(expected, abs=0.02)


def test_the_visible_share_of_a_row_of_plants_does_not_depend_on_their_size_in_the_picture():
    row = np.stack([np.arange(200.0) * 0.8, np.zeros(200)], axis=1)
    small, large = (visible_share(row * side, np.full((200, 2), side)) for side in (14.0, 120.0))
    assert small == pytest.approx(large, abs=0.01)
    assert small == pytest.approx(2 * lens_share(0.8, 0.5) - 1, abs=0.02)  # each has two neighbours


@pytest.mark.parametrize(
    ("polygon", "expected"),
    [
        pytest.param([], 0, id="nothing"),
        pytest.param([[0, 0], [4, 0]], 0, id="a line"),
        pytest.param([[0, 0], [4, 0], [4, 3], [0, 3]], 12, id="a rectangle"),
        pytest.param([[0, 3], [4, 3], [4, 0], [0, 0]], 12, id="the other way round"),
        pytest.param([[1, 1], [5, 1], [1, 4]], 6, id="a triangle"),
    ],
)
def test_a_polygon_has_the_area_of_the_shoelace_formula(polygon, expected):
    assert polygon_area(polygon) == pytest.approx(expected)


def test_a_summary_lets_newer_values_weigh_more():
    assert (summary([7.0]).mean, summary([7.0]).spread) == (7.0, 0.0)
    told = summary([10.0, 20.0])
    assert told.mean == pytest.approx((10 + 0.7 * 20) / 1.7)
    assert told.spread == pytest.approx(10 * math.sqrt(0.7) / 1.7)


def test_a_pixel_covers_its_share_of_the_place():
    assert cm2_per_px(7.5, 4000, 3000) == pytest.approx(75_000 / 12_000_000)
