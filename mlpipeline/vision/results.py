"""What a count consists of: frozen records whose arrays cannot be written to."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Floats, Mask, Polygon, as_boxes, as_polygon, check

CLASS_NAMES = ("plant", "dead", "empty")  # the detector's classes; the index is the class id
PLANT, DEAD, EMPTY = range(3)
CONTAINER_TYPES = ("segment", "box", "plug")

# Decimals of what a count keeps: a tenth of a pixel, and scores to 1e-4. The stages hand on rounded values, so that a
# count that went through the database's rows has the very numbers of one that stayed in memory.
PX_DECIMALS, SCORE_DECIMALS = 1, 4

NO_CONTAINER = "no_container"
MOSTLY_EMPTY = "mostly_empty"
TRUNCATED = "truncated"
OUT_OF_SCALE = "out_of_scale"
OVER_CAPACITY = "over_capacity"
BLURRY = "blurry"
DARK = "dark"
GLARE = "glare"


Array = TypeVar("Array", bound=NDArray[Any])


def _frozen(array: Array) -> Array:
    if not array.flags.writeable:
        return array
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def merge_warnings(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Each warning once, in the order of its first appearance."""
    return tuple(dict.fromkeys(warning for group in groups for warning in group))


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """The output of a detector: parallel arrays of one length N.

    boxes (N, 4) xyxy px, scores (N,) 0–1, classes (N,) index into CLASS_NAMES; `warnings` says what may be wrong with
    the set as a whole (`truncated`: the detector's limit was reached; `out_of_scale`: the plants could not be brought
    to a size that it knows). Raises InvalidInput when shapes or ranges do not hold.
    """

    boxes: Boxes
    scores: Floats
    classes: NDArray[np.int16]
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        boxes = as_boxes(self.boxes)
        scores = np.asarray(self.scores, dtype=np.float32).reshape(-1)
        classes = np.asarray(self.classes, dtype=np.int16).reshape(-1)
        check(
            len(boxes) == len(scores) == len(classes),
            f"boxes, scores and classes have one length, got {len(boxes)}, {len(scores)}, {len(classes)}",
        )
        check(bool(((scores >= 0) & (scores <= 1)).all()), "scores lie between 0 and 1")
        check(
            bool(((classes >= 0) & (classes < len(CLASS_NAMES))).all()),
            "a class id is an index of CLASS_NAMES",
        )
        object.__setattr__(self, "boxes", _frozen(boxes))
        object.__setattr__(self, "scores", _frozen(scores))
        object.__setattr__(self, "classes", _frozen(classes))

    @classmethod
    def empty(cls) -> Self:
        """No detections."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int16))

    @classmethod
    def concat(cls, parts: Iterable["Detections"]) -> Self:
        """All detections of several sets, in their order; none of them is merged."""
        sets = list(parts)
        if not sets:
            return cls.empty()
        return cls._of_checked(
            np.concatenate([part.boxes for part in sets]),
            np.concatenate([part.scores for part in sets]),
            np.concatenate([part.classes for part in sets]),
            merge_warnings(part.warnings for part in sets),
        )

    @classmethod
    def _of_checked(
        cls, boxes: Boxes, scores: Floats, classes: NDArray[np.int16], warnings: tuple[str, ...]
    ) -> Self:
        """From arrays that were made of checked ones and that nobody else holds: a photo makes hundreds of sets."""
        made = object.__new__(cls)
        for name, array in (("boxes", boxes), ("scores", scores), ("classes", classes)):
            array.flags.writeable = False
            object.__setattr__(made, name, array)
        object.__setattr__(made, "warnings", warnings)
        return made

    def __len__(self) -> int:
        return len(self.boxes)

    def select(self, chosen: Mask | NDArray[np.int64]) -> "Detections":
        """Those where a (N,) bool array is True, or at the given indices."""
        return self._of_checked(self.boxes[chosen], self.scores[chosen], self.classes[chosen], self.warnings)

    def shifted(self, dx: float, dy: float) -> "Detections":
        """The same, moved by dx, dy px, both finite."""
        check(math.isfinite(dx) and math.isfinite(dy), f"boxes are moved by finite numbers, got {dx}, {dy}")
        step = np.array([dx, dy, dx, dy], dtype=np.float32)
        return self._of_checked(self.boxes + step, self.scores, self.classes, self.warnings)

    def scaled(self, factor: float) -> "Detections":
        """The same in a picture resized by `factor` > 0."""
        check(0 < factor < math.inf, f"a picture is resized by a positive factor, got {factor}")
        return self._of_checked(self.boxes * np.float32(factor), self.scores, self.classes, self.warnings)

    def rounded(self) -> "Detections":
        """The same with edges in tenths of a pixel and scores to four decimals, without boxes that are empty then.

        Rounding twice changes nothing more.
        """
        boxes = np.round(self.boxes.astype(np.float64), PX_DECIMALS).astype(np.float32)
        scores = np.round(self.scores.astype(np.float64), SCORE_DECIMALS).astype(np.float32)
        same = self._of_checked(boxes, scores, self.classes, self.warnings)
        has_area: Mask = np.asarray((boxes[:, 2:] > boxes[:, :2]).all(axis=1), dtype=np.bool_)
        return same.select(has_area)

    def warned(self, *warnings: str) -> "Detections":
        """The same with further warnings."""
        return self._of_checked(
            self.boxes, self.scores, self.classes, merge_warnings([self.warnings, warnings])
        )

    @property
    def plants(self) -> "Detections":
        """Plants, living or dead."""
        return self.select(self.classes != EMPTY)

    @property
    def dead(self) -> "Detections":
        """Dead plants alone."""
        return self.select(self.classes == DEAD)

    @property
    def empties(self) -> "Detections":
        """Pots and cells that hold no plant."""
        return self.select(self.classes == EMPTY)


@dataclass(frozen=True, slots=True, eq=False)
class Container:
    """A segment (stretch of pots on the floor), box (crate) or plug (tray of cells) in a picture.

    polygon (K, 2) x, y in px of the full picture; score 0–1.
    """

    type: str
    polygon: Polygon
    score: float

    def __post_init__(self) -> None:
        check(self.type in CONTAINER_TYPES, f"a container is one of {CONTAINER_TYPES}, got {self.type!r}")
        check(0 <= self.score <= 1, f"a score lies between 0 and 1, got {self.score}")
        object.__setattr__(self, "polygon", _frozen(as_polygon(self.polygon)))

    @property
    def is_inferred(self) -> bool:
        """It was not detected (score 0): the whole picture stands in for a container that was not found."""
        return self.score == 0

    def rounded(self) -> "Container":
        """The same with an outline in tenths of a pixel."""
        return Container(self.type, np.round(self.polygon, PX_DECIMALS), self.score)


def is_whole_picture_counted(containers: Iterable[Container]) -> bool:
    """Whether the picture itself, or the rest of it, stands in for containers that were not found."""
    return any(found.is_inferred for found in containers)


def container_warnings(containers: Iterable[Container]) -> tuple[str, ...]:
    """What the segment stage warns of: `no_container`, or nothing."""
    return (NO_CONTAINER,) if is_whole_picture_counted(containers) else ()


def occupancy_warnings(counts: Iterable["ContainerCount"]) -> tuple[str, ...]:
    """`mostly_empty` where more empty pots than plants stand in no container, or nothing.

    Rosettes in the colours of pots and ground are taken for empty pots. In boxes and trays empty places are common, so
    there they say nothing.
    """
    outside = [count for count in counts if is_whole_picture_counted([count.container])]
    return (MOSTLY_EMPTY,) if sum(one.empty for one in outside) > sum(one.total for one in outside) else ()


@dataclass(frozen=True, slots=True, eq=False)
class BandEstimate:
    """Plants that the detector missed in one of the four bands of a container.

    y_start_px, y_end_px: rows of the full picture, end excluded. `estimated` is not rounded. Areas in px² of the full
    picture: what no detection covers, before and after floor suppression, and what one plant covers in this band.
    `polygon` holds the rings around the processed area. method: band_based, density_based or
    grid_analysis. Raises InvalidInput for a number that is not finite.
    """

    band_number: int
    y_start_px: int
    y_end_px: int
    estimated: float
    residual_area_px: float
    processed_area_px: float
    plant_area_px: float
    polygon: tuple[Polygon, ...]
    method: str
    confidence: float

    def __post_init__(self) -> None:
        for name in ("estimated", "residual_area_px", "processed_area_px", "plant_area_px", "confidence"):
            value = getattr(self, name)
            check(math.isfinite(value), f"{name} of a band is finite, got {value}")
        object.__setattr__(self, "polygon", tuple(_frozen(as_polygon(ring)) for ring in self.polygon))


@dataclass(frozen=True, slots=True, eq=False)
class ContainerCount:
    """One container, counted: `detected` plants (living or dead), `estimated` further ones, `empty` pots or cells."""

    container: Container
    detections: Detections
    bands: tuple[BandEstimate, ...]
    detected: int
    estimated: int
    dead: int
    empty: int
    capacity: int | None = None  # cells of a tray whose lattice could be read
    warnings: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """Plants that were detected or estimated."""
        return self.detected + self.estimated


@dataclass(frozen=True, slots=True, eq=False)
class PhotoCount:
    """One photo, counted. `seconds` tells what each stage took.

    `interval`: the lowest and highest total that are likely, 90 times in 100; `reasons`: what makes it wide, as codes
    of `uncertainty.conformal_interval`. None and () before the count is assessed. `suppressed_low_score`: plants whose
    score was too low to count; a person may know better.
    """

    width: int
    height: int
    containers: tuple[ContainerCount, ...]
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    interval: tuple[int, int] | None = None
    reasons: tuple[str, ...] = ()
    suppressed_low_score: Detections = field(default_factory=Detections.empty)

    @property
    def detected(self) -> int:
        """Plants the detector found, living or dead; empties never."""
        return sum(count.detected for count in self.containers)

    @property
    def estimated(self) -> int:
        """Only the plants it missed."""
        return sum(count.estimated for count in self.containers)

    @property
    def dead(self) -> int:
        """Plants found dead."""
        return sum(count.dead for count in self.containers)

    @property
    def empty(self) -> int:
        """Empty pots and cells."""
        return sum(count.empty for count in self.containers)

    @property
    def total(self) -> int:
        """Plants that were detected or estimated."""
        return self.detected + self.estimated

    @property
    def living(self) -> int:
        """What stock books. Estimated plants count as living: nothing is known against it."""
        return self.total - self.dead

    @property
    def detections(self) -> Detections:
        """Those of all containers."""
        return Detections.concat([count.detections for count in self.containers])

    @property
    def mean_confidence(self) -> float:
        """Mean score of all plant detections of the photo, each weighing the same; 0 where there are none."""
        scores = self.detections.plants.scores
        return float(scores.mean()) if len(scores) else 0.0

    @property
    def category_counts(self) -> dict[str, int]:
        """Counts by class name: living plants with the estimated ones, dead plants, empties."""
        return {"plant": self.living, "dead": self.dead, "empty": self.empty}
