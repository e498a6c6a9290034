import pytest

from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.estimation.density_estimator import DensityPrior, count_by_density


def test_a_density_count_is_leaf_over_plant_area_times_overlap():
    prior = DensityPrior(plant_area_cm2=25, cm2_per_px2=0.01, overlap_factor=0.85)
    assert count_by_density(10_000, 50_000, prior) == pytest.approx(100 / 25 * 0.85)  # 3.4
    assert prior.plant_area_px == 2500


def test_no_leaf_is_no_plants():
    assert count_by_density(0, 50_000, DensityPrior(25, 0.01)) == 0


def test_never_more_plants_than_fit_a_square_metre():
    prior = DensityPrior(25, 0.01, overlap_factor=1.0, plants_per_m2=40)
    assert (
        count_by_density(1_000_000, 1_000_000, prior) == 40
    )  # 10 000 cm² are 1 m²; the leaf alone would give 400


@pytest.mark.parametrize(
    "values",
    [
        pytest.param((0, 0.01), id="a plant without area"),
        pytest.param((25, 0), id="a pixel without area"),
        pytest.param((25, 0.01, 1.2), id="an overlap above 1"),
        pytest.param((25, 0.01, 0.8, -1), id="less than no plants"),
    ],
)
def test_impossible_densities_are_refused(values):
    with pytest.raises(InvalidInput):
        DensityPrior(*values)
