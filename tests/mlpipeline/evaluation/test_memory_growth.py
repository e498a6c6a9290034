"""What is held after so many photos: counted in turns, looked at when memory was given back, compared."""

from pathlib import Path

import pytest

from mlpipeline.evaluation import memory_growth
from mlpipeline.evaluation.memory_growth import MemoryMark, growth, memory_marks

PHOTOS = [Path("a.jpg"), Path("b.jpg"), Path("c.jpg")]


@pytest.fixture
def log(monkeypatch):
    """What happens, in its order; each photo holds a byte more."""
    happened = []
    monkeypatch.setattr(memory_growth, "release_memory", lambda: happened.append("release"))
    monkeypatch.setattr(memory_growth, "resident_bytes", lambda: happened.count("release"))
    monkeypatch.setattr(memory_growth, "gpu_reserved_bytes", lambda: None)
    return happened


def test_photos_are_counted_in_turns_up_to_the_last_mark(log):
    marks = list(memory_marks(lambda photo: log.append(photo.name), PHOTOS, {2, 5}))
    assert [entry for entry in log if entry != "release"] == ["a.jpg", "b.jpg", "c.jpg", "a.jpg", "b.jpg"]
    assert [mark.photos for mark in marks] == [2, 5]


def test_memory_is_given_back_before_each_photo_and_before_it_is_looked_at(log):
    marks = list(memory_marks(lambda photo: log.append(photo.name), PHOTOS, {2}))
    assert log == ["release", "a.jpg", "release", "b.jpg", "release"]
    assert marks == [MemoryMark(2, 3, None)]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        pytest.param((100, None), (104, None), {"resident": 1.04}, id="no GPU"),
        pytest.param((100, 50), (100, 60), {"resident": 1.0, "gpu_reserved": 1.2}, id="both"),
        pytest.param((None, 0), (None, 0), {}, id="nothing known"),
    ],
)
def test_the_last_is_compared_with_the_first(first, last, expected):
    assert growth(MemoryMark(50, *first), MemoryMark(500, *last)) == pytest.approx(expected)
