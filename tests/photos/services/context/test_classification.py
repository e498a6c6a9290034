"""Sizes of a count's plants, as rows."""

import pytest

from inventory.models import ProductSize
from photos.models import Classification
from photos.services.context.classification import classify
from photos.services.results.session_lifecycle import assign_location

pytestmark = pytest.mark.django_db

SIZES = {"S": 2, "M": 30, "L": 0, "XL": 1}


def rows_of(session):
    return {
        row.product_size.code: (row.quantity, row.product)
        for row in session.classifications.select_related("product_size", "product")
    }


def test_plants_are_classified_by_size_as_the_product_of_the_place(make_image, count, place, configured):
    session = count(make_image(), place, living=33)
    classify(session, SIZES)
    product = configured.product
    assert rows_of(session) == {"S": (2, product), "M": (30, product), "XL": (1, product)}
    assert set(session.classifications.values_list("packaging", "model_version")) == {
        (configured.packaging_id, "test")
    }


def test_classifying_again_replaces(make_image, count, place):
    session = count(make_image(), place, living=33)
    classify(session, SIZES)
    classify(session, {"M": 33})
    assert {code: quantity for code, (quantity, _) in rows_of(session).items()} == {"M": 33}


def test_the_product_follows_when_a_person_names_the_place(make_image, count, place, configured, worker):
    session = count(make_image(), None, living=33)
    classify(session, SIZES)
    assert rows_of(session) == {"S": (2, None), "M": (30, None), "XL": (1, None)}
    assign_location(session=session, location=place, user=worker)
    assert rows_of(session)["M"] == (30, configured.product)


def test_a_size_that_the_catalogue_lacks_is_named_by_the_product_alone(make_image, count, place, configured):
    ProductSize.objects.filter(code="XL").delete()
    session = count(make_image(), place, living=33)
    classify(session, {"XL": 4})
    assert list(session.classifications.values_list("product", "product_size", "quantity")) == [
        (configured.product_id, None, 4)
    ]
    nowhere = count(make_image(), None, living=33)
    classify(nowhere, {"XL": 4})
    assert not nowhere.classifications.exists()


def test_a_count_without_plants_has_no_classification(make_image, count, place):
    count(make_image(), place)
    assert not Classification.objects.exists()
