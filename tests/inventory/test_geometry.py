"""The plane geometry of places, against numbers worked out by hand."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from inventory.errors import InvalidPolygon
from inventory.geometry import degrees_around, distance_m, lies_within, measure, plane_at, read_polygon


def polygon(*positions: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[list(position) for position in positions]]}


# A square of one ten-thousandth of a degree at the equator: 11.13195 m east by 11.05743 m north.
SQUARE = polygon((0, 0), (0.0001, 0), (0.0001, 0.0001), (0, 0.0001), (0, 0))


@pytest.mark.parametrize(
    ("lat", "m_per_lon", "m_per_lat"),
    [
        # Source: the table of lengths of a degree on WGS 84 that geodesy textbooks print, in km to a metre.
        pytest.param(0, 111_320, 110_574, id="equator"),
        pytest.param(15, 107_550, 110_649, id="15° north"),
        pytest.param(-30, 96_486, 110_852, id="30° south"),
        pytest.param(60, 55_800, 111_412, id="60° north"),
    ],
)
def test_a_degree_is_as_long_as_the_tables_of_wgs_84_say(lat, m_per_lon, m_per_lat):
    plane = plane_at(0, lat)
    assert plane.m_per_lon == pytest.approx(m_per_lon, abs=1)
    assert plane.m_per_lat == pytest.approx(m_per_lat, abs=1)


def test_a_square_is_measured_in_metres_and_its_centre_is_in_the_middle():
    measures = measure(SQUARE)
    assert measures.area_m2 == pytest.approx(11.131949 * 11.057428, abs=0.001)
    assert (measures.centroid_lon, measures.centroid_lat) == pytest.approx((0.00005, 0.00005))
    assert (measures.bbox_min_lon, measures.bbox_max_lon) == (0, 0.0001)
    assert (measures.bbox_min_lat, measures.bbox_max_lat) == (0, 0.0001)


def test_the_centre_of_a_triangle_is_the_mean_of_its_corners():
    triangle = polygon((0, 0), (0.0003, 0), (0, 0.0003), (0, 0))
    measures = measure(triangle)
    assert (measures.centroid_lon, measures.centroid_lat) == pytest.approx((0.0001, 0.0001))
    assert measures.area_m2 == pytest.approx(33.395847 * 33.172283 / 2, abs=0.001)


@pytest.mark.parametrize(
    ("lon", "lat", "expected_m"),
    [
        pytest.param(0.00005, 0.00005, 0, id="inside"),
        pytest.param(0, 0.00005, 0, id="on the edge"),
        pytest.param(0.0002, 0.00005, 11.132, id="a side's length to the east"),
        pytest.param(0.00005, -0.0001, 11.057, id="a side's length to the south"),
        pytest.param(0.0002, 0.0002, 15.690, id="from the corner: the diagonal"),
    ],
)
def test_the_distance_to_a_square_is_zero_inside_and_grows_from_its_edge(lon, lat, expected_m):
    assert distance_m(lon, lat, SQUARE) == pytest.approx(expected_m, abs=0.001)


def test_a_rectangle_made_in_metres_measures_what_it_was_made_with():
    made = plane_at(-68.704, -33.041).rectangle(3, 4, 13, 20)
    assert measure(made).area_m2 == pytest.approx(260, abs=0.05)  # its corners are rounded to a millimetre


@pytest.mark.parametrize(
    ("west_m", "expected"),
    [
        pytest.param(0, True, id="shares the parent's edge"),
        pytest.param(-0.008, True, id="8 mm outside"),
        pytest.param(-0.013, False, id="13 mm outside"),
        pytest.param(500, False, id="elsewhere"),
    ],
)
def test_a_place_may_leave_its_parent_by_one_centimetre(west_m, expected):
    plane = plane_at(-68.704, -33.041)
    parent = plane.rectangle(0, 0, 40, 20)
    assert lies_within(plane.rectangle(west_m, 0, 10, 10), parent) is expected


def test_a_parent_does_not_lie_within_its_child():
    plane = plane_at(-68.704, -33.041)
    assert not lies_within(plane.rectangle(0, 0, 40, 20), plane.rectangle(1, 1, 10, 10))


def test_a_radius_reaches_further_in_degrees_of_longitude_away_from_the_equator():
    assert degrees_around(0, 111_319.49) == pytest.approx((1, 1.00674), abs=0.0001)
    assert degrees_around(60, 55_799.98)[0] == pytest.approx(1, abs=0.0001)


@pytest.mark.parametrize(
    "geojson",
    [
        pytest.param(None, id="nothing"),
        pytest.param([[0, 0]], id="no object"),
        pytest.param({"type": "Point", "coordinates": [0, 0]}, id="a point"),
        pytest.param({"type": "Polygon"}, id="no coordinates"),
        pytest.param({"type": "Polygon", "coordinates": []}, id="no ring"),
        pytest.param(polygon((0, 0), (0.001, 0), (0, 0)), id="three positions"),
        pytest.param(polygon((0, 0), (0.001, 0), (0.001, 0.001), (0, 0.001)), id="open ring"),
        pytest.param(polygon((0, 0), (0.001, 0.001), (0.001, 0), (0, 0.001), (0, 0)), id="crossing itself"),
        pytest.param(polygon((0, 0), (0.001, 0), (0.002, 0), (0, 0)), id="no area"),
        pytest.param(polygon((0, 91), (0.001, 91), (0.001, 91.001), (0, 91)), id="latitude beyond the pole"),
        pytest.param(polygon((181, 0), (181.001, 0), (181, 0.001), (181, 0)), id="longitude beyond 180"),
        pytest.param(polygon((0, 0), (1, 0), (1, 1), (0, 0)), id="a hundred kilometres wide"),
        pytest.param(
            {"type": "Polygon", "coordinates": [[["0", 0], [1, 0], [1, 1], ["0", 0]]]}, id="text for a number"
        ),
        pytest.param(
            polygon((0, 0), (float("nan"), 0), (0.001, 0.001), (0, 0)), id="a coordinate that is no number"
        ),
        pytest.param({"type": "Polygon", "coordinates": [[5, 5, 5, 5]]}, id="positions that are no pairs"),
    ],
)
def test_what_is_no_usable_polygon_is_refused(geojson):
    with pytest.raises(InvalidPolygon):
        read_polygon(geojson)


def test_measuring_leaves_the_polygon_as_it_was():
    before = copy.deepcopy(SQUARE)
    measure(SQUARE)
    distance_m(0, 0, SQUARE)
    assert before == SQUARE
