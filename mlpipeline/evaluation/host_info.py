"""The machine that measures, in words: times mean nothing without it."""

from __future__ import annotations

import platform
from pathlib import Path

from mlpipeline.detectors.environment import available_cores


def machine_class() -> str:
    """Processor, cores this process may use, system and Python; no name that tells whose machine it is."""
    processor = _processor() or platform.machine()
    return f"{processor}, {available_cores()} cores, {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    """The processor's name where Linux tells it; empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else ""
