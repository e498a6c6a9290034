"""Messages: sent after the commit, and never worth an error to the person who uploads."""

from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone
from kombu.exceptions import OperationalError

from demeter import broker
from photos import queue
from photos.choices import StepKind
from photos.services.results.session_lifecycle import open_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(make_image, worker, place):
    return open_session(image=make_image(), user=worker, location=place)


@pytest.fixture
def sent(monkeypatch):
    """The names of the messages that reach the broker."""
    names: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args, retry: names.append(name))
    return names


def test_nothing_is_sent_before_the_commit(session, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        queue.send_session(session)
        assert sent == []
    assert sorted(sent) == ["process_photo_ml", "upload_original", "upload_thumbnail"]
    assert not session.steps.filter(sent_at=None).exists()


def test_a_broker_that_does_not_answer_refuses_nobodys_upload(
    session, monkeypatch, caplog, django_capture_on_commit_callbacks
):
    def no_answer(name, args, retry):
        raise OperationalError("no broker")

    monkeypatch.setattr(current_app, "send_task", no_answer)
    with django_capture_on_commit_callbacks(execute=True):
        queue.send_session(session)
    assert "Left to the sweep" in caplog.text
    assert session.steps.filter(sent_at=None).count() == 1  # the sweep sends it when the broker is back


def test_steps_that_their_own_transaction_noted_as_sent_cost_no_second_one(
    session, sent, django_capture_on_commit_callbacks, django_assert_num_queries
):
    session.image.steps.update(sent_at=timezone.now())
    steps = list(session.image.steps.select_related("image"))
    with django_assert_num_queries(0), django_capture_on_commit_callbacks(execute=True):
        queue.send_steps(steps)
    assert len(sent) == len(steps) == 3


def test_a_note_that_came_too_early_is_taken_back_when_nothing_could_be_sent(
    session, monkeypatch, caplog, django_capture_on_commit_callbacks
):
    session.image.steps.update(sent_at=timezone.now())

    def no_answer(name, args, retry):
        raise OperationalError("no broker")

    monkeypatch.setattr(current_app, "send_task", no_answer)
    with django_capture_on_commit_callbacks(execute=True):
        queue.send_steps(session.image.steps.select_related("image"))
    assert "Left to the sweep" in caplog.text
    assert session.image.steps.filter(sent_at=None).count() == 3


def test_a_broker_that_did_not_answer_is_not_asked_again_at_once(
    session, monkeypatch, django_capture_on_commit_callbacks
):
    asked = []

    def no_answer(name, args, retry):
        asked.append(name)
        raise OperationalError("no broker")

    monkeypatch.setattr(current_app, "send_task", no_answer)
    for _ in range(3):
        with django_capture_on_commit_callbacks(execute=True):
            queue.send_session(session)
    assert len(asked) == 1
    monkeypatch.setattr(broker, "_away_until", 0.0)  # the pause is over
    with django_capture_on_commit_callbacks(execute=True):
        queue.send_session(session)
    assert len(asked) == 2


def test_a_fault_that_is_not_the_brokers_is_not_taken_for_its_absence(
    session, monkeypatch, caplog, django_capture_on_commit_callbacks
):
    def wrong(name, args, retry):
        raise TypeError("not a broker's fault")

    monkeypatch.setattr(current_app, "send_task", wrong)
    with django_capture_on_commit_callbacks(execute=True):
        queue.send_session(session)
    assert "not a broker's fault" in caplog.text
    assert "Left to the sweep" not in caplog.text
    assert not session.steps.exclude(sent_at=None).exists()


def test_a_lost_step_that_is_sent_again_is_noted_again(session, sent, django_capture_on_commit_callbacks):
    long_ago = timezone.now() - timedelta(hours=1)
    session.image.steps.update(sent_at=long_ago)
    with django_capture_on_commit_callbacks(execute=True):
        queue.send_steps_again(session.image.steps.select_related("image"))
    assert len(sent) == 3
    assert not session.image.steps.filter(sent_at__lte=long_ago).exists()


def test_a_photo_without_inventory_is_segmented_by_the_task_of_analyses(make_image, worker):
    session = open_session(image=make_image(with_inventory=False), user=worker)
    assert queue.task_name(session.steps.get(kind=StepKind.SEGMENT)) == "process_image"


def test_every_name_that_is_sent_belongs_to_a_task_of_the_workers():
    import mlpipeline.tasks  # noqa: F401 - what a worker loads
    import photos.tasks  # noqa: F401

    assert {str(kind) for kind in StepKind} | {queue.PROCESS_IMAGE} <= set(current_app.tasks)
