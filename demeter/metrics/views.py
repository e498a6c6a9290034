"""What monitoring reads: /metrics and /version."""

import hmac
import logging
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from demeter import __version__
from demeter.errors import DemeterError
from demeter.metrics.http import http_metrics
from demeter.metrics.photos import PhotoCounts
from demeter.metrics.queues import breaker_metrics, queue_metrics, worker_metrics
from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.detectors.manifest import read_manifest

logger = logging.getLogger(__name__)


class MetricsRefused(DemeterError):
    """The reader has not shown the token of the metrics, or there is none on a production system."""

    code, status = "metrics_refused", 401


class _Rows(Collector):
    """All that is read from rows. Without a database it says so and nothing else."""

    def __init__(self) -> None:
        self._photos = PhotoCounts()

    def collect(self) -> Iterator[Metric]:
        is_there = GaugeMetricFamily("database_up", "Whether the database answers: 1 or 0.")
        try:
            families = [*self._photos.collect(), *queue_metrics(), *worker_metrics(), *breaker_metrics()]
        except DatabaseError as error:
            logger.warning("The metrics of rows cannot be read: %s", type(error).__name__)
            families = []
        is_there.add_metric([], 1.0 if families else 0.0)
        yield is_there
        yield from families


@cache
def _rows() -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Rows())
    return registry


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything that Prometheus asks for, in its text format."""
    _check_token(request)
    return HttpResponse(http_metrics() + generate_latest(_rows()), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _check_token(request: HttpRequest) -> None:
    token: str = settings.METRICS_TOKEN
    if not token and not settings.PRODUCTION:
        return
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    if (
        not token
        or scheme.lower() != "bearer"
        or not hmac.compare_digest(given.strip().encode(), token.encode())
    ):
        raise MetricsRefused(_("Metrics are read with the token METRICS_TOKEN of this installation."))


@login_not_required
@require_safe
def version(request: HttpRequest) -> JsonResponse:
    """What runs here."""
    return JsonResponse(_facts())


@cache
def _facts() -> dict[str, Any]:
    return {"name": "DemeterAI", "version": __version__, "commit": _commit(), "weights": _weights()}


def _weights() -> dict[str, dict[str, str]]:
    try:
        return {
            kind: {"name": weights.name, "sha256": weights.sha256}
            for kind, weights in read_manifest().items()
        }
    except ModelUnavailable:
        return {}


_COMMIT_LENGTH: Final = 40


def _commit() -> str:
    """The commit that an image was built from (DEMETER_COMMIT), or that is checked out; empty if neither is known."""
    if settings.COMMIT:
        return str(settings.COMMIT)
    git = Path(settings.BASE_DIR) / ".git"
    try:
        if git.is_file():  # a linked working tree
            git = Path(git.read_text().removeprefix("gitdir:").strip())
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref:"):
            return head[:_COMMIT_LENGTH]
        name = head.removeprefix("ref:").strip()
        common = git / (git / "commondir").read_text().strip() if (git / "commondir").is_file() else git
        return (common / name).read_text().strip()[:_COMMIT_LENGTH]
    except OSError:
        return ""
