"""Corrections: appended beside the model's rows, replayed in order, and booked only when a person validates them."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from inventory.models import StockBatch, StockMovement
from photos.choices import BookingState
from photos.errors import CountReplaced, FindingsChanged, InvalidCorrection, NotCounted, UnknownFinding
from photos.models import Correction, Detection, PhotoContainer, ProcessingSession
from photos.services.corrections.findings import corrected_findings
from photos.services.corrections.sums import Sums, correct_sums
from photos.services.results.session_lifecycle import open_session
from photos.services.review.edits import TakenCorrection, correct
from photos.services.review.validation import validate, withdraw_validation
from tests.photos.count_builders import count_photo, store_photo

SPOT = {"center_x": 35.0, "center_y": 25.0, "width_px": 6.0, "height_px": 6.0}
HIDDEN_SPOT = {"center_x": 8.0, "center_y": 5.0, "width_px": 2.0, "height_px": 2.0}  # where two are estimated
MODEL_SUMS = Sums(detected=2, estimated=2, dead=1, empty=1)


@pytest.fixture
def session(worker, place) -> ProcessingSession:
    """One living and one dead plant and one empty cell seen, two estimated; three living ones are booked."""
    return count_photo(store_photo(worker), place)


def edit(session: ProcessingSession, user: Any, **operations: Any) -> TakenCorrection:
    session.refresh_from_db()
    return correct(session=session, user=user, version=session.version, operations=operations)


def box_of(session: ProcessingSession, class_name: str) -> int:
    return Detection.objects.get(session=session, class_name=class_name).pk


def held() -> int:
    return sum(StockBatch.objects.values_list("quantity_current", flat=True))


@pytest.mark.parametrize(
    ("operations", "sums"),
    [
        pytest.param({}, MODEL_SUMS, id="nothing"),
        pytest.param({"add": [{**SPOT, "class_name": "plant"}]}, Sums(3, 2, 1, 1), id="a plant"),
        pytest.param({"add": [{**SPOT, "class_name": "dead"}]}, Sums(3, 2, 2, 1), id="a dead plant"),
        pytest.param({"add": [{**SPOT, "class_name": "empty"}]}, Sums(2, 2, 1, 2), id="an empty cell"),
        pytest.param(
            {"add": [{**HIDDEN_SPOT, "class_name": "plant"}]}, Sums(3, 1, 1, 1), id="one that was estimated"
        ),
        pytest.param(
            {"add": [{**HIDDEN_SPOT, "class_name": "plant"}] * 3}, Sums(5, 0, 1, 1), id="more than were estimated"
        ),
        pytest.param(
            {"add": [{**HIDDEN_SPOT, "class_name": "empty"}]}, Sums(2, 2, 1, 2), id="an empty cell hides none"
        ),
        pytest.param({"delete": ["plant"]}, Sums(1, 2, 1, 1), id="no plant"),
        pytest.param({"delete": ["dead"]}, Sums(1, 2, 0, 1), id="no dead plant"),
        pytest.param({"delete": ["empty"]}, Sums(2, 2, 1, 0), id="no empty cell"),
        pytest.param({"relabel": [("plant", "dead")]}, Sums(2, 2, 2, 1), id="it is dead"),
        pytest.param({"relabel": [("plant", "empty")]}, Sums(1, 2, 1, 2), id="the pot is empty"),
        pytest.param({"relabel": [("empty", "plant")]}, Sums(3, 2, 1, 0), id="the pot is planted"),
    ],
)  # fmt: skip
def test_the_sums_follow_what_was_corrected(session, worker, operations, sums):
    named = dict(operations)
    if "delete" in named:
        named["delete"] = [box_of(session, name) for name in named["delete"]]
    if "relabel" in named:
        named["relabel"] = [
            {"id": box_of(session, name), "class_name": new} for name, new in named["relabel"]
        ]
    assert edit(session, worker, **named).sums == sums
    session.refresh_from_db()
    assert correct_sums(session).photo == sums


def test_a_correction_touches_no_row_of_the_model_and_no_stock(session, worker):
    rows = list(Detection.objects.order_by("pk").values())
    containers = list(PhotoContainer.objects.values())
    movements = StockMovement.objects.count()
    edit(session, worker, delete=[box_of(session, "plant")], add=[{**SPOT, "class_name": "plant"}])

    assert list(Detection.objects.order_by("pk").values()) == rows
    assert list(PhotoContainer.objects.values()) == containers
    session.refresh_from_db()
    assert (session.total, session.version, session.is_corrected) == (4, 2, False)
    assert StockMovement.objects.count() == movements
    correction = Correction.objects.get()
    assert (correction.user, correction.version) == (worker, 2)


def test_a_box_is_added_moved_deleted_and_comes_back_where_it_was(session, worker):
    assert edit(session, worker, add=[{**SPOT, "class_name": "plant"}] * 2).added_ids == [-1, -2]
    assert edit(session, worker, add=[{**SPOT, "class_name": "dead"}]).added_ids == [-3]
    edit(session, worker, move=[{"id": -1, **SPOT, "center_x": 12.04}], delete=[-2])
    edit(session, worker, delete=[-1, -1])
    assert sorted(key for key in corrected_findings(session).boxes if key < 0) == [-3]
    edit(session, worker, restore=[-1, -3])

    box = corrected_findings(session).boxes[-1]
    assert (box.center_x, box.class_name, box.container_id) == (12.0, "plant", session.containers.get().pk)
    assert edit(session, worker, add=[{**SPOT, "class_name": "plant"}]).added_ids == [-4]


def test_a_box_counts_in_the_container_where_it_is_set_down(session, worker):
    far = PhotoContainer.objects.create(
        session=session,
        position=1,
        type="box",
        confidence=0.9,
        polygon=[[42, 2], [47, 2], [47, 30], [42, 30]],
    )
    edit(session, worker, add=[{**SPOT, "center_x": 44.0, "class_name": "plant"}])
    edit(session, worker, move=[{"id": box_of(session, "plant"), **SPOT, "center_x": 47.9}])

    sums = correct_sums(session)
    assert sums.containers[far.pk] == Sums(2, 0, 0, 0)
    assert sums.photo == Sums(3, 2, 1, 1)


def test_a_count_by_hand_goes_before_what_was_marked_and_can_be_taken_back(session, worker):
    container = session.containers.get().pk
    edit(session, worker, add=[{**SPOT, "class_name": "plant"}])
    by_hand = {"container_id": container, "living": 40, "dead": 2}
    assert edit(session, worker, hand_counts=[by_hand]).sums == Sums(42, 0, 2, 1)
    whole = {"container_id": None, "living": 50, "dead": 0, "empty": 9}
    assert edit(session, worker, hand_counts=[whole]).sums == Sums(50, 0, 0, 9)
    session.refresh_from_db()
    version = session.version
    assert edit(session, worker, hand_counts=[whole]).version == version

    assert edit(session, worker, hand_counts=[{"container_id": None, "living": None}]).sums.living == 40
    assert edit(session, worker, hand_counts=[{"container_id": container, "living": None}]).sums == Sums(
        3, 2, 1, 1
    )


@pytest.mark.parametrize(
    ("operations", "refused"),
    [
        pytest.param({"add": [{**SPOT, "center_x": 48.1, "class_name": "plant"}]}, InvalidCorrection, id="outside"),
        pytest.param({"add": [{**SPOT, "width_px": 0.5, "class_name": "plant"}]}, InvalidCorrection, id="no width"),
        pytest.param({"add": [{**SPOT, "height_px": 33, "class_name": "plant"}]}, InvalidCorrection, id="too high"),
        pytest.param(
            {"add": [{**SPOT, "center_y": float("nan"), "class_name": "plant"}]}, InvalidCorrection, id="no number"
        ),
        pytest.param({"add": [{**SPOT, "class_name": "weed"}]}, InvalidCorrection, id="unknown class"),
        pytest.param({"delete": [0]}, UnknownFinding, id="unknown box"),
        pytest.param({"move": [{"id": -1, **SPOT}]}, UnknownFinding, id="box that nobody added"),
        pytest.param({"retype": [{"container_id": 0, "type": "box"}]}, UnknownFinding, id="unknown container"),
        pytest.param(
            {"hand_counts": [{"container_id": None, "living": 1_000_001}]}, InvalidCorrection, id="too many by hand"
        ),
        pytest.param({"delete": [1] * 5001}, InvalidCorrection, id="too much at once"),
    ],
)  # fmt: skip
def test_of_a_correction_that_cannot_be_nothing_is_applied(session, worker, operations, refused):
    good = {"relabel": [{"id": box_of(session, "plant"), "class_name": "dead"}]}
    with pytest.raises(refused):
        edit(session, worker, **good, **operations)
    session.refresh_from_db()
    assert session.version == 1
    assert correct_sums(session).photo == MODEL_SUMS
    assert not Correction.objects.exists()


def test_an_old_version_is_refused_with_who_was_first(session, worker, supervisor):
    edit(session, supervisor, delete=[box_of(session, "plant")])
    with pytest.raises(FindingsChanged) as refused:
        correct(session=session, user=worker, version=1, operations={"delete": [box_of(session, "dead")]})
    assert refused.value.details["version"] == 2
    assert refused.value.details["changed_by"] == supervisor.name


def test_an_edit_that_is_sent_again_gets_its_first_answer(session, worker):
    edit_id = uuid.uuid4()
    operations = {"add": [{**SPOT, "class_name": "plant"}]}
    once = {"session": session, "user": worker, "version": 1, "operations": operations, "edit_id": edit_id}
    first = correct(**once)
    edit(session, worker, add=[{**SPOT, "class_name": "dead"}])
    again = correct(**once)

    assert (again.version, again.added_ids) == (first.version, first.added_ids) == (2, [-1])
    assert Correction.objects.count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Correction.objects.create(session=session, user=worker, version=9, operations={}, edit_id=edit_id)


def test_only_a_finished_count_that_stands_can_be_corrected(session, worker):
    count_photo(session.image, session.storage_location)
    with pytest.raises(CountReplaced):
        edit(session, worker, delete=[box_of(session, "plant")])
    running = open_session(image=store_photo(worker), user=worker)
    with pytest.raises(NotCounted):
        edit(running, worker, hand_counts=[{"container_id": None, "living": 3}])


def test_a_validated_correction_is_the_count_and_books_the_difference(session, worker, supervisor):
    assert held() == 3
    edit(session, worker, add=[{**SPOT, "class_name": "plant"}] * 4, delete=[box_of(session, "dead")])
    assert held() == 3
    validated = validate(session=session, user=supervisor, version=2)

    assert (validated.detected, validated.estimated, validated.dead, validated.empty) == (5, 2, 0, 1)
    assert (validated.total_detected, validated.total_dead) == (2, 1)
    assert (validated.booking_state, validated.booked_quantity, held()) == (BookingState.BOOKED, 7, 7)
    assert validated.manual_adjustments["corrections"]["model"]["detected"] == 2
    assert validated.manual_adjustments["corrections"]["person"]["detected"] == 5
    assert StockMovement.objects.latest("pk").quantity == 4


def test_validating_twice_writes_nothing_and_again_after_a_correction_books_the_rest(
    session, worker, supervisor
):
    edit(session, worker, add=[{**SPOT, "class_name": "plant"}])
    first = validate(session=session, user=supervisor)
    movements = StockMovement.objects.count()
    again = validate(session=session, user=worker)
    assert (again.validated_by, again.validation_date) == (supervisor, first.validation_date)
    assert StockMovement.objects.count() == movements

    edit(session, worker, add=[{**SPOT, "class_name": "plant"}])
    assert held() == 4
    validate(session=session, user=supervisor)
    assert (held(), StockMovement.objects.count()) == (5, movements + 1)


def test_what_was_seen_is_what_is_validated(session, worker, supervisor):
    edit(session, worker, add=[{**SPOT, "class_name": "plant"}])
    with pytest.raises(FindingsChanged):
        validate(session=session, user=supervisor, version=1)
    session.refresh_from_db()
    assert not session.validated


def test_withdrawing_a_validation_gives_the_model_its_word_back_and_keeps_the_corrections(
    session, worker, supervisor
):
    edit(session, worker, hand_counts=[{"container_id": None, "living": 90}])
    validate(session=session, user=supervisor)
    assert held() == 90
    withdrawn = withdraw_validation(session=session, user=supervisor)

    assert (withdrawn.total, withdrawn.is_corrected, held()) == (4, False, 3)
    assert "corrections" not in withdrawn.manual_adjustments
    assert session.containers.get().human_living is None
    assert correct_sums(withdrawn).photo.living == 90
    validate(session=withdrawn, user=supervisor)
    assert held() == 90


def test_adjustments_of_a_validation_are_a_count_by_hand_in_its_name(session, supervisor):
    by_hand = [{"container_id": None, "living": 12, "dead": 3}]
    validated = validate(session=session, user=supervisor, adjustments=by_hand)
    assert (validated.detected, validated.dead, held()) == (15, 3, 12)
    assert Correction.objects.get().user == supervisor
    validate(session=session, user=supervisor, adjustments=by_hand)
    assert Correction.objects.count() == 1


def test_plants_of_a_container_of_another_type_are_booked_in_a_bin_of_that_type(session, worker, supervisor):
    container = session.containers.get()
    edit(session, worker, retype=[{"container_id": container.pk, "type": "box"}])
    validate(session=session, user=supervisor)

    container.refresh_from_db()
    assert (container.type, container.human_type, container.human_living) == ("segment", "box", 3)
    standing = StockBatch.objects.filter(quantity_current__gt=0)
    assert [batch.current_storage_bin.storage_bin_type.category for batch in standing] == ["box"]
    assert held() == 3


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_corrections_of_one_version_at_one_moment_one_is_taken(session, worker):
    start = Barrier(4, timeout=60)
    deadline = time.monotonic() + 60

    def add_a_plant(_number: int) -> str:
        start.wait()
        operations = {"add": [{**SPOT, "class_name": "plant"}]}
        while time.monotonic() < deadline:
            try:
                correct(session=session, user=worker, version=1, operations=operations)
            except FindingsChanged:
                return "refused"
            except OperationalError:  # SQLite in memory, as in tests, refuses where the others wait
                continue
            else:
                return "taken"
            finally:
                connection.close()
        return "never answered"

    with ThreadPoolExecutor(4) as threads:
        results = sorted(threads.map(add_a_plant, range(4)))
    assert results == ["refused", "refused", "refused", "taken"]
    session.refresh_from_db()
    assert (session.version, Correction.objects.count()) == (2, 1)
