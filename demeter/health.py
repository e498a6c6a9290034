"""What monitoring asks: does this process live, and can the whole work?"""

from collections.abc import Callable
from typing import Any, Final

from celery import current_app
from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import storages
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from demeter.heartbeats import queues_without_worker

QUEUES: Final = ("gpu_queue", "cpu_queue", "io_queue", "default")
_BROKER_TIMEOUT_S: Final = 3


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
    """Whether photos can be taken and counted: 503 and what is missing, if not."""
    checks = {name: _outcome(check) for name, check in _CHECKS.items()}
    is_ready = all(outcome == "ok" for outcome in checks.values())
    body = {"status": "ok" if is_ready else "unavailable", "checks": checks}
    return JsonResponse(body, status=200 if is_ready else 503)


def _outcome(check: Callable[[], str | None]) -> str:
    """ "ok" or what is wrong: the kind of error only, for its text may hold addresses and passwords."""
    try:
        return check() or "ok"
    except Exception as error:  # noqa: BLE001 - whatever is wrong is the answer
        return type(error).__name__


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _broker() -> None:
    with current_app.connection_for_write(connect_timeout=_BROKER_TIMEOUT_S) as broker:
        broker.ensure_connection(max_retries=1, timeout=_BROKER_TIMEOUT_S)


def _storage() -> None:
    for alias in ("default", "processed", "staging"):
        storages[alias].exists("probe")


def _workers() -> str | None:
    missing = queues_without_worker(QUEUES)
    return f"no worker for {', '.join(missing)}" if missing else None


_CHECKS: Final[dict[str, Callable[[], Any]]] = {
    "database": _database,
    "broker": _broker,
    "storage": _storage,
    "workers": _workers,
}
