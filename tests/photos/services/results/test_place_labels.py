"""Labels in a photo: which place they name, what contradicts them, and what waits for a person."""

import pytest

from inventory.models import StockBatch
from photos.choices import BookingState, CountWarning, LocationSource, StepKind
from photos.errors import StepLost
from photos.models import PhotoContainer, ProcessingStep
from photos.pages.questions import place_options
from photos.services.booking.stock_evidence import settle_session
from photos.services.results.place_labels import note_labels
from photos.services.results.session_lifecycle import assign_location, open_session
from photos.services.review.validation import validate
from photos.services.steps.claims import claim_step, create_step
from photos.warning_texts import warnings_of
from tests.inventory.factories import SITE, StorageLocationConfigFactory
from tests.photos.count_builders import SQUARE
from tests.photos.factories import finish_count

pytestmark = pytest.mark.django_db


def strip(west_m):
    """A claro as narrow as real ones."""
    return SITE.rectangle(west_m, 10, 1.8, 6)


def position(east_m, accuracy=4.0):
    """A position at the height of the claros, so many metres east of the site's corner."""
    lon = SITE.lon + east_m / SITE.m_per_lon
    return {"lat": SITE.lat + 13 / SITE.m_per_lat, "lon": lon, "altitude": None, "accuracy": accuracy}


@pytest.fixture
def claros():
    """Three configured claros: the first two side by side, the third 30 m further east."""
    found = []
    for number, west_m in enumerate((10, 11.8, 41.8)):
        config = StorageLocationConfigFactory()
        claro = config.storage_location
        claro.polygon, claro.name, claro.qr_code = strip(west_m), f"Claro {number}", f"CLARO-{number}-LABEL"
        claro.save()
        found.append(claro)
    return found


@pytest.fixture
def counted(make_photo):
    """A photo, counted with these codes in the picture: five living plants."""

    def run(texts, *, place=None, gps=None):
        image = make_photo(gps_coordinates=gps)
        session = open_session(image=image, user=image.uploaded_by, location=place)
        read(session, texts)
        session.refresh_from_db()
        PhotoContainer.objects.create(
            session=session,
            position=0,
            type="segment",
            polygon=SQUARE,
            confidence=0.9,
            is_counted=True,
            detected=5,
        )
        finish_count(session, detected=5)
        settle_session(session)
        session.refresh_from_db()
        return session

    return run


def read(session, texts):
    """What the worker does that sums up."""
    step = create_step(
        image=session.image,
        session=session,
        kind=StepKind.AGGREGATE,
        key=f"{session.uuid}:{session.steps.count()}",
    )
    note_labels(claim_step(step.pk), texts)


def stock_at(claro):
    return sum(batch.quantity_current for batch in StockBatch.objects.filter(storage_location=claro))


def place_of(session):
    return session.storage_location, session.location_source


def test_a_place_whose_photo_shows_the_label_of_another_loses_it_also_where_it_has_booked_nothing(
    claros, counted
):
    former, named = claros[2], claros[1]
    first = counted((), gps=position(42.7))
    second = counted((), gps=position(42.7))
    former.refresh_from_db()
    assert place_of(second) == (former, LocationSource.GPS)
    assert former.last_photo_at == second.image.taken_at
    read(second, [named.qr_code])
    second.refresh_from_db()
    former.refresh_from_db()
    assert place_of(second) == (named, LocationSource.LABEL)
    assert former.last_photo_at == first.image.taken_at


def test_one_label_names_the_place_and_its_product(counted, claros):
    session = counted([claros[0].qr_code, "https://example.com/seeds"])
    assert place_of(session) == (claros[0], LocationSource.LABEL)
    assert session.product_id == claros[0].configs.get().product_id
    assert session.image.label_location_ids == [claros[0].pk]
    assert (session.booking_state, stock_at(claros[0])) == (BookingState.BOOKED, 5)


def test_a_label_goes_before_a_position_that_fits_several_claros(counted, claros):
    session = counted([claros[1].qr_code], gps=position(11.0))
    assert place_of(session) == (claros[1], LocationSource.LABEL)
    assert session.booking_state == BookingState.BOOKED


@pytest.mark.parametrize("texts", [[], ["CLARO-9-UNKNOWN"], ["https://example.com"], [""]])
def test_what_is_no_label_of_a_place_names_none(counted, claros, texts):
    session = counted(texts)
    assert session.storage_location is None
    assert session.warnings[0] == CountWarning.NEEDS_LOCATION
    assert session.image.label_location_ids == []


def test_a_label_of_a_place_out_of_use_names_none(counted, claros):
    claros[0].is_active = False
    claros[0].save()
    assert counted([claros[0].qr_code]).storage_location is None


def test_several_labels_in_view_name_none_but_are_offered_first(counted, claros, worker):
    session = counted([claro.qr_code for claro in claros[:2]])
    assert session.storage_location is None
    assert session.warnings[0] == CountWarning.NEEDS_LOCATION
    offered = place_options(session, worker)
    assert [option.location for option in offered] == claros[:2]


@pytest.mark.parametrize(("named", "waits"), [(0, False), (1, False), (2, True)])
def test_several_labels_contradict_only_a_place_that_is_not_among_them(counted, claros, named, waits):
    session = counted([claro.qr_code for claro in claros[:2]], place=claros[named])
    assert place_of(session) == (claros[named], LocationSource.UPLOADER)
    assert (CountWarning.LABEL_MISMATCH in session.warnings) is waits
    assert stock_at(claros[named]) == (0 if waits else 5)


def test_a_label_that_contradicts_the_uploader_waits_until_a_person_answers(counted, claros, worker):
    session = counted([claros[0].qr_code], place=claros[2])
    assert place_of(session) == (claros[2], LocationSource.UPLOADER)
    assert session.warnings[0] == CountWarning.LABEL_MISMATCH
    assert session.image.error_details.startswith("label_mismatch: ")
    assert (stock_at(claros[0]), stock_at(claros[2])) == (0, 0)
    offered = [
        (option.location, option.is_named, option.is_labelled) for option in place_options(session, worker)
    ]
    assert offered == [(claros[2], True, False), (claros[0], False, True)]

    assign_location(session=session, location=claros[0], user=worker)
    session.refresh_from_db()
    assert CountWarning.LABEL_MISMATCH not in session.warnings
    assert (stock_at(claros[0]), stock_at(claros[2])) == (5, 0)


def test_who_confirms_the_named_place_is_not_asked_again_by_a_recount(counted, claros, worker):
    session = counted([claros[0].qr_code], place=claros[2])
    assign_location(session=session, location=claros[2], user=worker)
    read(session, [claros[0].qr_code])
    session.refresh_from_db()
    assert place_of(session) == (claros[2], LocationSource.PERSON)
    assert session.booking_state == BookingState.BOOKED


def test_a_supervisor_accepts_the_named_place_by_validating(counted, claros, supervisor):
    session = counted([claros[0].qr_code], place=claros[2])
    validate(session=session, user=supervisor)
    assert (stock_at(claros[0]), stock_at(claros[2])) == (0, 5)


def test_a_position_that_names_another_place_alone_contradicts_the_label(counted, claros):
    session = counted([claros[0].qr_code], gps=position(42.5))
    assert place_of(session) == (claros[0], LocationSource.LABEL)
    assert session.warnings[0] == CountWarning.PLACE_MISMATCH
    assert (stock_at(claros[0]), stock_at(claros[2])) == (0, 0)


def test_labels_none_of_which_is_where_the_position_lies_wait_too(counted, claros):
    session = counted([claro.qr_code for claro in claros[:2]], gps=position(42.5))
    assert place_of(session) == (claros[2], LocationSource.GPS)
    assert session.warnings[0] == CountWarning.LABEL_MISMATCH
    assert stock_at(claros[2]) == 0


def test_reading_twice_changes_nothing_and_reading_another_label_moves_the_photo(counted, claros):
    session = counted([claros[0].qr_code])
    read(session, [claros[0].qr_code])
    assert stock_at(claros[0]) == 5
    read(session, [claros[1].qr_code])  # as a recount might
    session.refresh_from_db()
    assert place_of(session) == (claros[1], LocationSource.LABEL)
    assert (stock_at(claros[0]), stock_at(claros[1])) == (0, 5)


def test_a_worker_that_has_lost_its_step_names_nothing(make_photo, claros):
    session = open_session(image=make_photo(), user=make_photo().uploaded_by)
    step = create_step(image=session.image, session=session, kind=StepKind.AGGREGATE, key="lost")
    claim = claim_step(step.pk)
    ProcessingStep.objects.filter(pk=step.pk).update(attempt=claim.attempt + 1)
    with pytest.raises(StepLost):
        note_labels(claim, [claros[0].qr_code])
    session.refresh_from_db()
    assert session.storage_location is None


@pytest.mark.parametrize(
    ("east_m", "warns"),
    [(12.0, False), (18.0, False), (26.0, True)],
    ids=["beside it", "within twice the error", "beyond"],
)
def test_a_position_nearby_is_said_though_the_count_is_booked(counted, claros, east_m, warns):
    """The named claro ends at 11.8 m; another stands under the position."""
    claros[2].polygon = strip(east_m - 0.9)
    claros[2].save()
    session = counted([], place=claros[0], gps=position(east_m, accuracy=5.0))
    assert (CountWarning.POSITION_NEARBY in session.warnings) is warns
    assert (session.booking_state, stock_at(claros[0])) == (BookingState.BOOKED, 5)
    texts = {warning["code"]: warning["advice"] for warning in warnings_of(session)}
    assert not warns or "14" in texts[CountWarning.POSITION_NEARBY]  # metres from the named place


def test_a_position_beside_the_named_place_where_nothing_else_stands_says_nothing(counted, claros):
    session = counted([], place=claros[0], gps=position(26.0, accuracy=5.0))
    assert CountWarning.POSITION_NEARBY not in session.warnings


def test_the_page_of_a_photo_asks_which_of_the_two_places_is_right(counted, claros, signed_in, worker):
    session = counted([claros[0].qr_code], place=claros[2])
    page = signed_in(worker).get(f"/photos/{session.image_id}/").text
    assert "The label in the photo names another place" in page
    named, labelled = page.split('class="candidate"')[1:3]
    assert "Claro 2" in named
    assert "as named at upload" in named
    assert "Claro 0" in labelled
    assert "its QR label is in the photo" in labelled
