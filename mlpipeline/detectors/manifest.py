"""The manifest of the shipped weights: which files there are, and what has to be known to use them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

from django.utils.translation import gettext as _

from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.vision.arrays import check
from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.results import CLASS_NAMES, CONTAINER_TYPES
from mlpipeline.vision.thresholds import ContainerThresholds, DetectionThresholds

WEIGHTS_FOLDER = Path(__file__).resolve().parent.parent / "weights"
MANIFEST_NAME = "manifest.json"
KINDS = ("segmentation", "detection")
STRIDE_PX = 32  # sides of what a network is shown are multiples of it
#: What a class of a segmenting network is counted as: other weights than ours tell trays of seedlings from plugs.
COUNTED_AS: Final = MappingProxyType(
    {**{kind: kind for kind in CONTAINER_TYPES}, "seedling_tray": "plug"},
)

Numbers = TypeVar("Numbers")  # a dataclass of numbers
Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class DetectionPostprocessing:
    """From what the network proposes to plants.

    min_score: 0–1; nothing below it is worth the work. nms_iou: from which of two boxes the better one stays.
    soft_nms_sigma: see `soft_nms_decay`. Raises InvalidInput for a value out of its range.
    """

    min_score: float
    nms_iou: float
    soft_nms_sigma: float

    def __post_init__(self) -> None:
        _check_nms(self.min_score, self.nms_iou)
        check(self.soft_nms_sigma > 0, f"soft_nms_sigma is above 0, got {self.soft_nms_sigma}")


@dataclass(frozen=True, slots=True)
class SegmentationPostprocessing:
    """From what the network proposes to containers.

    min_score, nms_iou: as for detection. large_box_share: of the picture's longest side; a larger box is widened by
    large_box_margin of its own side before it cuts its mask: boxes of beds that fill the picture come out short, while
    masks of smaller containers spill out of theirs. second_view_px: size of the picture in the second of three views,
    whose masks vote. Raises InvalidInput for a value out of its range.
    """

    min_score: float
    nms_iou: float
    large_box_share: float
    large_box_margin: float
    second_view_px: int

    def __post_init__(self) -> None:
        _check_nms(self.min_score, self.nms_iou)
        check(
            0 <= self.large_box_share <= 1,
            f"large_box_share lies between 0 and 1, got {self.large_box_share}",
        )
        check(self.large_box_margin >= 0, f"large_box_margin is not negative, got {self.large_box_margin}")
        check(self.second_view_px >= 32, f"second_view_px is 32 at least, got {self.second_view_px}")


def _check_nms(min_score: float, nms_iou: float) -> None:
    check(0 < min_score < 1, f"min_score lies between 0 and 1, got {min_score}")
    check(0 < nms_iou < 1, f"nms_iou lies between 0 and 1, got {nms_iou}")


def check_confidence(confidence: float) -> None:
    """Raise InvalidInput unless a least score lies between 0 and 1."""
    check(0 <= confidence <= 1, f"confidence lies between 0 and 1, got {confidence}")


Thresholds = DetectionThresholds | ContainerThresholds
Postprocessing = DetectionPostprocessing | SegmentationPostprocessing
THRESHOLDS: dict[str, type[Thresholds]] = {
    "segmentation": ContainerThresholds,
    "detection": DetectionThresholds,
}
POSTPROCESSING: dict[str, type[Postprocessing]] = {
    "segmentation": SegmentationPostprocessing,
    "detection": DetectionPostprocessing,
}


@dataclass(frozen=True, slots=True)
class Weights:
    """One file of weights.

    kind: segmentation or detection. file, card: names in the folder of the manifest. architecture: the Ultralytics
    file that the tensors fit. classes: in the order of their ids. tile_px: side of the pictures it is shown.
    trained_plant_px: sides of plants it was trained on, in its own pixels (detection only). confidence: the least
    score at which counts were nearest to the truth on held-out scenes. class_gains: added to the logits of the classes
    where the class of a box is decided, and to no score: a rare class is else predicted too seldom. thresholds: how its
    scores are read by the stages of a count. postprocessing: what happens to its raw output before. Raises InvalidInput
    for a number out of its range.
    """

    kind: str
    name: str
    file: str
    sha256: str
    architecture: str
    classes: tuple[str, ...]
    tile_px: int
    trained_plant_px: tuple[float, float] | None
    confidence: float
    class_gains: tuple[float, ...]
    licence: str
    card: str
    thresholds: Thresholds
    postprocessing: Postprocessing
    folder: Path = WEIGHTS_FOLDER

    def __post_init__(self) -> None:
        check_confidence(self.confidence)
        check(
            self.tile_px > 0 and self.tile_px % STRIDE_PX == 0,
            f"tile_px is a multiple of {STRIDE_PX}, got {self.tile_px}",
        )
        low, high = self.trained_plant_px or (1.0, 1.0)
        check(0 < low <= high < math.inf, f"trained_plant_px are two sides above 0, got {low} and {high}")

    @property
    def path(self) -> Path:
        return self.folder / self.file

    def as_json(self) -> dict[str, Any]:
        """The entry as the manifest holds it."""
        return {name: value for name, value in asdict(self).items() if name != "folder"}


def container_types(weights: Weights) -> tuple[str, ...]:
    """The type of container that each class of a segmenting network is counted as, in the order of their ids.

    Raises ModelUnavailable for a class that is none: what it outlines could not be counted.
    """
    if unknown := [name for name in weights.classes if name not in COUNTED_AS]:
        raise ModelUnavailable(
            _("The weights %(name)s find “%(unknown)s”, which is no container. Known are: %(known)s.")
            % {"name": weights.name, "unknown": unknown[0], "known": ", ".join(COUNTED_AS)}
        )
    return tuple(COUNTED_AS[name] for name in weights.classes)


def plant_classes(weights: Weights) -> tuple[int, ...]:
    """The index in CLASS_NAMES of each class of a detecting network, in the order of their ids.

    Raises ModelUnavailable unless the weights name each of CLASS_NAMES once: what they find beside it is not counted,
    and a class that is missing would silently count none.
    """
    if sorted(weights.classes) != sorted(CLASS_NAMES):
        raise ModelUnavailable(
            _("The weights %(name)s find %(found)s; counted are: %(known)s.")
            % {"name": weights.name, "found": ", ".join(weights.classes), "known": ", ".join(CLASS_NAMES)}
        )
    return tuple(CLASS_NAMES.index(name) for name in weights.classes)


def options_for(weights: Iterable[Weights]) -> CountOptions:
    """Options with what the manifest says of these weights, one of each kind.

    Raises ModelUnavailable where a kind is missing.
    """
    by_kind = {entry.kind: entry for entry in weights}
    if missing := [kind for kind in KINDS if kind not in by_kind]:
        raise ModelUnavailable(_("The manifest names no weights for %(kind)s.") % {"kind": missing[0]})
    segmentation, detection = by_kind["segmentation"], by_kind["detection"]
    return CountOptions(
        plant_thresholds=_of_type(DetectionThresholds, detection.thresholds),
        container_thresholds=_of_type(ContainerThresholds, segmentation.thresholds),
        confidence=detection.confidence,
        container_confidence=segmentation.confidence,
    )


def _of_type(kind: type[Record], value: object) -> Record:
    if not isinstance(value, kind):
        raise TypeError(f"weights have {kind.__name__}, got {value!r}")
    return value


def file_sha256(path: Path) -> str:
    """Checksum of a file's bytes, as the manifest has it."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_manifest(folder: Path = WEIGHTS_FOLDER) -> dict[str, Weights]:
    """The weights by kind. Raises ModelUnavailable where there is no manifest, or one that cannot be read."""
    path = folder / MANIFEST_NAME
    try:
        entries = json.loads(path.read_text())["weights"]
        found = [_entry(values, folder) for values in entries]
    except FileNotFoundError as error:
        raise ModelUnavailable(_("There is no manifest of weights: %(path)s.") % {"path": path}) from error
    except (ValueError, KeyError, TypeError, AttributeError, InvalidInput) as error:
        raise ModelUnavailable(
            _("The manifest of weights %(path)s cannot be read: %(error)s.") % {"path": path, "error": error}
        ) from error
    return {weights.kind: weights for weights in found}


def write_manifest(weights: dict[str, Weights], folder: Path = WEIGHTS_FOLDER) -> None:
    """Replace the manifest of a folder."""
    entries = [weights[kind].as_json() for kind in KINDS if kind in weights]
    (folder / MANIFEST_NAME).write_text(json.dumps({"weights": entries}, indent=2) + "\n")


def _entry(values: dict[str, Any], folder: Path) -> Weights:
    kind, plant_px = values["kind"], values["trained_plant_px"]
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}")
    known = {
        **values,
        "tile_px": int(values["tile_px"]),
        "classes": tuple(values["classes"]),
        "class_gains": tuple(float(gain) for gain in values["class_gains"]),
        "trained_plant_px": None if plant_px is None else (float(plant_px[0]), float(plant_px[1])),
        "thresholds": _numbers(THRESHOLDS[kind], values["thresholds"], f"{kind}: thresholds"),
        "postprocessing": _numbers(POSTPROCESSING[kind], values["postprocessing"], f"{kind}: postprocessing"),
    }
    if len(known["class_gains"]) != len(known["classes"]):
        raise ValueError(f"class_gains are {len(known['classes'])} numbers")
    return Weights(**known, folder=folder)


def _numbers(record: type[Numbers], values: dict[str, Any], where: str) -> Numbers:
    """A record of numbers from JSON. Raises ValueError, which says `where`, for a missing, further or other value."""
    names = {field.name for field in fields(record)}  # type: ignore[arg-type]
    if missing := sorted(names - set(values)):
        raise ValueError(f"{where} lack {', '.join(missing)}")
    if unknown := sorted(set(values) - names):
        raise ValueError(f"{where} know no {', '.join(unknown)}")
    wrong = [
        name
        for name, value in values.items()
        if isinstance(value, bool) or not isinstance(value, int | float)
    ]
    if wrong:
        raise ValueError(f"{where}: {', '.join(sorted(wrong))} should be a number")
    try:
        return record(**values)
    except InvalidInput as error:
        raise ValueError(f"{where}: {error}") from error


def validate_weights(weights: Weights) -> str | None:
    """Why the file of these weights cannot be used, as a sentence; None when it is there and unaltered."""
    if not weights.path.is_file():
        return _("The weights %(file)s are missing.") % {"file": weights.path}
    if file_sha256(weights.path) != weights.sha256:
        return _("The weights %(file)s were altered: their checksum is not the one in the manifest.") % {
            "file": weights.path
        }
    return None


def require_weights(kind: str, folder: Path = WEIGHTS_FOLDER) -> Weights:
    """The weights of a kind, checked. Raises ModelUnavailable when they are missing or altered."""
    weights = read_manifest(folder).get(kind)
    if weights is None:
        raise ModelUnavailable(_("The manifest names no weights for %(kind)s.") % {"kind": kind})
    if fault := validate_weights(weights):
        raise ModelUnavailable(fault)
    return weights
