"""What counting photos took and found, read from the counts themselves: exact, for all hosts, after every restart."""

import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Q
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from photos.choices import SessionStatus
from photos.models import ProcessingSession

_SECONDS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_PLANTS: Final = (0.0, 10.0, 30.0, 100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0)
_ENDED: Final = (SessionStatus.COMPLETED, SessionStatus.FAILED)
_CHUNK: Final = 2000
# A row has its key from its INSERT on and is seen from its COMMIT on: of two counts that begin together, that with the
# higher key may be seen first. Their transactions last milliseconds, and no thousand counts begin within one.
_LATE_KEYS: Final = 1000


@dataclass
class _Histogram:
    bounds: tuple[float, ...]
    total: float = 0.0
    counts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, float]]:
        """(upper bound, how many up to it), as Prometheus wants them."""
        reached, found = 0, []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            reached += count
            found.append((bound, float(reached)))
        return found


class PhotoCounts:
    """Sums over all counts that have ended. Asked again, it reads those alone that were not ended before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest = 0
        # Of the last _LATE_KEYS keys; all before are summed up, open, or no counts.
        self._summed: set[int] = set()
        self._open: set[int] = set()
        self._stages: dict[str, _Histogram] = {}
        self._detected, self._estimated = _Histogram(_PLANTS), _Histogram(_PLANTS)
        self._ended: dict[str, int] = dict.fromkeys(map(str, _ENDED), 0)

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            self._read()
            yield from list(self._families())

    def _read(self) -> None:
        late = Q(pk__gt=self._newest - _LATE_KEYS) & ~Q(pk__in=self._summed)
        unread = ProcessingSession.objects.filter(late | Q(pk__in=self._open))
        rows = unread.order_by("pk").values_list(
            "pk", "status", "timings", "total_detected", "total_estimated"
        )
        for pk, status, timings, detected, estimated in rows.iterator(chunk_size=_CHUNK):
            self._newest = max(self._newest, pk)
            if status not in _ENDED:
                self._open.add(pk)
                continue
            self._open.discard(pk)
            self._summed.add(pk)
            self._ended[status] += 1
            for stage, seconds in timings.items():
                self._stages.setdefault(stage, _Histogram(_SECONDS)).observe(float(seconds))
            if status == SessionStatus.COMPLETED:
                self._detected.observe(float(detected))
                self._estimated.observe(float(estimated))
        self._summed = {pk for pk in self._summed if pk > self._newest - _LATE_KEYS}

    def _families(self) -> Iterable[Metric]:
        stages = HistogramMetricFamily(
            "ml_processing_duration_seconds", "How long a stage of one count took.", labels=["stage"]
        )
        for stage, histogram in sorted(self._stages.items()):
            stages.add_metric([stage], histogram.buckets(), histogram.total)
        yield stages
        for name, text, histogram in (
            ("ml_detection_count", "Plants that were detected on one photo.", self._detected),
            ("ml_estimation_count", "Plants that were estimated beside them on one photo.", self._estimated),
        ):
            family = HistogramMetricFamily(name, text)
            family.add_metric([], histogram.buckets(), histogram.total)
            yield family
        ended = CounterMetricFamily(
            "ml_photos", "Counts of photos that have ended, by how.", labels=["status"]
        )
        for status, number in self._ended.items():
            ended.add_metric([status], number)
        yield ended
