"""Two workers that end steps of one count at the same moment. PostgreSQL alone: SQLite has one writer at a time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from photos.choices import SessionStatus, StepKind
from photos.services.execution import step_failures
from photos.services.results.count_results import FoundContainer, save_containers
from photos.services.results.session_lifecycle import open_session
from photos.services.steps.claims import claim_step
from tests.photos.services.conftest import MODEL, SQUARE, claimed

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
]


def test_a_count_fails_when_its_last_two_detections_fail_at_once(make_image, worker, monkeypatch):
    session = open_session(image=make_image(), user=worker)
    found = [FoundContainer("segment", SQUARE, 0.9), FoundContainer("segment", SQUARE, 0.9)]
    save_containers(claimed(session, StepKind.SEGMENT), found, model_version=MODEL, warnings=[], seconds={})
    held = [claim_step(step.pk) for step in session.steps.detecting()]
    have_failed = threading.Barrier(2, timeout=60)
    fail_step = step_failures.fail_step

    def fail_step_together(step, **reason):
        fail_step(step, **reason)
        have_failed.wait()  # neither has committed

    monkeypatch.setattr(step_failures, "fail_step", fail_step_together)

    def fail(claim):
        try:
            step_failures.fail_permanently(claim, code="internal_error", message="no")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(fail, held))
    session.refresh_from_db()
    assert (session.status, session.error_code) == (SessionStatus.FAILED, "internal_error")
