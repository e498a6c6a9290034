"""What a photo waits for is solved there and then, by those who may; the others are told who can."""

import json
import re

import pytest

from inventory.models import DensityParameter, StockBatch, StorageLocationConfig
from photos.choices import BookingState, CountWarning, TakenAtSource
from photos.models import ProcessingSession
from tests.inventory.factories import (
    DensityParameterFactory,
    ProductFactory,
    ProductStateFactory,
    StorageBinTypeFactory,
    StorageLocationConfigFactory,
    StorageLocationFactory,
)

DIALOG = {"HX-Request": "true"}


def fix_address(session) -> str:
    return f"/photos/{session.image_id}/fix/"


def stock_at(place) -> int:
    return sum(StockBatch.objects.at_location(place).values_list("quantity_current", flat=True))


def decided(response) -> dict:
    assert response.status_code == 204
    return json.loads(response.headers["HX-Trigger"])["decided"]


# Where it was taken


def test_a_missing_place_is_named_from_the_dialog_and_the_count_booked(
    signed_in, worker, make_photo, count, place
):
    session = count(make_photo())
    client = signed_in(worker)
    page = client.get(fix_address(session), {"q": place.code}, headers=DIALOG)
    assert "<html" not in page.text
    assert list(page.context["found_places"]) == [place]

    address = f"/photos/{session.image_id}/place/"
    question = client.get(address, {"storage_location_id": place.pk}, headers=DIALOG)
    assert "0 → 3" in question.text
    answer = client.post(address, {"storage_location_id": place.pk}, headers=DIALOG)

    assert decided(answer) == {"photo": str(session.image_id), "text": f"The stock is booked at {place}."}
    session.refresh_from_db()
    assert (session.booking_state, stock_at(place)) == (BookingState.BOOKED, 3)
    assert ProcessingSession.objects.count() == 1  # nothing was counted again


def test_without_scripts_the_dialog_is_a_page_that_leads_back(signed_in, worker, make_photo, count, place):
    session = count(make_photo())
    client = signed_in(worker)

    page = client.get(fix_address(session), {"next": "/jobs/"})
    assert "<html" in page.text
    assert 'name="next" value="/jobs/"' in page.text
    response = client.post(
        f"/photos/{session.image_id}/place/", {"storage_location_id": place.pk, "next": "/jobs/"}
    )

    assert response.url == "/jobs/"


@pytest.mark.parametrize(
    "address", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"]
)
def test_nobody_is_led_to_another_host(signed_in, worker, make_photo, count, place, address):
    session = count(make_photo())
    given = {"storage_location_id": place.pk, "next": address}

    response = signed_in(worker).post(f"/photos/{session.image_id}/place/", given)

    assert response.url == f"/photos/{session.image_id}/"


def test_a_refusal_is_told_in_the_dialog(signed_in, worker, make_photo, count):
    session = count(make_photo())

    page = signed_in(worker).post(f"/photos/{session.image_id}/place/", {}, headers=DIALOG)

    assert "Choose one of the places." in page.text
    assert "<html" not in page.text


def test_a_refusal_opens_the_dialog_from_a_button_whose_answer_is_shown_nowhere(
    signed_in, worker, make_photo, count, place
):
    address = f"/photos/{count(make_photo(), place).image_id}/count-again/"
    client = signed_in(worker)
    assert client.post(address, headers=DIALOG).status_code == 204

    page = client.post(address, headers=DIALOG)

    assert "This photo is being counted already." in page.text
    assert (page.headers["HX-Retarget"], page.headers["HX-Reswap"]) == ("[data-dialog-body]", "innerHTML")


def test_a_search_that_finds_nothing_says_so(signed_in, worker, make_photo, count):
    page = signed_in(worker).get(fix_address(count(make_photo())), {"q": "nowhere"})

    assert "No place in use fits “nowhere”." in page.text


# What grows there


@pytest.fixture
def bare(make_photo, count):
    """A count at a place for which nothing is configured."""
    return count(make_photo(), StorageLocationFactory())


@pytest.fixture
def details(db):
    return {
        "product": ProductFactory().pk,
        "expected_product_state": ProductStateFactory().pk,
        "packaging": "",
    }


def test_an_administrator_says_what_grows_and_the_count_is_booked(signed_in, admin, bare, details):
    client, address = signed_in(admin), f"/photos/{bare.image_id}/configuration/"
    assert "What grows at" in client.get(fix_address(bare)).text

    assert "0 → 3" in client.get(address, details, headers=DIALOG).text
    assert not StorageLocationConfig.objects.filter(storage_location=bare.storage_location).exists()
    answer = client.post(address, details, headers=DIALOG)

    assert decided(answer)["text"] == f"The stock is booked at {bare.storage_location}."
    bare.refresh_from_db()
    assert (bare.booking_state, bare.product_id) == (BookingState.BOOKED, details["product"])
    assert ProcessingSession.objects.count() == 1


def test_the_form_proposes_what_the_bed_grows(signed_in, admin, bare):
    usual = StorageLocationConfigFactory(storage_location__storage_area=bare.storage_location.storage_area)

    page = signed_in(admin).get(fix_address(bare))

    assert page.context["configuration_form"].initial["product"] == usual.product_id


@pytest.mark.parametrize("role", ["worker", "supervisor"])
def test_who_may_not_configure_is_told_who_can(signed_in, request, admin, bare, details, role):
    client = signed_in(request.getfixturevalue(role))

    page = client.get(fix_address(bare))

    assert f"Who can help (Administrator): {admin.name}." in page.text
    assert "configuration_form" not in page.context
    assert client.post(f"/photos/{bare.image_id}/configuration/", details).status_code == 403
    assert not StorageLocationConfig.objects.filter(storage_location=bare.storage_location).exists()


def test_a_place_that_somebody_has_configured_meanwhile_is_not_configured_again(
    signed_in, admin, bare, details
):
    config = StorageLocationConfigFactory(storage_location=bare.storage_location)

    page = signed_in(admin).post(f"/photos/{bare.image_id}/configuration/", details, headers=DIALOG)

    assert f"configured for {config.product} already" in page.text
    assert bare.storage_location.configs.get() == config


def test_a_configuration_without_a_product_is_refused(signed_in, admin, bare, details):
    page = signed_in(admin).get(
        f"/photos/{bare.image_id}/configuration/", {**details, "product": ""}, headers=DIALOG
    )

    assert "Product: This field is required." in page.text


# How densely it stands


def test_an_administrator_enters_the_density_and_the_warning_goes(signed_in, admin, make_photo, count, place):
    session = count(make_photo(), place)
    assert CountWarning.NEEDS_CALIBRATION in session.warnings
    client, address = signed_in(admin), f"/photos/{session.image_id}/density/"
    given = {"storage_bin_type": StorageBinTypeFactory().pk, "avg_diameter_cm": "8", "plants_per_m2": "120"}
    assert client.get(fix_address(session)).context["density_form"].initial["avg_diameter_cm"] == 8

    client.get(address, given, headers=DIALOG)
    assert not DensityParameter.objects.exists()
    assert decided(client.post(address, given, headers=DIALOG))

    density = DensityParameter.objects.get()
    assert (density.product, density.plants_per_m2) == (session.product, 120)
    assert density.avg_area_per_plant_cm2 == pytest.approx(50.27, abs=0.01)
    session.refresh_from_db()
    assert CountWarning.NEEDS_CALIBRATION not in session.warnings
    assert session.booking_state == BookingState.BOOKED


def test_what_was_said_of_a_density_before_is_replaced(signed_in, admin, make_photo, count, place):
    session = count(make_photo(), place)
    earlier = DensityParameterFactory(product=session.product, packaging=session.packaging)
    given = {"storage_bin_type": earlier.storage_bin_type_id, "avg_diameter_cm": "9", "plants_per_m2": "99"}

    signed_in(admin).post(f"/photos/{session.image_id}/density/", given)

    assert [row.plants_per_m2 for row in DensityParameter.objects.all()] == [99]


def test_a_supervisor_calibrates_by_validating_and_a_worker_is_told_who_can(
    signed_in, worker, supervisor, make_photo, count, place
):
    session = count(make_photo(), place)

    assert (
        f'action="/photos/{session.image_id}/validate/"'
        in signed_in(supervisor).get(fix_address(session)).text
    )
    page = signed_in(worker).get(fix_address(session))
    assert f'action="/photos/{session.image_id}/validate/"' not in page.text
    assert f"Who can help (Supervisor): {supervisor.name}." in page.text
    assert signed_in(supervisor).post(f"/photos/{session.image_id}/density/", {}).status_code == 403


# In a dialog over a page that holds the same answers


@pytest.fixture
def nowhere(make_photo, count):
    return count(make_photo())


@pytest.fixture
def undated(make_photo, count, place, hours_ago):
    """A photo without a date at a place of a dated one, of plants of which no density is known."""
    count(make_photo(taken_at=hours_ago(5)), place)
    return count(make_photo(taken_at_source=TakenAtSource.RECEIVED), place)


@pytest.mark.parametrize("asked", ["nowhere", "bare", "undated"])
def test_the_dialog_has_no_id_of_the_inbox_below_it(signed_in, admin, request, asked):
    session = request.getfixturevalue(asked)
    client = signed_in(admin)

    inbox = client.get("/inbox/", {"item": str(session.image_id)})
    dialog = client.get(fix_address(session), headers=DIALOG)

    below, above = (set(re.findall(r'\bid="([^"]+)"', page.text)) for page in (inbox, dialog))
    assert above
    assert not below & above
    labelled = set(re.findall(r'\bfor="([^"]+)"', dialog.text))
    assert labelled <= above


# Who may


def test_a_photo_of_somebody_else_is_not_to_be_found(signed_in, other_worker, bare):
    assert signed_in(other_worker).get(fix_address(bare)).status_code == 404


def test_a_viewer_reads_what_is_missing_and_who_can_help(signed_in, viewer, supervisor, make_photo, count):
    page = signed_in(viewer).get(fix_address(count(make_photo())))

    assert "The place is not known" in page.text
    assert f"Who can help (Supervisor): {supervisor.name}." in page.text
    assert "<form" not in page.text.split('id="content"')[1].split("</main>")[0]


def test_a_failed_count_is_begun_again_from_there(signed_in, worker, make_photo, count, place):
    session = count(make_photo(), place)
    ProcessingSession.objects.filter(pk=session.pk).update(
        status="failed", error_code="internal_error", error_message="x", booking_state="open"
    )

    page = signed_in(worker).get(fix_address(session))

    assert "Something went wrong on our side." in page.text
    assert f'action="/photos/{session.image_id}/count-again/"' in page.text
