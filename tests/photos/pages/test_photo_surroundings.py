"""Around one photo: its neighbours in the gallery, its place on a map, what was counted there, and who did what."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from inventory.geometry import plane_at
from photos.models import Image, ProcessingSession
from photos.pages.history_chart import history_chart
from photos.pages.location_map import location_map
from photos.services.review.edits import correct
from photos.services.review.trash import trash
from photos.services.review.validation import validate
from tests.inventory.factories import StorageLocationFactory


@pytest.fixture
def three(make_photo):
    """Three photos, the one that was uploaded last first, as the gallery shows them."""
    photos = [make_photo(original_filename=f"{name}.jpg") for name in ("rose", "agave", "rosette")]
    for age, photo in enumerate(photos):
        Image.objects.filter(pk=photo.pk).update(uploaded_at=timezone.now() - timedelta(hours=age))
    return photos


def neighbours(client, image, query=""):
    return client.get(f"/photos/{image.pk}/{query}").context["neighbours"]


def test_previous_and_next_follow_the_order_of_the_gallery(signed_in, worker, three):
    client = signed_in(worker)
    shown = [card.image.pk for card in client.get("/photos/").context["cards"]]
    assert shown == [photo.pk for photo in three]

    middle = neighbours(client, three[1])

    assert (middle.previous_url, middle.next_url) == (f"/photos/{shown[0]}/", f"/photos/{shown[2]}/")
    assert neighbours(client, three[0]).previous_url is None
    assert neighbours(client, three[2]).next_url is None


def test_photos_of_the_same_moment_are_neighbours_once(signed_in, worker, three):
    Image.objects.update(uploaded_at=timezone.now())
    client = signed_in(worker)
    shown = [card.image for card in client.get("/photos/").context["cards"]]

    assert [neighbours(client, photo).next_url for photo in shown] == [
        *(f"/photos/{photo.pk}/" for photo in shown[1:]),
        None,
    ]
    assert [neighbours(client, photo).previous_url for photo in shown] == [
        None,
        *(f"/photos/{photo.pk}/" for photo in shown[:-1]),
    ]


def test_the_filters_of_the_gallery_are_carried_along(signed_in, worker, three):
    client = signed_in(worker)
    first, last = three[0], three[2]
    assert f'href="/photos/{first.pk}/?search=rose"' in client.get("/photos/?search=rose").text

    found = neighbours(client, first, "?search=rose&page=2")

    assert found.next_url == f"/photos/{last.pk}/?search=rose"
    assert found.gallery_url == "/photos/?search=rose"


def test_nobody_is_led_to_a_photo_that_he_may_not_see(signed_in, worker, other_worker, three):
    Image.objects.filter(pk=three[1].pk).update(uploaded_by=other_worker)

    assert neighbours(signed_in(worker), three[0]).next_url == f"/photos/{three[2].pk}/"


def test_the_map_shows_place_candidates_and_position_to_scale(make_photo, count, place):
    near = StorageLocationFactory()
    ring = place.polygon["coordinates"][0]
    lon, lat = ring[0]
    image = make_photo(gps_coordinates={"lat": lat, "lon": lon, "altitude": None, "accuracy": 4.0})
    session = count(image, place)
    session.location_candidates = [{"id": near.pk, "name": near.name, "distance_m": 7.5}]

    drawn = location_map(image, session)

    assert [(shown.number, shown.location, shown.is_named) for shown in drawn.places] == [
        (1, place, True),
        (2, near, False),
    ]
    x, y, radius = drawn.position
    assert radius == 4.0
    corners = [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", drawn.places[0].path)]
    assert corners[0] == pytest.approx((x, y), abs=0.02)
    plane = plane_at(lon, lat)
    width_m = (max(p[0] for p in ring) - min(p[0] for p in ring)) * plane.m_per_lon
    assert max(c[0] for c in corners) - min(c[0] for c in corners) == pytest.approx(
        width_m, rel=1e-3, abs=0.02
    )
    assert radius <= x <= drawn.frame.width - radius
    assert radius <= y <= drawn.frame.height - radius


def test_without_place_and_candidates_there_is_no_map(signed_in, worker, make_photo, count):
    session = count(make_photo())

    assert signed_in(worker).get(f"/photos/{session.image_id}/").context["map"] is None


def test_drawings_have_decimal_points_in_spanish_too(client, worker, make_photo, count, place, hours_ago):
    count(make_photo(taken_at=hours_ago(90)), place, interval_low=3, interval_high=1234)
    image = make_photo(gps_coordinates={"lat": -33.04, "lon": -68.7, "altitude": 700.5, "accuracy": 3.5})
    count(image, place, interval_low=3, interval_high=9)
    client.force_login(worker)

    text = client.get(f"/photos/{image.pk}/", headers={"accept-language": "es"}).text

    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    numbers = re.findall(r' (?:cx|cy|r|x|y|d|viewBox|font-size)="([^"]*)"', "".join(drawings))
    assert len(numbers) > 10
    assert [number for number in numbers if "," in number] == []


def test_the_chart_runs_from_the_oldest_count_to_the_newest(make_photo, count, place, hours_ago):
    old = count(make_photo(taken_at=hours_ago(50)), place, interval_low=3, interval_high=8)
    new = count(make_photo(taken_at=hours_ago(2)), place)
    counts = list(ProcessingSession.objects.select_related("image"))

    chart = history_chart(counts, new)

    first, last = chart.points
    assert (first.count, last.count) == (old, new)
    assert (first.is_current, last.is_current) == (False, True)
    assert first.x < last.x
    assert first.high_y < first.y < first.low_y  # upwards is less
    assert (last.low_y, last.high_y) == (None, None)
    assert [value for _y, value in chart.ticks] == [0, 5, 10]
    assert history_chart(counts[:1], new) is None


def test_who_did_what_is_told_in_order(signed_in, worker, supervisor, make_photo, count, place):
    session = count(
        make_photo(), place, model_versions={"detection": {"name": "plants_n", "sha256": "0" * 64}}
    )
    added = {"center_x": 35, "center_y": 25, "width_px": 10, "height_px": 6, "class_name": "plant"}
    correct(session=session, user=worker, version=1, operations={"add": [added]})
    session.refresh_from_db()
    validate(session=session, user=supervisor, version=session.version, note="seen on site")

    page = signed_in(worker).get(f"/photos/{session.image_id}/")

    assert [(event.what, event.who, event.detail) for event in page.context["trace"]] == [
        ("Uploaded", worker.name, "API"),
        ("Count 1 asked for", worker.name, ""),
        ("Count ended", "plants_n", ""),
        ("Corrected", worker.name, "1 change"),
        ("Validated", supervisor.name, "seen on site"),
    ]
    assert "0" * 64 in page.text  # which weights exactly
    movement, _reason = page.context["movements"][0]
    assert movement.batch.batch_code in page.text


def test_the_trash_is_the_last_that_happened(signed_in, worker, make_photo, count):
    session = count(make_photo())
    trash(image_ids=[session.image_id], user=worker)

    page = signed_in(worker).get(f"/photos/{session.image_id}/")

    assert (page.context["trace"][-1].what, page.context["trace"][-1].who) == (
        "Moved to the trash",
        worker.name,
    )


def test_the_card_tells_the_file_its_camera_and_who_dates_it(signed_in, worker, make_photo):
    image = make_photo(
        exif={"camera_make": "Samsung", "camera_model": "SM-A546E", "orientation": 1},
        gps_coordinates={"lat": -33.04, "lon": -68.7, "altitude": 700.4, "accuracy": 3.0},
    )

    text = signed_in(worker).get(f"/photos/{image.pk}/").text

    for fact in ("Samsung SM-A546E", "-33.040000, -68.700000 ± 3 m", "700 m above the sea", image.sha256):
        assert fact in text
