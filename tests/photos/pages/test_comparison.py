"""A photo beside the previous one of its place: which one that is, and how the two are laid over each other."""

import pytest

from photos.models import PhotoContainer
from photos.pages.comparison import Box, align
from photos.services.results.session_lifecycle import fail_session, reprocess
from photos.services.review.validation import validate

PLACE_HERE = Box(100, 200, 1100, 900)


def test_a_picture_taken_from_elsewhere_is_laid_where_its_containers_are():
    """Each point of the earlier picture comes to lie where the same thing is in this one."""
    scale, left, top = 0.8, 37.0, -12.0  # of the earlier picture on this one
    earlier = Box(
        *((edge - offset) / scale for edge, offset in zip(PLACE_HERE, (left, top, left, top), strict=True))
    )

    assert align(PLACE_HERE, earlier) == pytest.approx((scale, left, top))


@pytest.mark.parametrize(
    "earlier",
    [
        None,
        Box(0, 0, 0, 100),
        Box(0, 0, 700, 1000),  # a turned phone
        Box(0, 0, 400, 280),  # from much farther away
        Box(0, 0, 500, 700),  # one of two containers was found
    ],
)
def test_what_does_not_look_like_the_same_containers_is_not_laid_over(earlier):
    assert align(PLACE_HERE, earlier) is None


@pytest.fixture
def twice(make_photo, count, place, hours_ago):
    """The counts of two photos of a place, the earlier first."""
    return [count(make_photo(taken_at=hours_ago(hours)), place) for hours in (60, 5)]


def comparison(client, session):
    return client.get(f"/photos/{session.image_id}/").context["comparison"]


def test_it_is_compared_with_the_photo_taken_before_not_with_a_later_one(
    signed_in, worker, twice, make_photo, count, place, hours_ago
):
    earlier, later = twice
    long_ago = count(make_photo(taken_at=hours_ago(900)), place)
    client = signed_in(worker)

    assert comparison(client, later).previous == earlier
    assert comparison(client, earlier).previous == long_ago
    assert comparison(client, long_ago) is None


def test_photos_that_the_user_may_not_see_and_those_in_the_trash_are_not_compared(
    signed_in, worker, other_worker, twice
):
    earlier, later = twice
    earlier.image.uploaded_by = other_worker
    earlier.image.save()

    assert comparison(signed_in(worker), later) is None


@pytest.mark.parametrize("is_failed", [False, True], ids=["waits", "has failed"])
def test_a_photo_whose_recount_waits_or_has_failed_is_compared_by_the_count_that_stands(
    signed_in, worker, twice, is_failed
):
    earlier, later = twice
    reprocess(image=earlier.image, user=worker)
    if is_failed:
        fail_session(earlier.image.sessions.get(attempt=2), code="unreadable_image", message="")
    client = signed_in(worker)

    assert comparison(client, later).previous == earlier
    assert client.get(f"/photos/{later.image_id}/").context["place_history"] == [later, earlier]


def test_what_a_person_stands_for_is_compared_with_before_a_later_count(
    signed_in, worker, supervisor, twice, count, place
):
    earlier, later = twice
    validate(session=earlier, user=supervisor)
    count(earlier.image, place)
    client = signed_in(worker)

    assert comparison(client, later).previous == earlier
    assert client.get(f"/photos/{later.image_id}/").context["place_history"] == [later, earlier]


def test_the_earlier_picture_lies_by_its_containers_in_percent_of_this_one(signed_in, worker, twice):
    earlier, later = twice
    moved = [[x + 4.8, y + 3.2] for x, y in earlier.containers.get().polygon]  # of 48 × 32 px: a tenth
    PhotoContainer.objects.filter(session=earlier).update(polygon=moved)

    shown = comparison(signed_in(worker), later)

    assert shown.is_aligned
    assert (shown.left, shown.top, shown.width) == pytest.approx((-10, -10, 100))


def test_the_places_of_pictures_have_decimal_points_in_spanish_too(client, worker, twice):
    earlier, later = twice
    moved = [[x + 1.6, y] for x, y in earlier.containers.get().polygon]
    PhotoContainer.objects.filter(session=earlier).update(polygon=moved)
    client.force_login(worker)

    text = client.get(f"/photos/{later.image_id}/", headers={"accept-language": "es"}).text

    assert 'data-left="-3.333"' in text


def test_without_containers_both_pictures_fill_the_frame(signed_in, worker, twice):
    earlier, later = twice
    PhotoContainer.objects.filter(session=earlier).update(is_counted=False)

    shown = comparison(signed_in(worker), later)

    assert (shown.is_aligned, shown.left, shown.top, shown.width) == (False, 0, 0, 100)
