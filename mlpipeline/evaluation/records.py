"""Records: what was measured of one photo. Small, without pictures, so that thousands fit in memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

#: Ways to a number. The first two see the same plants as `ours` and estimate nothing, or as the first design did.
DETECTIONS, BANDS, OURS, SAHI = "detections", "bands", "ours", "sahi"
METHODS = (DETECTIONS, BANDS, OURS, SAHI)
BINS = 10  # equal stretches of probability in the reliability diagram
MIN_CONTAINER_IOU = 0.85  # IoU from which the outline of a container is right


@dataclass(frozen=True, slots=True)
class MethodCount:
    """The number a way comes to, and how its points lie on the plants that show; hidden plants have no box."""

    total: int
    true_positives: int
    false_positives: int
    false_negatives: int


@dataclass(frozen=True, slots=True)
class ContainerRecord:
    """A container of the truth, and the IoU (0–1) of the container of its type that was found there."""

    type: str
    iou: float


@dataclass(frozen=True, slots=True)
class BinRecord:
    """Detections whose probability lies in one bin: how many, their probabilities' sum, how many are plants."""

    count: int
    probability_sum: float
    hits: int


#: Of a photo where no box of a plant is known.
NO_BINS = tuple(BinRecord(0, 0.0, 0) for _ in range(BINS))


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """One photo with a truth, measured.

    true: plants that count. hidden: those of them that show by less than 40 % or not at all. plant_px, crowding: see
    PhotoTruth. dead and empty: (true, counted); dead_hits: plants named dead that are dead ones; containers: None all
    where the truth does not tell. strange_containers: found ones that are none. interval: lowest and highest likely
    total. bins: BINS of them.
    """

    file: str
    kind: str
    width: int
    height: int
    true: int
    hidden: int
    plant_px: float
    crowding: float
    ways: dict[str, MethodCount]
    dead: tuple[int, int] | None
    dead_hits: int | None
    empty: tuple[int, int] | None
    containers: tuple[ContainerRecord, ...] | None
    strange_containers: int
    interval: tuple[int, int] | None
    bins: tuple[BinRecord, ...]
    warnings: tuple[str, ...]
    seconds: float

    def error(self, way: str) -> float:
        """Signed error of a way's number as a share of the truth; NaN where no plant is on the photo."""
        return (self.ways[way].total - self.true) / self.true if self.true else math.nan

    @property
    def wrongness(self) -> float:
        """How bad our number is, to rank photos; on a photo without plants each detection weighs as one of twenty."""
        return abs(self.ways[OURS].total - self.true) / max(self.true, 20)

    def as_json(self) -> dict[str, Any]:
        """The record for a file of JSON: NaN becomes null."""
        return {
            "file": self.file,
            "kind": self.kind,
            "width": self.width,
            "height": self.height,
            "true": self.true,
            "hidden": self.hidden,
            "plant_px": _number(self.plant_px),
            "crowding": _number(self.crowding),
            **{
                name: {
                    "total": way.total,
                    "error": _number(self.error(name)),
                    "true_positives": way.true_positives,
                    "false_positives": way.false_positives,
                    "false_negatives": way.false_negatives,
                }
                for name, way in self.ways.items()
            },
            "dead": self.dead,
            "dead_hits": self.dead_hits,
            "empty": self.empty,
            "containers": None
            if self.containers is None
            else [{"type": found.type, "iou": round(found.iou, 3)} for found in self.containers],
            "strange_containers": self.strange_containers,
            "interval": self.interval,
            "warnings": list(self.warnings),
            "seconds": round(self.seconds, 3),
        }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)
