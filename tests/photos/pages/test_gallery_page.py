"""The gallery: whose photos, which filters, how many queries."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from photos.models import Image
from tests.inventory.factories import StorageLocationConfigFactory


def names(page):
    return {card.image.original_filename for card in page.context["cards"]}


def test_a_worker_sees_his_own_photos_a_supervisor_and_a_viewer_all(
    signed_in, worker, other_worker, supervisor, viewer, make_photo
):
    mine, others = make_photo().original_filename, make_photo(owner=other_worker).original_filename

    assert names(signed_in(worker).get("/photos/")) == {mine}
    assert names(signed_in(supervisor).get("/photos/")) == {mine, others}
    assert names(signed_in(viewer).get("/photos/")) == {mine, others}


def test_a_viewer_who_is_not_let_in_is_refused(signed_in, stranger):
    assert signed_in(stranger).get("/photos/").status_code == 403


def test_trashed_photos_and_mere_analyses_are_not_shown(signed_in, supervisor, make_photo):
    make_photo(deleted_at=timezone.now())
    make_photo(with_inventory=False)

    page = signed_in(supervisor).get("/photos/")

    assert names(page) == set()
    assert "There are no photos yet." in page.text


@pytest.fixture
def three(make_photo, count, place):
    """A booked photo, one that waits for its place, and one that could not be read."""
    booked, waits = make_photo(original_filename="booked.jpg"), make_photo(original_filename="waits.jpg")
    count(booked, place)
    count(waits)
    make_photo(original_filename="broken.jpg", status="failed", error_details="unreadable_image: broken")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("all", {"booked.jpg", "waits.jpg", "broken.jpg"}),
        ("success", {"booked.jpg"}),
        ("errors", {"waits.jpg", "broken.jpg"}),
        ("warnings", {"booked.jpg", "waits.jpg"}),
        ("waiting", {"waits.jpg"}),
        ("broken", {"broken.jpg"}),
        ("needs_location", {"waits.jpg"}),
        ("needs_config", set()),
        ("nonsense", {"booked.jpg", "waits.jpg", "broken.jpg"}),
    ],
)
def test_photos_are_filtered_by_status(signed_in, supervisor, three, status, expected):
    assert names(signed_in(supervisor).get("/photos/", {"status": status})) == expected


def test_photos_are_filtered_by_the_place_of_their_newest_count(signed_in, supervisor, three, place):
    client = signed_in(supervisor)

    assert names(client.get("/photos/", {"location_id": place.pk})) == {"booked.jpg"}
    assert names(client.get("/photos/", {"warehouse_id": place.storage_area.warehouse_id})) == {"booked.jpg"}


def test_photos_are_filtered_by_name(signed_in, supervisor, three):
    assert names(signed_in(supervisor).get("/photos/", {"search": "BROK"})) == {"broken.jpg"}


def test_the_last_day_of_a_range_is_included(signed_in, supervisor, three):
    today = timezone.localdate()
    Image.objects.filter(original_filename="broken.jpg").update(
        uploaded_at=timezone.now() - timedelta(days=3)
    )
    client = signed_in(supervisor)

    assert names(client.get("/photos/", {"date_from": today, "date_to": today})) == {
        "booked.jpg",
        "waits.jpg",
    }
    assert names(client.get("/photos/", {"date_to": today - timedelta(days=1)})) == {"broken.jpg"}


def test_photos_of_several_warehouses_and_of_one_uploader(
    signed_in, supervisor, worker, other_worker, make_photo, count, place
):
    elsewhere = StorageLocationConfigFactory().storage_location
    for photo, location in (
        (make_photo(), place),
        (make_photo(owner=other_worker), elsewhere),
        (make_photo(), None),
    ):
        count(photo, location)
    first, second = (location.storage_area.warehouse_id for location in (place, elsewhere))
    client = signed_in(supervisor)

    assert len(names(client.get(f"/photos/?warehouse_id={first}&warehouse_id={second}"))) == 2
    assert names(client.get(f"/photos/?warehouse_id={first},{second}")) == names(
        client.get(f"/photos/?warehouse_id={first}&warehouse_id={second}")
    )
    assert len(names(client.get("/photos/", {"uploaded_by": other_worker.pk}))) == 1
    assert 'name="uploaded_by"' not in signed_in(worker).get("/photos/").text


def test_chips_keep_the_other_filters(signed_in, supervisor, three):
    page = signed_in(supervisor).get("/photos/", {"search": "s", "status": "waiting"})
    urls = {str(chip.label): chip.url for chip in page.context["chips"]}

    assert urls["All"] == "/photos/?search=s"
    assert urls["Failed"] == "/photos/?search=s&status=broken"
    assert [str(chip.label) for chip in page.context["chips"] if chip.is_current] == ["Waits for you"]
    assert urls["Last 7 days"].startswith("/photos/?search=s&status=waiting&date_from=")


@pytest.mark.parametrize(
    ("role", "text"),
    [
        ("viewer", "Waits for a person"),
        ("worker", "Waits for you"),
        ("supervisor", "Waits for you"),
    ],
)
def test_a_photo_waits_for_its_reader_only_where_he_can_answer(
    signed_in, request, role, text, make_photo, count
):
    session = count(make_photo())
    client = signed_in(request.getfixturevalue(role))
    gallery, photo = client.get("/photos/"), client.get(f"/photos/{session.image_id}/")

    [chip] = [chip for chip in gallery.context["chips"] if chip.url == "/photos/?status=waiting"]
    assert str(chip.label) == text
    assert f'<span class="badge badge-waiting">{text}</span>' in gallery.text
    assert f'<span class="badge badge-waiting">{text}</span>' in photo.text


def test_pages_follow_one_another_and_keep_the_filters(signed_in, supervisor, make_photo, settings):
    settings.GALLERY_PER_PAGE = 4
    for number in range(6):
        make_photo(original_filename=f"bed_{number}.jpg")
    client = signed_in(supervisor)

    first = client.get("/photos/", {"search": "bed"})
    second = client.get("/photos/", {"search": "bed", "page": 2})
    more = client.get("/photos/", {"search": "bed", "page": 2}, headers={"hx-request": "true"})

    assert len(names(first)) == 4
    assert len(names(second)) == 2
    assert names(first).isdisjoint(names(second))
    assert 'href="?search=bed&amp;page=2"' in first.text
    assert 'href="?search=bed&amp;page=1"' in second.text
    assert names(more) == names(second)
    assert "<html" not in more.text


def test_scrolling_on_repeats_no_photo_when_others_are_uploaded_meanwhile(
    signed_in, supervisor, make_photo, settings
):
    settings.GALLERY_PER_PAGE = 4
    for number in range(10):
        make_photo(original_filename=f"bed_{number}.jpg")
    client = signed_in(supervisor)
    pages = [client.get("/photos/", {"search": "bed"})]
    for number in range(10, 13):
        make_photo(original_filename=f"bed_{number}.jpg")

    for _ in range(2):
        [more] = re.findall(r'class="gallery-more" hx-get="([^"]+)"', pages[-1].text)
        pages.append(client.get(f"/photos/{unescape(more)}", headers={"hx-request": "true"}))

    shown = [card.image.original_filename for page in pages for card in page.context["cards"]]
    assert shown == [f"bed_{number}.jpg" for number in reversed(range(10))]
    assert "gallery-more" not in pages[-1].text
    assert re.findall(r'data-page="(\d)"', "".join(page.text for page in pages[:2])) == ["1", "2", "3"]


@pytest.mark.parametrize("after", ["", "nonsense", "c35717d5-2758-489a-9c82-9f247c1e0d46"])
def test_scrolling_on_after_no_known_photo_goes_by_the_number_of_the_page(
    signed_in, supervisor, make_photo, settings, after
):
    settings.GALLERY_PER_PAGE = 2
    photos = [make_photo() for _ in range(3)]
    given = {"page": 2, "after": after}

    more = signed_in(supervisor).get("/photos/", given, headers={"hx-request": "true"})

    assert [card.image for card in more.context["cards"]] == photos[:1]


def test_the_number_of_queries_does_not_grow_with_the_photos(
    signed_in, supervisor, make_photo, count, place, django_assert_num_queries
):
    client = signed_in(supervisor)
    count(make_photo(), place)
    with django_assert_num_queries(8):  # session, user, naves, places, uploaders, number, photos, counts
        client.get("/photos/")
    for _ in range(5):
        count(make_photo(), place)
    with django_assert_num_queries(8):
        client.get("/photos/")


def test_where_there_are_no_warehouses_none_are_offered_to_filter_by(signed_in, viewer, make_photo):
    assert "Warehouses" not in signed_in(viewer).get("/photos/").text
    StorageLocationConfigFactory()
    assert "Warehouses" in signed_in(viewer).get("/photos/").text
