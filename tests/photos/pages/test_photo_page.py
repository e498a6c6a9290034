"""The page of one photo, and what was found in it."""

import uuid

import pytest

from photos.choices import SessionStatus, StepKind, StepStatus, TakenAtSource
from photos.models import Image, ProcessingSession, ProcessingStep
from photos.services.results.session_lifecycle import reprocess
from tests.inventory.factories import StorageLocationFactory


def test_the_page_shows_the_count_where_it_is_booked_and_as_what(signed_in, worker, make_photo, count, place):
    session = count(make_photo(), place)

    page = signed_in(worker).get(f"/photos/{session.image_id}/")

    assert page.status_code == 200
    assert page.context["session"].total == 4
    [(movement, _reason)] = page.context["movements"]
    assert movement.quantity == 3  # one of the four is dead
    assert movement.batch.batch_code in page.text
    assert str(session.product) in page.text
    assert place.code in page.text


def test_a_photo_of_somebody_else_is_not_to_be_found_by_a_worker(
    signed_in, worker, other_worker, make_photo, count
):
    session = count(make_photo(owner=other_worker))
    client = signed_in(worker)

    assert client.get(f"/photos/{session.image_id}/").status_code == 404
    assert client.get(f"/photos/{session.image_id}/counts/1/findings.json").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "supervisor", "admin"])
def test_who_sees_all_photos_opens_a_workers_photo(signed_in, request, role, make_photo, count):
    session = count(make_photo())

    assert signed_in(request.getfixturevalue(role)).get(f"/photos/{session.image_id}/").status_code == 200


def test_a_viewer_gets_no_form(signed_in, viewer, make_photo, count):
    session = count(make_photo())

    page = signed_in(viewer).get(f"/photos/{session.image_id}/")

    assert "/count-again/" not in page.text
    assert "/place/" not in page.text


def test_warnings_are_said_in_words_the_waiting_ones_first(signed_in, worker, make_photo, count):
    session = count(make_photo(), warnings=["no_container", "unheard_of"])

    warnings = signed_in(worker).get(f"/photos/{session.image_id}/").context["warnings"]

    assert [(warning["code"], warning["waits"]) for warning in warnings] == [
        ("needs_location", True),
        ("no_container", False),
        ("unheard_of", False),
    ]
    assert warnings[0]["title"] == "The place is not known"
    assert "Choose the place below" in warnings[0]["advice"]
    assert warnings[2]["title"] == "unheard_of"


def test_another_place_is_searched_for_and_not_chosen_from_all_that_there_are(
    signed_in, worker, make_photo, count, place
):
    other = StorageLocationFactory()
    session = count(make_photo(), place)
    client = signed_in(worker)

    page = client.get(f"/photos/{session.image_id}/")
    found = client.get(f"/photos/{session.image_id}/fix/", {"q": other.code})

    assert 'id="place-search"' in page.text
    assert other.code not in page.text
    assert f'name="storage_location_id" value="{other.pk}"' in found.text


def test_candidates_are_offered_while_the_place_is_not_known(signed_in, worker, make_photo, count, place):
    session = count(make_photo())
    session.location_candidates = [{"id": place.pk, "name": place.name, "distance_m": 4.2}]
    session.save()

    text = signed_in(worker).get(f"/photos/{session.image_id}/").text

    assert f'name="storage_location_id" value="{place.pk}"' in text
    assert "4.2 m" in text


def test_an_earlier_count_can_be_looked_at_and_says_that_it_is_not_the_newest(
    signed_in, worker, make_photo, count, place
):
    image = make_photo()
    count(image, place)
    count(image, place)
    client = signed_in(worker)

    newest, earlier = client.get(f"/photos/{image.pk}/"), client.get(f"/photos/{image.pk}/?count=1")

    assert (newest.context["session"].attempt, newest.context["is_newest"]) == (2, True)
    assert (earlier.context["session"].attempt, earlier.context["is_newest"]) == (1, False)
    assert "there is a newer one" in earlier.text


@pytest.mark.parametrize("number", ["9", "x", "-1", ""])
def test_a_count_that_does_not_exist_is_not_found(signed_in, worker, make_photo, count, number):
    session = count(make_photo())

    assert signed_in(worker).get(f"/photos/{session.image_id}/?count={number}").status_code == 404


def test_an_unknown_photo_is_not_found(signed_in, supervisor):
    assert signed_in(supervisor).get(f"/photos/{uuid.uuid4()}/").status_code == 404


def test_a_photo_that_has_not_been_counted_says_so(signed_in, worker, make_photo):
    image = make_photo()

    page = signed_in(worker).get(f"/photos/{image.pk}/")

    assert "This photo has not been counted." in page.text


def test_the_original_is_linked_by_a_signed_link_that_downloads_it(
    signed_in, client, worker, make_photo, count
):
    session = count(make_photo())

    link = signed_in(worker).get(f"/photos/{session.image_id}/").context["original_url"]
    answer = client.get(link)

    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/jpeg"
    answer.close()


LARGE = {"width_px": 4000, "height_px": 3000}


def test_a_large_photo_is_shown_by_its_preview_and_the_original_is_for_looking_closely(
    signed_in, worker, make_photo
):
    image = make_photo(**LARGE, preview_key="previews/one.jpg")

    shown = signed_in(worker).get(f"/photos/{image.pk}/").context

    assert "previews/one.jpg" in shown["small_picture_url"]
    assert image.original_key in shown["full_picture_url"]


def test_until_a_large_photo_has_its_preview_its_thumbnail_is_shown_never_the_original(
    signed_in, worker, make_photo
):
    image = make_photo(**LARGE)

    assert image.thumbnail_key in signed_in(worker).get(f"/photos/{image.pk}/").context["small_picture_url"]


def test_a_photo_as_small_as_a_preview_is_its_own(signed_in, worker, make_photo):
    image = make_photo(width_px=2560)

    assert image.original_key in signed_in(worker).get(f"/photos/{image.pk}/").context["small_picture_url"]


HEIC = {"content_type": "image/heic", "preview_key": "previews/two.jpg"}
TURNED = {"content_type": "image/webp", "exif": {"orientation": 6}, "preview_key": "previews/three.jpg"}


@pytest.mark.parametrize("kind", [pytest.param(HEIC, id="heic"), pytest.param(TURNED, id="turned webp")])
def test_what_browsers_do_not_show_is_offered_in_full_by_a_picture_that_they_do(
    signed_in, worker, make_photo, kind
):
    image = make_photo(**kind, **LARGE)
    client = signed_in(worker)

    page = client.get(f"/photos/{image.pk}/")
    assert page.context["full_picture_url"] is None
    assert image.preview_key in page.context["small_picture_url"]
    assert f'data-full-asked-at="/photos/{image.pk}/full-picture.json"' in page.text

    Image.objects.update(full_picture_key="previews/full.jpg")
    page = client.get(f"/photos/{image.pk}/")
    assert "previews/full.jpg" in page.context["full_picture_url"]
    assert image.preview_key in page.context["small_picture_url"]
    assert "data-full-asked-at" not in page.text


@pytest.mark.parametrize("kind", [pytest.param(HEIC, id="heic"), pytest.param(TURNED, id="turned webp")])
def test_a_preview_that_is_no_smaller_is_the_full_picture(signed_in, worker, make_photo, kind):
    image = make_photo(**kind, width_px=2560)

    page = signed_in(worker).get(f"/photos/{image.pk}/")

    assert image.preview_key in page.context["full_picture_url"]
    assert "data-full-asked-at" not in page.text


def test_a_picture_without_any_rendering_says_whether_one_comes(signed_in, worker, make_photo):
    image = make_photo(content_type="image/heic")
    Image.objects.update(thumbnail_key="")
    client = signed_in(worker)
    assert "A preview is being made." in client.get(f"/photos/{image.pk}/").text
    ProcessingStep.objects.create(
        image=image,
        kind=StepKind.UPLOAD_THUMBNAIL,
        key="thumbnail",
        status=StepStatus.FAILED,
        error_code="unreadable_image",
    )

    assert "No preview could be made of this file." in client.get(f"/photos/{image.pk}/").text


def test_the_original_stands_in_for_a_preview_that_could_not_be_made(signed_in, worker, make_photo):
    image = make_photo(**LARGE)
    Image.objects.update(thumbnail_key="")
    ProcessingStep.objects.create(
        image=image,
        kind=StepKind.UPLOAD_THUMBNAIL,
        key="thumbnail",
        status=StepStatus.FAILED,
        error_code="unreadable_image",
    )

    assert image.original_key in signed_in(worker).get(f"/photos/{image.pk}/").context["small_picture_url"]


def test_warnings_and_their_answers_stand_above_the_picture(signed_in, worker, make_photo, count, place):
    session = count(make_photo())
    session.location_candidates = [{"id": place.pk, "name": place.name, "distance_m": 4.2}]
    session.save()

    text = signed_in(worker).get(f"/photos/{session.image_id}/").text

    picture = text.index("data-viewer")
    assert text.index("The place is not known") < picture
    assert text.index(f'name="storage_location_id" value="{place.pk}"') < picture


def test_who_may_not_answer_reads_who_can(signed_in, viewer, supervisor, make_photo, count):
    session = count(make_photo())

    text = signed_in(viewer).get(f"/photos/{session.image_id}/").text

    assert f"Who can help (Supervisor): {supervisor.name}." in text


def test_a_count_without_any_plant_is_a_page_of_zeros(signed_in, worker, make_photo, count, place):
    session = count(make_photo(), place)
    session.detections.all().delete()
    session.estimations.all().delete()
    session.containers.all().delete()
    ProcessingSession.objects.update(
        total_detected=0, total_estimated=0, total_dead=0, total_empty_containers=0, avg_confidence=None
    )
    client = signed_in(worker)

    page = client.get(f"/photos/{session.image_id}/")

    assert {line.value for line in page.context["numbers"] if line.code != "booked"} == {0}
    assert client.get(page.context["findings_url"]).json()["detections"]["x"] == []


def test_a_running_count_draws_nothing_and_shows_no_number(signed_in, worker, make_photo, count, place):
    session = count(make_photo(), place)
    ProcessingSession.objects.update(status=SessionStatus.PROCESSING)

    page = signed_in(worker).get(f"/photos/{session.image_id}/")

    assert "The photo is being counted." in page.text
    assert (page.context["findings_url"], page.context["numbers"]) == (None, [])


@pytest.mark.parametrize(("role", "is_followed"), [("worker", True), ("supervisor", True), ("viewer", False)])
def test_a_running_count_is_followed_by_who_may_ask_how_far_it_is(
    signed_in, request, role, is_followed, worker, make_photo, count, place
):
    session = count(make_photo(), place)
    job = reprocess(image=session.image, user=worker)
    client = signed_in(request.getfixturevalue(role))

    page = client.get(f"/photos/{session.image_id}/")
    status = client.get("/api/v1/photos/jobs/status", {"upload_session_id": str(job.upload_session_id)})

    assert (status.status_code == 200) is is_followed
    assert (f'id="job-{job.pk}"' in page.text) is is_followed
    assert ("photos/js/jobs" in page.text) is is_followed
    assert ("Load the page again in a moment." in page.text) is not is_followed


def test_a_failed_count_says_why_above_the_picture_with_a_button(
    signed_in, worker, viewer, make_photo, count
):
    session = count(make_photo())
    ProcessingSession.objects.update(
        status=SessionStatus.FAILED, error_code="unreadable_image", error_message="in another language"
    )

    text = signed_in(worker).get(f"/photos/{session.image_id}/").text

    why = "The picture is damaged and cannot be read. Take it from the phone again."
    again = f'action="/photos/{session.image_id}/count-again/"'
    assert text.index(why) < text.index(again) < text.index("data-viewer")
    assert "in another language" not in text
    text = signed_in(viewer).get(f"/photos/{session.image_id}/").text
    assert why in text
    assert again not in text


def test_without_scripts_there_is_a_preview_and_the_drawing(signed_in, worker, make_photo, count):
    session = count(make_photo(), processed_image_id=uuid.uuid4())

    text = signed_in(worker).get(f"/photos/{session.image_id}/").text

    drawn = text[text.index("<noscript>") : text.index("</noscript>")]
    assert str(session.processed_image_id) in drawn


def test_the_history_of_a_place_lists_only_photos_that_the_user_may_see(
    signed_in, worker, other_worker, supervisor, make_photo, count, place
):
    mine = count(make_photo(), place)
    count(make_photo(owner=other_worker), place)

    assert len(signed_in(worker).get(f"/photos/{mine.image_id}/").context["place_history"]) == 1
    assert len(signed_in(supervisor).get(f"/photos/{mine.image_id}/").context["place_history"]) == 2


def test_findings_are_parallel_arrays_in_pixels(signed_in, worker, make_photo, count):
    session = count(make_photo())

    found = signed_in(worker).get(f"/photos/{session.image_id}/counts/1/findings.json").json()

    assert found == {
        "version": 1,
        "width": 48,
        "height": 32,
        "detections": {
            "x": [10.0, 20.0, 30.0],
            "y": [10.0, 10.0, 10.0],
            "w": [10.0, 10.0, 10.0],
            "h": [6.0, 6.0, 6.0],
            "confidence": [0.9, 0.9, 0.9],
            "class_name": ["plant", "dead", "empty"],
            "is_added": [False, False, False],
        },
        "containers": [
            {
                "label": "Segment 1",
                "polygon": [[2.0, 2.0], [40.0, 2.0], [40.0, 30.0], [2.0, 30.0]],
                "is_counted": True,
            }
        ],
        "estimated": [[[3, 3], [9, 3], [9, 9]]],
    }


def test_the_number_of_queries_does_not_grow_with_plants_or_counts(
    signed_in, supervisor, make_photo, count, place, django_assert_max_num_queries
):
    image = make_photo()
    for _ in range(5):
        count(image, place)
    client = signed_in(supervisor)

    with django_assert_max_num_queries(17):
        client.get(f"/photos/{image.pk}/")
    with django_assert_max_num_queries(8):
        client.get(f"/photos/{image.pk}/counts/5/findings.json")


def test_a_photo_that_carries_no_date_says_so(signed_in, worker, make_photo, count):
    image = make_photo()
    count(image)
    client = signed_in(worker)
    assert "the photo carries no date" not in client.get(f"/photos/{image.pk}/").text
    Image.objects.update(taken_at_source=TakenAtSource.RECEIVED)
    assert "the photo carries no date" in client.get(f"/photos/{image.pk}/").text
