"""Sending photos from a browser, and following them."""

from pathlib import Path

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from photos.models import UploadSession
from tests.conftest import PASSWORD
from tests.photos.factories import photo_file


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_photos_are_taken_in_and_followed(signed_in, worker, place, django_capture_on_commit_callbacks):
    client = signed_in(worker)

    with django_capture_on_commit_callbacks() as sent:
        response = client.post(
            "/uploads/",
            {
                "files": [photo_file(1), photo_file(2)],
                "storage_location_id": place.pk,
                "notes": "morning round",
            },
        )

    upload = UploadSession.objects.get()
    assert response.url == f"/uploads/{upload.pk}/"
    assert (upload.user, upload.storage_location, upload.notes) == (worker, place, "morning round")
    assert [job.status for job in upload.jobs.all()] == ["pending", "pending"]
    assert len(sent) == 1
    page = client.get(response.url)
    assert [str(job.pk) in page.text for job in page.context["jobs"]] == [True, True]


def test_a_file_that_is_no_photo_is_shown_refused_beside_the_others(signed_in, worker):
    client = signed_in(worker)
    bad = photo_file(1, name="report.pdf")
    bad.file.seek(0)
    bad.file.truncate()
    bad.file.write(b"%PDF-1.7 no photo")
    bad.file.seek(0)
    bad.size = 17

    page = client.post("/uploads/", {"files": [photo_file(2), bad]}, follow=True)

    assert [job.status for job in page.context["jobs"]] == ["pending", "rejected"]
    assert page.context["jobs"][1].error in page.text


def test_an_upload_without_photos_says_so(signed_in, worker):
    response = signed_in(worker).post("/uploads/", {"notes": "nothing"})

    assert response.url == "/"
    assert said(response) == ["Choose at least one photo."]
    assert UploadSession.objects.count() == 0


def test_viewers_cannot_upload(signed_in, viewer, stranger):
    assert signed_in(viewer).post("/uploads/", {"files": [photo_file(1)]}).status_code == 403
    assert signed_in(stranger).post("/uploads/", {"files": [photo_file(1)]}).status_code == 403


def test_an_upload_is_followed_by_its_owner_and_by_supervisors_only(
    signed_in, worker, other_worker, supervisor, viewer
):
    upload = UploadSession.objects.create(user=worker)

    assert signed_in(worker).get(f"/uploads/{upload.pk}/").status_code == 200
    assert signed_in(supervisor).get(f"/uploads/{upload.pk}/").status_code == 200
    assert signed_in(other_worker).get(f"/uploads/{upload.pk}/").status_code == 403
    assert signed_in(viewer).get(f"/uploads/{upload.pk}/").status_code == 403


def test_the_page_to_upload_from_answers_workers_only(signed_in, worker, viewer):
    page = signed_in(worker).get("/uploads/")
    assert page.status_code == 200
    assert 'name="files"' in page.text
    assert signed_in(viewer).get("/uploads/").status_code == 403


def test_the_page_says_the_limits_that_the_server_has(signed_in, worker, settings):
    page = signed_in(worker).get("/uploads/")
    for name, limit in (
        ("max-files", settings.UPLOAD_MAX_FILES),
        ("max-bytes", settings.UPLOAD_MAX_FILE_BYTES),
    ):
        assert f'data-{name}="{limit}"' in page.text


def test_an_upload_above_the_limit_of_a_request_is_413_with_a_reason_and_leaves_nothing(
    signed_in, worker, settings
):
    settings.UPLOAD_MAX_REQUEST_BYTES = 1024**2
    too_much = SimpleUploadedFile("a.jpg", b"x" * 3 * 1024**2)

    response = signed_in(worker).post("/uploads/", {"files": [too_much]})

    assert response.status_code == 413
    assert "At most 1 MB can be sent at once." in response.text
    assert (UploadSession.objects.count(), list(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir())) == (0, [])


def sign_in_after(client, response, user):
    """Follow a redirect to the sign-in page and sign in there."""
    assert response.url == "/sign-in/?next=/uploads/"
    given = {"username": user.email, "password": PASSWORD, "next": "/uploads/"}
    return client.post(response.url, given, follow=True)


@pytest.fixture
def browser():
    """A browser in which nobody is signed in (any more)."""
    return Client(headers={"accept-language": "en"})


def test_photos_sent_after_the_session_had_ended_are_named_after_the_sign_in(browser, worker):
    files = [photo_file(1, name="morning.jpg"), photo_file(2, name="<b>Ñandú</b>.jpg")]

    page = sign_in_after(browser, browser.post("/uploads/", {"files": files}), worker)

    assert page.request["PATH_INFO"] == "/uploads/"
    assert page.status_code == 200
    assert "None of them was taken in" in page.text
    assert "<li>morning.jpg</li>" in page.text
    assert "<b>" not in page.text
    assert UploadSession.objects.count() == 0
    assert "morning.jpg" not in browser.get("/uploads/").text  # it is said once


def test_a_long_list_of_lost_photos_is_cut_short(browser, worker):
    files = [photo_file(n, name=f"{n:03}-{'ñ' * 250}.jpg") for n in range(100)]

    response = browser.post("/uploads/", {"files": files})
    assert len(response.cookies["photos_not_taken"].OutputString()) < 4096
    page = sign_in_after(browser, response, worker)

    shown = page.context["not_taken"]
    assert 0 < len(shown.names) <= 20
    assert len(shown.names) + shown.others == 100
    assert f"and {shown.others} more" in page.text


def test_where_no_name_arrived_it_is_said_that_photos_are_lost(browser, worker):
    page = sign_in_after(browser, browser.post("/uploads/"), worker)  # as a gateway asks, before the body

    assert "None of them was taken in" in page.text


def test_names_of_lost_photos_are_read_by_nobody_else(browser, signed_in, other_worker):
    browser.post("/uploads/", {"files": [photo_file(1, name="secret.jpg")]})
    assert "secret.jpg" not in signed_in(other_worker).get("/uploads/").text


@pytest.mark.parametrize("cookie", ["", "x", "eyJuYW1lcyI6WyJ4Il19:1:x"])
def test_an_altered_cookie_says_nothing(signed_in, worker, cookie):
    client = signed_in(worker)
    client.cookies["photos_not_taken"] = cookie

    page = client.get("/uploads/")

    assert (page.status_code, page.context["not_taken"]) == (200, None)


def test_who_is_not_signed_in_comes_to_the_page_by_the_sign_in(browser, worker):
    page = sign_in_after(browser, browser.get("/uploads/"), worker)

    assert page.context["not_taken"] is None
