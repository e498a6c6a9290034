"""Which location a position means, and which bin a photo's plants go into."""

from __future__ import annotations

import pytest

from inventory.models import StorageLocation
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


def test_the_search_asks_one_query_however_many_locations_there_are(row_of_three, django_assert_num_queries):
    with django_assert_num_queries(1):
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
