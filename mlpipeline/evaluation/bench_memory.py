"""Memory: how much more a process holds at its peak while it counts a photo."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # Source: Linux, Documentation/filesystems/proc.rst, clear_refs


def with_peak_mb(work: Callable[[], Result]) -> tuple[Result, float | None]:
    """Do some work; returns its result, and by how many MB (2²⁰ bytes) memory grew at its peak.

    What the allocator kept of earlier work is given back first, or it would hide what this work takes. None where
    the system does not tell (no Linux).
    """
    before = _settled_mb()
    result = work()
    peak = _status_mb("VmHWM")
    return result, None if before is None or peak is None else max(peak - before, 0.0)


def _settled_mb() -> float | None:
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        _CLEAR.write_text(_RESET_PEAK)
    except (OSError, AttributeError):
        return None
    return _status_mb("VmRSS")


def _status_mb(name: str) -> float | None:
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found.group(1)) / 1024 if found else None
