"""One id from the HTTP call through every task that it causes."""

import json
import logging
from typing import Any

import pytest
from celery import shared_task
from django.conf import settings
from kombu import Connection

from demeter.celery import app
from demeter.log_format import JsonFormatter
from demeter.middleware import NO_REQUEST, RequestIdFilter, request_id_var
from demeter.task_context import QuietSweeps, begin_task, end_task, send_request_id, task_name_var

lines: list[dict[str, Any]] = []


@shared_task(name="default_probe_task")
def probe() -> None:
    record = logging.LogRecord("probe", logging.INFO, __file__, 1, "at work on %s", ("ñandú",), None)
    RequestIdFilter().filter(record)
    lines.append(json.loads(JsonFormatter().format(record)))


@pytest.fixture(autouse=True)
def _nothing_at_hand():
    lines.clear()
    token = request_id_var.set(NO_REQUEST)
    yield
    request_id_var.reset(token)


def test_a_message_carries_the_id_of_the_request_that_sent_it():
    request_id_var.set("of-the-request")
    with app.connection_for_write() as connection:
        probe.apply_async(connection=connection)
        with Connection(app.conf.broker_url) as reader:
            queue = reader.SimpleQueue("default")
            message = queue.get(timeout=60)
            message.ack()
    assert message.headers["request_id"] == "of-the-request"


def test_nothing_is_put_on_a_message_where_no_request_is_at_hand():
    headers: dict[str, Any] = {}
    send_request_id(headers=headers)
    assert headers == {}


def test_a_task_logs_under_the_id_that_came_with_it_and_leaves_none_behind():
    probe.apply(headers={"request_id": "of-the-request"})
    [line] = lines
    assert (line["request_id"], line["task"], line["message"]) == (
        "of-the-request", "default_probe_task", "at work on ñandú"
    )  # fmt: skip
    assert (request_id_var.get(), task_name_var.get()) == (NO_REQUEST, "")


def test_a_task_that_no_request_caused_logs_under_its_own_id():
    begin_task(task_id="its-own", task=probe)
    assert request_id_var.get() == "its-own"
    end_task()


def test_a_line_is_one_json_object_with_the_fault_in_it():
    try:
        raise ValueError("broken\nin two")
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "", 1, "no", (), (ValueError, error, error.__traceback__)
        )
    text = JsonFormatter().format(record)
    assert "\n" not in text
    assert "ValueError: broken" in json.loads(text)["exception"]


@pytest.mark.parametrize(
    ("task", "level", "root", "is_written"),
    [
        pytest.param("sweep_steps", logging.INFO, logging.INFO, False, id="a sweep that went well"),
        pytest.param("sweep_steps", logging.INFO, logging.DEBUG, True, id="for who wants to see it"),
        pytest.param("sweep_steps", logging.ERROR, logging.INFO, True, id="a sweep that failed"),
        pytest.param("detect_sahi", logging.INFO, logging.INFO, True, id="other tasks"),
    ],
)
def test_sweeps_that_go_well_fill_no_log(task, level, root, is_written, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "level", root)
    logging.getLogger()._cache.clear()
    record = logging.LogRecord(
        "celery.app.trace", level, __file__, 1, "Task %(name)s came", ({"name": task},), None
    )
    record.data = {"name": task}
    assert QuietSweeps().filter(record) is is_written
    assert "quiet_sweeps" in settings.LOGGING["handlers"]["console"]["filters"]
