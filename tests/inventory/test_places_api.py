"""Places over HTTP: lists, one location, search, position, map. Each answer is held against the API's description."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from demeter.accounts.models import User
from inventory.choices import MovementType
from inventory.models import StorageArea, StorageLocation, Warehouse
from inventory.services.stock import record_movement
from tests.conftest import Bearer
from tests.inventory import factories
from tests.inventory.factories import SITE, movement_details, square, stocked_batch

pytestmark = pytest.mark.django_db


class Nursery:
    """N1 with a north bed of three locations, 10 m squares 10 m apart, and a south bed with none; S1 is empty."""

    def __init__(self) -> None:
        self.n1 = factories.WarehouseFactory(code="N1", name="Nave 1")
        self.s1 = factories.WarehouseFactory(code="S1", name="Sombráculo 1", warehouse_type="shadehouse")
        self.north = factories.StorageAreaFactory(
            warehouse=self.n1, code="N1-N", name="Cantero Norte", position="N"
        )
        self.south = factories.StorageAreaFactory(warehouse=self.n1, code="N1-S", name="Cantero Sur")
        self.locations = [self.add_location(number) for number in (1, 2, 3)]

    def add_location(self, number: int) -> StorageLocation:
        return factories.StorageLocationFactory(
            storage_area=self.north,
            code=f"N1-N-{number:02d}",
            qr_code=f"CLARO-N1-N-{number:02d}",
            name=f"Claro {number}",
            polygon=square(20 * number - 10, 10),
        )


@pytest.fixture
def nursery(db: None) -> Nursery:
    return Nursery()


@pytest.fixture
def client(viewer: User, bearer: Bearer) -> APIClient:
    return bearer(viewer)


def get(client: APIClient, address: str, **query: Any) -> Any:
    """The answer of an address under /api/v1."""
    return client.get(f"/api/v1{address}", query)


def paths(nursery: Nursery) -> list[str]:
    location = nursery.locations[0].pk
    return [
        "/warehouses", f"/warehouses/{nursery.n1.pk}", f"/warehouses/{nursery.n1.pk}/areas",
        f"/areas/{nursery.north.pk}", f"/areas/{nursery.north.pk}/locations", "/locations", f"/locations/{location}",
        f"/locations/{location}/history", "/locations/search?q=claro", "/locations/lookup?lat=-33.041&lon=-68.704",
        "/map",
    ]  # fmt: skip


# ── who may read ─────────────────────────────────────────────────────────────────────────────────────
def test_those_who_may_read_read_everything_with_and_without_a_slash(nursery, viewer, worker, bearer):
    for user in (viewer, worker):
        for path in paths(nursery):
            plain, _mark, query = path.partition("?")
            for form in (plain, f"{plain}/"):
                assert bearer(user).get(f"/api/v1{form}?{query}").status_code == 200, (form, user.role)


def test_others_read_nothing(nursery, stranger, bearer):
    for path in paths(nursery):
        assert bearer(stranger).get(f"/api/v1{path}").status_code == 403, path
        refused = APIClient().get(f"/api/v1{path}")
        assert refused.status_code == 401, path
        assert refused.json()["code"] == "not_authenticated"


def test_nothing_is_written_here(nursery, admin, bearer):
    for path in paths(nursery):
        for verb in ("post", "put", "patch", "delete"):
            assert getattr(bearer(admin), verb)(f"/api/v1{path}").status_code == 405, (verb, path)


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────
def test_a_warehouse_holds_what_its_locations_hold(nursery, client):
    stocked_batch(120, storage_location=nursery.locations[0])
    stocked_batch(30, storage_location=nursery.locations[0])
    stocked_batch(7, storage_location=nursery.locations[2])
    first, second = get(client, "/warehouses").json()["results"]
    shown = ("code", "type", "quantity", "area_count", "location_count", "last_photo_at")
    assert [first[name] for name in shown] == ["N1", "greenhouse", 157, 2, 3, None]
    assert [second[name] for name in shown] == ["S1", "shadehouse", 0, 0, 0, None]
    areas = get(client, f"/warehouses/{nursery.n1.pk}/areas").json()["results"]
    assert [(area["code"], area["position"], area["quantity"], area["location_count"]) for area in areas] == [
        ("N1-N", "N", 157, 3),
        ("N1-S", None, 0, 0),
    ]
    rows = get(client, f"/areas/{nursery.north.pk}/locations").json()["results"]
    assert [(row["code"], row["quantity"]) for row in rows] == [
        ("N1-N-01", 150),
        ("N1-N-02", 0),
        ("N1-N-03", 7),
    ]
    assert rows[0]["polygon"] == nursery.locations[0].polygon
    assert rows[0]["warehouse"] == {"id": nursery.n1.pk, "code": "N1", "name": "Nave 1"}


def test_places_out_of_use_are_listed_on_request_alone_and_hold_nothing_above(nursery, client):
    stocked_batch(40, storage_location=nursery.locations[0])
    StorageLocation.objects.filter(pk=nursery.locations[0].pk).update(is_active=False)
    Warehouse.objects.filter(pk=nursery.s1.pk).update(is_active=False)
    (row,) = get(client, "/warehouses").json()["results"]
    assert (row["code"], row["quantity"], row["location_count"]) == ("N1", 0, 2)
    everything = get(client, "/warehouses", with_inactive="true").json()["results"]
    assert [(row["code"], row["is_active"]) for row in everything] == [("N1", True), ("S1", False)]
    codes = [row["code"] for row in get(client, "/locations").json()["results"]]
    assert codes == ["N1-N-02", "N1-N-03"]
    assert len(get(client, "/locations", with_inactive="true").json()["results"]) == 3
    by_key = get(client, f"/locations/{nursery.locations[0].pk}").json()
    assert (by_key["is_active"], by_key["quantity"]) == (False, 40)


def test_lists_are_narrowed_down(nursery, client):
    config = factories.StorageLocationConfigFactory(storage_location=nursery.locations[1])
    factories.StorageLocationConfigFactory(
        storage_location=nursery.locations[2], product=config.product, is_active=False
    )
    stocked_batch(5, storage_location=nursery.locations[0])

    def codes(**query: Any) -> list[str]:
        return [row["code"][-2:] for row in get(client, "/locations", **query).json()["results"]]

    assert codes(product_id=config.product.pk) == ["02"]
    assert codes(has_config="true") == ["02"]
    assert codes(has_config="false") == ["01", "03"]
    assert codes(has_stock="true") == ["01"]
    assert codes(has_stock="false") == ["02", "03"]
    assert codes(warehouse_id=nursery.s1.pk) == []
    assert codes(area_id=nursery.north.pk, has_stock="true", has_config="true") == []
    shaded = get(client, "/warehouses", type="shadehouse").json()["results"]
    assert [row["code"] for row in shaded] == ["S1"]


def test_lists_come_in_the_order_asked_for_and_no_page_repeats_a_row(nursery, client):
    stocked_batch(5, storage_location=nursery.locations[1])
    for number in range(4, 10):
        nursery.add_location(number)
    seen: list[str] = []
    for page in (1, 2, 3):
        answer = get(client, "/locations", ordering="-quantity", per_page=3, page=page).json()
        assert answer["pagination"] == {"page": page, "per_page": 3, "total_pages": 3, "total_items": 9}
        seen += [row["code"] for row in answer["results"]]
    assert seen[0] == "N1-N-02"
    assert len(set(seen)) == 9


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"ordering": "polygon"}, "ordering"),
        ({"area_id": "first"}, "area_id"),
        ({"area_id": "1.5"}, "area_id"),
        ({"product_id": "9" * 40}, "product_id"),
        ({"has_config": "true", "warehouse_id": -(2**70)}, "warehouse_id"),
    ],
)
def test_a_filter_that_makes_no_sense_is_said_so(nursery, client, query, field):
    response = get(client, "/locations", **query)
    assert response.status_code == 400
    assert response.json()["code"] == "invalid"
    assert list(response.json()["detail"]) == [field]


def test_what_is_wrong_is_said_in_the_language_of_the_reader(nursery, client):
    told = {
        language: client.get("/api/v1/locations", {"ordering": "x"}, headers={"accept-language": language})
        for language in ("es", "en")
    }
    assert "no es una de las opciones" in told["es"].json()["error"]
    assert "is not one of the available choices" in told["en"].json()["error"]


@pytest.mark.parametrize(
    "address",
    [
        "/warehouses/999999",
        "/warehouses/999999/areas",
        "/areas/999999999999999999",
        "/areas/999999/locations",
        "/locations/999999",
        "/locations/999999/history",
        "/locations?page=2",
    ],
)
def test_what_does_not_exist_is_not_found(nursery, client, address):
    response = get(client, address)
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


# ── one location ─────────────────────────────────────────────────────────────────────────────────────
def test_a_location_tells_what_stands_there_and_what_is_grown(nursery, client):
    location = nursery.locations[0]
    config = factories.StorageLocationConfigFactory(storage_location=location, notes="Riego por goteo")
    old, new = factories.ProductFactory(common_name="Aloe"), config.product
    stocked_batch(30, storage_location=location, product=old)
    batch = stocked_batch(50, storage_location=location, product=new)
    record_movement(batch=batch, quantity=12, **movement_details(movement_type=MovementType.PLANTING))
    answer = get(client, f"/locations/{location.pk}").json()
    assert [(row["product"]["name"], row["quantity"]) for row in answer["stock"]] == [
        (new.common_name, 62),
        ("Aloe", 30),
    ]
    assert answer["quantity"] == 92
    assert answer["configuration"]["packaging"]["sku"] == config.packaging.sku
    assert answer["configuration"]["notes"] == "Riego por goteo"
    assert answer["product"]["id"] == new.pk
    assert answer["last_photo"] is None
    bare = get(client, f"/locations/{nursery.locations[1].pk}").json()
    assert (bare["configuration"], bare["product"], bare["stock"], bare["quantity"]) == (None, None, [], 0)


def test_the_history_of_a_location_is_that_of_its_ledger(nursery, client, worker):
    location = nursery.locations[0]
    batch = stocked_batch(100, storage_location=location)
    for kind, quantity in ((MovementType.PLANTING, 20), (MovementType.DEATH, -5), (MovementType.SALE, -40)):
        details = movement_details(movement_type=kind, occurred_at=timezone.now(), user=worker)
        record_movement(batch=batch, quantity=quantity, **details)
    answer = get(client, f"/locations/{location.pk}/history").json()
    (period,) = answer["results"]
    shown = (
        "opened_by",
        "ended_at",
        "opening",
        "planted",
        "dead",
        "sold",
        "closing",
        "net_change",
        "image_id",
    )
    assert [period[name] for name in shown] == ["hand", None, 100, 20, 5, 40, 75, -25, None]
    assert answer["pagination"]["per_page"] == 12


# ── finding one ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CLARO-N1-N-02", ["N1-N-02"]),
        ("claro 3", ["N1-N-03"]),
        ("norte NAVE 2", ["N1-N-02"]),
        ("cántero 01", ["N1-N-01"]),
        ("n1-n-0", ["N1-N-01", "N1-N-02", "N1-N-03"]),
        ("  claro   1 ", ["N1-N-01", "N1-N-02", "N1-N-03"]),
        ("claro 100%", []),
        ("' OR 1=1", []),
    ],
)
def test_a_location_is_found_by_the_words_of_its_names_and_codes(nursery, client, text, found):
    rows = get(client, "/locations/search", q=text).json()["results"]
    assert [row["code"] for row in rows] == found


def test_the_location_whose_code_it_is_comes_first(nursery, client):
    named_alike = factories.StorageLocationFactory(storage_area=nursery.north, code="A-A-1", name="N1-N-02")
    rows = get(client, "/locations/search", q="n1-n-02").json()["results"]
    assert [row["code"] for row in rows] == ["N1-N-02", named_alike.code]


def test_a_location_out_of_use_is_not_found_by_text(nursery, client):
    StorageArea.objects.filter(pk=nursery.north.pk).update(is_active=False)
    assert get(client, "/locations/search", q="claro").json()["results"] == []


@pytest.mark.parametrize("query", [{}, {"q": "  "}, {"q": "x" * 61}])
def test_a_search_without_a_usable_text_is_refused(nursery, client, query):
    response = get(client, "/locations/search", **query)
    assert response.status_code == 400
    assert list(response.json()["detail"]) == ["q"]


def position(east_m: float, north_m: float) -> dict[str, float]:
    """A point given in metres from the test site's corner."""
    return {"lat": SITE.lat + north_m / SITE.m_per_lat, "lon": SITE.lon + east_m / SITE.m_per_lon}


def test_a_position_ranks_the_locations_around_it(nursery, client):
    # The squares lie at 10–20, 30–40 and 50–60 m east: 2, 8 and 22 m from 28 m.
    answer = get(client, "/locations/lookup", **position(28, 15), accuracy_m=4).json()
    ranked = [(row["location"]["code"], row["distance_m"]) for row in answer["candidates"]]
    assert ranked == [("N1-N-02", 2.0), ("N1-N-01", 8.0), ("N1-N-03", 22.0)]
    assert (answer["location_id"], answer["accuracy_m"]) == (nursery.locations[1].pk, 4)


def test_two_locations_within_the_error_leave_the_choice_to_a_person(nursery, client):
    answer = get(client, "/locations/lookup", **position(28, 15), accuracy_m=9).json()
    assert answer["location_id"] is None
    assert len(answer["candidates"]) == 3


def test_without_an_accuracy_the_usual_error_of_phones_is_taken(nursery, client, settings):
    settings.GPS_DEFAULT_ERROR_M = 3.0
    answer = get(client, "/locations/lookup", **position(28, 15)).json()
    assert (answer["accuracy_m"], answer["location_id"]) == (3.0, nursery.locations[1].pk)


def test_a_phone_that_errs_by_kilometres_is_answered_as_one_that_errs_by_one(nursery, client):
    answer = get(client, "/locations/lookup", **position(28, 15), accuracy_m=65_000).json()
    assert (answer["accuracy_m"], answer["location_id"]) == (1000, None)
    assert len(answer["candidates"]) == 3


def test_a_position_far_from_everything_has_no_candidates(nursery, client):
    answer = get(client, "/locations/lookup", lat=90, lon=180).json()
    assert (answer["location_id"], answer["candidates"]) == (None, [])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"lat": 1}, "lon"),
        ({"lat": "nan", "lon": 0}, "lat"),
        ({"lat": 0, "lon": "inf"}, "lon"),
        ({"lat": 91, "lon": 0}, "lat"),
        ({"lat": 0, "lon": 0, "accuracy_m": -1}, "accuracy_m"),
    ],
)
def test_a_position_that_is_none_is_refused(client, query, field):
    response = get(client, "/locations/lookup", **query)
    assert response.status_code == 400
    assert list(response.json()["detail"]) == [field]


# ── the map ──────────────────────────────────────────────────────────────────────────────────────────
def days_ago(days: float) -> Any:
    return timezone.now() - timedelta(days=days)


def test_the_map_shows_each_place_with_its_quantity_and_change(nursery, client, worker):
    plants = stocked_batch(100, storage_location=nursery.locations[0])  # counted by hand just now
    record_movement(
        batch=plants, quantity=-10, **movement_details(movement_type=MovementType.DEATH, user=worker)
    )
    old = stocked_batch(1, storage_location=nursery.locations[2])
    for quantity, days in ((60, 50), (-20, 10)):
        kind = MovementType.PLANTING if quantity > 0 else MovementType.SALE
        details = movement_details(movement_type=kind, occurred_at=days_ago(days), user=worker)
        record_movement(batch=old, quantity=quantity, **details)
    # The count by hand of today, 1, goes before what was recorded earlier: 40 stood there until then.
    answer = get(client, "/map").json()
    first, second = answer["warehouses"]
    north, south = first["areas"]
    rows = [(row["code"], row["quantity"], row["change"]) for row in north["locations"]]
    assert rows == [("N1-N-01", 90, 90), ("N1-N-02", 0, 0), ("N1-N-03", 1, 1 - 60)]
    assert (north["quantity"], north["change"], north["position"]) == (91, 31, "N")
    assert (first["quantity"], first["change"], first["type"]) == (91, 31, "greenhouse")
    assert (south["quantity"], south["locations"], south["position"]) == (0, [], None)
    assert (second["quantity"], second["areas"], second["last_photo_at"]) == (0, [], None)
    assert north["locations"][1]["polygon"] == nursery.locations[1].polygon
    longer = get(client, "/map", days=60).json()
    assert [row["change"] for row in longer["warehouses"][0]["areas"][0]["locations"]] == [90, 0, 1]


def test_a_place_out_of_use_is_not_on_the_map(nursery, client):
    stocked_batch(100, storage_location=nursery.locations[0])
    StorageLocation.objects.filter(pk=nursery.locations[0].pk).update(is_active=False)
    first, _second = get(client, "/map").json()["warehouses"]
    assert first["quantity"] == 0
    assert [row["code"] for row in first["areas"][0]["locations"]] == ["N1-N-02", "N1-N-03"]


@pytest.mark.parametrize("days", ["0", "367", "a month"])
def test_a_change_since_no_sensible_day_is_refused(client, days):
    response = get(client, "/map", days=days)
    assert response.status_code == 400
    assert list(response.json()["detail"]) == ["days"]


def test_a_map_that_has_not_changed_is_not_sent_again(nursery, client):
    first = client.get("/api/v1/map")
    assert first["Cache-Control"] == "private, no-cache"
    again = client.get("/api/v1/map", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    stocked_batch(3, storage_location=nursery.locations[0])
    changed = client.get("/api/v1/map", headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_a_compressed_map_is_recognised_again_too(nursery, client):
    packed = client.get("/api/v1/map", headers={"accept-encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.content)) == client.get("/api/v1/map").json()
    again = client.get("/api/v1/map", headers={"accept-encoding": "gzip", "if-none-match": packed["ETag"]})
    assert again.status_code == 304


# ── what it costs ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/warehouses", 4),
        ("/warehouses/{n1}/areas", 5),
        ("/areas/{north}/locations", 6),
        ("/locations", 5),
        ("/locations/{location}", 7),
        ("/locations/{location}/history", 5),
        ("/locations/search?q=claro", 5),
        ("/locations/lookup?lat=-33.041&lon=-68.704", 3),
        ("/map", 7),
    ],
)
def test_an_answer_costs_the_same_queries_however_many_places_there_are(nursery, client, address, queries):
    path = "/api/v1" + address.format(
        n1=nursery.n1.pk, north=nursery.north.pk, location=nursery.locations[0].pk
    )

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    few = cost()
    for number in range(4, 12):
        location = nursery.add_location(number)
        factories.StorageLocationConfigFactory(storage_location=location)
        stocked_batch(number, storage_location=location)
    for number in range(4):
        stocked_batch(number + 1, storage_location=nursery.locations[0])
        factories.StorageAreaFactory(warehouse=nursery.n1)
        factories.WarehouseFactory()
    assert (few <= cost(), cost()) == (True, queries)
