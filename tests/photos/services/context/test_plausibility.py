"""Counts that can hardly be true are booked, and said to be so."""

from uuid import uuid4

import pytest
from django.utils import translation

from inventory.choices import MovementType
from inventory.models import StockBatch, StorageBinType
from inventory.services.configs import ConfigDetails, open_cycle
from inventory.services.stock import record_movement
from photos.choices import BookingState, ContainerType, CountWarning
from photos.services.booking.stock_evidence import settle_session
from photos.services.context.plausibility import differs_from_expected, max_units
from photos.services.results.session_lifecycle import assign_location
from photos.warning_texts import warnings_of
from tests.inventory.factories import PackagingCatalogFactory, StorageLocationConfigFactory
from tests.photos.services.conftest import at

pytestmark = pytest.mark.django_db

UNLIKE = CountWarning.UNLIKE_LAST_COUNT


def test_a_first_count_is_like_nothing(make_image, count, place):
    session = count(make_image(), place, living=500)
    assert session.expected_living is None
    assert UNLIKE not in session.warnings


@pytest.mark.parametrize(
    ("now", "unlike"), [(100, False), (150, False), (151, True), (60, False), (59, True), (0, True)]
)
def test_a_count_beyond_the_factors_of_the_last_one_is_flagged_and_booked(
    make_image, count, place, now, unlike
):
    count(make_image(hours_ago=5), place, living=90, estimated=10)
    session = count(make_image(hours_ago=1), place, living=now)
    assert (UNLIKE in session.warnings) is unlike
    assert session.expected_living == 100
    assert (session.booking_state, session.booked_quantity) == (BookingState.BOOKED, now)
    assert session.image.status == "ready"


def test_the_factors_are_settings(make_image, count, place, settings):
    settings.COUNT_UNLIKE_BELOW, settings.COUNT_UNLIKE_ABOVE = 0.9, 1.1
    count(make_image(hours_ago=5), place, living=100)
    assert UNLIKE in count(make_image(hours_ago=2), place, living=111).warnings


def test_a_handful_of_plants_is_no_cause_for_alarm(make_image, count, place):
    count(make_image(hours_ago=5), place, living=4)
    assert UNLIKE not in count(make_image(hours_ago=2), place, living=13).warnings
    assert UNLIKE in count(make_image(hours_ago=1), place, living=23).warnings


def test_the_dead_are_no_stock_and_are_not_expected(make_image, count, place):
    count(make_image(hours_ago=5), place, living=100, dead=80)
    session = count(make_image(hours_ago=1), place, living=90)
    assert session.expected_living == 100
    assert UNLIKE not in session.warnings


def test_what_people_recorded_since_is_expected(make_image, count, place, worker):
    count(make_image(hours_ago=5), place, living=200)
    record_movement(
        batch=StockBatch.objects.get(),
        quantity=-120,
        movement_type=MovementType.SALE,
        request_id=uuid4(),
        user=worker,
        occurred_at=at(3),
    )
    sold = count(make_image(hours_ago=2), place, living=82)
    assert (sold.expected_living, UNLIKE in sold.warnings) == (80, False)
    late = count(make_image(hours_ago=4), place, living=82)  # taken before the sale
    assert (late.expected_living, UNLIKE in late.warnings) == (200, True)


def test_a_wide_interval_keeps_no_warning_back(make_image, count, place):
    count(make_image(hours_ago=5), place, living=100)
    session = count(make_image(hours_ago=1), place, living=160, dead=10)
    session.interval_low, session.interval_high = 0, 1000
    assert differs_from_expected(session)


@pytest.mark.parametrize("other", ["place", "product", "newer", "deleted", "same photo", "waiting"])
def test_only_an_earlier_booked_photo_of_the_place_and_its_product_counts_as_the_last(
    make_image, count, place, configured, other, worker
):
    image = make_image(hours_ago=3)
    if other == "place":
        count(make_image(hours_ago=5), StorageLocationConfigFactory().storage_location, living=100)
    elif other == "product":
        configured.started_at = at(9)
        configured.save()
        count(make_image(hours_ago=5), place, living=100)
        other_product = ConfigDetails(
            product=StorageLocationConfigFactory().product,
            expected_product_state=configured.expected_product_state,
        )
        open_cycle(location=place, details=other_product, at=at(4), remaining=0, user=worker)
    elif other == "newer":
        count(make_image(hours_ago=1), place, living=100)
    elif other == "deleted":
        deleted = make_image(hours_ago=5)
        count(deleted, place, living=100)
        deleted.deleted_at = at(4)
        deleted.save()
    elif other == "same photo":
        count(image, place, living=100)
    else:
        count(make_image(hours_ago=5), place, living=100, skip_detection=True)
    session = count(image, place, living=10)
    assert session.expected_living is None
    assert UNLIKE not in session.warnings


def test_the_warning_follows_the_place_that_a_person_names(make_image, count, place, worker):
    count(make_image(hours_ago=5), place, living=100)
    session = count(make_image(hours_ago=1), None, living=300)
    assert UNLIKE not in session.warnings
    session = assign_location(session=session, location=place, user=worker)
    assert session.warnings.count(UNLIKE) == 1
    settle_session(session)
    assert session.warnings.count(UNLIKE) == 1
    elsewhere = StorageLocationConfigFactory().storage_location
    session = assign_location(session=session, location=elsewhere, user=worker)
    assert UNLIKE not in session.warnings


def test_the_warning_names_both_numbers(make_image, count, place):
    count(make_image(hours_ago=5), place, living=1000)
    session = count(make_image(hours_ago=1), place, living=300)
    with translation.override("en"):
        texts = {text["code"]: text for text in warnings_of(session)}
    assert "300 living plants" in texts[UNLIKE]["advice"]
    assert "1,000" in texts[UNLIKE]["advice"]
    assert texts[UNLIKE]["waits"] is False


def test_a_box_holds_no_more_than_the_largest_box_of_the_nursery(db):
    assert max_units(ContainerType.BOX, None) == 100
    StorageBinType.objects.create(code="BOX_LARGE", name="Large", category="box", capacity=150)
    assert max_units(ContainerType.BOX, None) == 150
    StorageBinType.objects.create(code="BOX_OPEN", name="Open", category="box")
    assert max_units(ContainerType.BOX, None) is None  # one without a limit may be the one in the photo


@pytest.mark.parametrize(("diameter_cm", "units"), [(15, 15), (10, 34), (8, 53), (5, 100)])
def test_a_box_holds_no_more_pots_than_can_stand_in_it(db, diameter_cm, units):
    """60 × 40 cm; a pot of 15 cm needs .866 × 13.5² = 157.8 cm², so 15 fit; of 5 cm the capacity is less."""
    assert max_units(ContainerType.BOX, PackagingCatalogFactory(diameter_cm=diameter_cm)) == units


def test_beds_and_trays_of_any_kind_have_no_limit_but_their_cells(db):
    assert max_units(ContainerType.SEGMENT, None) is None
    assert max_units(ContainerType.PLUG, PackagingCatalogFactory(diameter_cm=8)) is None
    StorageBinType.objects.filter(category__in=["plug", "seedling_tray"], capacity=None).delete()
    assert max_units(ContainerType.PLUG, None) == 288
