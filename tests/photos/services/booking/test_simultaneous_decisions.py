"""A person who decides about photos while workers and uploads write them. PostgreSQL alone: SQLite has one writer."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from inventory.services.ledger import lock_location, lock_locations
from photos.choices import SessionStatus, StepKind
from photos.services.booking import stock_evidence
from photos.services.booking.preview import preview_decision
from photos.services.execution.step_failures import fail_permanently
from photos.services.results import count_results, session_lifecycle
from photos.services.results.count_results import FoundContainer, save_containers, save_count
from photos.services.results.session_lifecycle import assign_location, open_session, reprocess
from photos.services.review.photo_dates import date_photo
from photos.services.review.trash import trash
from photos.services.review.validation import validate
from photos.services.steps.claims import claim_step
from tests.inventory.factories import StorageLocationConfigFactory
from tests.photos.services.conftest import MODEL, SQUARE, at, claimed, counted
from tests.support.waiting import reached

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
]


def in_thread(work, *args, **named):
    """Do this with a connection of its own."""
    try:
        return work(*args, **named)
    finally:
        connection.close()


def somebody_waits():
    """Whether another connection waits for a lock of this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return cursor.fetchone()[0] > 0


def test_a_photo_of_a_place_is_written_while_somebody_decides_about_the_place(make_image, worker, place):
    image = make_image()

    def write():
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '5s'")
            return open_session(image=image, user=worker, location=place)

    with transaction.atomic(), ThreadPoolExecutor(1) as workers:
        lock_locations([place.pk])
        session = workers.submit(in_thread, write).result(timeout=60)
    assert session.storage_location == place


def find_two(session):
    found = [FoundContainer("segment", SQUARE, 0.9), FoundContainer("segment", SQUARE, 0.9)]
    save_containers(claimed(session, StepKind.SEGMENT), found, model_version=MODEL, warnings=[], seconds={})


def write_containers(session):
    return lambda: find_two(session)


def write_count(session):
    save_containers(claimed(session, StepKind.SEGMENT), [], model_version=MODEL, warnings=[], seconds={})
    claim = claimed(session, StepKind.AGGREGATE)
    return lambda: save_count(claim, counted([], 0, 0))


def fail_segmentation(session):
    claim = claimed(session, StepKind.SEGMENT)
    return lambda: fail_permanently(claim, code="internal_error", message="no")


def fail_last_detection(session):
    find_two(session)
    first, last = (claim_step(step.pk) for step in session.steps.detecting())
    fail_permanently(first, code="internal_error", message="no")
    return lambda: fail_permanently(last, code="internal_error", message="no")


@pytest.mark.parametrize(
    ("work", "module", "then", "status"),
    [
        pytest.param(
            write_containers, count_results, "complete_step", "pending", id="its containers are written"
        ),
        pytest.param(write_count, count_results, "settle_session", "completed", id="its count is written"),
        pytest.param(
            fail_segmentation, session_lifecycle, "update_image_status", "failed", id="its count fails"
        ),
        pytest.param(
            fail_last_detection,
            session_lifecycle,
            "update_image_status",
            "failed",
            id="its last detection fails",
        ),
    ],
)
def test_a_photo_gets_its_place_while(make_image, worker, place, monkeypatch, work, module, then, status):
    session = open_session(image=make_image(), user=worker)
    write = work(session)
    holds_count, goes_on = threading.Event(), getattr(module, then)

    def wait_for_the_other(*args, **named):
        holds_count.set()
        assert reached(somebody_waits)
        return goes_on(*args, **named)

    monkeypatch.setattr(module, then, wait_for_the_other)

    def assign():
        assert holds_count.wait(60)
        assign_location(session=session, location=place, user=worker)

    with ThreadPoolExecutor(2) as workers:
        both = [workers.submit(in_thread, write), workers.submit(in_thread, assign)]
    for done in both:
        done.result()
    session.refresh_from_db()
    assert (session.status, session.storage_location) == (SessionStatus(status), place)


def _assign(session, place, user):
    assign_location(session=session, location=place, user=user)


def _preview_assigning(session, place, user):
    preview_decision(lambda: _assign(session, place, user), [session.image_id], place)


@pytest.mark.parametrize(
    "decide",
    [
        pytest.param(_assign, id="gets a place"),
        pytest.param(_preview_assigning, id="is looked at before it gets a place"),
        pytest.param(lambda session, place, user: validate(session=session, user=user), id="is validated"),
        pytest.param(
            lambda session, place, user: date_photo(image=session.image, taken_at=at(3)), id="gets a date"
        ),
        pytest.param(
            lambda session, place, user: reprocess(image=session.image, user=user, location=place),
            id="is counted again",
        ),
        pytest.param(
            lambda session, place, user: trash(image_ids=[session.image_id], user=user), id="is trashed"
        ),
    ],
)
def test_a_photo_that_is_moved_before_its_locks_come_holds_up_nobody_while_it(
    make_image, count, supervisor, monkeypatch, decide
):
    """It is at a place then whose lock comes before one that is held already: who holds that may wait for this one."""
    first, last = (StorageLocationConfigFactory().storage_location for _ in range(2))
    session = count(make_image(), last, living=30)
    places_of, is_moved, has_first = stock_evidence.places_of, threading.Event(), threading.Event()

    def move_afterwards(image_ids):
        found = places_of(image_ids)
        monkeypatch.undo()  # once
        move = {"session": session, "location": first, "user": supervisor}
        with ThreadPoolExecutor(1) as mover:
            mover.submit(in_thread, assign_location, **move).result(timeout=60)
        is_moved.set()
        assert has_first.wait(60)
        return found

    monkeypatch.setattr(stock_evidence, "places_of", move_afterwards)
    with ThreadPoolExecutor(1) as workers:
        decided = workers.submit(in_thread, decide, session, last, supervisor)
        assert is_moved.wait(60)
        with transaction.atomic():
            lock_location(first)
            has_first.set()
            assert reached(somebody_waits)
            lock_location(last)
        decided.result(timeout=60)
