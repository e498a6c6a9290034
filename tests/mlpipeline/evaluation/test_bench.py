"""The benchmark: ways to count in turn, by a clock of the test's own, and what it says of them."""

import math
from pathlib import Path

import numpy as np
import pytest

from mlpipeline.evaluation.bench import Contender, Counted, geometric_mean, run_bench
from mlpipeline.evaluation.bench_memory import with_peak_mb
from mlpipeline.evaluation.bench_methods import SAHI, SAHI_DEFAULT
from mlpipeline.evaluation.bench_report import BenchRun, as_json, count_error, tables
from mlpipeline.evaluation.ground_truth import PhotoTruth

PHOTOS = [Path("a.jpg"), Path("b.jpg")]
PLANTS = np.array([[0, 0, 10, 10], [20, 0, 30, 10]], np.float32)  # two true plants a photo


class Workshop:
    """A clock that only counting moves, and a diary of who counted what."""

    def __init__(self):
        self.now = 0.0
        self.diary = []

    def contender(self, name, seconds, points, count=None, stages=None):
        """Takes the seconds given, one after the other, and then again from the first timed one."""
        left = list(seconds)

        def counted(photo):
            self.now += left.pop(0)
            self.diary.append((name, photo.name))
            found = np.array(points, np.float32).reshape(-1, 2)
            return Counted(
                len(found) if count is None else count,
                (100, 100),
                found,
                np.full(len(found), 0.9, np.float32),
                stages or {},
            )

        return Contender(name, counted)


def truth(photo, shape):
    assert shape == (100, 100)
    nothing = np.zeros(2, np.bool_)
    return PhotoTruth("kind", 2, PLANTS, nothing, nothing)


@pytest.fixture
def run():
    """Ours takes 1 s and 2 s at best, SAHI 8 s, SAHI as it comes 16 s; ours finds both plants, SAHI one and a ghost."""
    shop = Workshop()
    stages = {"decode": 0.1, "detect": 0.9, "total": 1.0, "model": 0.6}
    ours = shop.contender("auto", [9, 3, 1, 2, 5], [[5, 5], [25, 5]], count=3, stages=stages)
    sahi = shop.contender(SAHI, [9, 8, 9, 8, 9], [[5, 5], [80, 80]])
    default = shop.contender(SAHI_DEFAULT, [9, 16, 17, 17, 16], [[5, 5]])
    photos = tuple(run_bench(PHOTOS, [ours, sahi, default], truth, repeat=2, clock=lambda: shop.now))
    return BenchRun("two cores", "2026-01-01", ("auto",), photos)


def test_all_ways_warm_up_then_take_turns():
    shop = Workshop()
    ways = [shop.contender(name, [1] * 5, []) for name in ("x", "y")]
    list(run_bench(PHOTOS, ways, lambda photo, shape: None, repeat=2, clock=lambda: shop.now))
    assert shop.diary == [
        ("x", "a.jpg"), ("y", "a.jpg"),
        ("x", "a.jpg"), ("y", "a.jpg"), ("y", "a.jpg"), ("x", "a.jpg"),
        ("x", "b.jpg"), ("y", "b.jpg"), ("y", "b.jpg"), ("x", "b.jpg"),
    ]  # fmt: skip


def test_the_least_time_of_a_photo_stays(run):
    assert [photo.taken["auto"].seconds for photo in run.photos] == [1, 2]
    assert [photo.taken[SAHI_DEFAULT].seconds for photo in run.photos] == [16, 16]


def test_the_object_says_what_was_agreed(run):
    found = as_json(run)
    first, second = found["photos"]
    assert set(found) >= {"photos", "geometric_mean", "least", "peak_mb"}
    assert set(first) >= {"file", "ours_s", "sahi_s", "sahi_default_s", "ratio", "ours", "sahi", "true"}
    assert (first["file"], first["ours_s"], first["sahi_s"], first["sahi_default_s"]) == ("a.jpg", 1, 8, 16)
    assert [first["ratio"], second["ratio"]] == [8, 4]
    assert first["ours"] == {"count": 3, "precision": 1, "recall": 1, "f1": 1}
    assert first["sahi"] == {"count": 2, "precision": 0.5, "recall": 0.5, "f1": 0.5}
    assert first["true"] == 2
    assert found["geometric_mean"] == pytest.approx(math.sqrt(32), abs=1e-3)
    assert found["geometric_mean_default"] == pytest.approx(math.sqrt(128), abs=1e-3)
    assert found["least"] == 4
    assert found["model_share"] == pytest.approx(0.6)


def test_count_errors_are_shares_of_the_truth(run):
    assert count_error(run, "auto") == pytest.approx(0.5)
    assert count_error(run, SAHI) == 0


def test_without_truth_only_times_and_counts_are_told():
    shop = Workshop()
    ways = [shop.contender(name, [1, 1], [[5, 5]]) for name in ("auto", SAHI, SAHI_DEFAULT)]
    photos = tuple(run_bench(PHOTOS[:1], ways, lambda photo, shape: None, repeat=1, clock=lambda: shop.now))
    (photo,) = as_json(BenchRun("two cores", "2026-01-01", ("auto",), photos))["photos"]
    assert photo["true"] is None
    assert photo["ours"] == {"count": 1, "precision": None, "recall": None, "f1": None}


def test_the_tables_name_each_photo_and_each_engine(run):
    photos, stages, summary = tables(run)
    assert [row[0] for row in photos.rows] == ["a.jpg", "b.jpg"]
    assert photos.rows[0][1:6] == ("1.00", "8.00", "16.00", "8.0", "16.0")
    assert stages.rows[0][-2:] == ("600", "60.0 %")
    assert summary.rows[0][:3] == ("auto", "5.7", "4.0")
    assert "two cores" in summary.note


def test_a_geometric_mean_of_a_half_and_a_double_is_one():
    assert geometric_mean([0.5, 2.0]) == pytest.approx(1)
    assert math.isnan(geometric_mean([]))


def test_the_peak_is_told_even_when_the_memory_is_given_back():
    def work():
        return int(np.ones(64 * 2**20, np.uint8).sum())

    result, peak_mb = with_peak_mb(work)
    assert result == 64 * 2**20
    assert peak_mb is None or 60 <= peak_mb <= 200
