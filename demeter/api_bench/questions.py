"""What is asked of the API, how long each answer may take, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.accounts.tokens import issue_tokens
from demeter.api_bench.data_set import DataSet
from demeter.errors import DemeterError

_HOST: Final = "localhost"


@dataclass(frozen=True)
class Question:
    """A request and its marks. within_ms: for the 95th percentile; None: only told."""

    name: str
    address: str
    within_ms: float | None = None
    within_bytes: int | None = None


@dataclass(frozen=True)
class Measured:
    """The answers to one question: times (`cpu_ms` is the mean of this process), bytes on the wire, queries of one."""

    question: Question
    p50_ms: float
    p95_ms: float
    first_ms: float
    cpu_ms: float
    wire_bytes: int
    queries: int

    @property
    def is_within(self) -> bool:
        asked = self.question
        is_fast = asked.within_ms is None or self.p95_ms < asked.within_ms
        return is_fast and (asked.within_bytes is None or self.wire_bytes < asked.within_bytes)


class NotAnswered(DemeterError):
    """An address did not answer with 200."""

    code, status = "not_answered", 500


def questions(data: DataSet) -> list[Question]:
    """The pages of lists and photos that people open most, and the endpoints that clients poll."""
    today = timezone.localdate()
    month_ago = today - timedelta(days=30)
    gallery = "/api/v1/photos/gallery"
    filters = {
        "gallery, ready": "status=success",
        "gallery, failed": "status=errors",
        "gallery, with a warning": "status=warnings",
        "gallery, waits for review": "status=needs_review",
        "gallery, one warehouse": f"warehouse_id={data.warehouse}",
        "gallery, one location": f"location_id={data.location}",
        "gallery, 30 days": f"date_from={month_ago}&date_to={today}",
        "gallery, one uploader": f"uploaded_by={data.supervisor.pk + 1}",
        "gallery, text": "search=IMG_0004",
        "gallery, in the trash": "status=trash",
    }
    return [
        Question("gallery", gallery, 60),
        Question("gallery, last page", f"{gallery}?page={-(-data.photos // 50)}", 120),
        *(Question(name, f"{gallery}?{query}", 120) for name, query in filters.items()),
        Question(
            "jobs of an upload of 100", f"/api/v1/photos/jobs/status?upload_session_id={data.upload}", 20
        ),
        Question("one photo", f"/api/v1/photos/{data.newest}", 80),
        Question("5,000 detections", f"/api/v1/photos/{data.large}/detections", 60, 120_000),
        Question("warehouses", "/api/v1/warehouses"),
        Question("areas of a warehouse", f"/api/v1/warehouses/{data.warehouse}/areas"),
        Question("locations", "/api/v1/locations"),
        Question("search of a location", "/api/v1/locations/search?q=claro+7"),
        Question("one location", f"/api/v1/locations/{data.location}"),
        Question("history of a location", f"/api/v1/locations/{data.location}/history"),
        Question("map", "/api/v1/map"),
    ]


def measure(data: DataSet, *, repeat: int) -> Iterator[Measured]:
    """Ask each question so often, after once for warming up, as a supervisor with a bearer token.

    Requests go through all middleware, in this process: what a network and the web server add is not in it.
    """
    client = Client(HTTP_HOST=_HOST, HTTP_ACCEPT_ENCODING="gzip")
    for question in questions(data):
        headers = {"authorization": f"Bearer {issue_tokens(data.supervisor).access_token}"}
        first_ms, wire_bytes = _ask(client, question, headers)
        counted = _QueryCount()
        with connection.execute_wrapper(counted):
            _ask(client, question, headers)
        cpu_began_s = time.process_time()
        times_ms = sorted(_ask(client, question, headers)[0] for _round in range(repeat))
        cpu_ms = 1000 * (time.process_time() - cpu_began_s) / repeat
        yield Measured(
            question=question,
            p50_ms=_percentile(times_ms, 0.50),
            p95_ms=_percentile(times_ms, 0.95),
            first_ms=first_ms,
            cpu_ms=cpu_ms,
            wire_bytes=wire_bytes,
            queries=counted.number,
        )


class _QueryCount:
    """Counts what is executed on a connection."""

    number = 0

    def __call__(self, execute: Callable[..., Any], *args: Any) -> Any:
        self.number += 1
        return execute(*args)


def _ask(client: Client, question: Question, headers: dict[str, str]) -> tuple[float, int]:
    """How long one answer took (ms), and its bytes. Raises NotAnswered."""
    began_at = time.perf_counter()
    response = client.get(question.address, headers=headers)
    took_ms = 1000 * (time.perf_counter() - began_at)
    if response.status_code != 200:
        raise NotAnswered(
            _("%(address)s answers %(status)d.")
            % {"address": question.address, "status": response.status_code}
        )
    return took_ms, len(response.content)


def _percentile(ascending: list[float], share: float) -> float:
    """The smallest of these values that at least this share of them does not exceed."""
    return ascending[max(0, -int(-share * len(ascending) // 1) - 1)]
