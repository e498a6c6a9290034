"""The inbox of supervisors: who sees it, what stands in it, and what approving and rejecting do."""

import re
from html import escape, unescape

import pytest
from django.contrib.messages import get_messages

from photos.choices import BookingState
from photos.models import Image, ProcessingSession
from photos.services.results.session_lifecycle import fail_session, open_session
from photos.services.review.edits import correct
from tests.inventory.factories import StorageLocationConfigFactory, StorageLocationFactory

INBOX = "/inbox/"


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def queue(page):
    return [item.session.pk for item in page.context["items"]]


def lines(page):
    """Why each count stands in the queue, as its lines say."""
    return [
        unescape(text)
        for text in re.findall(
            r'inbox-line-text">.*?<span class="small soft">(.*?)</span>', page.text, re.DOTALL
        )
    ]


def reasons(page):
    return {reason.code: reason.count for reason in page.context["reasons"]}


def value(session) -> str:
    return f"{session.image_id}:{session.attempt}:{session.version}"


@pytest.fixture
def partial(make_photo, count, place):
    return count(make_photo(), place, warnings=["partial_count"])


@pytest.fixture
def unlike(make_photo, count, place, hours_ago):
    """A booked count of 3 living plants at a place where 40 were counted before."""
    count(make_photo(taken_at=hours_ago(9)), place, total_dead=0, total_empty_containers=0)
    before = ProcessingSession.objects.get()
    before.total_detected = 40
    before.save()
    session = count(make_photo(taken_at=hours_ago(1)), place)
    assert "unlike_last_count" in session.warnings
    return session


@pytest.fixture
def broken(make_photo, place):
    image = make_photo()
    session = open_session(image=image, user=image.uploaded_by, location=place)
    fail_session(session, code="unreadable_image", message="damaged")
    return session


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("worker", 403), ("supervisor", 200), ("admin", 200)]
)
def test_the_inbox_is_for_supervisors(signed_in, request, role, status):
    client = signed_in(request.getfixturevalue(role))
    assert client.get(INBOX).status_code == status
    assert client.post(INBOX, {"action": "approve"}).status_code == (302 if status == 200 else 403)


def test_each_count_stands_under_its_reason(signed_in, supervisor, make_photo, count, place, partial, broken):
    nowhere, bare = count(make_photo()), count(make_photo(), StorageLocationFactory())
    count(make_photo(), StorageLocationConfigFactory().storage_location)  # booked: nothing to look at
    client = signed_in(supervisor)

    page = client.get(INBOX)

    assert reasons(page) == {"needs_location": 1, "needs_config": 1, "partial_count": 1, "broken": 1}
    assert set(queue(page)) == {partial.pk, broken.pk, nowhere.pk, bare.pk}
    assert queue(client.get(INBOX, {"reason": "needs_location"})) == [nowhere.pk]
    assert queue(client.get(INBOX, {"reason": "broken"})) == [broken.pk]
    assert len(queue(client.get(INBOX, {"reason": "nonsense"}))) == 4


def test_a_count_far_from_the_last_one_is_shown_beside_what_was_expected(signed_in, supervisor, unlike):
    page = signed_in(supervisor).get(INBOX, {"reason": "unlike_last_count"})

    item = page.context["current"]
    assert item.session == unlike
    assert (item.book, item.difference) == (unlike.expected_living, 3 - unlike.expected_living)
    assert unlike.expected_living > 30


def test_mostly_empty_pots_are_booked_and_shown_until_somebody_has_validated_them(
    signed_in, supervisor, make_photo, count, place
):
    session = count(make_photo(), place, warnings=["no_container", "mostly_empty"])
    client = signed_in(supervisor)
    assert (session.booking_state, session.image.status) == (BookingState.BOOKED, "ready")
    assert reasons(client.get(INBOX)) == {"mostly_empty": 1}

    client.post(INBOX, {"action": "approve", "photo": value(session)})

    assert reasons(client.get(INBOX)) == {}


def test_a_corrected_count_waits_for_a_word(signed_in, supervisor, worker, make_photo, count, place):
    session = count(make_photo(), place)
    hand = {"container_id": None, "living": 7, "dead": 0}
    correct(session=session, user=worker, version=session.version, operations={"hand_counts": [hand]})

    page = signed_in(supervisor).get(INBOX)

    assert reasons(page) == {"corrected": 1}
    assert "Corrected: 7 living, 0 dead" in page.text
    assert session.warnings == ["needs_calibration"]  # that asks nobody, so the queue does not name it
    assert lines(page) == ["Corrected, not validated yet"]


def test_the_queue_says_why_each_count_stands_in_it(
    signed_in, supervisor, make_photo, count, partial, broken
):
    count(make_photo(), warnings=["no_container"])
    assert lines(signed_in(supervisor).get(INBOX)) == [
        "Some containers could not be counted",
        "Could not be counted",
        "The place is not known",
    ]


def test_a_corrected_count_is_said_in_spanish_whatever_its_numbers(
    signed_in, supervisor, make_photo, count, place, settings
):
    session = count(make_photo(), place)
    hand = {"container_id": None, "living": 1, "dead": 1}
    correct(session=session, user=supervisor, version=session.version, operations={"hand_counts": [hand]})
    client = signed_in(supervisor)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"

    page = client.get(INBOX)

    assert "Corregido: vivas 1, muertas 1" in page.text
    assert lines(page) == ["Corregido, sin validar"]


def test_approving_one_books_it_and_the_next_comes(signed_in, supervisor, make_photo, count, partial):
    other = StorageLocationConfigFactory().storage_location
    second = count(make_photo(), other, warnings=["partial_count"])
    client = signed_in(supervisor)
    page = client.get(INBOX)
    assert page.context["current"].session == partial
    assert [(c.before, c.after) for c in page.context["preview"].stock.changes] == [(0, 3)]

    given = {"action": "approve", "photo": value(partial), "item": str(second.image_id)}
    response = client.post(INBOX, given, follow=True)

    partial.refresh_from_db()
    assert (partial.booking_state, partial.validated_by) == (BookingState.BOOKED, supervisor)
    assert response.context["current"].session == second
    assert "1 count is approved." in response.text


def test_several_are_approved_and_those_without_a_place_are_named(
    signed_in, supervisor, make_photo, count, partial
):
    nowhere = count(make_photo())

    response = signed_in(supervisor).post(
        INBOX, {"action": "approve", "photo": [value(partial), value(nowhere)]}
    )

    partial.refresh_from_db()
    nowhere.refresh_from_db()
    assert (partial.validated, nowhere.validated) == (True, False)
    assert said(response) == [
        f"{nowhere.image}: say first where it is and what grows there.",
        "1 count is approved.",
    ]


def test_what_somebody_has_corrected_meanwhile_is_not_approved_unseen(signed_in, supervisor, worker, partial):
    seen = value(partial)
    hand = {"container_id": None, "living": 7, "dead": 0}
    correct(session=partial, user=worker, version=partial.version, operations={"hand_counts": [hand]})

    response = signed_in(supervisor).post(INBOX, {"action": "approve", "photo": seen})

    partial.refresh_from_db()
    assert not partial.validated
    assert "corrected this count meanwhile" in said(response)[0]


def test_what_was_counted_again_meanwhile_is_not_approved_unseen(
    signed_in, supervisor, make_photo, count, partial, place
):
    seen = value(partial)
    recount = count(partial.image, place, warnings=["partial_count"])
    assert recount.version == partial.version

    response = signed_in(supervisor).post(INBOX, {"action": "approve", "photo": seen})

    recount.refresh_from_db()
    assert not recount.validated
    assert "A newer count of this photo stands." in said(response)[0]


def test_a_photo_without_a_place_waits_again_when_it_comes_back_from_the_trash(
    signed_in, supervisor, make_photo, count
):
    nowhere = count(make_photo())
    client = signed_in(supervisor)
    confirm(client, reject(client, nowhere))
    assert queue(client.get(INBOX)) == []

    client.post(f"/photos/{nowhere.image_id}/restore/")

    assert queue(client.get(INBOX)) == [nowhere.pk]


def reject(client, *sessions, **given):
    """The question to which rejecting the selected leads."""
    given = {"action": "reject", "photo": [value(session) for session in sessions], **given}
    return client.post(INBOX, given, follow=True)


def confirm(client, question):
    seen = re.findall(r'name="photo" value="([^"]+)"', question.text)
    given = {"action": "trash", "photo": seen, "next": question.context["back"]}
    return client.post("/photos/several/", given, follow=True)


def test_rejecting_asks_first_what_it_changes_and_goes_on_to_the_next(
    signed_in, supervisor, make_photo, count, place, partial
):
    other = StorageLocationConfigFactory().storage_location
    booked = count(make_photo(), other, warnings=["mostly_empty"])
    client = signed_in(supervisor)
    page = client.get(INBOX, {"item": str(booked.image_id)})
    [link] = re.findall(r'href="([^"]+)" data-reject', page.text)

    question = client.get(unescape(link))

    assert "3 → 0" in question.text
    assert Image.objects.in_trash().count() == 0
    assert client.get(question.context["back"]).context["current"].session == booked  # where cancelling leads
    after = confirm(client, question)
    assert list(Image.objects.in_trash()) == [booked.image]
    assert after.context["current"].session == partial


def test_rejected_photos_go_into_the_trash(signed_in, supervisor, partial, broken):
    client = signed_in(supervisor)

    question = reject(client, partial, broken, page="1", item=str(partial.image_id))
    assert Image.objects.in_trash().count() == 0

    assert "Move to the trash: 2 photos." in confirm(client, question).text
    assert Image.objects.in_trash().count() == 2


def test_a_script_is_told_to_leave_for_the_question(signed_in, supervisor, partial):
    given = {"action": "reject", "photo": value(partial)}

    response = signed_in(supervisor).post(INBOX, given, headers={"HX-Request": "true"})

    assert (response.status_code, response.content) == (204, b"")
    assert response["HX-Redirect"].startswith("/photos/several/?action=trash&")


@pytest.mark.parametrize("is_recounted", [True, False], ids=["counted again", "corrected"])
def test_what_has_changed_meanwhile_is_not_rejected_unseen(
    signed_in, supervisor, worker, count, place, partial, is_recounted
):
    client = signed_in(supervisor)
    [link] = re.findall(r'href="([^"]+)" data-reject', client.get(INBOX).text)
    if is_recounted:
        count(partial.image, place, warnings=["partial_count"])
    else:
        hand = {"container_id": None, "living": 7, "dead": 0}
        correct(session=partial, user=worker, version=partial.version, operations={"hand_counts": [hand]})
    text = "A newer count of this photo stands." if is_recounted else "corrected this count meanwhile"

    question = client.get(unescape(link))

    [refusal] = question.context["refusals"]
    assert text in refusal
    assert text in confirm(client, question).text
    assert Image.objects.in_trash().count() == 0


@pytest.fixture
def queue_of_pairs(make_photo, count, monkeypatch):
    """Makes a queue of so many counts, two on a page."""
    monkeypatch.setattr("photos.pages.inbox.PER_PAGE", 2)

    def make(counts):
        return [
            count(make_photo(), StorageLocationConfigFactory().storage_location, warnings=["partial_count"])
            for _ in range(counts)
        ]

    return make


def test_next_and_previous_lead_over_the_edges_of_a_page_and_end_with_the_queue(
    signed_in, supervisor, queue_of_pairs
):
    sessions, client = queue_of_pairs(3), signed_in(supervisor)
    pages = [client.get(INBOX)]

    while next_url := pages[-1].context["next_url"]:
        pages.append(client.get(next_url))
        assert len(pages) <= 3
    assert [page.context["current"].session for page in pages] == sessions
    assert [page.context["page"].number for page in pages] == [1, 1, 2]
    assert "data-next" not in pages[-1].text
    while previous_url := pages[-1].context["previous_url"]:
        pages.append(client.get(previous_url))
        assert len(pages) <= 5
    assert [page.context["current"].session for page in pages[3:]] == [sessions[1], sessions[0]]
    assert "data-previous" not in pages[-1].text


def test_after_the_last_one_of_a_page_the_first_one_of_the_next_page_comes(
    signed_in, supervisor, queue_of_pairs
):
    sessions, client = queue_of_pairs(4), signed_in(supervisor)
    page = client.get(INBOX, {"item": str(sessions[1].image_id)})
    form = page.text[page.text.index("inbox-actions") : page.text.index("data-approve")]
    given = {name: re.findall(f'name="{name}" value="([^"]+)"', form) for name in ("photo", "page", "item")}

    response = client.post(INBOX, {"action": "approve", **given}, follow=True)

    assert response.context["current"].session == sessions[2]
    assert client.get(page.context["after_url"]).context["current"].session == sessions[2]


def test_correcting_leads_back_to_the_item_and_after_its_validation_to_the_next(
    signed_in, supervisor, make_photo, count, partial
):
    other = StorageLocationConfigFactory().storage_location
    second = count(make_photo(), other, warnings=["partial_count"])
    third = count(make_photo(), StorageLocationConfigFactory().storage_location, warnings=["partial_count"])
    client = signed_in(supervisor)
    page = client.get(INBOX, {"reason": "partial_count", "item": str(second.image_id)})
    [link] = re.findall(r'href="([^"]+)" data-edit', page.text)

    corrector = client.get(unescape(link))

    back = corrector.context["back"]
    assert f'href="{escape(back)}"' in corrector.text
    shown = client.get(back)
    assert (shown.context["current"].session, shown.context["reason"]) == (second, "partial_count")
    question = client.get(corrector.context["settings"]["validate"] + "&count=1&version=1")
    given = {"count": "1", "version": "1", "next": question.context["back"]}
    after = client.post(f"/photos/{second.image_id}/validate/", given, follow=True)
    assert (after.context["current"].session, after.context["reason"]) == (third, "partial_count")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"action": "approve"}, "Choose at least one photo."),
        ({"action": "approve", "photo": "nonsense"}, "Choose at least one photo."),
        (
            {"action": "approve", "photo": "c35717d5-2758-489a-9c82-9f247c1e0d46:1:1"},
            "Choose at least one photo.",
        ),
        (
            {"action": "approve", "photo": "c35717d5-2758-489a-9c82-9f247c1e0d46:1:1:1"},
            "Choose at least one photo.",
        ),
    ],
    ids=["none", "nonsense", "unknown", "too many numbers"],
)
def test_a_decision_about_nothing_is_refused(signed_in, supervisor, given, text):
    assert said(signed_in(supervisor).post(INBOX, given)) == [text]


def test_an_action_that_is_none_changes_nothing(signed_in, supervisor, partial):
    response = signed_in(supervisor).post(INBOX, {"action": "nonsense", "photo": value(partial)})

    assert said(response) == ["Say whether to approve or to reject."]
    assert Image.objects.in_trash().count() == 0


def test_a_missing_place_is_solved_in_the_inbox_itself(signed_in, supervisor, make_photo, count, partial):
    nowhere = count(make_photo())

    page = signed_in(supervisor).get(INBOX, {"item": str(nowhere.image_id)})

    assert page.context["current"].session == nowhere
    assert "Search for another place" in page.text
    assert 'value="approve" data-approve' not in page.text


def test_an_empty_inbox_says_so(signed_in, supervisor):
    assert "Nothing waits: every count is looked after." in signed_in(supervisor).get(INBOX).text


def test_the_number_of_queries_does_not_grow_with_the_queue(
    signed_in, supervisor, make_photo, count, partial, broken, django_assert_max_num_queries
):
    client = signed_in(supervisor)
    with django_assert_max_num_queries(200) as first:
        client.get(INBOX)
    for _ in range(4):
        count(make_photo(), StorageLocationConfigFactory().storage_location, warnings=["partial_count"])
    with django_assert_max_num_queries(len(first)):
        client.get(INBOX)
