"""Which location a position means, and which bin a photo's plants go into."""

from __future__ import annotations

from math import cos, sin
from random import Random

import pytest

from inventory.geometry import box_distance_m, distance_m
from inventory.models import StorageLocation
from inventory.services import places
from inventory.services.places import find_locations, get_photo_bin
from tests.inventory import factories
from tests.inventory.factories import SITE, square

pytestmark = pytest.mark.django_db


def position(east_m: float, north_m: float) -> tuple[float, float]:
    """(lat, lon) of a point given in metres from the test site's corner."""
    return SITE.lat + north_m / SITE.m_per_lat, SITE.lon + east_m / SITE.m_per_lon


@pytest.fixture
def row_of_three() -> list[StorageLocation]:
    """Three squares of 10 m in one bed, at 10, 30 and 50 m east."""
    area = factories.StorageAreaFactory()
    return [
        factories.StorageLocationFactory(storage_area=area, polygon=square(east_m, 10))
        for east_m in (10, 30, 50)
    ]


def test_locations_are_ranked_by_the_distance_of_their_outline(row_of_three):
    first, second, third = row_of_three
    matches = find_locations(*position(28, 15), 25)
    assert [match.location for match in matches] == [second, first, third]
    assert [match.distance_m for match in matches] == pytest.approx([2, 8, 22], abs=0.01)


def test_a_location_is_zero_metres_away_from_a_position_inside_it(row_of_three):
    ((location, distance),) = find_locations(*position(35, 15), 5)
    assert (location, distance) == (row_of_three[1], 0)


def test_a_location_beyond_the_radius_is_no_match_even_if_its_bounding_box_is_near(row_of_three):
    # 4 m east and 4 m north of a corner: 5.66 m away, though only 4 m in either direction.
    assert find_locations(*position(64, 24), 5) == []
    assert [match.location for match in find_locations(*position(64, 24), 6)] == [row_of_three[2]]


@pytest.mark.parametrize("level", ["location", "area", "warehouse"])
def test_a_location_out_of_use_is_no_match(row_of_three, level):
    location = row_of_three[0]
    rows = {
        "location": location,
        "area": location.storage_area,
        "warehouse": location.storage_area.warehouse,
    }
    rows[level].is_active = False
    rows[level].save()
    matches = find_locations(*position(15, 15), 1)
    assert matches == []


@pytest.fixture
def scattered() -> list[StorageLocation]:
    """Forty slanting claros, 2 m by 6 m, whose bounding boxes overlap; some cover one another."""
    area, random = factories.StorageAreaFactory(), Random(7)
    return [
        factories.StorageLocationFactory(
            storage_area=area,
            polygon=slanting(random.uniform(15, 75), random.uniform(15, 75), random.uniform(0, 3)),
        )
        for _ in range(40)
    ]


def slanting(east_m: float, north_m: float, angle: float) -> dict:
    """The outline of a claro around a point, turned by an angle in radians."""
    corners = [(-1, -3), (1, -3), (1, 3), (-1, 3), (-1, -3)]
    ring = []
    for x, y in corners:
        lat, lon = position(
            east_m + x * cos(angle) - y * sin(angle), north_m + x * sin(angle) + y * cos(angle)
        )
        ring.append([lon, lat])
    return {"type": "Polygon", "coordinates": [ring]}


def test_the_nearest_few_are_those_that_measuring_every_outline_would_give(scattered):
    random = Random(8)
    for _ in range(25):
        lat, lon = position(random.uniform(0, 90), random.uniform(0, 90))
        radius_m, at_most = random.choice([3, 10, 50]), random.choice([1, 2, 8, 60])
        measured = sorted((distance_m(lon, lat, place.polygon), place.code) for place in scattered)
        within = [row for row in measured if row[0] <= radius_m]

        matches = find_locations(lat, lon, radius_m, at_most)

        assert [(match.distance_m, match.location.code) for match in matches] == within[:at_most]


def test_no_outline_is_measured_that_lies_beyond_those_that_are_asked_for(scattered, monkeypatch):
    measured = []

    def measure(lon, lat, polygon):
        measured.append(polygon)
        return distance_m(lon, lat, polygon)

    monkeypatch.setattr(places, "distance_m", measure)
    lat, lon = position(45, 45)
    assert len(find_locations(lat, lon, 100, 4)) == 4
    assert len(measured) < 12
    measured.clear()
    assert len(find_locations(lat, lon, 100)) == len(measured) == 40


def test_what_lies_in_a_bounding_box_is_no_nearer_than_the_box(scattered):
    lat, lon = position(45, 45)
    for place in scattered:
        bounds = (place.bbox_min_lon, place.bbox_min_lat, place.bbox_max_lon, place.bbox_max_lat)
        assert box_distance_m(lon, lat, bounds) <= distance_m(lon, lat, place.polygon) + 1e-6


def test_the_search_asks_two_queries_however_many_locations_there_are(
    row_of_three, django_assert_num_queries
):
    with django_assert_num_queries(2):
        matches = find_locations(*position(28, 15), 25)
        codes = [match.location.storage_area.warehouse.code for match in matches]
    assert len(codes) == 3


def test_what_photos_count_of_one_container_type_goes_into_one_bin_a_location(row_of_three):
    location, other = row_of_three[:2]
    box = factories.StorageBinTypeFactory(code="BOX_60")
    photo_bin = get_photo_bin(location, box)
    assert get_photo_bin(location, box) == photo_bin
    assert photo_bin.code == f"{location.code}-BOX_60_01"
    assert get_photo_bin(other, box) != photo_bin


def test_a_bin_made_by_hand_is_not_used_for_photos(row_of_three):
    by_hand = factories.StorageBinFactory(storage_location=row_of_three[0])
    assert get_photo_bin(row_of_three[0], by_hand.storage_bin_type) != by_hand


def test_a_retired_photo_bin_is_followed_by_a_new_one(row_of_three):
    box = factories.StorageBinTypeFactory(code="BOX_60")
    retired = get_photo_bin(row_of_three[0], box)
    retired.status = "retired"
    retired.save()
    assert get_photo_bin(row_of_three[0], box).code == f"{row_of_three[0].code}-BOX_60_02"


def test_the_longest_codes_still_make_a_bin_code_that_fits():
    location = factories.StorageLocationFactory(code="N1-NORTH-" + "L" * 41)
    photo_bin = get_photo_bin(location, factories.StorageBinTypeFactory(code="T" * 50))
    assert len(photo_bin.code) <= 100
