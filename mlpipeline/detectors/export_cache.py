"""Exports: networks written once in OpenVINO's form, keyed by what they were made of, and verified at each use.

By hand: OpenVINO's own CACHE_DIR keeps compiled graphs, but not the conversion from torch and the comparison with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from mlpipeline.detectors.manifest import file_sha256

logger = logging.getLogger(__name__)

FORM = 1  # of the exported graph; a change of what it takes or answers makes all exports anew
GRAPH_NAME, CONSTANTS_NAME, RECORD_NAME = "network.xml", "network.bin", "record.json"


@dataclass(frozen=True, slots=True)
class ExportKey:
    """What an export depends on: a network of some weights, the library, and the processor it was compared on.

    The comparison with torch belongs to the processor and its number format: elsewhere it is made again.
    """

    weights_sha256: str
    network: str
    library: str
    processor: str
    precision: str
    form: int = FORM

    @property
    def folder_name(self) -> str:
        """Unique to the key, and readable as far as its weights."""
        text = json.dumps(asdict(self), sort_keys=True)
        return f"{self.weights_sha256[:12]}-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


@dataclass(frozen=True, slots=True)
class Export:
    """A network in OpenVINO's form. difference: how far its scores lay from torch's on the test picture, 0–1."""

    folder: Path
    difference: float

    @property
    def graph(self) -> Path:
        return self.folder / GRAPH_NAME


#: Writes GRAPH_NAME and CONSTANTS_NAME into a folder, and returns the difference from torch.
Make = Callable[[Path], float]


def cached_export(cache: Path, key: ExportKey, make: Make) -> Export:
    """The export of a key: the one in the cache if it is whole, else a new one, put there in a single step.

    Several processes may ask at once: each makes its own in a folder that nobody else sees, and the first one stays.
    A folder that is broken, was altered, or belongs to another key is thrown away. Raises OSError where the cache
    cannot be written, and what `make` raises.
    """
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / key.folder_name
    if (found := _whole_export(target, key)) is not None:
        return found
    with tempfile.TemporaryDirectory(dir=cache, prefix=".new-") as fresh_name:
        fresh = Path(fresh_name) / "export"
        fresh.mkdir()
        difference = make(fresh)
        record = {
            "key": asdict(key),
            "files": {name: file_sha256(fresh / name) for name in (GRAPH_NAME, CONSTANTS_NAME)},
            "difference": difference,
        }
        (fresh / RECORD_NAME).write_text(json.dumps(record, indent=2) + "\n")
        return _put(fresh, target, key)


def _put(fresh: Path, target: Path, key: ExportKey) -> Export:
    if (other := _whole_export(target, key)) is not None:  # another process was faster
        return other
    if target.exists():
        logger.warning("The exported network in %s was broken and is replaced.", target)
        _discard(target)
    try:
        fresh.rename(target)
    except OSError:
        if (other := _whole_export(target, key)) is not None:
            return other
        raise
    if (export := _whole_export(target, key)) is None:
        raise OSError(f"the exported network in {target} does not read back as it was written")
    return export


def _discard(target: Path) -> None:
    """Remove what stands there. It is moved first, so that nobody meets half of it."""
    with (
        tempfile.TemporaryDirectory(dir=target.parent, prefix=".old-") as aside,
        contextlib.suppress(FileNotFoundError),  # another process has discarded it
    ):
        target.rename(Path(aside) / "export")


def _whole_export(folder: Path, key: ExportKey) -> Export | None:
    """What a folder holds, if it was made for this key and its files are as they were written; else None."""
    try:
        record = json.loads((folder / RECORD_NAME).read_text())
        files = {name: file_sha256(folder / name) for name in (GRAPH_NAME, CONSTANTS_NAME)}
        if record["key"] != asdict(key) or record["files"] != files:
            return None
        return Export(folder, float(record["difference"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
