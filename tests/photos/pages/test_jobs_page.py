"""The files that somebody has sent: what waits first, what failed with its remedy, how far the rest is."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from photos.choices import Stage, StepKind, StepStatus
from photos.models import ProcessingStep, UploadJob, UploadSession
from photos.services.results.session_lifecycle import fail_session, open_session
from photos.services.steps import jobs
from tests.inventory.factories import StorageLocationFactory

JOBS = "/jobs/"


@pytest.fixture
def upload(worker):
    return UploadSession.objects.create(user=worker)


@pytest.fixture
def send(upload, make_photo, place):
    """A file of the upload that is being counted, in a stage if one is named."""

    def send_one(stage=None, *, percent=None, **fields):
        image = make_photo(upload=upload, **fields)
        session = open_session(image=image, user=image.uploaded_by, location=place)
        job = UploadJob.objects.create(
            upload_session=upload, image=image, session=session, filename=image.original_filename,
            position=upload.jobs.count(),
        )  # fmt: skip
        if stage is not None:
            jobs.enter_stage(session, stage)
        if percent is not None:
            UploadJob.objects.filter(pk=job.pk).update(progress_percent=percent)
        return session

    return send_one


def groups(page):
    return {group.name: [row.job.filename for row in group.rows] for group in page.context["groups"]}


def left_of(client):
    rows = [row for group in client.get(JOBS).context["groups"] for row in group.rows]
    return {row.job.session_id: row.remaining_s for row in rows}


def take_seconds(session, **seconds):
    """A measured count: so long its steps have taken."""
    for kind, value in seconds.items():
        ProcessingStep.objects.create(
            image=session.image, session=session, kind=StepKind[kind], key=f"{session.uuid}:{kind}", seconds=value,
            status=StepStatus.DONE,
        )  # fmt: skip


def test_what_waits_comes_first_then_failures_then_what_runs(
    signed_in, worker, upload, make_photo, count, place, send
):
    count(make_photo(upload=upload, original_filename="done.jpg"), place)
    send(original_filename="runs.jpg")
    fail_session(send(original_filename="broken.jpg"), code="unreadable_image", message="damaged")
    count(make_photo(upload=upload, original_filename="where.jpg"))
    refused = {
        "filename": "list.pdf",
        "status": "rejected",
        "code": "invalid_file_type",
        "error": "no picture",
    }
    UploadJob.objects.create(upload_session=upload, position=9, **refused)

    page = signed_in(worker).get(JOBS)

    assert list(groups(page)) == ["waiting", "failed", "running", "done"]
    assert groups(page)["waiting"] == ["where.jpg"]
    assert set(groups(page)["failed"]) == {"broken.jpg", "list.pdf"}
    assert (groups(page)["running"], groups(page)["done"]) == (["runs.jpg"], ["done.jpg"])


def test_a_count_without_a_place_is_never_shown_as_done(signed_in, worker, make_photo, count):
    session = count(make_photo())

    page = signed_in(worker).get(f"/uploads/{session.image.upload_session_id}/")

    assert list(groups(page)) == ["waiting"]
    assert "The place is not known" in page.text
    assert f"/photos/{session.image_id}/fix/?next=/uploads/" in page.text
    assert "badge-completed" not in page.text


def test_the_nearest_places_are_one_tap_away(signed_in, worker, make_photo, count, place):
    session = count(make_photo())
    session.location_candidates = [{"id": place.pk, "name": place.name, "distance_m": 2.4}]
    session.save()

    page = signed_in(worker).get(JOBS)

    assert f"/photos/{session.image_id}/place/?storage_location_id={place.pk}&amp;next=/jobs/" in page.text


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("es", "La foto está dañada"), ("en", "The picture is damaged")],
    ids=["Spanish", "English"],
)
def test_a_failure_is_told_in_the_language_of_the_reader_with_its_remedies(worker, send, language, sentence):
    session = send()
    fail_session(session, code="unreadable_image", message="written by a worker in another language")
    client = Client(headers={"accept-language": language})
    client.force_login(worker)

    page = client.get(JOBS)

    assert sentence in page.text
    assert f'action="/photos/{session.image_id}/count-again/"' in page.text
    assert f"/photos/{session.image_id}/trash/?next=/jobs/" in page.text


def test_trying_again_leads_back_to_the_list(signed_in, worker, send, django_capture_on_commit_callbacks):
    session = send()
    fail_session(session, code="internal_error", message="fault")
    client = signed_in(worker)

    with django_capture_on_commit_callbacks() as sent:
        response = client.post(f"/photos/{session.image_id}/count-again/", {"next": JOBS})

    assert (response.status_code, response.url, len(sent)) == (302, JOBS, 1)
    assert groups(client.get(JOBS)) == {"running": [session.image.original_filename]}


def test_the_bar_of_an_upload_ends_at_100_also_when_a_file_has_failed(signed_in, worker, send, upload, count):
    failed, running = send(Stage.SEGMENTING), send(Stage.DETECTING, percent=41)
    fail_session(failed, code="unreadable_image", message="damaged")

    [(_upload, summary)] = signed_in(worker).get(JOBS).context["uploads"]
    assert (summary.overall_progress_percent, summary.ended) == (70.5, 1)

    fail_session(running, code="unreadable_image", message="damaged")
    status = signed_in(worker).get(f"/api/v1/photos/jobs/status?upload_session_id={upload.pk}").json()
    assert status["summary"]["overall_progress_percent"] == 100


def test_the_time_left_follows_from_what_the_stages_took_and_is_not_told_without(
    signed_in, worker, send, make_photo, count, place
):
    send(Stage.DETECTING, percent=55)  # 60 % of the tiles
    waiting = send()
    client = signed_in(worker)
    assert set(left_of(client).values()) == {None}

    take_seconds(count(make_photo(), place), SEGMENT=10, DETECT_SLICED=50, AGGREGATE=4)
    left = left_of(client)

    assert left.pop(waiting.pk) == 2 * 60 + 4  # one photo before it, and itself
    assert 24 in left.values()  # 40 % of 50 s, and the summing up


def test_only_the_own_files_of_the_last_hours_are_listed_and_older_ones_that_wait_are_counted(
    signed_in, worker, other_worker, make_photo, count, settings
):
    count(make_photo(owner=other_worker))
    old = count(make_photo())
    UploadJob.objects.filter(session=old).update(
        created_at=timezone.now() - timedelta(hours=settings.JOBS_VISIBLE_H + 1)
    )

    page = signed_in(worker).get(JOBS)

    assert groups(page) == {}
    assert "1 older photo waits or has failed" in page.text


def test_viewers_send_nothing_and_have_no_list(signed_in, viewer, stranger):
    assert signed_in(viewer).get(JOBS).status_code == 403
    assert signed_in(stranger).get(JOBS).status_code == 403


def test_of_a_photo_that_was_counted_again_the_newest_job_is_listed(
    signed_in, worker, make_photo, count, place
):
    image = make_photo()
    count(image, place)
    count(image, place)

    assert groups(signed_in(worker).get(JOBS)) == {"done": [image.original_filename]}


@pytest.mark.parametrize("page", ["/photos/", "/jobs/"])
def test_a_thumbnail_that_was_given_up_is_not_said_to_be_made(signed_in, worker, send, page):
    session = send()
    session.image.thumbnail_key = ""
    session.image.save()
    client = signed_in(worker)
    assert "The thumbnail is being made." in client.get(page).text

    steps = ProcessingStep.objects.filter(image=session.image, kind=StepKind.UPLOAD_THUMBNAIL)
    steps.delete()
    ProcessingStep.objects.create(
        image=session.image, kind=StepKind.UPLOAD_THUMBNAIL, key=f"{session.image_id}:thumbnail",
        status=StepStatus.FAILED, error_code="unreadable_image",
    )  # fmt: skip
    assert "The thumbnail is being made." not in client.get(page).text


def test_the_number_of_queries_does_not_grow_with_the_files(
    signed_in, worker, upload, make_photo, count, place, send, django_assert_num_queries
):
    client = signed_in(worker)

    def fill():
        count(make_photo(upload=upload), place)
        count(make_photo(upload=upload))
        count(make_photo(upload=upload), StorageLocationFactory())
        fail_session(send(), code="unreadable_image", message="damaged")
        send(Stage.DETECTING)

    fill()
    with django_assert_num_queries(6):  # session, user, jobs, what stages took, what waits, older ones
        client.get(JOBS)
    for _ in range(3):
        fill_running_alone(send)
        count(make_photo(upload=upload))
    with django_assert_num_queries(6):
        client.get(JOBS)


def fill_running_alone(send):
    send(Stage.SEGMENTING)
