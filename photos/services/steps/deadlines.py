"""How long a step may take before it is ended from outside, and how often it is tried."""

from dataclasses import dataclass
from typing import Final

from photos.choices import StepKind
from photos.storage import OPERATION_MAX_S


@dataclass(frozen=True)
class _Effort:
    """What a step does at most: seconds of its own work, calls of stores, and turns of decoding that it waits for."""

    work_s: int
    store_calls: int
    decodings: int = 0


# Two tries of a decoding process (photos.decoding.pool) at 120 s by the clock.
_DECODING_S: Final = 240
# Generous work: a 48-megapixel photo on a slow CPU. An original is looked for in staging and in the store. Fifty
# threads take turns at two decoding processes: room for a dozen before one's own that all need the longest time.
_EFFORTS: Final[dict[StepKind, _Effort]] = {
    StepKind.SEGMENT: _Effort(180, store_calls=2, decodings=1),
    StepKind.DETECT_SLICED: _Effort(600, store_calls=2, decodings=1),
    StepKind.DETECT_DIRECT: _Effort(300, store_calls=2, decodings=1),
    StepKind.AGGREGATE: _Effort(180, store_calls=2, decodings=1),
    StepKind.DRAW: _Effort(60, store_calls=4, decodings=1),
    StepKind.UPLOAD_ORIGINAL: _Effort(30, store_calls=3),
    StepKind.UPLOAD_THUMBNAIL: _Effort(30, store_calls=4, decodings=12),
    StepKind.UPLOAD_ANNOTATED: _Effort(30, store_calls=6),
    StepKind.UPLOAD_FULL_PICTURE: _Effort(30, store_calls=3, decodings=12),
}
# A deadline is above all that a step contains: else a slow store would end a worker that only waits for it.
DEADLINE_S: Final[dict[StepKind, int]] = {
    kind: effort.work_s + effort.store_calls * OPERATION_MAX_S + effort.decodings * _DECODING_S
    for kind, effort in _EFFORTS.items()
}
# How often a step is tried again after a fault that may be ours or the photo's (contract, "Queues").
RETRIES: Final[dict[StepKind, int]] = {
    StepKind.SEGMENT: 2,
    StepKind.DETECT_SLICED: 3,
    StepKind.DETECT_DIRECT: 3,
    StepKind.AGGREGATE: 3,
    StepKind.DRAW: 2,
    StepKind.UPLOAD_ORIGINAL: 3,
    StepKind.UPLOAD_THUMBNAIL: 3,
    StepKind.UPLOAD_ANNOTATED: 3,
    StepKind.UPLOAD_FULL_PICTURE: 3,
}
# An outage is waited for as long as it lasts: 2, 4, 8 … s, and from then on this long (s) between two tries.
OUTAGE_WAIT_MAX_S: Final = 30
# Work of threads, fifty in a process: such a step is ended alone by its row, and its process goes on.
IN_THREADS: Final = (
    StepKind.UPLOAD_ORIGINAL, StepKind.UPLOAD_THUMBNAIL, StepKind.UPLOAD_ANNOTATED, StepKind.UPLOAD_FULL_PICTURE
)  # fmt: skip
