"""The first page: for whom it opens, and what it sums up."""

import pytest

from photos.models import UploadJob, UploadSession
from photos.services.results.session_lifecycle import assign_location
from photos.services.review.validation import validate
from tests.inventory.factories import StorageLocationConfigFactory


def test_who_is_not_signed_in_is_led_to_the_sign_in_page(client, db):
    response = client.get("/")

    assert response.status_code == 302
    assert response.url == "/sign-in/?next=/"


def test_a_viewer_who_is_not_let_in_reads_what_to_wait_for_and_sees_no_stock(
    signed_in, stranger, make_photo, count, place
):
    count(make_photo(), place)

    page = signed_in(stranger).get("/")

    assert page.status_code == 200
    assert "as soon as an administrator lets you in" in page.text
    assert place.storage_area.warehouse.name not in page.text


@pytest.mark.parametrize(("role", "may_upload"), [("viewer", False), ("worker", True), ("supervisor", True)])
def test_only_workers_and_above_get_the_upload_form(signed_in, request, role, may_upload):
    page = signed_in(request.getfixturevalue(role)).get("/")

    assert ('name="files"' in page.text) is may_upload


def test_the_stock_is_summed_up_by_place(signed_in, worker, make_photo, count, place):
    count(make_photo(), place)

    page = signed_in(worker).get("/")

    [house] = page.context["houses"]
    assert (house.name, house.plants) == (place.storage_area.warehouse.name, 3)  # 4 counted, 1 of them dead
    assert [(bed.name, bed.plants, bed.locations) for bed in house.beds] == [(place.storage_area.name, 3, 1)]
    assert "3 plants in stock today." in page.text


def test_photos_that_wait_are_counted_by_reason(signed_in, supervisor, make_photo, count, place):
    count(make_photo())
    count(make_photo())
    count(make_photo(), place)
    make_photo(status="failed", error_details="unreadable_image: broken")

    waiting = signed_in(supervisor).get("/").context["waiting"]

    assert [(row["filter"], row["count"]) for row in waiting] == [("needs_location", 2), ("errors", 1)]


def test_a_worker_reads_only_of_his_own_photos(signed_in, worker, other_worker, make_photo, count):
    count(make_photo(owner=other_worker))

    page = signed_in(worker).get("/")

    assert page.context["waiting"] == []
    assert page.context["cards"] == []
    assert list(page.context["uploads"]) == []


def test_recent_uploads_tell_how_far_their_files_are(signed_in, worker, make_photo):
    upload = UploadSession.objects.create(user=worker)
    for position, (status, percent) in enumerate([("completed", 100), ("processing", 40)]):
        UploadJob.objects.create(
            upload_session=upload, image=make_photo(upload=upload), filename="a.jpg", position=position, status=status,
            progress_percent=percent,
        )  # fmt: skip
    UploadJob.objects.create(
        upload_session=upload, filename="b.pdf", position=2, status="rejected", code="invalid_file_type"
    )

    [row] = signed_in(worker).get("/").context["uploads"]

    assert (row.accepted, row.completed, row.under_way, row.failed, row.progress) == (2, 1, 1, 1, 70)


def test_the_number_of_queries_does_not_grow_with_the_photos(
    signed_in, supervisor, make_photo, count, place, django_assert_max_num_queries
):
    for _ in range(6):
        count(make_photo(), place)

    client = signed_in(supervisor)
    with django_assert_max_num_queries(10):
        client.get("/")


@pytest.mark.parametrize(
    ("language", "words"),
    [("es", ["Inicio", "Salir"]), ("en", ["Home", "Sign out"])],
    ids=["Spanish", "English"],
)
def test_the_page_speaks_the_language_that_was_chosen(signed_in, worker, language, words):
    client = signed_in(worker)
    client.post("/language/", {"language": language, "next": "/"})

    text = client.get("/").text

    assert f'<html lang="{language}">' in text
    assert [word for word in words if word not in text] == []


def test_an_uploader_is_told_which_photos_somebody_moved_until_the_count_is_validated(
    signed_in, worker, other_worker, supervisor, make_photo, count, place
):
    moved, _kept = count(make_photo(), place), count(make_photo(), place)
    there = StorageLocationConfigFactory().storage_location
    assign_location(session=moved, location=there, user=supervisor)
    client = signed_in(worker)

    page = client.get("/")
    assert "1 of your photos was moved to another place" in page.text
    listed = client.get("/photos/", {"status": "moved"}).context["cards"]
    assert [card.image.pk for card in listed] == [moved.image_id]
    assert f"it was said to show {place}" in client.get(f"/photos/{moved.image_id}/").text
    assert signed_in(other_worker).get("/").context["moved"] == 0

    validate(session=moved, user=supervisor)
    assert client.get("/").context["moved"] == 0
