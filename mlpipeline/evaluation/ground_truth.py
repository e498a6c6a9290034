"""The truth about a photo: which plants and containers are on it, from a file beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from demeter.errors import DemeterError
from mlpipeline.training.labels import read_boxes
from mlpipeline.vision.arrays import Boxes, Mask, Polygon, Shape, as_boxes, as_polygon
from mlpipeline.vision.containers.crowding import crowding
from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.geometry.boxes import sides
from mlpipeline.vision.results import CLASS_NAMES, CONTAINER_TYPES, DEAD, EMPTY

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".bmp"}
)
COUNTS_FILE = "truth.json"  # the numbers of all photos of a folder, where no box of theirs is known
_MUCH_HIDDEN = 0.6  # share of a plant from which others hide it too well to be asked of a detector


class TruthUnreadable(DemeterError):
    """The file beside a photo that holds its truth is broken or says something impossible."""

    code = "truth_unreadable"


@dataclass(frozen=True, slots=True, eq=False)
class ContainerTruth:
    """A container on a photo: its type (CONTAINER_TYPES) and its outline in px."""

    type: str
    polygon: Polygon


@dataclass(frozen=True, slots=True, eq=False)
class PhotoTruth:
    """What is on a photo.

    total: plants that count, living or dead, also those of which nothing shows. boxes (M, 4) xyxy px of the plants
    that show, is_dead and is_hidden (M,) belong to them; hidden: behind others by more than 60 %. dead, empty: how
    many dead plants and empty pots or cells; None where the file does not tell. containers: None where the file
    does not tell; () where there are none. has_boxes: False where only a number is known.
    """

    kind: str
    total: int
    boxes: Boxes
    is_dead: Mask
    is_hidden: Mask
    dead: int | None = None
    empty: int | None = None
    empty_boxes: Boxes | None = None
    containers: tuple[ContainerTruth, ...] | None = None
    has_boxes: bool = True

    @property
    def hidden(self) -> int:
        """How many plants others hide by more than 60 % or entirely; 0 where only a number is known."""
        if not self.has_boxes:
            return 0
        return self.total - len(self.boxes) + int(np.count_nonzero(self.is_hidden))

    @property
    def plant_px(self) -> float:
        """The median side of the plants that show, in px; NaN where none does."""
        return float(np.median(sides(self.boxes))) if len(self.boxes) else float("nan")

    @property
    def crowding(self) -> float:
        """Median of side ÷ distance to the nearest neighbour: above 1 canopies touch. NaN below two plants."""
        return crowding(self.boxes)


def find_pictures(folder: Path) -> list[Path]:
    """The photos below a folder, in the order of their paths."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)


def kind_of(name: str) -> str:
    """The kind of scene a file's name tells: its stem without the number at the end; `photo` where none is left."""
    return re.sub(r"[\s_-]*\d+$", "", name) or "photo"


def read_truth(picture: Path, shape: Shape) -> PhotoTruth | None:
    """The truth of a photo of `shape` (H, W), turned as its EXIF says; None where no file tells it.

    Looked for: NAME.json of a scene beside it, then YOLO labels NAME.txt beside it, in `labels/` below or beside its
    folder, then its entry in COUNTS_FILE beside it. Raises TruthUnreadable where the first file found is broken.
    """
    scene = picture.with_suffix(".json")
    try:
        if scene.is_file():
            values = json.loads(scene.read_text())
            if isinstance(values, dict) and "plants" in values:
                return scene_truth(values, kind_of(picture.stem), shape)
        for labels in _label_files(picture):
            if labels.is_file():
                return label_truth(labels.read_text(), kind_of(picture.stem), shape)
        counts = picture.with_name(COUNTS_FILE)
        if counts.is_file():
            return counted_truth(json.loads(counts.read_text()), picture.stem)
    except (ValueError, KeyError, TypeError, InvalidInput) as error:
        raise TruthUnreadable(
            _("The truth of %(photo)s cannot be read: %(error)s") % {"photo": picture.name, "error": error}
        ) from error
    return None


def _label_files(picture: Path) -> tuple[Path, ...]:
    name = f"{picture.stem}.txt"
    return (
        picture.with_suffix(".txt"),
        picture.parent / "labels" / name,
        picture.parent.parent / "labels" / name,
    )


def label_truth(text: str, kind: str, shape: Shape) -> PhotoTruth:
    """The truth that YOLO labels tell. Classes are the detector's, by id.

    Where no line says `dead` or `empty`, nothing is known of them: most label files name plants only.
    Raises ValueError for a malformed line or another class.
    """
    boxes, classes = read_boxes(text, shape[1], shape[0])
    if len(classes) and not 0 <= classes.min() <= classes.max() < len(CLASS_NAMES):
        raise ValueError(f"a class is one of 0–{len(CLASS_NAMES) - 1}, got {int(classes.max())}")
    is_plant, is_dead = classes != EMPTY, classes == DEAD
    others = bool((classes != 0).any())
    return PhotoTruth(
        kind=kind,
        total=int(np.count_nonzero(is_plant)),
        boxes=as_boxes(boxes[is_plant]),
        is_dead=is_dead[is_plant],
        is_hidden=np.zeros(int(np.count_nonzero(is_plant)), dtype=np.bool_),
        dead=int(np.count_nonzero(is_dead)) if others else None,
        empty=int(np.count_nonzero(~is_plant)) if others else None,
        empty_boxes=as_boxes(boxes[~is_plant]) if others else None,
    )


def scene_truth(values: Mapping[str, Any], kind: str, shape: Shape) -> PhotoTruth:
    """The truth that the JSON of a scene tells; coordinates are in a picture of its `width` and `height`.

    Empty places are listed one by one, or given as a number for each container (`empty_cells` or `empty`).
    Raises KeyError, TypeError, ValueError, InvalidInput for what is no such scene.
    """
    ratio = np.array(
        [shape[1] / values.get("width", shape[1]), shape[0] / values.get("height", shape[0])], np.float32
    )
    plants = values["plants"]
    shown = [plant for plant in plants if plant.get("box") is not None]
    containers = values.get("containers")
    listed = values.get("empties")
    return PhotoTruth(
        kind=str(values.get("kind") or kind),
        total=int(values.get("total", len(plants))),
        boxes=_scaled_boxes([plant["box"] for plant in shown], ratio),
        is_dead=np.array([not plant.get("alive", True) for plant in shown], dtype=np.bool_),
        is_hidden=np.array(
            [plant.get("occluded_fraction", 0) > _MUCH_HIDDEN for plant in shown], dtype=np.bool_
        ),
        dead=sum(not plant.get("alive", True) for plant in plants),
        empty=_empty_places(listed, containers),
        empty_boxes=None if listed is None else _scaled_boxes([place["box"] for place in listed], ratio),
        containers=None
        if containers is None
        else tuple(_container(container, ratio) for container in containers),
    )


def counted_truth(values: Mapping[str, Any], name: str) -> PhotoTruth | None:
    """The truth of a photo that a file of counts tells: `{NAME: {"true": number, "group": kind, "boxes": […]}}`.

    Numbers that somebody was unsure of may be halves; they are rounded. `group` and `boxes` (xyxy px) may be absent.
    None where the photo is not in the file. Raises KeyError, TypeError, ValueError for what is no such file.
    """
    entry = values.get(name)
    if entry is None:
        return None
    boxes = as_boxes(np.array(entry.get("boxes", ()), dtype=np.float32).reshape(-1, 4))
    total = round(float(entry["true"]))
    if total < 0:
        raise ValueError(f"a number of plants is not negative, got {total}")
    return PhotoTruth(
        kind=str(entry.get("group") or kind_of(name)),
        total=total,
        boxes=boxes,
        is_dead=np.zeros(len(boxes), dtype=np.bool_),
        is_hidden=np.zeros(len(boxes), dtype=np.bool_),
        has_boxes=len(boxes) > 0 or total == 0,
    )


def _scaled_boxes(boxes: list[Any], ratio: np.ndarray[Any, Any]) -> Boxes:
    return as_boxes(np.array(boxes, dtype=np.float32).reshape(-1, 4) * np.tile(ratio, 2))


def _empty_places(listed: list[Any] | None, containers: list[Mapping[str, Any]] | None) -> int | None:
    if listed is not None:
        return len(listed)
    if containers is None:
        return None
    numbers = [container.get("empty_cells", container.get("empty")) for container in containers]
    return None if any(number is None for number in numbers) else sum(int(number) for number in numbers)


def _container(values: Mapping[str, Any], ratio: np.ndarray[Any, Any]) -> ContainerTruth:
    if values["type"] not in CONTAINER_TYPES:
        raise ValueError(f"a container is one of {CONTAINER_TYPES}, got {values['type']!r}")
    return ContainerTruth(values["type"], as_polygon(np.array(values["polygon"], dtype=np.float32) * ratio))
