"""Which of the things that the nursery knows of its plants a count goes by."""

import pytest

from inventory.choices import BinCategory
from inventory.models import StorageBinType
from mlpipeline.services.density_priors import density_prior, place_priors, priors_at
from photos.models import PlaceCalibration
from tests.inventory.factories import (
    DensityParameterFactory,
    StorageBinTypeFactory,
    StorageLocationConfigFactory,
    StorageLocationFactory,
)
from tests.photos.count_builders import count_photo, store_photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(worker):
    """A photo of 48 × 32 px of a place of 100 m²."""
    return count_photo(store_photo(worker), StorageLocationConfigFactory().storage_location)


@pytest.fixture
def type_in(session):
    def make(category=BinCategory.SEGMENT):
        return DensityParameterFactory(
            product=session.product,
            storage_bin_type=StorageBinTypeFactory(category=category),
            avg_area_per_plant_cm2=50,
            plants_per_m2=150,
            overlap_adjustment_factor=0.8,
        )

    return make


@pytest.fixture
def teach(session):
    def make(photos, *, place=None):
        return PlaceCalibration.objects.create(
            storage_location=place or session.storage_location,
            product=session.product,
            packaging=session.packaging,
            container_type="segment",
            photos=photos,
            plant_area_cm2=40,
            plant_area_px=900,
            plants_per_m2=100,
            plants_per_m2_most=120,
            visible_share=0.75,
        )

    return make


def test_nothing_known_is_nothing(session):
    assert density_prior(session, "segment") is None


def test_a_pixel_covers_its_share_of_the_place(session, type_in):
    type_in()
    known = density_prior(session, "segment")
    assert known.cm2_per_px2 == pytest.approx(1_000_000 / (48 * 32), rel=1e-3)


def test_what_was_typed_in_is_used_as_it_is(session, type_in):
    type_in()
    known = density_prior(session, "segment")
    assert (known.plant_area_cm2, known.overlap_factor, known.plants_per_m2) == (50, 0.8, 150)
    assert density_prior(session, "box") is None


def test_three_photos_of_the_place_go_before_what_was_typed_in(session, type_in, teach):
    type_in()
    teach(3)
    known = density_prior(session, "segment")
    # A plant of 40 cm² shows three quarters of itself.
    assert (known.plant_area_cm2, known.overlap_factor, known.plants_per_m2) == (30, 1.0, 120)


@pytest.mark.parametrize("photos", [1, 2])
def test_fewer_photos_do_not(session, type_in, teach, photos):
    type_in()
    teach(photos)
    assert density_prior(session, "segment").plant_area_cm2 == 50


def test_nor_do_photos_of_other_places(session, type_in, teach):
    type_in()
    teach(9, place=StorageLocationFactory())
    assert density_prior(session, "segment").plant_area_cm2 == 50


def test_where_nothing_was_typed_in_one_photo_of_another_place_is_better_than_nothing(session, teach):
    teach(1, place=StorageLocationFactory())
    assert density_prior(session, "segment").plant_area_cm2 == 30


def test_a_calibration_that_was_reset_says_nothing(session, teach):
    calibration = teach(3)
    PlaceCalibration.objects.filter(pk=calibration.pk).update(photos=0)
    assert density_prior(session, "segment") is None


def test_what_is_known_of_the_place_is_told_by_type_of_container(session, type_in):
    type_in()
    StorageBinType.objects.filter(category=BinCategory.BOX).update(capacity=30)
    priors = place_priors(session)
    assert priors.max_plants["box"] == 30
    assert "segment" not in priors.max_plants
    assert list(priors.density) == ["segment"]


def test_a_photo_that_is_no_row_has_the_priors_of_a_count_at_its_place(session, type_in):
    type_in()
    assert priors_at(session.storage_location, (32, 48)) == place_priors(session)


def test_of_a_place_without_a_configuration_no_density_is_known():
    assert priors_at(StorageLocationFactory(), (32, 48)).density == {}
