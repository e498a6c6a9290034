"""The id of a request travels with the tasks that it causes, so that one id finds all their log lines.

A task that is sent from a task carries the same id on. One that a sweep sends again brings the id of the sweep; but the
work of a step is done under the id that its row keeps (photos.services.execution.step_runner).
"""

import logging
from contextvars import ContextVar
from typing import Any, Final

from celery.signals import before_task_publish, task_postrun, task_prerun

from demeter.middleware import NO_REQUEST, request_id_var

_HEADER: Final = "request_id"
_TASK_LOGGERS: Final = ("celery.worker.strategy", "celery.app.trace")
task_name_var: ContextVar[str] = ContextVar("task_name", default="")


class QuietSweeps(logging.Filter):
    """What Celery says of a sweep that came and went well is for DEBUG: it is thirty lines a minute, day and night."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno == logging.INFO and record.name in _TASK_LOGGERS:
            task: dict[str, Any] = getattr(record, "data", {})
            if str(task.get("name", "")).startswith("sweep_"):
                record.levelno, record.levelname = logging.DEBUG, "DEBUG"
                return logging.getLogger().isEnabledFor(logging.DEBUG)
        return True


@before_task_publish.connect(dispatch_uid="demeter.task_context.send")
def send_request_id(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """Put the id at hand on a message."""
    if headers is not None and request_id_var.get() != NO_REQUEST:
        headers.setdefault(_HEADER, request_id_var.get())


@task_prerun.connect(dispatch_uid="demeter.task_context.begin")
def begin_task(task_id: str = "", task: Any = None, **_: Any) -> None:
    """Log under the id that the message brought, or under the task's own."""
    brought = task.request.get(_HEADER) or (task.request.headers or {}).get(_HEADER)
    request_id_var.set(brought or task_id)
    task_name_var.set(task.name)


@task_postrun.connect(dispatch_uid="demeter.task_context.end")
def end_task(**_: Any) -> None:
    """Forget them: the next task of this process has its own."""
    request_id_var.set(NO_REQUEST)
    task_name_var.set("")
