"""Summaries: the figures of many photos."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from mlpipeline.evaluation.container_iou import is_right
from mlpipeline.evaluation.records import BINS, ContainerRecord, PhotoRecord


@dataclass(frozen=True, slots=True)
class WaySummary:
    """How a way counted some photos.

    mape, bias: mean of the errors without and with their sign, as shares, over photos with plants; sum_error: of all
    plants together. detected_on_empty: plants counted on each photo without any, in the mean. NaN: no such photo.
    """

    photos: int
    true: int
    counted: int
    mape: float
    bias: float
    sum_error: float
    precision: float
    recall: float
    f1: float
    empty_photos: int
    detected_on_empty: float


@dataclass(frozen=True, slots=True)
class ClassSummary:
    """How dead plants or empty places were counted. mean_error: plants a photo, without sign; sum_error: a share.

    precision, recall: of those named so, at the places where they stand; NaN where places are not compared.
    """

    photos: int
    true: int
    counted: int
    mean_error: float
    sum_error: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class OutlineSummary:
    """How containers of one type were found: how many with the right outline, and the mean IoU of all."""

    type: str
    true: int
    right: int
    mean_iou: float


@dataclass(frozen=True, slots=True)
class IntervalSummary:
    """Share of the intervals that hold the truth, and their mean width as a share of the truth (at least 20)."""

    photos: int
    coverage: float
    mean_width: float


@dataclass(frozen=True, slots=True)
class BinSummary:
    """Detections of one stretch of probability: how many, mean probability, share that is right (NaN for none)."""

    low: float
    high: float
    count: int
    predicted: float
    true: float


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return fmean(found) if found else math.nan


def sum_up_way(records: Iterable[PhotoRecord], way: str) -> WaySummary:
    """The figures of a way over the photos that were counted by it."""
    counted = [record for record in records if way in record.ways]
    planted = [record for record in counted if record.true]
    bare = [record for record in counted if not record.true]
    true = sum(record.true for record in counted)
    total = sum(record.ways[way].total for record in planted)
    hits = sum(record.ways[way].true_positives for record in counted)
    wrong = sum(record.ways[way].false_positives for record in counted)
    missed = sum(record.ways[way].false_negatives for record in counted)
    errors = [record.error(way) for record in planted]
    return WaySummary(
        photos=len(counted),
        true=true,
        counted=total,
        mape=_mean(abs(error) for error in errors),
        bias=_mean(errors),
        sum_error=_ratio(total - true, true),
        precision=_ratio(hits, hits + wrong),
        recall=_ratio(hits, hits + missed),
        f1=_ratio(2 * hits, 2 * hits + wrong + missed),
        empty_photos=len(bare),
        detected_on_empty=_mean(record.ways[way].total for record in bare),
    )


def sum_up_class(pairs: Iterable[tuple[int, int] | None], hits: int | None = None) -> ClassSummary:
    """The figures of (true, counted) pairs; a photo whose truth does not tell is left out.

    hits: how many of the counted ones are true ones; None where nobody compared.
    """
    known = [pair for pair in pairs if pair is not None]
    true, counted = sum(pair[0] for pair in known), sum(pair[1] for pair in known)
    return ClassSummary(
        photos=len(known),
        true=true,
        counted=counted,
        mean_error=_mean(abs(pair[1] - pair[0]) for pair in known),
        sum_error=_ratio(counted - true, true),
        precision=math.nan if hits is None else _ratio(hits, counted),
        recall=math.nan if hits is None else _ratio(hits, true),
    )


def sum_up_outlines(records: Sequence[PhotoRecord]) -> tuple[list[OutlineSummary], int]:
    """The figures of each type of container, and how many found ones are no container."""
    by_type: dict[str, list[ContainerRecord]] = {}
    for record in records:
        for container in record.containers or ():
            by_type.setdefault(container.type, []).append(container)
    summaries = [
        OutlineSummary(kind, len(found), sum(map(is_right, found)), fmean(one.iou for one in found))
        for kind, found in sorted(by_type.items())
    ]
    return summaries, sum(record.strange_containers for record in records)


def sum_up_intervals(records: Iterable[PhotoRecord]) -> IntervalSummary | None:
    """The figures of the intervals; None where no count had one."""
    known = [(record.interval, record.true) for record in records if record.interval is not None]
    if not known:
        return None
    return IntervalSummary(
        photos=len(known),
        coverage=fmean(low <= true <= high for (low, high), true in known),
        mean_width=fmean((high - low) / max(true, 20) for (low, high), true in known),
    )


def sum_up_bins(records: Sequence[PhotoRecord]) -> list[BinSummary]:
    """The reliability of the probabilities: BINS stretches from 0 to 1."""
    summaries = []
    for place in range(BINS):
        found = [record.bins[place] for record in records]
        count = sum(one.count for one in found)
        summaries.append(
            BinSummary(
                low=place / BINS,
                high=(place + 1) / BINS,
                count=count,
                predicted=_ratio(sum(one.probability_sum for one in found), count),
                true=_ratio(sum(one.hits for one in found), count),
            )
        )
    return summaries


def calibration_error(bins: Iterable[BinSummary]) -> float:
    """The expected calibration error: mean distance of predicted from true shares, by detections; NaN for none.

    Source: Naeini et al. 2015, expected calibration error.
    """
    filled = [one for one in bins if one.count]
    return _ratio(
        sum(one.count * abs(one.predicted - one.true) for one in filled), sum(one.count for one in filled)
    )


def grouped(
    records: Iterable[PhotoRecord], key: Callable[[PhotoRecord], str]
) -> dict[str, list[PhotoRecord]]:
    """The records by a key, groups in the order of their names."""
    groups: dict[str, list[PhotoRecord]] = {}
    for record in records:
        groups.setdefault(key(record), []).append(record)
    return dict(sorted(groups.items()))
