"""What validated counts teach about the plants of a place.

The place is 10 × 10 m and its photos have 100 × 100 px, so a pixel is 100 cm²; the container covers 81 m².
"""

import math
from functools import partial

import pytest
from django.utils import timezone

from photos.choices import CountWarning
from photos.models import CalibrationSample, Detection, PlaceCalibration, ProcessingSession
from photos.services.context.place_calibration import learned_density, reset_calibration, update_calibration
from photos.services.results.session_lifecycle import assign_location
from photos.services.review.validation import validate
from tests.inventory.factories import StorageLocationConfigFactory, StorageLocationFactory

pytestmark = pytest.mark.django_db

ROW = 10  # plants a row, 9 px apart
approx = partial(pytest.approx, rel=1e-3)  # the place is a square on the globe, not quite of 100 m²


@pytest.fixture
def seen(make_image, count, place):
    """A finished count of a new photo, whose plants stand side by side in boxes of so many px."""

    def finish(*, plants=20, side_px=8.0, hours_ago=1.0, at=place, image=None, **found) -> ProcessingSession:
        session = count(image or make_image(hours_ago=hours_ago), at, living=plants, **found)
        rows = list(Detection.objects.filter(session=session))
        for number, row in enumerate(rows):
            row.center_x, row.center_y = 5 + 9 * (number % ROW), 5 + 9 * (number // ROW)
            row.width_px = row.height_px = side_px
        Detection.objects.bulk_update(rows, ["center_x", "center_y", "width_px", "height_px"])
        return session

    return finish


@pytest.fixture
def calibration(place):
    def get() -> PlaceCalibration:
        return PlaceCalibration.objects.get(storage_location=place)

    return get


def test_a_validated_count_teaches_the_size_and_density_of_its_plants(seen, worker, calibration, place):
    session = seen(plants=20, side_px=8, estimated=4)
    validate(session=session, user=worker)
    learned = calibration()
    area_px = 64 * math.pi / 4
    assert (learned.product, learned.packaging) == (session.product, session.packaging)
    assert (learned.container_type, learned.photos, learned.plants) == ("segment", 1, 24)
    assert learned.plant_area_cm2 == approx(100 * area_px)
    assert learned.plant_area_px == approx(40**2 * area_px)  # 4000 px instead of 100
    assert learned.plants_per_m2 == learned.plants_per_m2_most == approx(24 / 81)
    assert learned.visible_share == 1.0  # 8 px wide, 9 px apart
    assert (learned.plant_area_cm2_spread, learned.plants_per_m2_spread) == (0, 0)
    assert learned.last_taken_at == session.image.taken_at


def test_an_open_count_teaches_nothing(seen, calibration):
    update_calibration(seen())
    assert not PlaceCalibration.objects.exists()


def test_validating_twice_counts_a_photo_once(seen, worker, calibration):
    session = seen()
    validate(session=session, user=worker)
    validate(session=session, user=worker, note="still right")
    assert (calibration().photos, CalibrationSample.objects.count()) == (1, 1)


def test_several_photos_are_summed_up_and_newer_ones_weigh_more(seen, worker, calibration):
    validate(session=seen(plants=20, hours_ago=9), user=worker)
    validate(session=seen(plants=40, hours_ago=1), user=worker)
    learned = calibration()
    assert (learned.photos, learned.plants) == (2, 60)
    assert learned.plants_per_m2 == approx((40 + 0.7 * 20) / 1.7 / 81)
    assert learned.plants_per_m2_spread == approx(20 * math.sqrt(0.7) / 1.7 / 81)
    assert learned.plants_per_m2_most == approx(40 / 81)


def test_the_order_of_validation_does_not_matter(seen, worker, calibration):
    old, new = seen(plants=20, hours_ago=9), seen(plants=40, hours_ago=1)
    validate(session=new, user=worker)
    validate(session=old, user=worker)
    assert calibration().plants_per_m2 == approx((40 + 0.7 * 20) / 1.7 / 81)
    assert calibration().last_taken_at == new.image.taken_at


def test_a_photo_counted_again_speaks_with_its_last_validated_count(seen, worker, calibration):
    first = seen(plants=20)
    validate(session=first, user=worker)
    second = seen(plants=30, image=first.image)
    assert calibration().plants == 20  # not validated yet
    validate(session=second, user=worker)
    validate(session=first, user=worker, note="late")
    assert (calibration().photos, calibration().plants) == (1, 30)


def test_a_word_taken_back_takes_the_photo_out_of_the_calibration(seen, worker, calibration):
    session = seen()
    validate(session=session, user=worker)
    ProcessingSession.objects.filter(pk=session.pk).update(validated=False)
    update_calibration(session)
    update_calibration(session)
    learned = calibration()
    assert (learned.photos, learned.plants, learned.plant_area_cm2, learned.plants_per_m2_most) == (
        0,
        0,
        None,
        None,
    )


def test_a_corrected_count_teaches_what_it_says_now(seen, worker, calibration):
    session = seen(plants=20, side_px=8)
    validate(session=session, user=worker)
    session.detections.update(width_px=4, height_px=4)
    update_calibration(session)
    assert calibration().photos == 1
    assert calibration().plant_area_cm2 == approx(100 * 16 * math.pi / 4)


def test_a_photo_that_turns_out_to_be_of_another_place_teaches_there(seen, worker, supervisor, place):
    session = seen()
    validate(session=session, user=worker)
    other = StorageLocationConfigFactory(
        product=session.product, packaging=session.packaging
    ).storage_location
    assign_location(session=session, location=other, user=supervisor)
    photos = dict(PlaceCalibration.objects.values_list("storage_location", "photos"))
    assert photos == {place.pk: 0, other.pk: 1}


@pytest.mark.parametrize(
    "warning", [CountWarning.NO_CONTAINER, CountWarning.TRUNCATED, CountWarning.PARTIAL_COUNT]
)
def test_a_count_that_is_not_the_whole_truth_teaches_nothing(seen, worker, warning):
    session = seen()
    session.warnings = [warning]
    session.save()
    validate(session=session, user=worker)
    assert not CalibrationSample.objects.exists()


def test_too_few_plants_teach_nothing(seen, worker):
    validate(session=seen(plants=9), user=worker)
    assert not PlaceCalibration.objects.exists()


def test_a_place_without_a_product_teaches_nothing(seen, worker):
    session = seen(at=StorageLocationFactory())
    validate(session=session, user=worker)
    assert not PlaceCalibration.objects.exists()


def test_each_kind_of_container_has_its_own_values(seen, worker):
    validate(session=seen(plants=12, types=("segment", "box", "box")), user=worker)
    plants = dict(PlaceCalibration.objects.values_list("container_type", "plants"))
    assert plants == {"segment": 12, "box": 24}


def test_empty_cells_are_no_plants(seen, worker, calibration):
    session = seen(plants=20, side_px=8)
    empty = session.detections.first()
    empty.pk, empty.class_name, empty.is_alive, empty.is_empty_container = None, "empty", False, True
    empty.width_px = empty.height_px = 9.0
    empty.save()
    validate(session=session, user=worker)
    assert calibration().plant_area_cm2 == approx(100 * 64 * math.pi / 4)


def test_resetting_leaves_out_what_was_validated_before_and_takes_in_what_comes_after(
    seen, worker, calibration, admin
):
    first = seen(plants=20, hours_ago=3)
    validate(session=first, user=worker)
    reset_calibration(calibration(), user=admin)
    forgotten = calibration()
    assert (forgotten.photos, forgotten.plants_per_m2, forgotten.forgotten_by) == (0, None, admin)
    assert forgotten.forgotten_at <= timezone.now()
    validate(session=first, user=worker)  # a word given before stays given before
    assert calibration().photos == 0
    validate(session=seen(plants=40), user=worker)
    assert (calibration().photos, calibration().plants) == (1, 40)


def test_a_calibrated_product_needs_no_calibration(seen, worker):
    session = seen()
    assert CountWarning.NEEDS_CALIBRATION in session.warnings
    session = validate(session=session, user=worker)
    assert CountWarning.NEEDS_CALIBRATION not in session.warnings
    assert CountWarning.NEEDS_CALIBRATION not in seen().warnings


def test_a_place_is_believed_before_others_and_others_before_nothing(seen, worker, place):
    taught = seen(plants=20, hours_ago=3)
    other = StorageLocationConfigFactory(product=taught.product, packaging=taught.packaging).storage_location
    elsewhere = seen(plants=40, at=other)
    stranger = seen(at=StorageLocationConfigFactory().storage_location)
    assert learned_density(taught, "segment") is None
    validate(session=elsewhere, user=worker)
    from_elsewhere = learned_density(taught, "segment")
    assert (from_elsewhere.photos, from_elsewhere.is_of_this_place) == (1, False)
    assert from_elsewhere.plants_per_m2 == approx(40 / 81)
    validate(session=taught, user=worker)
    own = learned_density(taught, "segment")
    assert (own.photos, own.is_of_this_place) == (1, True)
    assert own.plants_per_m2 == approx(20 / 81)
    assert own.shown_area_cm2 == approx(100 * 64 * math.pi / 4)
    assert learned_density(taught, "box") is None
    assert learned_density(stranger, "segment") is None
