"""Sending photos from a browser, and following them."""

from django.contrib.messages import get_messages

from photos.models import UploadSession
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
