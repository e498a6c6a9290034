"""The inbox of supervisors: who sees it, what stands in it, and what approving and rejecting do."""

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
    client.post(INBOX, {"action": "reject", "photo": value(nowhere)})
    assert queue(client.get(INBOX)) == []

    client.post(f"/photos/{nowhere.image_id}/restore/")

    assert queue(client.get(INBOX)) == [nowhere.pk]


def test_rejected_photos_go_into_the_trash(signed_in, supervisor, partial, broken):
    response = signed_in(supervisor).post(
        INBOX, {"action": "reject", "photo": [value(partial), value(broken)]}
    )

    assert said(response) == ["2 photos are in the trash."]
    assert Image.objects.in_trash().count() == 2


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
