"""Real pictures for the training: sets of labelled photos, split by where each photo comes from.

    <folder>/<set>/SOURCE.txt        where the pictures come from, their licence and whom to credit
    <folder>/<set>/images/*.jpg
    <folder>/<set>/labels/*.txt      YOLO boxes, classes as in `CLASS_NAMES`; empty for a picture without plants

Neighbouring frames of a video, or of a walk through a field, show the same plants. Measuring on one of them what was
trained on the other would flatter the weights, so pictures are split by their source and never at random.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Literal

from mlpipeline.training.labels import read_boxes
from mlpipeline.vision.results import CLASS_NAMES

RealSplit = Literal["train", "held_out"]
TRAIN: RealSplit = "train"
HELD_OUT: RealSplit = "held_out"

#: One part in five is held out. Of pictures in one series, one in ten lies between the two parts and is dropped.
HELD_OUT_PARTS = 5
DROPPED_PARTS = 10
#: How often pictures of a set are shown, beside the others; a set that is not named weighs 1. Few of the cauliflower
#: pictures, whose weeds have no labels; palms are seen from the air, and the renderer's oil palms are among them.
SET_WEIGHTS: Mapping[str, float] = {
    "aarhus_seedlings": 3.0,
    "sesame_crop_weed": 1.5,
    "oilpalm_lampung": 1.5,
    "pots_grey_maejo": 1.5,
    "backgrounds_gravel_mulch": 2.0,
    "cauliflower_cwf788": 0.5,
}
#: Sets whose pictures show the same plants again and again: no split of the files keeps these apart, so they are
#: trained on and nothing is measured on them. ("One crop may occur in several grids", says the SOURCE.txt.)
INSEPARABLE_SETS = frozenset({"aarhus_seedlings"})
#: Sets whose labels are not all the plants of a picture: weeds there are plants without labels.
UNCOUNTABLE_SETS = frozenset({"cauliflower_cwf788"})
_NUMBER = re.compile(r"\d+$")


class UnusableRealSet(ValueError):
    """A set of real pictures that can't be trained on: no source named, or labels missing or malformed."""


@dataclass(frozen=True, slots=True)
class RealPicture:
    """One picture of a set with its YOLO labels."""

    name: str  # of the set
    picture: Path
    labels: Path

    @property
    def number(self) -> int:
        """The number at the end of the file name: the place in its series; 0 without one."""
        found = _NUMBER.search(self.picture.stem)
        return int(found[0]) if found else 0

    @property
    def series(self) -> str:
        """The file name without its number: one video, one flight, one walk through a field."""
        return _NUMBER.sub("", self.picture.stem)

    def copied(self, folder: Path) -> Path:
        """Copy picture and labels below a folder (`images`, `labels`); returns the copy of the picture."""
        target = folder / "images" / f"{self.name}__{self.picture.name}"
        for source, copy in (
            (self.labels, folder / "labels" / f"{target.stem}.txt"),
            (self.picture, target),
        ):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
        return target


def read_sets(folder: Path) -> dict[str, list[RealPicture]]:
    """The pictures of each set below a folder, by series and number; {} where there is no such folder.

    Raises UnusableRealSet for a set without SOURCE.txt, and for a picture without labels or with malformed ones: it
    would be taken for a picture without plants.
    """
    sets = {}
    for images in sorted(folder.glob("*/images")):
        name = images.parent.name
        if not (images.parent / "SOURCE.txt").is_file():
            raise UnusableRealSet(f"{images.parent} has no SOURCE.txt that names its licence.")
        pictures = [
            RealPicture(name, path, images.parent / "labels" / f"{path.stem}.txt")
            for path in images.glob("*.jpg")
        ]
        for picture in pictures:
            _check_labels(picture.labels)
        sets[name] = sorted(pictures, key=lambda picture: (picture.series, picture.number))
    return sets


def _check_labels(path: Path) -> None:
    try:
        _, classes = read_boxes(path.read_text(), 1, 1)
    except FileNotFoundError as error:
        raise UnusableRealSet(f"{path} is missing; a picture without plants has an empty one.") from error
    except ValueError as error:
        raise UnusableRealSet(f"{path}: {error}") from error
    if len(classes) and not 0 <= classes.min() <= classes.max() < len(CLASS_NAMES):
        raise UnusableRealSet(f"{path}: classes are 0 to {len(CLASS_NAMES) - 1}.")


def split_set(pictures: Sequence[RealPicture], split: RealSplit) -> list[RealPicture]:
    """The pictures of a split, in order: the last of several series are held out, else the end of the only one.

    Of INSEPARABLE_SETS all are trained on.
    """
    if pictures and pictures[0].name in INSEPARABLE_SETS:
        return list(pictures) if split == TRAIN else []
    series = sorted({picture.series for picture in pictures})
    if len(series) > 1:
        held_out = set(series[-max(1, len(series) // HELD_OUT_PARTS) :])
        return [picture for picture in pictures if (picture.series in held_out) == (split == HELD_OUT)]
    last = len(pictures) - len(pictures) // HELD_OUT_PARTS
    if split == HELD_OUT:
        return list(pictures[last:])
    return list(pictures[: last - len(pictures) // DROPPED_PARTS])


def sampled(sets: Mapping[str, Sequence[Path]], count: int) -> list[Path]:
    """About `count` pictures for an epoch, sets by SET_WEIGHTS; those of small sets occur several times."""
    weights = {name: SET_WEIGHTS.get(name, 1.0) for name, pictures in sets.items() if pictures}
    total = sum(weights.values())
    return [
        path
        for name, weight in weights.items()
        for path in islice(cycle(sets[name]), round(count * weight / total))
    ]
