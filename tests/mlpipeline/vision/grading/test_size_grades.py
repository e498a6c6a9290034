import numpy as np
import pytest

from mlpipeline.vision.grading.size_grades import SIZES, grade_sizes, size_counts, z_scores
from tests.mlpipeline.vision.synthetic_beds import bed, square

SHAPE = (500, 500)


def row_of(*sides_px):
    """Plants in one row, 45 px apart, clear of the borders."""
    return np.concatenate([square(50 + 45 * place, 250, side) for place, side in enumerate(sides_px)])


def names(groups, shape=SHAPE):
    return [[SIZES[index] for index in group] for group in grade_sizes(groups, shape)]


def test_a_photo_without_plants_has_no_sizes():
    assert grade_sizes([], SHAPE) == []
    assert names([np.zeros((0, 4), np.float32)]) == [[]]
    assert size_counts([], SHAPE) == {"S": 0, "M": 0, "L": 0, "XL": 0}


@pytest.mark.parametrize("plants", [row_of(20), row_of(20, 20, 20), bed(lambda x, y: 20)])
def test_one_plant_and_plants_that_do_not_differ_are_medium(plants):
    assert names([plants]) == [["M"] * len(plants)]


@pytest.mark.parametrize(
    ("sides_px", "expected"),
    [
        # Logarithms 0, 0, 0, 0, 1 (of e): mean 0.2, standard deviation 0.4, so z = −0.5 and +2.0: L, not above 2.
        ((10, 10, 10, 10, 10 * np.e), ["M"] * 4 + ["L"]),
        # 0 × 9, then 1: mean 0.1, standard deviation 0.3, so z = −⅓ and +3.
        ((10,) * 9 + (10 * np.e,), ["M"] * 9 + ["XL"]),
        ((10,) * 9 + (10 / np.e,), ["M"] * 9 + ["S"]),
        # 0 × 8, then ±1: mean 0, standard deviation √0.2 = 0.447, so z = ±2.24.
        ((10,) * 8 + (10 / np.e, 10 * np.e), ["M"] * 8 + ["S", "XL"]),
    ],
)
def test_sizes_are_told_by_the_z_score_of_the_area(sides_px, expected):
    assert names([row_of(*sides_px)]) == [expected]


def test_plants_that_are_only_nearer_are_not_larger():
    """Perspective doubles the sides from top to bottom; one plant far away is really large and keeps its mark."""
    plants = bed(lambda x, y: 10 * 2 ** (y / 400) * 1.03 ** (-1) ** round((x + y) / 20), step=20)
    assert (
        z_scores(2 * np.log(plants[:, 2] - plants[:, 0]))[-20:] > 1
    ).all()  # plain areas: the near row is L
    giant = 25
    plants[giant : giant + 1] = square(*plants[giant].reshape(2, 2).mean(axis=0), 16)
    (found,) = names([plants])
    assert found[giant] == "XL"
    assert sum(name != "M" for name in found) == 1
    assert plants[-1, 2] - plants[-1, 0] > 16  # near plants that are M span more than the XL one


def test_each_container_is_measured_against_its_own_plants():
    """A tray of small plants beside a box of large ones: neither is S or XL."""
    tray, box = bed(lambda x, y: 10, to=200), bed(lambda x, y: 33, to=240)
    tray[3:4] = square(*tray[3].reshape(2, 2).mean(axis=0), 15)
    tray_names, box_names = names([tray, box])
    assert [place for place, name in enumerate(tray_names) if name != "M"] == [3]
    assert set(box_names) == {"M"}


def test_pots_with_one_plant_each_are_compared_with_each_other():
    pots = [row_of(10)] * 9 + [row_of(10 * np.e)]
    assert names(pots) == [["M"]] * 9 + [["XL"]]


def test_a_plant_that_the_border_cuts_shows_no_size_and_spoils_none():
    plants = row_of(*(10,) * 9, 10 * np.e)
    sliver = np.array([[0, 100, 2, 110]], np.float32)
    assert names([np.concatenate([sliver, plants])]) == [["M"] * 10 + ["XL"]]


def test_counts_name_every_size():
    assert size_counts([row_of(*(10,) * 9, 10 * np.e)], SHAPE) == {"S": 0, "M": 9, "L": 0, "XL": 1}


def test_the_boxes_are_not_modified():
    plants = bed(lambda x, y: 10 + y / 40)
    before = plants.copy()
    grade_sizes([plants], SHAPE)
    assert np.array_equal(plants, before)
