"""What the benchmark says: one JSON object, and tables for a person."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from mlpipeline.evaluation.bench import PhotoBench, Taken, geometric_mean, usual_share
from mlpipeline.evaluation.bench_methods import SAHI, SAHI_DEFAULT
from mlpipeline.evaluation.tables import NOTHING, Table, percent, rate
from mlpipeline.photo_counter import SECONDS


@dataclass(frozen=True, slots=True, eq=False)
class BenchRun:
    """A whole run: where and when, ours first among `backends`, and the photos in their order."""

    machine: str
    date: str
    backends: tuple[str, ...]
    photos: tuple[PhotoBench, ...]

    @property
    def ours(self) -> str:
        return self.backends[0]

    def ratios(self, of: str = SAHI, name: str | None = None) -> list[float]:
        """How many times as long `of` took as ours (or another of our backends), photo by photo."""
        return [photo.ratio(name or self.ours, of) for photo in self.photos]


def as_json(run: BenchRun) -> dict[str, Any]:
    """The run as one object. Numbers that are not known are null."""
    ratios = run.ratios()
    peaks = [taken.peak_mb for photo in run.photos if (taken := photo.taken[run.ours]).peak_mb is not None]
    return {
        "photos": [_photo_json(run, photo) for photo in run.photos],
        "geometric_mean": _number(geometric_mean(ratios)),
        "geometric_mean_default": _number(geometric_mean(run.ratios(SAHI_DEFAULT))),
        "least": _number(min(ratios, default=math.nan)),
        "peak_mb": _number(max(peaks, default=None), 1),
        "model_share": _number(usual_share([_model_share(photo.taken[run.ours]) for photo in run.photos])),
        "machine": run.machine,
        "date": run.date,
    }


def _photo_json(run: BenchRun, photo: PhotoBench) -> dict[str, Any]:
    ours = photo.taken[run.ours]
    return {
        "file": photo.file,
        "ours_s": _number(ours.seconds),
        "sahi_s": _number(photo.taken[SAHI].seconds),
        "sahi_default_s": _number(photo.taken[SAHI_DEFAULT].seconds),
        "ratio": _number(photo.ratio(run.ours, SAHI)),
        "ratio_default": _number(photo.ratio(run.ours, SAHI_DEFAULT)),
        "ours": _found_json(ours),
        "sahi": _found_json(photo.taken[SAHI]),
        "true": None if photo.truth is None else photo.truth.total,
        "peak_mb": _number(ours.peak_mb, 1),
        "covered": _number(ours.counted.covered),
        "stages": {name: _number(seconds) for name, seconds in ours.counted.seconds.items()},
        "engines": {
            name: {"s": _number(photo.taken[name].seconds), **_found_json(photo.taken[name])}
            for name in run.backends
        },
    }


def _found_json(taken: Taken) -> dict[str, Any]:
    found = taken.matching
    return {
        "count": taken.counted.count,
        "precision": None if found is None else _number(found.precision, 4),
        "recall": None if found is None else _number(found.recall, 4),
        "f1": None if found is None else _number(found.f1, 4),
    }


def tables(run: BenchRun) -> list[Table]:
    """Photos, stages, and what it all comes to."""
    return [photo_table(run), stage_table(run), summary_table(run)]


def photo_table(run: BenchRun) -> Table:
    """Times, ratios, counts and F1, a photo a row."""
    return Table(
        _("Photo by photo"),
        (
            _("photo"),
            _("ours, s"),
            _("SAHI, all cores, s"),
            _("SAHI as it comes, s"),
            _("ratio"),
            _("ratio as it comes"),
            _("true"),
            _("ours"),
            _("SAHI"),
            _("F1 ours"),
            _("F1 SAHI"),
            _("memory, MB"),
        ),
        tuple(_photo_row(run, photo) for photo in run.photos),
        _("Times from the file to the count, the least of all rounds. Memory: extra, at the peak, ours."),
    )


def _photo_row(run: BenchRun, photo: PhotoBench) -> tuple[str, ...]:
    ours, sahi = photo.taken[run.ours], photo.taken[SAHI]
    return (
        photo.file.rsplit("/", 1)[-1],
        f"{ours.seconds:.2f}",
        f"{sahi.seconds:.2f}",
        f"{photo.taken[SAHI_DEFAULT].seconds:.2f}",
        f"{photo.ratio(run.ours, SAHI):.1f}",
        f"{photo.ratio(run.ours, SAHI_DEFAULT):.1f}",
        NOTHING if photo.truth is None else str(photo.truth.total),
        str(ours.counted.count),
        str(sahi.counted.count),
        NOTHING if ours.matching is None else rate(ours.matching.f1),
        NOTHING if sahi.matching is None else rate(sahi.matching.f1),
        NOTHING if ours.peak_mb is None else f"{ours.peak_mb:.0f}",
    )


def stage_table(run: BenchRun) -> Table:
    """What each stage of ours took, and the share of the networks: no photo can be faster than that."""
    return Table(
        _("Where our time goes"),
        (_("photo"), *(f"{_(stage)}, ms" for stage in SECONDS), _("networks, ms"), _("networks, share")),
        tuple(
            (
                photo.file.rsplit("/", 1)[-1],
                *(f"{taken.counted.seconds.get(stage, 0.0) * 1000:.0f}" for stage in SECONDS),
                f"{taken.counted.seconds['model'] * 1000:.0f}",
                percent(_model_share(taken)),
            )
            for photo in run.photos
            for taken in (photo.taken[run.ours],)
        ),
    )


def summary_table(run: BenchRun) -> Table:
    """Each engine of ours against SAHI."""
    return Table(
        _("In all"),
        (
            _("engine"),
            _("ratio, all cores"),
            _("least"),
            _("ratio, as it comes"),
            _("least as it comes"),
            _("count error"),
            _("SAHI's"),
        ),
        tuple(
            (
                name,
                f"{geometric_mean(run.ratios(SAHI, name)):.1f}",
                f"{min(run.ratios(SAHI, name), default=math.nan):.1f}",
                f"{geometric_mean(run.ratios(SAHI_DEFAULT, name)):.1f}",
                f"{min(run.ratios(SAHI_DEFAULT, name), default=math.nan):.1f}",
                percent(count_error(run, name)),
                percent(count_error(run, SAHI)),
            )
            for name in run.backends
        ),
        _("%(date)s, %(machine)s. Ratios are geometric means; the count error is the mean over photos.")
        % {"date": run.date, "machine": run.machine},
    )


def count_error(run: BenchRun, name: str) -> float:
    """Mean absolute error of the counts, as a share of the truth, over photos with plants; NaN where none has any."""
    errors = [
        abs(photo.taken[name].counted.count - photo.truth.total) / photo.truth.total
        for photo in run.photos
        if photo.truth is not None and photo.truth.total > 0
    ]
    return math.fsum(errors) / len(errors) if errors else math.nan


def _model_share(taken: Taken) -> float:
    seconds = taken.counted.seconds
    return seconds["model"] / seconds["total"] if seconds.get("total") else math.nan


def _number(value: float | None, digits: int = 3) -> float | None:
    return None if value is None or math.isnan(value) else round(value, digits)
