"""The numbers of a photo's page: one sum, and a reason wherever two of them differ."""

from collections.abc import Iterator

import pytest
from django.utils import translation

from photos.choices import BookingState
from photos.models import ProcessingSession
from photos.pages.numbers import numbers_of
from photos.services.booking.stock_evidence import settle_session
from photos.services.review.edits import correct
from photos.services.review.validation import validate


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def by_code(session):
    return {line.code: line for line in numbers_of(ProcessingSession.objects.get(pk=session.pk))}


def values(session):
    return {code: line.value for code, line in by_code(session).items()}


def test_what_is_seen_dead_and_estimated_adds_up_to_what_is_booked(make_photo, count, place):
    session = count(make_photo(), place)

    assert values(session) == {
        "living_seen": 1,
        "dead": 1,
        "estimated": 2,
        "total": 4,
        "minus_dead": 1,
        "living": 3,
        "booked": 3,
        "empty": 1,
    }
    assert by_code(session)["living_seen"].explanation == "Each has a mark in the picture."
    assert "Estimated by: bands." in by_code(session)["estimated"].explanation


def test_the_same_numbers_stand_beside_the_marks_of_the_picture(signed_in, worker, make_photo, count, place):
    session = count(make_photo(), place)
    client = signed_in(worker)

    page = client.get(f"/photos/{session.image_id}/")
    found = client.get(page.context["findings_url"]).json()["detections"]["class_name"]

    shown = {line.code: line.value for line in page.context["numbers"]}
    assert (shown["living_seen"], shown["dead"], shown["empty"]) == tuple(
        found.count(name) for name in ("plant", "dead", "empty")
    )


def test_empty_cells_that_no_mark_shows_are_explained(make_photo, count, place):
    session = count(make_photo(), place, total_empty_containers=5)

    line = by_code(session)["empty"]

    assert line.value == 5
    assert line.explanation.startswith("Not plants. 1 have a mark in the picture; in trays the grid decides")


def test_a_count_that_waits_books_nothing_and_says_why(make_photo, count):
    line = by_code(count(make_photo()))["booked"]

    assert line.value is None
    assert "waits for a person" in line.explanation


def test_an_older_count_of_the_place_says_that_a_newer_one_decides(make_photo, count, place, hours_ago):
    older = count(make_photo(taken_at=hours_ago(5)), place)
    count(make_photo(taken_at=hours_ago(1)), place)
    older.refresh_from_db()
    assert older.booking_state == BookingState.SUPERSEDED

    assert by_code(older)["booked"].explanation == "Nothing: a newer count of this place decides."


def test_an_analysis_without_inventory_has_no_line_of_the_stock(make_photo, count):
    session = count(make_photo(with_inventory=False))

    assert "booked" not in values(session)


@pytest.fixture
def counted_by_hand(make_photo, count, place, supervisor):
    """Six living and two dead plants by a person's word, where the model saw one and one and estimated two."""
    session = count(make_photo(), place)
    row = {"container_id": None, "living": 6, "dead": 2, "empty": 4}
    correct(session=session, user=supervisor, version=1, operations={"hand_counts": [row]})
    session.refresh_from_db()
    validate(session=session, user=supervisor, version=session.version)
    settle_session(session)
    return session


def test_a_count_by_hand_goes_before_the_marks_and_says_so(counted_by_hand):
    lines = by_code(counted_by_hand)

    assert {code: lines[code].value for code in ("living_seen", "dead", "estimated", "total", "booked")} == {
        "living_seen": 6,
        "dead": 2,
        "estimated": 0,
        "total": 8,
        "booked": 6,
    }
    assert lines["living_seen"].explanation == "Counted by hand; the picture has 1 marks."
    assert lines["empty"].explanation == "Not plants. Counted by hand; the picture has 1 marks."


def test_the_page_explains_the_interval_and_why_it_is_wide(signed_in, worker, make_photo, count, place):
    session = count(make_photo(), place, interval_low=3, interval_high=9, interval_reasons=["much_estimated"])

    text = signed_in(worker).get(f"/photos/{session.image_id}/").text

    assert "(3–9)" in text
    assert "The true number lies between these two 90 times in 100." in text
    assert "because many plants were estimated, not seen." in text
