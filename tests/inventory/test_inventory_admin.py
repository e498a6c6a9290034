"""The inventory's admin pages: they list without a query a row, and let nobody rewrite the ledger."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inventory.choices import MovementType
from inventory.models import ManualCount, StockBatch, StockMovement, StorageBin, StorageLocationConfig
from inventory.services.configs import count_by_hand
from inventory.services.place_stock import stock_by_product
from inventory.services.stock import create_batch, held, record_movement
from tests.inventory import factories
from tests.inventory.factories import square, stocked_batch

pytestmark = pytest.mark.django_db

MODELS = list(apps.get_app_config("inventory").get_models())


def stock_at(location) -> dict:
    return {row.product: row.quantity for row in stock_by_product(location)}


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
def as_supervisor(client):
    client.force_login(factories.UserFactory(role="supervisor"))
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


def test_what_came_has_a_plus_and_what_left_a_minus(as_admin):
    batch = stocked_batch(120)
    record_movement(batch=batch, quantity=-30, **factories.movement_details(movement_type=MovementType.DEATH))

    ledger = as_admin.get(page(StockMovement, "changelist")).text
    lines = as_admin.get(page(StockBatch, "change", batch.pk)).text

    assert all("+120" in text and "-30" in text for text in (ledger, lines))


def test_a_batch_cannot_be_added_or_deleted_and_its_quantity_not_typed_in(as_admin):
    batch = stocked_batch(10)
    as_admin.post(
        page(StockBatch, "change", batch.pk), {"notes": "ripe", "quantity_current": 99, **MANAGEMENT}
    )
    batch.refresh_from_db()
    assert (batch.notes, batch.quantity_current) == ("ripe", 10)
    assert as_admin.post(page(StockBatch, "add")).status_code == 403
    assert as_admin.post(page(StockBatch, "delete", batch.pk), {"post": "yes"}).status_code == 403


def written_before(table, write):
    """Calls `write` once, just before the first update of a table, as somebody else who commits in between would."""
    pending = [write]

    def wrapper(execute, sql, params, many, context):
        if pending and sql.startswith(f'UPDATE "{table}"'):
            pending.pop()()
        return execute(sql, params, many, context)

    return connection.execute_wrapper(wrapper)


def test_what_is_booked_while_the_notes_of_a_batch_are_saved_stays(as_admin):
    batch = stocked_batch(480)

    def book():
        details = factories.movement_details(movement_type=MovementType.PLANTING)
        record_movement(batch=batch, quantity=20, **details)

    with written_before("stock_batches", book):
        as_admin.post(page(StockBatch, "change", batch.pk), {"notes": "ripe", **MANAGEMENT})

    batch.refresh_from_db()
    assert (batch.notes, batch.quantity_current) == ("ripe", 500)
    assert not StockBatch.objects.out_of_balance().exists()


def test_the_date_of_a_last_photo_stays_while_its_place_is_renamed(as_admin):
    location = factories.StorageLocationFactory()
    moment = timezone.now()

    def date_photo():
        type(location).objects.filter(pk=location.pk).update(last_photo_at=moment)

    form = {
        "storage_area": location.storage_area.pk,
        "code": location.code,
        "qr_code": location.qr_code,
        "name": "Claro nuevo",
        "description": "",
        "is_active": "on",
        "polygon": json.dumps(square(20, 20)),
    }
    with written_before("storage_locations", date_photo):
        assert as_admin.post(page(type(location), "change", location.pk), form).status_code == 302

    outline = location.polygon
    location.refresh_from_db()
    assert (location.name, location.last_photo_at) == ("Claro nuevo", moment)
    assert location.polygon != outline
    assert location.area_m2 == pytest.approx(100, abs=0.1)
    assert location.bbox_min_lon == location.polygon["coordinates"][0][0][0]


MANAGEMENT = {"movements-TOTAL_FORMS": "0", "movements-INITIAL_FORMS": "0"}


def test_a_supervisor_sees_the_catalogue_and_changes_nothing(as_supervisor):
    product = factories.ProductFactory()
    assert as_supervisor.get(page(type(product), "change", product.pk)).status_code == 200
    assert (
        as_supervisor.post(page(type(product), "change", product.pk), {"common_name": "Otra"}).status_code
        == 403
    )


def cycle_form(running, product, **answers):
    return {
        "storage_location": running.storage_location.pk,
        "product": product.pk,
        "expected_product_state": running.expected_product_state.pk,
        "packaging": "",
        "area_cm2": "",
        "notes": "spring",
        **answers,
    }


def sent_again(answer, button, value="yes"):
    """What the page in between sends when a button of it is pressed."""
    return {**dict(answer.context["sent"]), button: value}


def test_adding_a_configuration_opens_a_new_cycle_and_ends_the_running_one(as_admin):
    running = factories.StorageLocationConfigFactory()
    product = factories.ProductFactory()
    address = page(StorageLocationConfig, "add")

    preview = as_admin.post(address, cycle_form(running, product))
    running.refresh_from_db()
    assert preview.context["preview"].changes == []
    assert running.is_active is True

    answer = as_admin.post(address, sent_again(preview, "confirmed"))
    running.refresh_from_db()
    assert answer.status_code == 302
    assert running.is_active is False
    opened = StorageLocationConfig.objects.running().get()
    assert (opened.product, opened.notes) == (product, "spring")


@pytest.fixture
def planted():
    """A running configuration whose place holds 10 of its product."""
    batch = stocked_batch(10)
    return factories.StorageLocationConfigFactory(
        storage_location=batch.storage_location,
        product=batch.product,
        started_at=timezone.now() - timedelta(days=9),
    )


def test_opening_a_cycle_asks_what_became_of_the_old_product(as_admin, planted):
    question = as_admin.post(
        page(StorageLocationConfig, "add"), cycle_form(planted, factories.ProductFactory())
    )

    assert list(question.context["form"].fields) == [f"left_{planted.product.pk}"]
    assert "preview" not in question.context
    assert StorageLocationConfig.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "button", "left"),
    [("", ("gone", "yes"), 0), ("4", ("asked", "left"), 4), ("4", ("gone", "yes"), 0)],
    ids=["all gone", "some left", "the button decides"],
)
def test_the_answer_is_previewed_and_then_counted_by_hand_in_the_name_of_who_gave_it(
    as_admin, planted, given, button, left
):
    address = page(StorageLocationConfig, "add")
    form = cycle_form(planted, factories.ProductFactory())

    preview = as_admin.post(address, {**form, f"left_{planted.product.pk}": given, button[0]: button[1]})
    assert [(c.product, c.before, c.after) for c in preview.context["preview"].changes] == [
        (planted.product, 10, left)
    ]
    assert not ManualCount.objects.exists()

    assert as_admin.post(address, sent_again(preview, "confirmed")).status_code == 302
    count = ManualCount.objects.get()
    assert (count.product, count.quantity, count.user.role) == (planted.product, left, "admin")
    assert stock_at(planted.storage_location).get(planted.product, 0) == left


def test_who_does_not_know_yet_leaves_the_stock_and_is_told_that_photos_will_wait(as_admin, planted):
    address = page(StorageLocationConfig, "add")
    form = {**cycle_form(planted, factories.ProductFactory()), f"left_{planted.product.pk}": "4"}

    preview = as_admin.post(address, {**form, "asked": "unknown"}, headers={"accept-language": "en"})
    assert "new photos of this place wait for that answer" in preview.text
    as_admin.post(address, sent_again(preview, "confirmed"))

    assert not ManualCount.objects.exists()
    assert stock_at(planted.storage_location) == {planted.product: 10}
    assert StorageLocationConfig.objects.count() == 2


def begun(moment):
    """The two fields of when a cycle began."""
    local = timezone.localtime(moment)
    return {"started_at_0": local.strftime("%Y-%m-%d"), "started_at_1": local.strftime("%H:%M:%S")}


def test_a_cycle_that_began_days_ago_counts_what_was_left_then(as_admin, planted):
    location, former = planted.storage_location, planted.product
    replanted_at = (timezone.now() - timedelta(days=2)).replace(microsecond=0)
    batch = stocked_batch_before(replanted_at, location, former)
    address = page(StorageLocationConfig, "add")
    form = {**cycle_form(planted, factories.ProductFactory()), **begun(replanted_at)}

    question = as_admin.post(address, form)
    [field] = question.context["form"].fields.values()
    assert "30" in field.help_text  # what the books held then
    preview = as_admin.post(address, {**form, f"left_{former.pk}": "4", "asked": "left"})
    assert as_admin.post(address, sent_again(preview, "confirmed")).status_code == 302

    planted.refresh_from_db()
    opened = StorageLocationConfig.objects.running().get(storage_location=location)
    assert (planted.ended_at, opened.started_at) == (replanted_at, replanted_at)
    assert ManualCount.objects.get().counted_at == replanted_at
    assert held(location, former, replanted_at) == 4
    assert not StockBatch.objects.filter(pk=batch.pk).out_of_balance().exists()


def stocked_batch_before(moment, location, product):
    """30 more plants that came three days before a moment."""
    batch = create_batch(
        on=moment.date(),
        storage_location=location,
        product=product,
        product_state=factories.ProductStateFactory(),
    )
    details = factories.movement_details(
        movement_type=MovementType.PLANTING, occurred_at=moment - timedelta(days=3)
    )
    return record_movement(batch=batch, quantity=30, **details).batch


@pytest.mark.parametrize("days", [-1, 9, 30], ids=["in the future", "with the running one", "before it"])
def test_a_cycle_begins_after_the_running_one_and_not_in_the_future(as_admin, planted, days):
    moment = planted.started_at + timedelta(days=9 - days)
    form = {**cycle_form(planted, factories.ProductFactory()), **begun(moment)}

    answer = as_admin.post(page(StorageLocationConfig, "add"), form)

    assert list(answer.context["adminform"].form.errors) == ["started_at"]
    assert StorageLocationConfig.objects.count() == 1


@pytest.mark.parametrize("given", ["", "-1", "many"])
def test_an_answer_that_is_no_number_is_asked_again(as_admin, planted, given):
    form = {**cycle_form(planted, factories.ProductFactory()), f"left_{planted.product.pk}": given}

    question = as_admin.post(page(StorageLocationConfig, "add"), {**form, "asked": "left"})

    assert "preview" not in question.context
    assert StorageLocationConfig.objects.count() == 1


def correction_form(config, **changes):
    return {
        "product": config.product.pk,
        "expected_product_state": config.expected_product_state.pk,
        "packaging": "",
        "area_cm2": "1000",
        "notes": "",
        **changes,
    }


def test_correcting_the_running_configuration_relabels_the_stock(as_admin, planted):
    flowering = factories.ProductStateFactory()
    address = page(StorageLocationConfig, "change", planted.pk)

    preview = as_admin.post(address, correction_form(planted, expected_product_state=flowering.pk))
    answer = as_admin.post(address, sent_again(preview, "confirmed"))

    batch = StockBatch.objects.get()
    planted.refresh_from_db()
    assert answer.status_code == 302
    assert (batch.product_state, planted.area_cm2) == (flowering, 1000)


def test_correcting_the_product_is_previewed_and_carries_the_stock_along(as_admin, planted):
    former, right = planted.product, factories.ProductFactory()
    address = page(StorageLocationConfig, "change", planted.pk)

    preview = as_admin.post(address, correction_form(planted, product=right.pk))
    assert {(c.product, c.before, c.after) for c in preview.context["preview"].changes} == {
        (former, 10, 0),
        (right, 0, 10),
    }
    assert stock_at(planted.storage_location) == {former: 10}

    as_admin.post(address, sent_again(preview, "confirmed"))
    planted.refresh_from_db()
    assert planted.product == right
    assert stock_at(planted.storage_location) == {right: 10}


def test_a_form_with_a_mistake_is_shown_again_before_any_question(as_admin, planted):
    form = cycle_form(planted, factories.ProductFactory(), expected_product_state="")

    answer = as_admin.post(page(StorageLocationConfig, "add"), form)

    assert list(answer.context["adminform"].form.errors) == ["expected_product_state"]


def test_nobody_below_an_administrator_gets_the_page_in_between(as_supervisor, planted):
    form = cycle_form(planted, factories.ProductFactory())

    assert as_supervisor.post(page(StorageLocationConfig, "add"), form).status_code == 403


def test_a_place_shows_what_its_books_hold_and_warns_of_what_it_is_not_configured_for(as_admin, planted):
    address = page(type(planted.storage_location), "change", planted.storage_location.pk)
    warning = "The place is not configured for this product."
    before = as_admin.get(address, headers={"accept-language": "en"}).text
    assert f"{planted.product}: <strong>10</strong>" in before
    assert warning not in before

    StorageLocationConfig.objects.update(product=factories.ProductFactory())

    assert warning in as_admin.get(address, headers={"accept-language": "en"}).text


@pytest.mark.parametrize(
    ("field", "make"),
    [("product", factories.ProductFactory), ("packaging", factories.PackagingCatalogFactory)],
)
def test_what_is_switched_off_is_not_offered_to_configure_and_stays_in_its_list(as_admin, field, make):
    used, switched_off = make(), make(is_active=False)
    asked = {"app_label": "inventory", "model_name": "storagelocationconfig", "field_name": field, "term": ""}

    offered = as_admin.get(reverse("admin:autocomplete"), asked).json()["results"]
    listed = as_admin.get(page(type(used), "changelist")).text

    assert [row["id"] for row in offered] == [str(used.pk)]
    assert page(type(used), "change", switched_off.pk) in listed


def test_a_switched_off_product_is_refused_in_the_preview(as_admin, planted):
    switched_off = factories.ProductFactory(is_active=False)
    address = page(StorageLocationConfig, "change", planted.pk)

    refused = as_admin.post(
        address, correction_form(planted, product=switched_off.pk), headers={"accept-language": "en"}
    )

    assert f"{switched_off} is switched off." in refused.context["refusal"]
    assert "preview" not in refused.context


def test_a_past_configuration_is_history(as_admin):
    past = factories.StorageLocationConfigFactory(is_active=False)
    assert as_admin.post(page(StorageLocationConfig, "change", past.pk), {"notes": "x"}).status_code == 403
    assert as_admin.post(page(StorageLocationConfig, "delete", past.pk), {"post": "yes"}).status_code == 403


def test_a_place_is_added_with_its_outline_and_shown_as_a_drawing_to_who_may_not_change_it(as_admin):
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
    own_page = page(type(location), "change", location.pk)
    edited = as_admin.get(own_page).text
    as_admin.force_login(factories.UserFactory(role="supervisor"))
    shown = as_admin.get(own_page).text
    assert answer.status_code == 302
    assert "data-outline-editor" in edited
    assert "<polygon points=" in shown
    assert "data-outline-editor" not in shown
    assert "coordinates" not in shown
    assert "100.0" in shown or "100,0" in shown  # m², in either language


@pytest.mark.parametrize("level", ["location", "area", "warehouse"])
def test_switching_off_a_place_that_holds_plants_is_told(as_admin, level):
    location = stocked_batch(500).storage_location
    area = location.storage_area
    place = {"location": location, "area": area, "warehouse": area.warehouse}[level]
    names = (
        "storage_area",
        "warehouse",
        "warehouse_type",
        "code",
        "qr_code",
        "name",
        "description",
        "position",
    )
    form = {
        name: getattr(value, "pk", value)
        for name in names
        if (value := getattr(place, name, None)) is not None
    }
    form["polygon"] = json.dumps(place.polygon)
    address = page(type(place), "change", place.pk)

    def messages_of(form):
        answer = as_admin.post(address, form, follow=True, headers={"accept-language": "en"})
        assert answer.redirect_chain
        return [str(message) for message in answer.context["messages"]]

    told = f"{place} is switched off and still holds plants: 500. No page counts them."
    assert told in messages_of(form)
    assert told not in messages_of({**form, "is_active": "on"})


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


def test_the_page_of_a_place_leads_to_its_configuration_and_comes_back(as_admin, planted):
    own_page = page(type(planted.storage_location), "change", planted.storage_location.pk)
    correct = f"{page(StorageLocationConfig, 'change', planted.pk)}?from=place"
    shown = as_admin.get(own_page).text
    assert f'href="{correct}"' in shown
    assert f"add/?storage_location={planted.storage_location.pk}&amp;from=place" in shown

    preview = as_admin.post(correct, correction_form(planted, notes="checked"))
    assert as_admin.post(correct, sent_again(preview, "confirmed")).url == own_page


def test_a_container_is_neither_moved_nor_retyped_once_plants_stood_in_it(as_admin):
    batch = stocked_batch(10)
    used, unused = batch.current_storage_bin, factories.StorageBinFactory()
    record_movement(batch=batch, quantity=-10, **factories.movement_details(movement_type=MovementType.SALE))
    elsewhere, other_type = factories.StorageLocationFactory(), factories.StorageBinTypeFactory()

    for container in (used, unused):
        form = {
            "storage_location": elsewhere.pk,
            "storage_bin_type": other_type.pk,
            "code": f"{elsewhere.code}-BX",
            "label": "by the door",
            "description": "",
            "status": container.status,
        }
        assert as_admin.post(page(StorageBin, "change", container.pk), form).status_code == 302

    kept, moved = StorageBin.objects.get(pk=used.pk), StorageBin.objects.get(pk=unused.pk)
    assert (kept.storage_location, kept.storage_bin_type, kept.code, kept.label) == (
        used.storage_location,
        used.storage_bin_type,
        used.code,
        "by the door",
    )
    assert (moved.storage_location, moved.storage_bin_type) == (elsewhere, other_type)


def test_who_may_not_configure_reads_what_grows_in_a_place_and_finds_no_way_to_change_it(
    as_supervisor, planted
):
    shown = as_supervisor.get(
        page(type(planted.storage_location), "change", planted.storage_location.pk)
    ).text

    assert str(planted.product) in shown
    assert "from=place" not in shown


def test_an_outline_is_drawn_over_its_area_and_the_places_beside_it(as_admin):
    location = factories.StorageLocationFactory()
    beside = factories.StorageLocationFactory(storage_area=location.storage_area)
    elsewhere = factories.StorageLocationFactory()

    form = as_admin.get(page(type(location), "change", location.pk)).context["adminform"].form
    around = [place["label"] for place in form.fields["polygon"].widget._around]

    assert around == [str(location.storage_area), str(beside)]
    assert str(elsewhere) not in around
