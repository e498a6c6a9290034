"""Photos in the administration: whose rows are seen, what supervisors decide, and that nothing is edited."""

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inventory.models import StockBatch
from photos.admin import review_actions
from photos.choices import BookingState, CountWarning
from photos.models import Image, ProcessingSession, UploadJob, UploadSession
from photos.services.results.session_lifecycle import assign_location
from photos.services.review.edits import correct
from photos.services.review.validation import answer, validate
from tests.inventory.factories import StorageLocationConfigFactory, stocked_batch

LISTS = {
    "image": Image,
    "processingsession": ProcessingSession,
    "uploadjob": UploadJob,
    "uploadsession": UploadSession,
}


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def asked(question):
    """What the form of a question holds that a person does not see."""
    return {field.html_name: field.value() for field in question.context["form"].hidden_fields()}


def change_page(row):
    return reverse(f"admin:photos_{row._meta.model_name}_change", args=[row.pk])


@pytest.mark.parametrize("role", ["supervisor", "admin"])
def test_the_pages_of_rows_answer_and_offer_no_saving(signed_in, request, role, make_photo, count, place):
    session = count(make_photo(), place)
    client = signed_in(request.getfixturevalue(role))
    rows = [session, session.image, session.jobs.get(), session.image.upload_session]
    if role == "admin":
        rows += [
            session.steps.first(),
            session.containers.get(),
            session.detections.first(),
            session.estimations.get(),
        ]

    answers = [client.get(change_page(row)) for row in rows]

    assert [answer.status_code for answer in answers] == [200] * len(rows)
    assert ['name="_save"' in answer.text for answer in answers] == [False] * len(rows)
    assert [client.post(change_page(row), {}).status_code for row in rows] == [403] * len(rows)


def test_a_count_is_shown_with_picture_overlay_numbers_warnings_and_candidates(
    signed_in, supervisor, make_photo, count
):
    session = count(make_photo())
    session.location_candidates = [{"id": 1, "name": "Claro 7", "distance_m": 4.2}]
    session.save()

    text = signed_in(supervisor).get(change_page(session)).text

    assert f"/photos/{session.image_id}/counts/1/findings.json" in text
    assert "photos/js/viewer/main.js" in text
    assert "The place is not known" in text
    assert "Claro 7 · 4.2 m" in text


def test_shares_and_notes_of_a_count_are_shown_as_people_read_them(
    signed_in, supervisor, make_photo, count, place
):
    """No raw numbers of a row: 0.5754901768777038, {"note": …}."""
    session = count(make_photo(), place)
    session.avg_confidence, session.manual_adjustments = (
        0.5754901768777038,
        {"note": "two fell", "missing": 1200},
    )
    session.save()
    session.containers.update(confidence=0.8962513804435573)

    page = signed_in(supervisor).get(change_page(session), headers={"Accept-Language": "en"}).text

    assert "58 %" in page
    assert "90 %" in page
    assert "two fell · the stock is 1,200 plants short" in page
    assert "0.57549" not in page


def test_lists_ask_no_query_for_each_row(signed_in, supervisor, make_photo, count, place):
    client = signed_in(supervisor)
    addresses = [reverse(f"admin:photos_{name}_changelist") for name in LISTS]
    count(make_photo(), place)
    before, after = [], []
    for address in addresses:
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        before.append(len(queries))
    for _ in range(4):
        count(make_photo(), place)
    for address in addresses:
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        after.append(len(queries))
    assert after == before


def test_naming_the_place_asks_first_and_then_books_the_stored_count(
    signed_in, supervisor, make_photo, count, place
):
    session = count(make_photo())
    client = signed_in(supervisor)
    address = f"/admin/photos/processingsession/{session.pk}/assign-place/"

    question = client.get(address)
    session.refresh_from_db()
    assert "All counts of the photo are booked at the place that you name" in question.text
    assert session.booking_state == BookingState.WAITING

    preview = client.post(address, {"preview": "yes", "storage_location_id": place.pk})
    session.refresh_from_db()
    assert [(c.location, c.after) for c in preview.context["preview"].stock.changes] == [(place, 3)]
    assert session.storage_location is None

    answer = client.post(address, {"decided": "yes", "storage_location_id": place.pk})
    session.refresh_from_db()
    assert answer.url == change_page(session)
    assert (session.storage_location, session.booking_state) == (place, BookingState.BOOKED)


def test_the_place_of_several_counts_is_named_at_once(signed_in, supervisor, make_photo, count, place):
    sessions = [count(make_photo()), count(make_photo())]
    client = signed_in(supervisor)
    address = reverse("admin:photos_processingsession_changelist")
    chosen = {"action": "assign_place_to_all", "_selected_action": [session.pk for session in sessions]}

    assert "the place that you name" in client.post(address, chosen).text
    client.post(address, {**chosen, "decided": "yes", "storage_location_id": place.pk})

    assert set(ProcessingSession.objects.values_list("storage_location", flat=True)) == {place.pk}


def test_counting_again_is_queued_and_a_refusal_is_said(
    signed_in, supervisor, make_photo, count, place, django_capture_on_commit_callbacks
):
    session = count(make_photo(), place)
    client = signed_in(supervisor)
    address = f"/admin/photos/processingsession/{session.pk}/count-again/"

    with django_capture_on_commit_callbacks() as sent:
        client.post(address, {"decided": "yes", "reason": "blurred"})
    refused = client.post(address, {"decided": "yes", "reason": "once more"})

    assert len(sent) == 1
    assert [count.reason for count in session.image.sessions.order_by("attempt")] == ["", "blurred"]
    assert "being counted already" in said(refused)[-1]


def test_a_count_is_validated(signed_in, supervisor, make_photo, count, place):
    session = count(make_photo(), place)
    client, address = signed_in(supervisor), f"/admin/photos/processingsession/{session.pk}/validate/"

    client.post(address, {**asked(client.get(address)), "decided": "yes", "note": "fits"})

    session.refresh_from_db()
    assert (session.validated, session.validated_by) == (True, supervisor)


def test_a_count_that_was_corrected_since_the_question_is_not_validated_unseen(
    signed_in, supervisor, make_photo, count, place
):
    seen, changed = count(make_photo(), place), count(make_photo(), place)
    client, address = signed_in(supervisor), reverse("admin:photos_processingsession_changelist")
    chosen = {"action": "validate_all", "_selected_action": [seen.pk, changed.pk]}
    question = client.post(address, chosen)
    correct(
        session=changed,
        user=supervisor,
        version=changed.version,
        operations={"hand_counts": [{"container_id": None, "living": 9}]},
    )

    answer = client.post(address, {**chosen, **asked(question), "decided": "yes"})

    assert f"{changed}: Somebody else has corrected this count meanwhile. Look at what it is now." in said(
        answer
    )
    assert set(ProcessingSession.objects.filter(validated=True)) == {seen}


def test_a_photo_that_was_counted_again_since_the_question_is_not_validated_unseen(
    signed_in, supervisor, make_photo, count, place
):
    image = count(make_photo(), place).image
    client, address = signed_in(supervisor), f"/admin/photos/image/{image.pk}/validate/"
    question = client.get(address)
    count(image, place)

    answer = client.post(address, {**asked(question), "decided": "yes"})

    assert "A newer count of this photo stands" in said(answer)[-1]
    assert not ProcessingSession.objects.filter(validated=True).exists()


def test_a_validation_is_withdrawn_after_its_consequences_are_shown(
    signed_in, supervisor, make_photo, count, place
):
    session = validate(session=count(make_photo(), place), user=supervisor)
    client = signed_in(supervisor)
    address = f"/admin/photos/processingsession/{session.pk}/withdraw/"

    assert "The stock stays as it is." in client.get(address).text
    session.refresh_from_db()
    assert session.validated
    client.post(address, {"decided": "yes"})

    session.refresh_from_db()
    assert not session.validated


def test_several_validations_are_withdrawn_and_what_nobody_has_validated_is_named(
    signed_in, supervisor, make_photo, count, place
):
    sessions = [count(make_photo(), place), count(make_photo(), place)]
    validate(session=sessions[0], user=supervisor)
    chosen = {"action": "withdraw_all", "_selected_action": [session.pk for session in sessions]}
    address = reverse("admin:photos_processingsession_changelist")

    question = signed_in(supervisor).post(address, chosen)
    assert question.context["refusals"] == [f"{sessions[1]}: Nobody has validated this count."]
    answer = signed_in(supervisor).post(address, {**chosen, "decided": "yes"})

    assert f"{sessions[1]}: Nobody has validated this count." in said(answer)
    assert not ProcessingSession.objects.filter(validated=True).exists()


def test_photos_are_moved_to_the_trash_and_restored_after_their_consequences_are_shown(
    signed_in, supervisor, make_photo, count, place
):
    images = [count(make_photo(), place).image, count(make_photo(), place).image]
    client = signed_in(supervisor)
    address = reverse("admin:photos_image_changelist")
    chosen = {"_selected_action": [str(image.pk) for image in images]}

    for action, before, after, deleted in (("trash_all", 3, 0, 2), ("restore_all", 0, 3, 0)):
        page = client.post(address, {**chosen, "action": action})
        assert [(c.before, c.after) for c in page.context["preview"].stock.changes] == [(before, after)]
        client.post(address, {**chosen, "action": action, "decided": "yes"})
        assert Image.objects.filter(deleted_by=supervisor).count() == deleted


def test_one_photo_is_moved_to_the_trash_from_its_page(signed_in, supervisor, make_photo, count, place):
    image = count(make_photo(), place).image
    client = signed_in(supervisor)

    assert "3 → 0" in client.get(f"/admin/photos/image/{image.pk}/trash/").text
    answer = client.post(f"/admin/photos/image/{image.pk}/trash/", {"decided": "yes"})

    image.refresh_from_db()
    assert answer.url == change_page(image)
    assert image.deleted_by == supervisor
    assert "In the trash" in client.get(reverse("admin:photos_image_changelist")).text


PHOTO_ACTIONS = ["count-again", "assign-place", "validate", "trash", "restore"]


@pytest.mark.parametrize("action", PHOTO_ACTIONS)
@pytest.mark.parametrize("role", ["viewer", "worker"])
def test_who_has_no_administration_decides_nothing_about_photos_here(
    signed_in, request, role, make_photo, count, place, action
):
    image = count(make_photo(), place).image

    answer = signed_in(request.getfixturevalue(role)).post(
        f"/admin/photos/image/{image.pk}/{action}/", {"decided": "yes"}, follow=True
    )

    assert answer.status_code == 403
    assert Image.objects.not_deleted().count() == 1
    assert ProcessingSession.objects.count() == 1


@pytest.mark.parametrize("action", PHOTO_ACTIONS)
def test_the_question_about_a_photo_shows_its_picture_its_place_and_its_state(
    signed_in, supervisor, make_photo, count, place, action
):
    image = count(make_photo(), place).image

    question = signed_in(supervisor).get(f"/admin/photos/image/{image.pk}/{action}/").text

    assert image.thumbnail_key in question
    assert str(place) in question
    assert "Ready" in question


def test_the_place_of_several_photos_is_named_in_their_list_and_booked(
    signed_in, supervisor, make_photo, count, place
):
    photos = [count(make_photo()).image, count(make_photo()).image]
    client, address = signed_in(supervisor), reverse("admin:photos_image_changelist")
    chosen = {"action": "assign_place_all", "_selected_action": [image.pk for image in photos]}

    client.post(address, {**chosen, "decided": "yes", "storage_location_id": place.pk})

    assert set(ProcessingSession.objects.values_list("storage_location", flat=True)) == {place.pk}
    assert set(Image.objects.values_list("status", flat=True)) == {"ready"}


def test_a_photo_is_validated_and_counted_again_by_its_newest_count(
    signed_in, supervisor, make_photo, count, place, django_capture_on_commit_callbacks
):
    image = count(make_photo(), place).image
    client = signed_in(supervisor)

    address = f"/admin/photos/image/{image.pk}/validate/"
    client.post(address, {**asked(client.get(address)), "decided": "yes", "note": "fits"})
    with django_capture_on_commit_callbacks() as sent:
        client.post(f"/admin/photos/image/{image.pk}/count-again/", {"decided": "yes", "reason": "blurred"})

    counts = image.sessions.order_by("attempt")
    assert [(row.validated, row.reason) for row in counts] == [(True, ""), (False, "blurred")]
    assert len(sent) == 1


def test_what_cannot_be_decided_about_one_photo_is_said_and_keeps_no_other(
    signed_in, supervisor, make_photo, count, place
):
    uncounted, counted = make_photo(), count(make_photo(), place).image
    chosen = {"action": "validate_all", "_selected_action": [uncounted.pk, counted.pk]}
    client, address = signed_in(supervisor), reverse("admin:photos_image_changelist")

    answer = client.post(address, {**chosen, **asked(client.post(address, chosen)), "decided": "yes"})

    assert f"{uncounted}: This photo has no count yet." in said(answer)
    assert f"{counted}: The count is validated." in said(answer)


@pytest.mark.parametrize("further", [{}, {"decided": "yes"}], ids=["asked", "decided"])
def test_more_rows_than_can_be_decided_about_are_refused(
    signed_in, supervisor, make_photo, count, place, monkeypatch, further
):
    monkeypatch.setattr(review_actions, "MAX_ROWS", 1)
    photos = [count(make_photo(), place).image for _ in range(2)]
    chosen = {"action": "trash_all", "_selected_action": [photos[0].pk], "select_across": "1"}

    answer = signed_in(supervisor).post(reverse("admin:photos_image_changelist"), {**chosen, **further})

    assert said(answer) == ["At most 1 rows can be decided about at once."]
    assert Image.objects.in_trash().count() == 0


@pytest.mark.parametrize(
    ("state", "label", "reason"),
    [
        ("waiting", "Waits for a person", "The place is not known"),
        ("broken", "Could not be counted", "The picture is damaged"),
        ("ready", "Ready", "—"),
        ("trash", "In the trash", "—"),
    ],
)
def test_photos_that_wait_for_a_person_are_told_from_broken_ones(
    signed_in, supervisor, make_photo, count, place, state, label, reason
):
    photos = {
        "waiting": count(make_photo()).image,
        "broken": make_photo(status="failed", error_details="unreadable_image: broken"),
        "ready": count(make_photo(), place).image,
        "trash": make_photo(status="ready", deleted_at=timezone.now()),
    }

    page = signed_in(supervisor).get(reverse("admin:photos_image_changelist"), {"state": state})

    assert [image.pk for image in page.context["cl"].result_list] == [photos[state].pk]
    assert label in page.text
    assert reason in page.text


def test_a_count_shows_where_it_was_moved_from_how_far_it_lies_and_what_was_answered(
    signed_in, supervisor, make_photo, count, place
):
    there = StorageLocationConfigFactory().storage_location
    gps = {"lat": place.centroid_lat, "lon": place.centroid_lon, "altitude": None, "accuracy": 1.0}
    session = count(make_photo(gps_coordinates=gps), place)
    assign_location(session=session, location=there, user=supervisor)
    answer(session=session, warning=CountWarning.UNDATED)
    session.refresh_from_db()

    text = signed_in(supervisor).get(change_page(session)).text

    assert str(place) in text
    assert f"{session.gps_distance_m:,.1f} m" in text
    assert "Nobody knows when the photo was taken" in text
    assert "&quot;undated&quot;" not in text


def test_a_place_lists_the_counts_of_its_photos_and_those_that_were_moved_away(
    signed_in, supervisor, make_photo, count, place
):
    there = StorageLocationConfigFactory().storage_location
    kept, moved = count(make_photo(), place), count(make_photo(), place)
    assign_location(session=moved, location=there, user=supervisor)

    def links(location):
        page = signed_in(supervisor).get(
            reverse("admin:inventory_storagelocation_change", args=[location.pk])
        )
        assert page.status_code == 200
        return [change_page(session) in page.text for session in (kept, moved)]

    assert links(place) == [True, True]
    assert links(there) == [False, True]
    counts = reverse("admin:photos_processingsession_changelist")
    listed = signed_in(supervisor).get(counts, {"storage_location__id__exact": place.pk})
    assert list(listed.context["cl"].result_list) == [kept]


@pytest.mark.parametrize("action", ["assign-place", "count-again", "validate", "withdraw"])
def test_workers_decide_nothing_here(signed_in, worker, make_photo, count, action):
    session = count(make_photo())

    answer = signed_in(worker).post(
        f"/admin/photos/processingsession/{session.pk}/{action}/", {"decided": "yes"}, follow=True
    )

    assert answer.status_code == 403


def test_counts_are_filtered_by_warning(signed_in, supervisor, make_photo, count, place):
    count(make_photo())
    count(make_photo(), place)
    address = reverse("admin:photos_processingsession_changelist")

    found = signed_in(supervisor).get(address, {"warning": "needs_location"}).context["cl"]

    assert found.result_count == 1


def test_what_a_person_corrected_is_shown_beside_what_the_model_counted(
    signed_in, supervisor, make_photo, count, place
):
    session = count(make_photo(), place)
    validate(
        session=session, user=supervisor, adjustments=[{"container_id": None, "living": 1200, "dead": 3}]
    )
    page = signed_in(supervisor).get(change_page(session)).content.decode()
    assert "detected 1,203 · estimated 0 · dead 3 · empty cells 1" in page
    counts = signed_in(supervisor).get(reverse("admin:photos_processingsession_changelist"))
    assert [row.all_plants for row in counts.context["cl"].result_list] == [1203]


def test_a_movement_leads_to_its_photo_its_batch_and_its_place_and_says_the_balance(
    signed_in, supervisor, make_photo, count, place
):
    first, second = count(make_photo(), place), count(make_photo(), place, total_estimated=0)
    client = signed_in(supervisor)

    listed = client.get(reverse("admin:inventory_stockmovement_changelist"))

    rows = list(listed.context["cl"].result_list)
    newest = max(rows, key=lambda row: (row.occurred_at, row.pk))
    assert {row.photo_id for row in rows} <= {first.image_id, second.image_id}
    assert newest.balance == StockBatch.objects.get(pk=newest.batch_id).quantity_current
    opened = client.get(reverse("admin:inventory_stockmovement_change", args=[newest.pk])).text
    for text in (listed.text, opened):
        assert f'href="/admin/photos/image/{newest.photo_id}/change/"' in text
        assert f'href="/admin/inventory/stockbatch/{newest.batch_id}/change/"' in text
        assert f'href="/admin/inventory/storagelocation/{place.pk}/change/"' in text


def test_a_movement_that_a_person_recorded_has_no_photo(signed_in, supervisor):
    movement = stocked_batch(10).movements.get()

    [row] = (
        signed_in(supervisor)
        .get(reverse("admin:inventory_stockmovement_changelist"))
        .context["cl"]
        .result_list
    )

    assert (row.pk, row.photo_id, row.balance) == (movement.pk, None, 10)
