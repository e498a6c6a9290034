"""Decisions about several photos of the gallery: what they would change, who may take them, what is refused."""

import re

from photos.choices import BookingState, ImageStatus
from photos.models import Image


def ask(client, action, photos, **given):
    return client.get(
        "/photos/several/", {"action": action, "photo": [photo.pk for photo in photos], **given}
    )


def decide(client, action, photos, **given):
    return client.post(
        "/photos/several/",
        {
            "action": action,
            "photo": [str(photo.pk) for photo in photos],
            "next": "/photos/?search=bed",
            **given,
        },
    )


def told(client):
    return [str(message) for message in client.get("/photos/").context["messages"]]


def test_the_trash_is_asked_with_what_it_changes_and_taken_once(signed_in, worker, make_photo, count, place):
    photos = [make_photo(), make_photo()]
    for photo in photos:
        count(photo, place)
    client = signed_in(worker)

    page = ask(client, "trash", photos)
    assert "3 → 0" in page.text
    assert Image.objects.in_trash().count() == 0

    assert decide(client, "trash", photos).url == "/photos/?search=bed"
    assert set(Image.objects.in_trash()) == set(photos)
    assert told(client) == ["Move to the trash: 2 photos."]

    assert "0 → 3" in ask(client, "restore", photos).text
    decide(client, "restore", photos)
    assert Image.objects.in_trash().count() == 0


def test_photos_of_others_are_left_out_and_said_so(signed_in, worker, other_worker, make_photo):
    mine, others = make_photo(), make_photo(owner=other_worker)
    client = signed_in(worker)

    assert "1 photo is left out" in ask(client, "trash", [mine, others]).text
    decide(client, "trash", [mine, others])
    assert list(Image.objects.in_trash()) == [mine]


def test_a_place_is_chosen_then_its_consequences_are_shown_then_it_is_named(
    signed_in, supervisor, make_photo, count, place
):
    photos = [make_photo(), make_photo()]
    for photo in photos:
        count(photo)
    client = signed_in(supervisor)

    assert "This is the place" not in ask(client, "place", photos).text
    assert "0 → 3" in ask(client, "place", photos, storage_location_id=place.pk).text

    decide(client, "place", photos, storage_location_id=place.pk)
    for photo in photos:
        photo.refresh_from_db()
        assert photo.status == ImageStatus.READY
        assert photo.sessions.get().storage_location == place


def test_validating_says_which_counts_wait_for_another_answer(
    signed_in, supervisor, make_photo, count, place
):
    good, unplaced = make_photo(original_filename="good.jpg"), make_photo(original_filename="unplaced.jpg")
    session = count(good, place)
    count(unplaced)
    client = signed_in(supervisor)

    assert ask(client, "validate", [good, unplaced]).context["refusals"] == [
        "unplaced.jpg: Say first where it is and what grows there."
    ]
    decide(client, "validate", [good, unplaced])

    session.refresh_from_db()
    assert (session.validated, session.booking_state) == (True, BookingState.BOOKED)
    assert told(client) == [
        "Validate the counts: 1 photo.",
        "unplaced.jpg: Say first where it is and what grows there.",
    ]


def test_findings_that_changed_since_the_question_are_not_validated(
    signed_in, supervisor, make_photo, count, place
):
    photo = make_photo()
    session = count(photo, place)
    client = signed_in(supervisor)
    client.post("/photos/several/", {"action": "validate", "photo": [f"{photo.pk}:1:{session.version + 1}"]})
    session.refresh_from_db()
    assert not session.validated


def test_a_count_that_ended_since_the_question_is_not_validated(
    signed_in, supervisor, make_photo, count, place
):
    recounted, uncounted = make_photo(), make_photo()
    count(recounted, place)
    client = signed_in(supervisor)
    asked = ask(client, "validate", [recounted, uncounted])
    seen = re.findall(r'name="photo" value="([^"]+)"', asked.text)
    assert seen == [card.value for card in asked.context["cards"]]
    later = [count(recounted, place), count(uncounted, place)]

    client.post("/photos/several/", {"action": "validate", "photo": seen})

    for session in later:
        session.refresh_from_db()
    assert [session.validated for session in later] == [False, False]
    assert ["A newer count of this photo stands." in text for text in told(client)] == [True, True]


def test_more_photos_than_can_be_decided_about_are_refused_and_not_cut(signed_in, worker, make_photo):
    photo = make_photo()
    client = signed_in(worker)

    for send in (client.get, client.post):
        send("/photos/several/", {"action": "trash", "photo": [str(photo.pk)] * 101})
        assert told(client) == ["At most 100 photos can be decided about at once. Select fewer."]
    assert Image.objects.in_trash().count() == 0


def test_photos_are_counted_again(signed_in, worker, make_photo, count, place):
    photos = [make_photo(), make_photo()]
    for photo in photos:
        count(photo, place)
    client = signed_in(worker)

    assert "The stock follows when the counts have ended" in ask(client, "again", photos).text
    decide(client, "again", photos)
    assert [photo.sessions.count() for photo in photos] == [2, 2]


def test_roles_and_nonsense(signed_in, worker, viewer, make_photo, count, place):
    photo = make_photo()
    session = count(photo, place)

    assert decide(signed_in(viewer), "trash", [photo]).status_code == 403
    decide(signed_in(worker), "validate", [photo])
    session.refresh_from_db()
    assert not session.validated
    client = signed_in(worker)
    assert client.get("/photos/several/", {"action": "trash", "photo": ["x", ""]}).url == "/photos/"
    assert (
        client.get("/photos/several/", {"action": "nothing", "next": "https://elsewhere.example/"}).url
        == "/photos/"
    )
