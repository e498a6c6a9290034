"""What monitoring asks: does this process live, and can the whole work?"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswerYet
from typing import Any, Final

from celery import current_app
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import storages
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from demeter.beat import BEAT
from demeter.choices import BreakerState
from demeter.heartbeats import queues_without_worker
from demeter.models import CircuitBreaker

QUEUES: Final = tuple(queue.name for queue in settings.CELERY_TASK_QUEUES)
ANSWER_WITHIN_S: Final = 2.0  # all checks together: they are made at once

logger = logging.getLogger(__name__)


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """This process answers. Nothing else is asked, so that a slow database restarts no web server."""
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether photos can be taken and counted: 503 and what is missing, if not; within ANSWER_WITHIN_S."""
    until = time.monotonic() + ANSWER_WITHIN_S
    running = {name: probe.begin() for name, probe in _PROBES.items()}
    checks = {name: _outcome(name, outcome, until) for name, outcome in running.items()}
    is_ready = all(outcome == "ok" for outcome in checks.values())
    body = {"status": "ok" if is_ready else "unavailable", "checks": checks}
    return JsonResponse(body, status=200 if is_ready else 503)


def _outcome(name: str, running: "Future[str | None]", until: float) -> str:
    """Say "ok" or what is wrong: the kind of error only, for its text may hold addresses and passwords."""
    try:
        return running.result(timeout=max(0.0, until - time.monotonic())) or "ok"
    except NoAnswerYet:
        return f"no answer within {ANSWER_WITHIN_S:g} s"
    except Exception as error:  # noqa: BLE001 - whatever is wrong is the answer
        logger.warning("Not ready, %s: %s", name, error)
        return type(error).__name__


class _Probe:
    """A check in a thread of its own. While it hangs it is not begun again: whoever asks next waits for the same."""

    def __init__(self, name: str, check: Callable[[], str | None]) -> None:
        self._check = check
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(1, thread_name_prefix=f"readyz-{name}")
        self._running: Future[str | None] | None = None

    def begin(self) -> "Future[str | None]":
        with self._lock:
            if self._running is None or self._running.done():
                self._running = self._threads.submit(self._run)
            return self._running

    def _run(self) -> str | None:
        try:
            return self._check()
        finally:
            connection.close()  # this thread's; a request's end closes only those of the request's own thread


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _broker() -> None:
    with current_app.connection_for_write(connect_timeout=ANSWER_WITHIN_S) as broker:
        broker.ensure_connection(max_retries=1, timeout=ANSWER_WITHIN_S)


def _storage() -> None:
    for alias in ("default", "processed", "staging"):
        storages[alias].exists("probe")


def _workers() -> str | None:
    missing = queues_without_worker(QUEUES)
    return f"no worker for {', '.join(missing)}" if missing else None


def _beat() -> str | None:
    return "no sign of life" if queues_without_worker([BEAT]) else None


def _breakers() -> str | None:
    tripped = CircuitBreaker.objects.exclude(state=BreakerState.CLOSED)
    names = tripped.filter(name__in=settings.CIRCUIT_BREAKERS).values_list("name", "state")
    return ", ".join(f"{name} is {state}" for name, state in names) or None


_CHECKS: Final[dict[str, Callable[[], Any]]] = {
    "database": _database,
    "broker": _broker,
    "storage": _storage,
    "workers": _workers,
    "beat": _beat,
    "breakers": _breakers,
}
_PROBES: Final = {name: _Probe(name, check) for name, check in _CHECKS.items()}
