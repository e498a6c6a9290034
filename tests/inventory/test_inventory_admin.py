"""The inventory's admin pages: they list without a query a row, and let nobody rewrite the ledger."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import include, path, reverse
from django.utils import timezone

from inventory.models import StockBatch, StockMovement, StorageLocationConfig
from inventory.services.configs import count_by_hand
from tests.inventory import factories
from tests.inventory.factories import square, stocked_batch

# The pages under test and what their frame links to, wherever the project puts them.
urlpatterns = [path("admin/", admin.site.urls), path("i18n/", include("django.conf.urls.i18n"))]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

MODELS = list(apps.get_app_config("inventory").get_models())


def page(model, action, *args) -> str:
    return reverse(f"admin:inventory_{model._meta.model_name}_{action}", args=args)


def fill_every_table() -> None:
    batch = stocked_batch(10, product_size=factories.ProductSizeFactory())
    factories.StorageLocationConfigFactory(storage_location=batch.storage_location)
    count_by_hand(
        location=batch.storage_location,
        product=batch.product,
        quantity=8,
        at=timezone.now(),
        user=factories.UserFactory(),
    )
    factories.DensityParameterFactory(packaging=factories.PackagingCatalogFactory())


@pytest.fixture(autouse=True)
def static_files_as_they_are(settings, tmp_path):
    """Pages link to files without a build step before the tests."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STATIC_ROOT = str(tmp_path)
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture
def as_admin(client):
    client.force_login(factories.UserFactory(role="admin"))
    return client


@pytest.fixture
def as_worker(client):
    client.force_login(factories.UserFactory(role="worker"))
    return client


@pytest.mark.parametrize("model", MODELS)
def test_a_list_shows_its_rows_and_asks_no_query_for_each(as_admin, model):
    fill_every_table()
    queries = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            answer = as_admin.get(page(model, "changelist"))
        queries.append(len(captured))
        assert answer.status_code == 200
        assert page(model, "change", model.objects.first().pk) in answer.content.decode()
        fill_every_table()
        fill_every_table()
    assert queries[1] <= queries[0]


@pytest.mark.parametrize("model", MODELS)
def test_a_row_has_a_page(as_admin, model):
    fill_every_table()
    assert as_admin.get(page(model, "change", model.objects.first().pk)).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_a_list_can_be_searched(as_admin, model):
    fill_every_table()
    assert as_admin.get(page(model, "changelist"), {"q": "N1"}).status_code == 200


@pytest.mark.parametrize("action", ["add", "change", "delete"])
def test_nobody_writes_the_ledger_by_hand(as_admin, action):
    movement = stocked_batch(10).movements.get()
    args = [] if action == "add" else [movement.pk]
    assert (
        as_admin.post(page(StockMovement, action, *args), {"quantity": 11, "post": "yes"}).status_code == 403
    )
    assert StockMovement.objects.get().quantity == 10


def test_a_batch_cannot_be_added_or_deleted_and_its_quantity_not_typed_in(as_admin):
    batch = stocked_batch(10)
    as_admin.post(
        page(StockBatch, "change", batch.pk), {"notes": "ripe", "quantity_current": 99, **MANAGEMENT}
    )
    batch.refresh_from_db()
    assert (batch.notes, batch.quantity_current) == ("ripe", 10)
    assert as_admin.post(page(StockBatch, "add")).status_code == 403
    assert as_admin.post(page(StockBatch, "delete", batch.pk), {"post": "yes"}).status_code == 403


MANAGEMENT = {"movements-TOTAL_FORMS": "0", "movements-INITIAL_FORMS": "0"}


def test_a_worker_sees_the_catalogue_and_changes_nothing(as_worker):
    product = factories.ProductFactory()
    assert as_worker.get(page(type(product), "change", product.pk)).status_code == 200
    assert (
        as_worker.post(page(type(product), "change", product.pk), {"common_name": "Otra"}).status_code == 403
    )


def test_adding_a_configuration_opens_a_new_cycle_and_ends_the_running_one(as_admin):
    running = factories.StorageLocationConfigFactory()
    product = factories.ProductFactory()
    answer = as_admin.post(
        page(StorageLocationConfig, "add"),
        {
            "storage_location": running.storage_location.pk,
            "product": product.pk,
            "expected_product_state": running.expected_product_state.pk,
            "packaging": "",
            "area_cm2": "",
            "notes": "spring",
        },
    )
    running.refresh_from_db()
    assert answer.status_code == 302
    assert running.is_active is False
    assert StorageLocationConfig.objects.running().get().product == product


def test_changing_the_running_configuration_relabels_the_stock(as_admin):
    batch = stocked_batch(10)
    config = factories.StorageLocationConfigFactory(
        storage_location=batch.storage_location, product=batch.product
    )
    flowering = factories.ProductStateFactory()
    answer = as_admin.post(
        page(StorageLocationConfig, "change", config.pk),
        {"expected_product_state": flowering.pk, "packaging": "", "area_cm2": "1000", "notes": ""},
    )
    batch.refresh_from_db()
    config.refresh_from_db()
    assert answer.status_code == 302
    assert (batch.product_state, config.area_cm2) == (flowering, 1000)


def test_a_past_configuration_is_history(as_admin):
    past = factories.StorageLocationConfigFactory(is_active=False)
    assert as_admin.post(page(StorageLocationConfig, "change", past.pk), {"notes": "x"}).status_code == 403
    assert as_admin.post(page(StorageLocationConfig, "delete", past.pk), {"post": "yes"}).status_code == 403


def test_a_place_is_added_with_its_outline_and_shown_as_a_drawing(as_admin):
    area = factories.StorageAreaFactory()
    answer = as_admin.post(
        page(factories.StorageLocationFactory._meta.model, "add"),
        {
            "storage_area": area.pk,
            "code": f"{area.code}-01",
            "qr_code": "CLARO-NEW",
            "name": "Claro 1",
            "description": "",
            "is_active": "on",
            "polygon": json.dumps(square(10, 10)),
        },
    )
    location = area.locations.get()
    shown = as_admin.get(page(type(location), "change", location.pk)).content.decode()
    assert answer.status_code == 302
    assert "<polygon points=" in shown
    assert "100.0" in shown or "100,0" in shown  # m², in either language


def test_an_outline_outside_its_area_is_an_error_of_the_form(as_admin):
    location = factories.StorageLocationFactory()
    answer = as_admin.post(
        page(type(location), "change", location.pk),
        {
            "storage_area": location.storage_area.pk,
            "code": location.code,
            "qr_code": location.qr_code,
            "name": location.name,
            "polygon": json.dumps(square(900, 0)),
        },
    )
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == ["polygon"]
