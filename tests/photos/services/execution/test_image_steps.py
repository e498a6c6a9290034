"""What becomes of originals, thumbnails and drawings while a store is away, and when a thread hangs."""

import hashlib
import importlib
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.utils import timezone

from demeter.accounts.models import User
from demeter.breakers.breaker import storage_of
from photos import storage, tasks
from photos.choices import JobStatus, StepKind, StepStatus
from photos.errors import StepLost, StoreUnavailable
from photos.models import Image, ProcessingSession, ProcessingStep
from photos.services.execution import image_steps
from photos.services.execution.annotation_data import stage_drawing
from photos.services.execution.cleanup import delete_expired
from photos.services.execution.recovery import MAX_FAULTS, find_lost_steps, reopen_missing_pictures
from photos.services.execution.step_failures import fail_permanently
from photos.services.results.session_lifecycle import reprocess
from photos.services.review.edits import correct
from photos.services.review.validation import validate
from photos.services.steps import stuck_threads
from photos.services.steps.claims import Claim, claim_step, hold_lease
from photos.services.steps.deadlines import DEADLINE_S
from tests.conftest import Bearer
from tests.photos.factories import picture_bytes
from tests.photos.services.conftest import Count, MakeImage, claimed, finish
from tests.support.waiting import reached

CONTENT = picture_bytes(5, kind="PNG")
TASKS: dict[str, Callable[[int], None]] = {
    StepKind.UPLOAD_ORIGINAL: tasks.upload_original,
    StepKind.UPLOAD_THUMBNAIL: tasks.upload_thumbnail,
    StepKind.UPLOAD_ANNOTATED: tasks.upload_annotated,
}


@pytest.fixture
def counted(make_image: MakeImage, count: Count, place: Any) -> ProcessingSession:
    """A counted and booked photo; its picture lies in staging, its drawing too, and nothing is in the store."""
    return counted_photo(make_image, count, place)


def counted_photo(make_image: MakeImage, count: Count, place: Any) -> ProcessingSession:
    image = make_image()
    Image.objects.filter(pk=image.pk).update(sha256=hashlib.sha256(CONTENT).hexdigest())
    storage.staging_put(image.staging_key, CONTENT)
    session = count(image, place, living=3)
    draw(session)
    return session


def draw(session: ProcessingSession, what: bytes = b"a drawing") -> ProcessingStep:
    """What the task that draws does, without a drawing."""
    return stage(session, claimed(session, StepKind.DRAW), what)


def stage(session: ProcessingSession, claim: Claim, what: bytes) -> ProcessingStep:
    return stage_drawing(claim, session, drawing=what, thumbnail=b"a small one")


def correct_and_validate(session: ProcessingSession, user: User) -> None:
    """Which has the count drawn once more."""
    plant = {"center_x": 35.0, "center_y": 25.0, "width_px": 6.0, "height_px": 6.0, "class_name": "plant"}
    session.refresh_from_db()
    correct(session=session, user=user, version=session.version, operations={"add": [plant]})
    validate(session=session, user=user)


def stored_drawing(session: ProcessingSession) -> bytes:
    session.refresh_from_db()
    assert session.processed_image_id is not None
    return storage.StorageService().get_file(
        storage.annotated_key(session.processed_image_id, session.image.uploaded_at)
    )


def step_of(session: ProcessingSession, kind: str) -> ProcessingStep:
    steps = ProcessingStep.objects.filter(image=session.image_id, kind=kind)
    return steps.get(Q(session=session) | Q(session=None))


@pytest.fixture
def store_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """The store (not staging) refuses everything until it is called."""

    def refuse(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("no answer")

    with monkeypatch.context() as patch:
        for method in ("put", "exists", "chunks", "delete"):
            patch.setattr(storage.store(storage.DEFAULT), method, refuse)
        yield patch.undo


def due(step: ProcessingStep) -> None:
    ProcessingStep.objects.filter(pk=step.pk).update(
        not_before=timezone.now(), created_at=timezone.now() - timedelta(days=9)
    )


@pytest.mark.parametrize("kind", TASKS)
def test_what_the_absence_of_the_store_prevents_is_done_when_it_is_back_however_long_it_was_away(
    counted: ProcessingSession, store_away: Callable[[], None], kind: str
) -> None:
    step = step_of(counted, kind)
    for _again in range(12):
        TASKS[kind](step.pk)
        due(step)
        step.refresh_from_db()
        assert (step.status, step.failures, step.losses) == (StepStatus.PENDING, 0, 0)
    assert step in find_lost_steps(lambda name: False)  # which the sweep sends
    store_away()
    storage_of("store").opened_at = timezone.now() - timedelta(minutes=2)  # its breaker is due for a probe
    TASKS[kind](step.pk)
    step.refresh_from_db()
    assert step.status == StepStatus.DONE
    image = Image.objects.get(pk=counted.image_id)
    made = {
        StepKind.UPLOAD_ORIGINAL: image.is_stored,
        StepKind.UPLOAD_THUMBNAIL: image.thumbnail_key,
        StepKind.UPLOAD_ANNOTATED: image.sessions.get().processed_image_id,
    }
    assert made[StepKind(kind)]


def test_the_job_of_a_count_does_not_wait_for_a_drawing_that_waits_for_the_store(
    counted: ProcessingSession, store_away: Callable[[], None]
) -> None:
    assert counted.jobs.get().status == JobStatus.PROCESSING
    tasks.upload_annotated(step_of(counted, StepKind.UPLOAD_ANNOTATED).pk)
    assert counted.jobs.get().status == JobStatus.COMPLETED


def test_a_drawing_outlives_the_clearing_of_staging_while_it_waits_for_the_store(
    counted: ProcessingSession, store_away: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    step = step_of(counted, StepKind.UPLOAD_ANNOTATED)
    tasks.upload_annotated(step.pk)
    monkeypatch.setattr("photos.services.execution.cleanup.STAGING_KEPT", -timedelta(minutes=1))
    assert delete_expired()["staged_files"] == 0
    assert storage.staging_read(storage.staged_drawing_keys(step.pk)[0]) == b"a drawing"


def test_a_drawing_that_staging_has_lost_is_made_anew(
    counted: ProcessingSession, django_capture_on_commit_callbacks: Any
) -> None:
    step = step_of(counted, StepKind.UPLOAD_ANNOTATED)
    storage.staging_discard(storage.staged_drawing_keys(step.pk))
    tasks.upload_annotated(step.pk)
    assert step_of(counted, StepKind.DRAW).status == StepStatus.PENDING
    upload = draw(counted)
    assert (upload.pk, upload.status) == (step.pk, StepStatus.PENDING)
    tasks.upload_annotated(step.pk)
    counted.refresh_from_db()
    assert counted.processed_image_id == counted.image_id
    assert counted.jobs.get().status == JobStatus.COMPLETED


def test_a_recount_draws_a_picture_of_its_own_and_both_are_served(
    counted: ProcessingSession, worker: User, bearer: Bearer
) -> None:
    tasks.upload_annotated(step_of(counted, StepKind.UPLOAD_ANNOTATED).pk)
    jobs = [counted.jobs.get(), reprocess(image=counted.image, user=worker)]
    recount = finish(cast(ProcessingSession, jobs[1].session), living=4)
    upload = draw(recount, b"another drawing")
    for _twice in range(2):
        tasks.upload_annotated(upload.pk)
    client = bearer(worker)
    urls = [
        client.get(f"/api/v1/stock/tasks/{job.pk}").json()["result"]["processed_image_url"] for job in jobs
    ]
    shown = [b"".join(Client().get(url).streaming_content) for url in urls]
    assert shown == [b"a drawing", b"another drawing"]
    photo = client.get(f"/api/v1/photos/{counted.image_id}").json()
    assert b"".join(Client().get(photo["annotated_url"]).streaming_content) == b"another drawing"


def test_the_first_count_drawn_once_more_leaves_the_drawing_of_the_second(
    counted: ProcessingSession, worker: User
) -> None:
    """Also where an earlier version has named the drawing of the second after the photo."""
    recount = finish(cast(ProcessingSession, reprocess(image=counted.image, user=worker).session), living=4)
    ProcessingSession.objects.filter(pk=recount.pk).update(processed_image_id=counted.image_id)
    tasks.upload_annotated(step_of(counted, StepKind.UPLOAD_ANNOTATED).pk)
    counted.refresh_from_db()
    assert counted.processed_image_id == counted.uuid
    tasks.upload_annotated(draw(recount, b"another drawing").pk)
    keys = [
        storage.annotated_key(drawing_id, counted.image.uploaded_at)
        for drawing_id in (counted.uuid, counted.image_id)
    ]
    assert [storage.StorageService().get_file(key) for key in keys] == [b"a drawing", b"another drawing"]


def test_a_correction_while_a_count_is_drawn_has_it_drawn_anew_and_the_older_drawing_is_refused(
    counted: ProcessingSession, supervisor: User
) -> None:
    correct_and_validate(counted, supervisor)
    slow = claimed(counted, StepKind.DRAW)  # it has read the rows of the first correction
    correct_and_validate(counted, supervisor)
    assert step_of(counted, StepKind.DRAW).status == StepStatus.PENDING
    upload = draw(counted, b"of the second correction")
    with pytest.raises(StepLost):
        stage(counted, slow, b"of the first correction")
    tasks.upload_annotated(upload.pk)
    assert stored_drawing(counted) == b"of the second correction"


def test_a_drawing_that_is_made_while_an_older_one_is_stored_follows_it(
    counted: ProcessingSession, supervisor: User
) -> None:
    slow = claimed(counted, StepKind.UPLOAD_ANNOTATED)
    correct_and_validate(counted, supervisor)
    upload = draw(counted, b"the newer one")
    assert (upload.pk, upload.status) == (slow.step_id, StepStatus.PENDING)
    with pytest.raises(StepLost):
        image_steps.store_annotated(slow)
    tasks.upload_annotated(upload.pk)
    assert stored_drawing(counted) == b"the newer one"


def test_what_was_staged_when_an_older_drawing_had_just_been_stored_is_not_cleared_with_it(
    counted: ProcessingSession, supervisor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = step_of(counted, StepKind.UPLOAD_ANNOTATED)
    has_ended = image_steps.has_ended

    def has_ended_after_another_was_drawn(claim: Claim) -> bool:
        correct_and_validate(counted, supervisor)
        draw(counted, b"the newer one")
        return has_ended(claim)

    with monkeypatch.context() as patch:
        patch.setattr(image_steps, "has_ended", has_ended_after_another_was_drawn)
        tasks.upload_annotated(upload.pk)
    assert stored_drawing(counted) == b"a drawing"
    tasks.upload_annotated(upload.pk)
    assert stored_drawing(counted) == b"the newer one"
    with pytest.raises(FileNotFoundError):
        storage.staging_read(storage.staged_drawing_keys(upload.pk)[0])


@pytest.mark.parametrize(
    ("code", "is_made_again"),
    [("internal_error", True), ("too_many_attempts", True), ("unreadable_image", False)],
)
def test_a_picture_that_ended_for_its_own_fault_is_final_one_that_ended_for_ours_is_not(
    counted: ProcessingSession, code: str, is_made_again: bool
) -> None:
    step = step_of(counted, StepKind.UPLOAD_THUMBNAIL)
    fail_permanently(claim_step(step.pk), code=code, message="no")
    ProcessingStep.objects.filter(pk=step.pk).update(finished_at=timezone.now() - timedelta(hours=2))
    assert (step in reopen_missing_pictures()) is is_made_again
    step.refresh_from_db()
    assert (step.status == StepStatus.PENDING) is is_made_again
    assert step.attempt == 1  # a late thread of the first try still holds nothing


def test_a_picture_that_fails_each_time_is_given_up_after_a_day_of_tries(counted: ProcessingSession) -> None:
    step = step_of(counted, StepKind.UPLOAD_THUMBNAIL)
    ProcessingStep.objects.filter(pk=step.pk).update(attempt=5000)  # claims of an outage do not count
    tried = 0
    while (claim := claim_step(step.pk)) is not None and tried <= 2 * MAX_FAULTS:
        tried += 1
        fail_permanently(claim, code="internal_error", message="no")
        ProcessingStep.objects.filter(pk=step.pk).update(finished_at=timezone.now() - timedelta(hours=2))
        reopen_missing_pictures()
    assert tried == MAX_FAULTS + 1


MENDED = [
    pytest.param(StepKind.UPLOAD_THUMBNAIL, "EndpointConnectionError", True, id="the store was away"),
    pytest.param(StepKind.UPLOAD_ANNOTATED, "store_unavailable", True, id="the store did not answer"),
    pytest.param(StepKind.UPLOAD_THUMBNAIL, "internal_error", True, id="the store forbade it"),
    pytest.param(StepKind.UPLOAD_THUMBNAIL, "unreadable_image", False, id="the picture is broken"),
]


@pytest.mark.parametrize(("kind", "code", "is_mended"), MENDED)
def test_what_earlier_outages_ended_for_good_is_made_once_more(
    counted: ProcessingSession, kind: StepKind, code: str, is_mended: bool
) -> None:
    migration = importlib.import_module("photos.migrations.0008_outages_use_up_no_try")
    original = step_of(counted, StepKind.UPLOAD_ORIGINAL)
    in_an_hour = timezone.now() + timedelta(hours=1)
    ProcessingStep.objects.filter(pk=original.pk).update(not_before=in_an_hour)
    step = step_of(counted, kind)
    fail_permanently(claim_step(step.pk), code=code, message="http://minio.inner:9000 does not answer")
    migration.mend_what_outages_ended(apps, connection.schema_editor())
    ProcessingStep.objects.update(created_at=timezone.now() - timedelta(days=9))
    to_send = find_lost_steps(lambda name: False)
    assert (step in to_send) is is_mended
    assert original in to_send
    step.refresh_from_db()
    assert ("minio" in step.error_message) is not is_mended


# ── deadlines ────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("kind", TASKS)
def test_a_deadline_is_above_all_waits_for_stores_that_a_step_contains(
    counted: ProcessingSession, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def counting(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            calls.append(method.__name__)
            return method(*args, **options)

        return call

    image = counted.image
    Image.objects.filter(pk=image.pk).update(content_type="image/heic")  # which needs a preview
    for alias in (storage.DEFAULT, storage.STAGING):
        for method in ("put", "chunks", "exists", "delete"):
            store = storage.store(alias)
            monkeypatch.setattr(store, method, counting(getattr(store, method)))
    if kind != StepKind.UPLOAD_ANNOTATED:  # the longest way: staging has lost it, the store is asked
        storage.StorageService().upload_file(CONTENT, image.original_key)
        storage.staging_delete(image.staging_key)
        calls.clear()
    TASKS[kind](step_of(counted, kind).pk)
    assert step_of(counted, kind).status == StepStatus.DONE
    assert len(calls) * storage.OPERATION_MAX_S < DEADLINE_S[StepKind(kind)]


@pytest.fixture
def quick(settings: Any) -> None:
    settings.STEP_RENEW_S = 0.02


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.usefixtures("quick")
def test_a_thread_past_its_deadline_loses_its_step_alone_and_the_others_go_on(
    make_image: MakeImage, count: Count, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = counted_photo(make_image, count, place)
    ended: list[bool] = []
    monkeypatch.setattr(stuck_threads, "end_process", lambda: ended.append(True))
    hanging, other = (
        claim_step(step_of(session, kind).pk)
        for kind in (StepKind.UPLOAD_THUMBNAIL, StepKind.UPLOAD_ORIGINAL)
    )
    assert hanging is not None
    assert other is not None
    is_over = threading.Event()

    def hang() -> None:
        with hold_lease(hanging):
            is_over.wait()

    thread = threading.Thread(target=hang)
    with hold_lease(other):
        thread.start()
        try:
            ProcessingStep.objects.filter(pk=hanging.step_id).update(
                deadline_at=timezone.now() - timedelta(seconds=1)
            )
            row = ProcessingStep.objects.filter(pk=hanging.step_id)
            assert reached(lambda: row.get().status == StepStatus.PENDING)
            assert row.get().losses == 1
            assert ProcessingStep.objects.get(pk=other.step_id).status == StepStatus.RUNNING
            tasks.upload_thumbnail(hanging.step_id)  # which another thread does meanwhile
            assert row.get().status == StepStatus.DONE
        finally:
            is_over.set()
            thread.join()
    assert ended == []


def test_a_process_ends_when_four_of_five_threads_are_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[bool] = []
    monkeypatch.setattr(stuck_threads, "end_process", lambda: ended.append(True))
    stuck_threads.set_threads(10)
    try:
        held = [stuck_threads.one_more_stuck() for _ in range(8)]
        for one in held[:7]:
            one.__enter__()
        assert ended == []
        held[7].__enter__()
        assert ended == [True]
        for one in held:
            one.__exit__(None, None, None)
    finally:
        stuck_threads.set_threads(0)
