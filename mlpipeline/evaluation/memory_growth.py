"""What a process holds after so many photos, as a model worker counts them: one after the other, for weeks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from demeter.heartbeats import gpu_reserved_bytes, resident_bytes
from mlpipeline.services.memory_release import release_memory


@dataclass(frozen=True)
class MemoryMark:
    """What is held after a number of photos, in bytes. None where the system does not tell, or there is no GPU."""

    photos: int
    resident: int | None
    gpu_reserved: int | None


def memory_marks(
    count: Callable[[Path], object], photos: Sequence[Path], marks: Collection[int]
) -> Iterator[MemoryMark]:
    """Count the photos in turns, giving memory back before each as the worker does; yield after each of `marks`."""
    for number, photo in zip(range(1, max(marks) + 1), itertools.cycle(photos), strict=False):
        release_memory()
        count(photo)
        if number in marks:
            release_memory()
            yield MemoryMark(number, resident_bytes(), gpu_reserved_bytes())


def growth(first: MemoryMark, last: MemoryMark) -> dict[str, float]:
    """The last by the first, of each kind of memory that both know and hold some of."""
    pairs = {
        "resident": (first.resident, last.resident),
        "gpu_reserved": (first.gpu_reserved, last.gpu_reserved),
    }
    return {name: late / early for name, (early, late) in pairs.items() if early and late}
