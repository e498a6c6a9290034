"""Where a point lies: inside rings, and in which container."""

import pytest

from photos.polygons import Outlines, Region

SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10]]
HOLE = [[4, 4], [6, 4], [6, 6], [4, 6]]
ARROW = [[0, 0], [10, 5], [0, 10], [4, 5]]  # it is open on its left
LINE = [[0, 0], [10, 10]]


@pytest.mark.parametrize(
    ("rings", "point", "inside"),
    [
        pytest.param([], (5, 5), False, id="nothing"),
        pytest.param([LINE], (5, 5), False, id="a line has no inside"),
        pytest.param([SQUARE], (5, 5), True, id="in the middle"),
        pytest.param([SQUARE], (11, 5), False, id="right of it"),
        pytest.param([SQUARE], (5, -1), False, id="above it"),
        pytest.param([SQUARE, HOLE], (5, 5), False, id="in its hole"),
        pytest.param([SQUARE, HOLE], (3, 5), True, id="beside its hole"),
        pytest.param([ARROW], (2, 5), False, id="in the notch"),
        pytest.param([ARROW], (5, 5), True, id="behind the notch"),
        pytest.param([SQUARE, [[20, 0], [30, 0], [30, 10]]], (28, 2), True, id="in the second ring"),
    ],
)
def test_a_point_is_inside_where_a_ray_crosses_an_odd_number_of_edges(rings, point, inside):
    assert Region(rings).contains(*point) is inside


@pytest.mark.parametrize(
    ("point", "distance"),
    [((5, 15), 5.0), ((13, 14), 5.0), ((5, 9), 1.0), ((10, 3), 0.0)],
)
def test_the_distance_to_an_outline_is_that_to_its_nearest_edge(point, distance):
    assert Region([SQUARE]).distance_px(*point) == pytest.approx(distance)


@pytest.mark.parametrize(
    ("polygons", "point", "key"),
    [
        pytest.param({}, (5, 5), None, id="no polygon"),
        pytest.param({1: LINE}, (5, 5), None, id="none that has an inside"),
        pytest.param({1: SQUARE, 2: HOLE}, (5, 5), 2, id="the smaller of two around it"),
        pytest.param({1: SQUARE, 2: HOLE}, (3, 3), 1, id="only the larger is around it"),
        pytest.param({1: SQUARE, 2: [[30, 0], [40, 0], [40, 10], [30, 10]]}, (22, 5), 2, id="the nearest"),
        # The bounds of the arrow are nearer than the square, its outline is not.
        pytest.param({1: ARROW, 2: [[-4, 4], [-1, 4], [-1, 6], [-4, 6]]}, (1, 5), 2, id="near bounds"),
    ],
)
def test_a_point_belongs_to_the_smallest_polygon_around_it_else_to_the_nearest(polygons, point, key):
    assert Outlines(polygons).at(*point) == key
