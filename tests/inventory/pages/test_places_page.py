"""The lists of places: who opens them, what they say of each place, what is found, and how many queries that takes."""

import pytest

from inventory.choices import MovementType
from inventory.services.stock import record_movement
from tests.inventory.factories import (
    ProductFactory,
    StorageLocationConfigFactory,
    movement_details,
    stocked_batch,
)


def codes(page):
    return [place.code for place in page.context["found"]]


def claros_of(page):
    return {place.code: place for area in page.context["warehouse"].areas for place in area.locations}


@pytest.mark.parametrize("role", ["viewer", "worker", "supervisor", "admin"])
def test_whoever_may_read_opens_the_places(signed_in, request, nursery, role):
    client = signed_in(request.getfixturevalue(role))
    assert client.get("/places/").status_code == 200
    assert client.get(f"/places/warehouses/{nursery.n1.pk}/").status_code == 200


def test_a_viewer_who_is_not_let_in_is_refused(signed_in, stranger, nursery):
    client = signed_in(stranger)
    assert client.get("/places/").status_code == 403
    assert client.get(f"/places/warehouses/{nursery.n1.pk}/").status_code == 403


def test_an_empty_nursery_says_so(signed_in, worker):
    assert "There are no places yet." in signed_in(worker).get("/places/").text


def test_warehouses_come_as_people_count_and_add_up_their_areas(signed_in, worker, nursery, days_ago):
    batch = stocked_batch(120, storage_location=nursery.claros[0])
    record_movement(batch=batch, quantity=-20, **movement_details(movement_type=MovementType.DEATH))
    stocked_batch(30, storage_location=nursery.claros[1])

    page = signed_in(worker).get("/places/")

    n1, n10 = page.context["nursery"].warehouses
    assert (n1.code, n10.code) == ("N1", "N10")
    assert (n1.quantity, n1.location_count, n10.quantity) == (130, 3, 0)
    assert [area.quantity for area in n1.areas] == [130, 0]
    assert "130 plants · 3 claros" in page.text


def test_a_place_out_of_use_is_not_listed(signed_in, worker, nursery):
    nursery.claros[2].is_active = False
    nursery.claros[2].save()
    nursery.n10.is_active = False
    nursery.n10.save()
    client = signed_in(worker)

    assert set(claros_of(client.get(f"/places/warehouses/{nursery.n1.pk}/"))) == {"N1-N-01", "N1-N-02"}
    assert client.get(f"/places/warehouses/{nursery.n10.pk}/").status_code == 404


def test_a_photo_is_due_where_something_grows_and_the_newest_is_too_old(
    signed_in, worker, nursery, days_ago, settings
):
    settings.PHOTO_DUE_DAYS = 35
    fresh, old, unconfigured = nursery.claros
    never = nursery.add_claro(4)
    for claro in (fresh, old, never):
        StorageLocationConfigFactory(storage_location=claro)
    nursery.photograph(fresh, worker, taken_at=days_ago(34))
    nursery.photograph(old, worker, taken_at=days_ago(36))
    client = signed_in(worker)

    claros = claros_of(client.get(f"/places/warehouses/{nursery.n1.pk}/"))

    assert {code: place.is_photo_due for code, place in claros.items()} == {
        fresh.code: False,
        old.code: True,
        unconfigured.code: False,
        never.code: True,
    }
    assert claros[old.code].last_photo_at == days_ago(36)
    assert codes(client.get("/places/?show=due")) == [old.code, never.code]
    assert codes(client.get("/places/?show=unconfigured")) == [unconfigured.code]
    assert "2 photos due" in client.get("/places/").text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=n1-n-02", ["N1-N-02"]),
        ("?q=claro-n1-n-03", ["N1-N-03"]),  # what the label says
        ("?q=NAVE+cantero+n-01", ["N1-N-01"]),
        ("?q=nave+7", []),
        ("?show=stocked", ["N1-N-02"]),
        ("?show=stocked&q=claro+3", []),
    ],
)
def test_places_are_found_by_words_and_by_what_they_hold(signed_in, worker, nursery, query, expected):
    stocked_batch(30, storage_location=nursery.claros[1])

    page = signed_in(worker).get(f"/places/{query}")

    assert codes(page) == expected
    assert ("No place fits." in page.text) is (not expected)


def test_places_are_found_by_what_grows_there_now(signed_in, worker, nursery):
    first, second, _third = nursery.claros
    aloe = ProductFactory(common_name="Áloe vera", scientific_name="Aloe barbadensis", sku="ALOE-1")
    StorageLocationConfigFactory(storage_location=first, product=aloe, is_active=False)
    StorageLocationConfigFactory(storage_location=first)
    StorageLocationConfigFactory(storage_location=second, product=aloe)
    client = signed_in(worker)

    assert codes(client.get("/places/?q=aloe+vera")) == [second.code]
    assert codes(client.get("/places/?q=barbadensis+norte")) == [second.code]
    assert codes(client.get("/places/?q=aloe-1+sur")) == []
    assert codes(client.get("/places/?q=alabastro")) == [first.code]


@pytest.mark.parametrize("query", ["?show=nonsense", f"?q={'x' * 101}"])
def test_what_makes_no_sense_is_said_and_finds_nothing(signed_in, worker, nursery, query):
    page = signed_in(worker).get(f"/places/{query}")
    assert page.status_code == 200
    assert page.context["form"].errors
    assert "found" not in page.context


def test_each_page_of_what_was_found_stays_within_the_search(signed_in, worker, nursery, monkeypatch):
    monkeypatch.setattr("inventory.pages.places.PER_PAGE", 2)
    client = signed_in(worker)
    first = client.get("/places/?q=claro")
    assert codes(first) == ["N1-N-01", "N1-N-02"]
    assert 'href="?q=claro&amp;page=2"' in first.text
    assert codes(client.get("/places/?q=claro&page=2")) == ["N1-N-03"]


@pytest.mark.parametrize(
    ("path", "queries"),  # session and user among them
    [
        ("/places/", 9),
        ("/places/warehouses/{}/", 10),
        ("/places/?q=claro", 8),
        ("/places/?q=claro&show=due", 8),
    ],
)
def test_more_places_take_no_more_queries(
    signed_in, worker, nursery, django_assert_num_queries, path, queries
):
    client = signed_in(worker)
    path = path.format(nursery.n1.pk)
    for claro in nursery.claros:
        StorageLocationConfigFactory(storage_location=claro)
    with django_assert_num_queries(queries):
        client.get(path)
    for number in range(10, 16):
        claro = nursery.add_claro(number)
        StorageLocationConfigFactory(storage_location=claro)
        stocked_batch(5, storage_location=claro)
    with django_assert_num_queries(queries):
        client.get(path)
