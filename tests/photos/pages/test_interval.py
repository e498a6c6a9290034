"""How sure a number is, as people see it: on the photo's page and in the administration."""

import pytest
from django.urls import reverse

from mlpipeline.vision.uncertainty.conformal_interval import REASONS
from photos.choices import IntervalReason


@pytest.fixture
def judged(make_photo, count):
    """A count of 1,612 plants with an interval and two reasons; further fields as given."""

    def make(**fields):
        session = count(
            make_photo(),
            interval_low=1598,
            interval_high=1640,
            interval_reasons=["much_estimated", "dark"],
            **fields,
        )
        session.total_detected, session.total_estimated = 1610, 2
        session.save()
        return session

    return make


def page_of(client, session):
    return " ".join(client.get(f"/photos/{session.image_id}/").text.split())


def test_a_number_is_shown_between_its_ends_with_the_reasons_in_words(signed_in, worker, judged):
    page = page_of(signed_in(worker), judged())
    assert "1,612" in page
    assert "(1,598–1,640)" in page
    assert "because many plants were estimated, not seen, the picture is too dark." in page


def test_an_interval_without_reasons_needs_no_sentence(signed_in, worker, judged):
    session = judged()
    session.interval_reasons = []
    session.save()
    page = page_of(signed_in(worker), session)
    assert "(1,598–1,640)" in page
    assert "Not more closely" not in page


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"validated": True}, id="a person has said what is true"),
        pytest.param({"interval_low": None, "interval_high": None}, id="nobody could judge it"),
    ],
)
def test_a_number_that_needs_no_interval_or_has_none_stands_alone(signed_in, worker, judged, fields):
    session = judged()
    for name, value in fields.items():
        setattr(session, name, value)
    session.save()
    page = page_of(signed_in(worker), session)
    assert "1,612" in page
    assert "count-interval" not in page
    assert "Not more closely" not in page


def test_the_administration_shows_the_interval_in_the_list_and_the_reasons_on_the_page(
    signed_in, supervisor, judged
):
    session = judged()
    client = signed_in(supervisor)
    assert "1,612 (1,598–1,640)" in client.get(reverse("admin:photos_processingsession_changelist")).text
    page = client.get(reverse("admin:photos_processingsession_change", args=[session.pk])).text
    assert "1,612 (1,598–1,640)" in page
    assert "many plants were estimated, not seen, the picture is too dark" in page


def test_every_reason_has_words_for_a_person():
    assert set(IntervalReason.values) == set(REASONS)


def test_a_reason_that_this_version_does_not_know_is_shown_as_it_is(signed_in, worker, judged):
    session = judged()
    session.interval_reasons = ["unheard_of"]
    session.save()
    assert "because unheard_of." in page_of(signed_in(worker), session)
