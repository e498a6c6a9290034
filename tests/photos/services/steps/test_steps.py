"""Who may work on a step, and what becomes of it."""

import errno
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from botocore.exceptions import EndpointConnectionError
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from demeter.errors import PermanentError, ValidationError
from demeter.heartbeats import worker_name
from demeter.middleware import caused_by
from mlpipeline.detectors.errors import ModelFault
from photos.choices import JobStatus, SessionStatus, Stage, StepKind, StepStatus
from photos.errors import OriginalMissing, StepLost, StoreFull, StoreUnavailable, UnreadableImage
from photos.models import Detection, ProcessingStep, UploadJob
from photos.services.execution import step_runner
from photos.services.execution.recovery import end_exhausted, end_forgotten_jobs, find_lost_steps
from photos.services.execution.step_failures import fail_permanently, retry_or_fail, wait_out
from photos.services.execution.step_runner import run_step
from photos.services.results.count_results import (
    FoundContainer,
    FoundPlants,
    save_containers,
    save_detections,
)
from photos.services.results.session_lifecycle import fail_session, open_session
from photos.services.steps import claims, jobs
from photos.services.steps.claims import (
    Claim,
    claim_batch,
    claim_step,
    complete_step,
    free_claims,
    give_one_more_try,
    lock_claim,
    renew_lease,
    reopen,
    report_tiles,
)
from photos.services.steps.deadlines import OUTAGE_WAIT_MAX_S, RETRIES
from photos.tasks import sweep_steps
from tests.photos.services.conftest import MODEL, SQUARE, claimed

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(make_image, worker, place):
    image = make_image()
    session = open_session(image=image, user=worker, location=place)
    image.jobs.update(session=session)
    return session


@pytest.fixture
def step(session) -> ProcessingStep:
    return session.steps.get(kind=StepKind.SEGMENT)


def expire(step: ProcessingStep) -> None:
    ProcessingStep.objects.filter(pk=step.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def nothing_waits(name: str) -> bool:
    return True


def something_waits(name: str) -> bool:
    return False


def test_work_that_is_asked_for_again_is_in_the_name_of_who_asks_and_a_sweeps_further_try_is_not(step):
    for again, request, named in (
        (reopen, "the-upload", "the-upload"),
        (give_one_more_try, "the-sweep", "the-upload"),
        (reopen, "who-looks", "who-looks"),
        (reopen, "", "who-looks"),
    ):
        step.refresh_from_db()
        with caused_by(request):
            again([step])
        step.refresh_from_db()
        assert step.request_id == named


def test_a_step_is_claimed_by_one_worker_only(step):
    assert claim_step(step.pk) is not None
    assert claim_step(step.pk) is None


def test_a_finished_step_is_not_claimed_again(step):
    claim = claim_step(step.pk)
    with transaction.atomic():
        complete_step(lock_claim(claim))
    assert claim_step(step.pk) is None


def test_a_step_whose_lease_ran_out_goes_to_the_next_and_the_first_writes_nothing(step):
    slow = claim_step(step.pk)
    expire(step)
    quick = claim_step(step.pk)
    assert quick.attempt == slow.attempt + 1
    with pytest.raises(StepLost):
        save_containers(slow, [], model_version=MODEL, warnings=[], seconds={})
    save_containers(quick, [FoundContainer("box", SQUARE, 0.9)], model_version=MODEL, warnings=[], seconds={})
    step.refresh_from_db()
    assert step.status == StepStatus.DONE
    assert step.session.containers.count() == 1


def test_a_lease_is_renewed_until_the_deadline_only(step):
    claim = claim_step(step.pk)
    assert renew_lease(claim)
    ProcessingStep.objects.filter(pk=step.pk).update(deadline_at=timezone.now() - timedelta(seconds=1))
    assert not renew_lease(claim)


def test_a_database_that_is_busy_for_a_moment_ends_no_renewal(step, monkeypatch, caplog):
    claim = claim_step(step.pk)

    def busy(claim):
        raise OperationalError("database is locked")

    monkeypatch.setattr(claims, "renew_lease", busy)
    assert claims._renew_or_wait(claim) is True
    assert "database is locked" in caplog.text


def test_detections_written_twice_are_there_once(session):
    save_containers(
        claimed(session, StepKind.SEGMENT),
        [FoundContainer("segment", SQUARE, 0.9)],
        model_version=MODEL,
        warnings=[],
        seconds={},
    )
    step = session.steps.detecting().get()
    found = [FoundPlants(0, [[1, 1, 9, 9], [20, 20, 30, 30]], [0.9, 0.8], ["plant", "empty"])]
    first = claim_step(step.pk)
    save_detections(first, found, model_version=MODEL, seconds=1)
    ProcessingStep.objects.filter(pk=step.pk).update(status=StepStatus.PENDING)  # as if its end had been lost
    save_detections(claim_step(step.pk), found, model_version=MODEL, seconds=1)
    assert list(Detection.objects.values_list("class_name", "is_alive", "is_empty_container")) == [
        ("plant", True, False),
        ("empty", False, True),
    ]


def test_summing_up_waits_for_every_detection(session):
    save_containers(
        claimed(session, StepKind.SEGMENT),
        [FoundContainer("segment", SQUARE, 0.9), FoundContainer("box", SQUARE, 0.9)],
        model_version=MODEL,
        warnings=[],
        seconds={},
    )
    summing_up = session.steps.get(kind=StepKind.AGGREGATE)
    assert claim_step(summing_up.pk) is None
    sliced, direct = session.steps.detecting().order_by("kind").reverse()
    save_detections(claim_step(sliced.pk), [], model_version=MODEL, seconds=1)
    assert claim_step(summing_up.pk) is None
    save_detections(claim_step(direct.pk), [], model_version=MODEL, seconds=1)
    assert claim_step(summing_up.pk) is not None


def test_small_containers_are_detected_some_at_a_time_and_segments_alone(session):
    types = ["segment", *["box"] * 7, "plug", "segment"]
    found = [FoundContainer(kind, SQUARE, 0.9) for kind in types]
    save_containers(claimed(session, StepKind.SEGMENT), found, model_version=MODEL, warnings=[], seconds={})
    work = sorted((step.kind, step.container_positions) for step in session.steps.detecting())
    assert work == [
        ("detect_direct", [1, 2, 3, 4, 5, 6]),
        ("detect_direct", [7, 8]),
        ("detect_sahi", [0]),
        ("detect_sahi", [9]),
    ]


def test_detections_that_have_not_begun_are_taken_to_have_as_many_tiles_as_the_others(session):
    found = [FoundContainer("segment", SQUARE, 0.9), FoundContainer("segment", SQUARE, 0.9)]
    save_containers(claimed(session, StepKind.SEGMENT), found, model_version=MODEL, warnings=[], seconds={})
    first, second = (claim_step(step.pk) for step in session.steps.detecting())

    def percent_after(claim, done, total):
        report_tiles(claim, done=done, total=total)
        jobs.update_tile_progress(session.pk)
        return session.jobs.get().progress_percent

    assert percent_after(first, 10, 10) == 10 + round(75 / 2)
    assert percent_after(second, 3, 30) == 10 + round(75 / 2)  # larger than expected: nothing is taken back
    assert percent_after(second, 26, 30) == 10 + round(75 * 36 / 40)
    assert percent_after(second, 30, 30) == 85


def test_progress_does_not_fall_when_a_stage_is_begun_once_more(session):
    for stage, percent in ((Stage.BOOKING, 90), (Stage.ESTIMATING, 90), (Stage.DRAWING, 93)):
        jobs.enter_stage(session, stage)
        job = session.jobs.get()
        assert (job.stage, job.progress_percent) == (stage, percent)


def due(step: ProcessingStep) -> None:
    ProcessingStep.objects.filter(pk=step.pk).update(not_before=timezone.now())


def test_a_fault_that_may_be_the_photos_is_tried_again_later_and_then_given_up(session, step):
    for _again in range(2):
        retry_or_fail(claimed(session, StepKind.SEGMENT), code="internal_error", message="no luck")
        step.refresh_from_db()
        assert step.status == StepStatus.PENDING
        assert claim_step(step.pk) is None  # not due yet
        due(step)
    retry_or_fail(claimed(session, StepKind.SEGMENT), code="internal_error", message="no luck")
    session.refresh_from_db()
    assert (session.status, session.error_code) == (SessionStatus.FAILED, "internal_error")
    job = session.jobs.get()
    assert (job.status, job.code, job.error) == (JobStatus.FAILED, "internal_error", "no luck")


def failing_with(error: Exception) -> Callable[[Claim], None]:
    def work(claim: Claim) -> None:
        raise error

    return work


OUTAGES = [
    pytest.param(StoreUnavailable("no answer"), "store_unavailable", id="the store is away"),
    pytest.param(StoreFull("no room"), "store_full", id="the store is full"),
    pytest.param(OSError(errno.ENOSPC, "No space left on device"), "disk_unavailable", id="the disk is full"),
    pytest.param(
        OSError(errno.EROFS, "Read-only file system"), "disk_unavailable", id="the disk is read-only"
    ),
    pytest.param(OperationalError("server closed"), "database_unavailable", id="the database went away"),
    pytest.param(InterfaceError("connection closed"), "database_unavailable", id="the connection is closed"),
]


@pytest.mark.parametrize(("error", "code"), OUTAGES)
def test_an_outage_of_any_length_uses_up_no_try(session, step, error, code):
    for _again in range(20):  # more than there are tries, claims or losses
        assert run_step(step.pk, failing_with(error))
        step.refresh_from_db()
        assert (step.status, step.failures, step.losses, step.error_code) == (StepStatus.PENDING, 0, 0, code)
        assert step.not_before - timezone.now() < timedelta(seconds=1.5 * OUTAGE_WAIT_MAX_S)
        due(step)
        assert end_exhausted() == 0
    ProcessingStep.objects.filter(pk=step.pk).update(created_at=timezone.now() - timedelta(hours=5))
    assert step in find_lost_steps(something_waits)
    claim = claim_step(step.pk)
    save_containers(claim, [FoundContainer("box", SQUARE, 0.9)], model_version=MODEL, warnings=[], seconds={})
    step.refresh_from_db()
    assert (step.status, step.error_code, step.error_message) == (StepStatus.DONE, "", "")


def test_an_outage_after_failures_leaves_the_tries_that_are_left(session, step):
    retry_or_fail(claimed(session, StepKind.SEGMENT), code="internal_error", message="no luck")
    due(step)
    wait_out(claimed(session, StepKind.SEGMENT), code="store_unavailable", message="no answer")
    step.refresh_from_db()
    assert step.failures == 1


def test_the_end_of_a_step_is_written_when_the_database_is_back(session, step, monkeypatch):
    away = iter([OperationalError("gone"), InterfaceError("closed")])
    wait_out_then = step_runner.wait_out

    def while_away(*args, **kwargs):
        if (error := next(away, None)) is not None:
            raise error
        wait_out_then(*args, **kwargs)

    monkeypatch.setattr(step_runner, "wait_out", while_away)
    monkeypatch.setattr(step_runner, "_DATABASE_CHECK_EVERY_S", 0.0)
    monkeypatch.setattr(step_runner.connection, "close", lambda: None)  # this test's transaction lives in it
    run_step(step.pk, failing_with(OperationalError("gone")))
    step.refresh_from_db()
    assert (step.status, step.losses) == (StepStatus.PENDING, 0)


SECRETS = "minio.inner:9000 /srv/photos 10.0.0.7"


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(OSError(errno.ENOSPC, "No space left on device", "/srv/photos"), id="disk"),
        pytest.param(OperationalError(f"connection to {SECRETS} failed"), id="database"),
        pytest.param(EndpointConnectionError(endpoint_url="http://minio.inner:9000"), id="library"),
        pytest.param(RuntimeError(SECRETS), id="fault of ours"),
    ],
)
def test_no_inner_address_reaches_a_row_that_users_see(session, step, error):
    ProcessingStep.objects.filter(pk=step.pk).update(failures=99)  # its last try
    with suppress(RuntimeError, EndpointConnectionError):
        run_step(step.pk, failing_with(error))
    step.refresh_from_db()
    session.refresh_from_db()
    shown = " ".join(
        [step.error_message, session.error_message, *session.jobs.values_list("error", flat=True)]
    )
    assert step.error_message
    for word in [*SECRETS.split(), "minio", "/srv", "Error"]:
        assert word not in shown


def test_an_unreadable_photo_fails_at_once_with_its_reason(session, step):
    def work(claim):
        raise UnreadableImage("The picture is cut off.")

    assert run_step(step.pk, work)
    session.refresh_from_db()
    assert (session.status, session.error_code) == (SessionStatus.FAILED, "unreadable_image")
    assert session.image.status == "failed"
    assert session.image.error_details == "unreadable_image: The picture is cut off."


def test_a_fault_of_ours_is_raised_each_time_and_ends_the_step_when_its_tries_are_used_up(session, step):
    for _try in range(1 + RETRIES[StepKind.SEGMENT]):
        due(step)
        with pytest.raises(ZeroDivisionError):
            run_step(step.pk, failing_with(ZeroDivisionError("division by zero")))
    session.refresh_from_db()
    assert (session.status, session.error_code) == (SessionStatus.FAILED, "internal_error")


def test_an_original_is_never_given_up(session):
    step = session.image.steps.get(kind=StepKind.UPLOAD_ORIGINAL)
    fail_permanently(claim_step(step.pk), code="access_denied", message="no")
    step.refresh_from_db()
    assert step.status == StepStatus.PENDING
    assert step.not_before > timezone.now() + timedelta(minutes=50)


def test_one_failed_detection_of_two_leaves_a_partial_count_possible(session):
    found = [FoundContainer("segment", SQUARE, 0.9), FoundContainer("segment", SQUARE, 0.9)]
    save_containers(claimed(session, StepKind.SEGMENT), found, model_version=MODEL, warnings=[], seconds={})
    first, second = session.steps.detecting().order_by("pk")
    fail_permanently(claim_step(first.pk), code="internal_error", message="no")
    session.refresh_from_db()
    assert session.status != SessionStatus.FAILED
    fail_permanently(claim_step(second.pk), code="internal_error", message="no")
    session.refresh_from_db()
    assert session.status == SessionStatus.FAILED


def test_the_sweep_finds_what_was_never_sent_and_what_a_silent_worker_left(session, step):
    ProcessingStep.objects.update(created_at=timezone.now() - timedelta(seconds=5))
    assert step in find_lost_steps(something_waits)
    claim_step(step.pk)
    assert step not in find_lost_steps(nothing_waits)
    expire(step)
    assert step in find_lost_steps(something_waits)


@pytest.mark.parametrize(
    ("sent_s_ago", "is_queue_empty", "is_sent_again"),
    [
        pytest.param(5, nothing_waits, False, id="just sent"),
        pytest.param(60, nothing_waits, True, id="queue empty"),
        pytest.param(60, something_waits, False, id="still in the queue"),
        pytest.param(700, something_waits, True, id="ten minutes"),
    ],
)
def test_the_sweep_sends_a_waiting_step_again(step, sent_s_ago, is_queue_empty, is_sent_again):
    ProcessingStep.objects.update(sent_at=timezone.now() - timedelta(seconds=sent_s_ago))
    assert (step in find_lost_steps(is_queue_empty)) is is_sent_again


def test_a_step_that_its_worker_left_is_sent_once_and_then_waits_as_any_other(step):
    claim_step(step.pk)
    expire(step)
    assert step in find_lost_steps(something_waits)
    claims.mark_sent([step.pk])
    assert step not in find_lost_steps(something_waits)
    assert step not in find_lost_steps(nothing_waits)  # just sent, it may be in a worker's hand
    for sent_s_ago, is_queue_empty in ((60, nothing_waits), (700, something_waits)):
        sent_at = timezone.now() - timedelta(seconds=sent_s_ago)
        lease = sent_at - timedelta(seconds=1)
        ProcessingStep.objects.update(sent_at=sent_at, lease_expires_at=lease)
        assert step in find_lost_steps(is_queue_empty)
    claim_step(step.pk)
    expire(step)  # with another worker
    assert step in find_lost_steps(something_waits)


def test_a_step_that_too_many_workers_died_with_fails_its_count_with_the_reason(session, step, settings):
    for _worker in range(settings.STEP_MAX_LOSSES):
        assert end_exhausted() == 0
        assert claim_step(step.pk) is not None
        expire(step)
    assert claim_step(step.pk) is None
    assert end_exhausted() == 1
    session.refresh_from_db()
    assert (session.status, session.error_code) == (SessionStatus.FAILED, "too_many_attempts")


def test_what_a_dead_worker_held_is_free_at_once_and_counts_as_a_loss(session, step):
    held = claim_step(step.pk)
    assert free_claims(["another-host:1"]) == []
    assert free_claims([worker_name()]) == [step]
    assert free_claims([worker_name()]) == []
    with pytest.raises(StepLost), transaction.atomic():
        lock_claim(held)
    again = claim_step(step.pk)
    step.refresh_from_db()
    assert (again.attempt, step.losses) == (2, 1)


def test_a_picture_that_killed_its_worker_is_counted_alone_one_kept_by_an_outage_is_not(make_image, worker):
    sessions = [open_session(image=make_image(), user=worker) for _ in range(3)]
    first, postponed, lost = (session.steps.get(kind=StepKind.SEGMENT) for session in sessions)
    wait_out(claim_step(postponed.pk), code="store_unavailable", message="no answer")
    due(postponed)
    claim_step(lost.pk)
    free_claims([worker_name()])
    company = claim_batch(claim_step(first.pk), at_most=5)
    assert [claim.step_id for claim in company] == [postponed.pk]
    assert claim_batch(claim_step(lost.pk), at_most=5) == []


def test_a_claim_given_back_by_two_is_one_loss(session, step):
    claim_step(step.pk)
    ProcessingStep.objects.filter(pk=step.pk).update(losses=2)
    free_claims([worker_name()])
    expire(step)
    claim_step(step.pk)
    step.refresh_from_db()
    assert step.losses == 3


def fault_noted_as(faults_in_row):
    fault = ModelFault("out of memory")
    fault.faults_in_row = faults_in_row
    return fault


@pytest.mark.parametrize(
    ("faults_in_row", "failures"),
    [
        pytest.param(1, 1, id="others went well before: it may be the photo's"),
        pytest.param(2, 0, id="the second in a row: it is the machine's"),
        pytest.param(9, 0, id="the breaker is open"),
    ],
)
def test_a_fault_of_the_model_uses_up_a_try_only_where_it_may_be_the_photos(
    session, step, faults_in_row, failures
):
    run_step(step.pk, failing_with(fault_noted_as(faults_in_row)))
    step.refresh_from_db()
    assert (step.status, step.failures) == (StepStatus.PENDING, failures)


def test_what_is_refused_by_a_breaker_waits_until_it_is_due_and_uses_up_no_try(session, step):
    began = timezone.now()
    run_step(step.pk, failing_with(StoreUnavailable("no answer", retry_after_s=240.0)))
    step.refresh_from_db()
    assert (step.status, step.failures, step.error_code) == (StepStatus.PENDING, 0, "store_unavailable")
    assert timedelta(seconds=239) < step.not_before - began < timedelta(seconds=250)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(PermanentError("no"), "refused", id="permanent"),
        pytest.param(ValidationError("no"), "refused", id="validation"),
        pytest.param(OriginalMissing("no"), "original_missing", id="no bytes"),
    ],
)
def test_what_trying_again_cannot_mend_ends_a_step_at_once(session, step, error, code):
    run_step(step.pk, failing_with(error))
    step.refresh_from_db()
    assert (step.status, step.error_code) == (StepStatus.FAILED, code)


# ── jobs ─────────────────────────────────────────────────────────────────────────────────────────────
def job_of(session):
    """A job as one upload writes it while another transaction ends the count."""
    image = session.image
    return UploadJob.objects.create(
        upload_session=image.upload_session,
        image=image,
        session=session,
        duplicate_of=image,
        filename="again.jpg",
    )


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_the_sweep_ends_a_job_that_was_written_while_its_count_ended(
    make_image, count, worker, status, django_assert_num_queries
):
    if status == "completed":
        session = count(make_image(), living=5)
    else:
        session = open_session(image=make_image(), user=worker)
        fail_session(session, code="internal_error", message="no")
    ProcessingStep.objects.unfinished().update(status=StepStatus.DONE)
    job = job_of(session)
    sweep_steps()
    job.refresh_from_db()
    assert (job.status, job.progress_percent) == (status, 100)
    with django_assert_num_queries(1):
        assert end_forgotten_jobs() == 0


def test_the_sweep_leaves_jobs_whose_count_runs_or_is_being_drawn(make_image, count, worker):
    running = job_of(open_session(image=make_image(), user=worker))
    drawn = job_of(count(make_image(), living=5))
    assert end_forgotten_jobs() == 0
    assert set(UploadJob.objects.filter(pk__in=[running.pk, drawn.pk]).unfinished()) == {running, drawn}
