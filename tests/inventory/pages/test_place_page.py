"""The page of one location: what stands there, its past, its photos, its cycles, and what each role may do."""

import re

import pytest
from django.utils import timezone

from inventory.choices import MovementType
from inventory.services.configs import ConfigDetails, configs_of, open_cycle
from inventory.services.stock import record_movement
from photos.models import Image
from tests.inventory import factories
from tests.inventory.factories import (
    StorageLocationConfigFactory,
    StorageLocationFactory,
    movement_details,
    stocked_batch,
)


@pytest.fixture
def claro(nursery):
    return nursery.claros[0]


def address(claro, query=""):
    return f"/places/{claro.pk}/{query}"


@pytest.mark.parametrize("role", ["viewer", "worker", "supervisor", "admin"])
def test_whoever_may_read_opens_a_place(signed_in, request, claro, role):
    assert signed_in(request.getfixturevalue(role)).get(address(claro)).status_code == 200


def test_who_may_not_read_is_refused_and_an_unknown_place_is_not_found(signed_in, stranger, worker, db):
    assert signed_in(stranger).get("/places/1/").status_code == 403
    assert signed_in(worker).get("/places/987654/").status_code == 404


def test_a_place_of_which_nothing_is_known_says_so(signed_in, worker, claro):
    page = signed_in(worker).get(address(claro)).text
    for text in (
        "Nothing is booked here.",
        "Nothing was counted or moved here yet.",
        "Nobody has said yet what grows",
    ):
        assert text in page
    assert "This place is out of use." not in page


def test_a_place_out_of_use_is_still_shown(signed_in, worker, claro):
    claro.storage_area.warehouse.is_active = False
    claro.storage_area.warehouse.save()
    page = signed_in(worker).get(address(claro)).text
    assert "This place is out of use." in page
    assert "Count this place" not in page


def test_what_stands_there_is_told_batch_by_batch(signed_in, worker, claro):
    config = StorageLocationConfigFactory(storage_location=claro)
    few = stocked_batch(5, storage_location=claro)
    many = stocked_batch(70, storage_location=claro, product=config.product)
    more = factories.StockBatchFactory(storage_location=claro, product=config.product)
    record_movement(batch=more, quantity=30, **movement_details(movement_type=MovementType.PLANTING))
    gone = stocked_batch(9, storage_location=claro)
    record_movement(batch=gone, quantity=-9, **movement_details(movement_type=MovementType.DEATH))

    page = signed_in(worker).get(address(claro))

    rows = [(row.product, row.quantity, {batch.pk for batch in row.batches}) for row in page.context["stock"]]
    assert rows == [(config.product, 100, {many.pk, more.pk}), (few.product, 5, {few.pk})]
    assert page.context["summary"].quantity == 105
    assert page.text.count("The place is not configured for this product.") == 1
    assert gone.batch_code not in page.text


def test_its_past_is_told_from_count_to_count(signed_in, worker, claro, nursery, days_ago):
    StorageLocationConfigFactory(storage_location=claro, started_at=days_ago(40))
    first = nursery.photograph(claro, worker, taken_at=days_ago(30))
    second = nursery.photograph(claro, worker, taken_at=days_ago(3))

    page = signed_in(worker).get(address(claro))

    shown = page.context["shown_periods"]
    assert [period.period.opened_by.image_id for period in shown] == [second.pk, first.pk]
    assert [(period.period.opening, period.period.closing) for period in shown] == [(3, 3), (3, 3)]
    assert all(period.has_photo and period.thumbnail_url for period in shown)
    assert f'href="/photos/{first.pk}/"' in page.text


def test_a_worker_sees_the_past_but_not_the_photos_of_others(
    signed_in, worker, other_worker, supervisor, claro, nursery, days_ago
):
    StorageLocationConfigFactory(storage_location=claro, started_at=days_ago(40))
    mine = nursery.photograph(claro, worker, taken_at=days_ago(30))
    others = nursery.photograph(claro, other_worker, taken_at=days_ago(3))

    page = signed_in(worker).get(address(claro))

    assert [photo.image_id for photo in page.context["photos"]] == [mine.pk]
    assert [period.has_photo for period in page.context["shown_periods"]] == [False, True]
    assert str(others.pk) not in page.text
    assert [photo.image_id for photo in signed_in(supervisor).get(address(claro)).context["photos"]] == [
        others.pk,
        mine.pk,
    ]


def test_photos_in_the_trash_are_not_shown(signed_in, supervisor, worker, claro, nursery):
    photo = nursery.photograph(claro, worker)
    Image.objects.filter(pk=photo.pk).update(deleted_at=timezone.now())
    assert list(signed_in(supervisor).get(address(claro)).context["photos"]) == []


def test_photos_and_the_past_are_paged(signed_in, worker, claro, nursery, days_ago, monkeypatch):
    monkeypatch.setattr("inventory.pages.place.PHOTOS_PER_PAGE", 2)
    monkeypatch.setattr("inventory.pages.place.PERIODS_PER_PAGE", 2)
    StorageLocationConfigFactory(storage_location=claro, started_at=days_ago(40))
    oldest = nursery.photograph(claro, worker, taken_at=days_ago(3))
    for day in (2, 1):
        nursery.photograph(claro, worker, taken_at=days_ago(day))
    client = signed_in(worker)

    assert 'href="?photos=2#photos"' in client.get(address(claro)).text
    page = client.get(address(claro, "?photos=2&page=2"))
    assert [photo.image_id for photo in page.context["photos"]] == [oldest.pk]
    assert [shown.period.opened_by.image_id for shown in page.context["shown_periods"]] == [oldest.pk]


def test_cycles_are_told_with_those_that_ended(signed_in, admin, worker, claro, days_ago):
    state = factories.ProductStateFactory()
    products = [factories.ProductFactory(common_name=name) for name in ("Aloe", "Agave")]
    for product, day in zip(products, (20, 10), strict=True):
        details = ConfigDetails(product=product, expected_product_state=state)
        open_cycle(location=claro, details=details, at=days_ago(day))
    running = configs_of(claro)[0]

    page = signed_in(admin).get(address(claro))

    assert [config.product.common_name for config in page.context["configs"]] == ["Agave", "Aloe"]
    correct = f"/admin/inventory/storagelocationconfig/{running.pk}/change/"
    new_cycle = f"/admin/inventory/storagelocationconfig/add/?storage_location={claro.pk}"
    assert f'href="{correct}"' in page.text
    assert f'href="{new_cycle}"' in page.text
    assert signed_in(admin).get(new_cycle).context["adminform"].form.initial["storage_location"] == str(
        claro.pk
    )
    assert "/admin/" not in signed_in(worker).get(address(claro)).text


def test_a_worker_goes_from_a_place_to_sending_photos_of_it(signed_in, worker, viewer, claro):
    upload = f"/uploads/?storage_location_id={claro.pk}"
    assert f'href="{upload}"' in signed_in(worker).get(address(claro)).text
    assert re.search(rf'<option value="{claro.pk}"[^>]* selected', signed_in(worker).get(upload).text)
    assert upload not in signed_in(viewer).get(address(claro)).text


def test_what_people_wrote_is_text(signed_in, worker, claro):
    claro.name = "<script>alert(1)</script>"
    claro.description = "<b>"
    claro.save()
    page = signed_in(worker).get(address(claro)).text
    assert "<script>alert" not in page
    assert "<b>" not in page


def test_more_photos_batches_and_cycles_take_no_more_queries(
    signed_in, worker, nursery, days_ago, django_assert_num_queries
):
    claro = StorageLocationFactory()
    StorageLocationConfigFactory(storage_location=claro, started_at=days_ago(40))
    stocked_batch(5, storage_location=claro)
    nursery.photograph(claro, worker, taken_at=days_ago(9))
    client = signed_in(worker)
    with django_assert_num_queries(16):
        client.get(address(claro))
    for day in (1, 2, 3):
        nursery.photograph(claro, worker, taken_at=days_ago(day))
        stocked_batch(5, storage_location=claro)
    with django_assert_num_queries(16):
        client.get(address(claro))
