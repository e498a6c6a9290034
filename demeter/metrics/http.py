"""How long requests take, counted by each process of the web server and summed when Prometheus asks.

The processes share files in PROMETHEUS_MULTIPROC_DIR (demeter.stack sets and empties it); without it one process counts
for itself.
"""

import os
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from demeter.serving.admission import is_asked
from demeter.serving.waiting import META_KEY, Waiting

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS_S: Final = (0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_duration = Histogram(
    "http_request_duration_seconds",
    "How long Django worked on a request; waiting for a body or a worker is not part of it.",
    ["method", "view", "status"],
    buckets=_BUCKETS_S,
)


class RequestMetricsMiddleware:
    """Times each request by what it asked for. Names and addresses of clients are no part of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_asked(request):  # the same request comes again with its body
            return self.get_response(request)
        started = time.perf_counter()
        response = self.get_response(request)
        if not _waits(request):
            method = request.method if request.method in _METHODS else "other"
            labels = _duration.labels(method, _view_of(request), str(response.status_code))
            labels.observe(time.perf_counter() - started)
        return response


def _waits(request: HttpRequest) -> bool:
    waiting: Waiting | None = request.META.get(META_KEY)
    return waiting is not None and waiting.is_needed


def _view_of(request: HttpRequest) -> str:
    """The name of the address that answered. Unknown ones are one: they could be any number."""
    match = request.resolver_match
    return (match.view_name or "unnamed") if match is not None else "unknown"


def http_metrics() -> bytes:
    """The counts of all processes of this web server, in Prometheus' text format."""
    if FOLDER_VARIABLE not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry)


def metrics_folder(process: str) -> Path:
    """Where the processes of one web server on this host keep their counts."""
    return Path(settings.DATA_HOME) / "metrics" / f"{socket.gethostname()}-{process}"


def empty_metrics_folder(process: str) -> Path:
    """The same, made anew: counts begin at zero with the web server, as Prometheus expects it."""
    folder = metrics_folder(process)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
