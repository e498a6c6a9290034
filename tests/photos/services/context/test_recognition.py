"""What plants look like to the nursery's own classifier, as rows, and what is said where the place grows another."""

import pytest

from photos.choices import BookingState, CountWarning
from photos.models import Classification
from photos.services.context.classification import classify
from photos.services.context.recognition import Recognition, SeenProduct
from photos.services.results.session_lifecycle import assign_location
from photos.services.review.validation import validate
from photos.warning_texts import warnings_of
from tests.inventory.factories import ProductFactory

pytestmark = pytest.mark.django_db

MODEL = "nursery 0123456789ab"


def recognition(*seen, known):
    """These (product, percent) for the first plants of the first container."""
    answers = {index: SeenProduct(product.pk, percent) for index, (product, percent) in enumerate(seen)}
    return Recognition(MODEL, tuple(product.pk for product in known), {0: answers})


@pytest.fixture
def product(configured):
    return configured.product


@pytest.fixture
def other(db):
    return ProductFactory(common_name="Gasteria")


def test_each_product_that_plants_look_like_is_a_row_that_they_point_to(
    make_image, count, place, product, other
):
    seen = [(product, 90), (product, 70), (other, 60)]
    session = count(make_image(), place, living=5, recognition=recognition(*seen, known=[product, other]))
    rows = {row.product: row for row in session.classifications.filter(product_size=None)}
    assert {
        found: (row.quantity, row.product_confidence_percent, row.model_version)
        for found, row in rows.items()
    } == {product: (2, 80, MODEL), other: (1, 60, MODEL)}
    assert list(session.detections.order_by("pk").values_list("classification", flat=True)) == [
        rows[product].pk, rows[product].pk, rows[other].pk, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("own", "others", "is_flagged"),
    [
        pytest.param(1, 7, True, id="clearly another"),
        pytest.param(0, 5, True, id="five are enough"),
        pytest.param(0, 4, False, id="too few plants"),
        pytest.param(4, 4, False, id="as many of each"),
        pytest.param(7, 1, False, id="the product of the place"),
    ],
)
def test_plants_that_look_like_another_product_are_flagged_and_booked_all_the_same(
    make_image, count, place, product, other, own, others, is_flagged
):
    seen = [(product, 80)] * own + [(other, 80)] * others
    session = count(make_image(), place, living=9, recognition=recognition(*seen, known=[product, other]))
    assert (CountWarning.UNLIKE_PRODUCT in session.warnings) == is_flagged
    assert session.booking_state == BookingState.BOOKED


def test_unsure_answers_say_nothing(make_image, count, place, product, other):
    seen = [(other, 49)] * 8
    session = count(make_image(), place, living=9, recognition=recognition(*seen, known=[product, other]))
    assert CountWarning.UNLIKE_PRODUCT not in session.warnings


def test_a_product_that_the_classifier_never_learnt_is_not_contradicted(
    make_image, count, place, product, other
):
    session = count(make_image(), place, living=9, recognition=recognition(*[(other, 95)] * 8, known=[other]))
    assert CountWarning.UNLIKE_PRODUCT not in session.warnings


def test_the_warning_says_what_was_seen(make_image, count, place, product, other):
    seen = [(other, 80)] * 7 + [(product, 80)]
    session = count(make_image(), place, living=9, recognition=recognition(*seen, known=[product, other]))
    [warning] = [row for row in warnings_of(session) if row["code"] == CountWarning.UNLIKE_PRODUCT]
    assert "7" in str(warning["advice"])
    assert "8" in str(warning["advice"])
    assert "Gasteria" in str(warning["advice"])
    assert not warning["waits"]


def test_who_validates_the_count_has_looked_at_the_plants(make_image, count, place, product, other, worker):
    known = [product, other]
    session = count(make_image(), place, living=9, recognition=recognition(*[(other, 80)] * 8, known=known))
    assert CountWarning.UNLIKE_PRODUCT in session.warnings
    validate(session=session, user=worker)
    session.refresh_from_db()
    assert CountWarning.UNLIKE_PRODUCT not in session.warnings


def test_the_sizes_say_how_many_of_the_plants_look_like_the_product_of_the_place(
    make_image, count, place, product, other
):
    seen = [(product, 80)] * 6 + [(other, 80)] * 2
    session = count(make_image(), place, living=9, recognition=recognition(*seen, known=[product, other]))
    classify(session, {"M": 9})
    sizes = session.classifications.exclude(product_size=None)
    said = sizes.values_list("product", "product_confidence_percent", "model_version")
    assert list(said) == [(product.pk, 75, MODEL)]
    assert session.classifications.filter(product_size=None).count() == 2


def test_where_the_classifier_says_nothing_of_the_product_the_model_is_the_one_that_measured(
    make_image, count, place, product, other
):
    session = count(make_image(), place, living=9, recognition=recognition(*[(other, 95)] * 8, known=[other]))
    classify(session, {"M": 9})
    sizes = session.classifications.exclude(product_size=None)
    said = sizes.values_list("product_confidence_percent", "model_version")
    assert list(said) == [(None, session.model_versions["detection"]["name"])]


def test_the_share_follows_the_place_that_a_person_names(make_image, count, place, product, worker):
    known = recognition(*[(product, 80)] * 8, known=[product])
    session = count(make_image(), None, living=9, recognition=known)
    classify(session, {"M": 9})
    sizes = session.classifications.exclude(product_size=None)
    assert sizes.get().model_version == session.model_versions["detection"]["name"]
    assign_location(session=session, location=place, user=worker)
    assert list(sizes.values_list("product_confidence_percent", "model_version")) == [(100, MODEL)]


def test_without_an_own_classifier_nothing_is_said(make_image, count, place):
    session = count(make_image(), place, living=9)
    assert session.recognition == {}
    assert not Classification.objects.exists()
