"""Folders of photos with their truth, measured one photo at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from demeter.errors import DemeterError
from mlpipeline.evaluation.ground_truth import PhotoTruth, read_truth
from mlpipeline.imageio import read_rgb, reading_fault
from mlpipeline.vision.arrays import Image, shape_of
from mlpipeline.vision.errors import VisionError

#: What keeps one photo, and only this one, from being measured.
PHOTO_FAULTS = (DemeterError, VisionError, OSError)


@dataclass(frozen=True, slots=True, eq=False)
class TruePhoto:
    """A photo, (H, W, 3) uint8 RGB, with its truth; `name` is its path below the folder."""

    name: str
    image: Image
    truth: PhotoTruth


@dataclass(frozen=True, slots=True)
class PhotoFailure:
    """A photo that could not be measured, and why, as a sentence."""

    name: str
    reason: str


def read_photos(folder: Path, pictures: Iterable[Path], no_truth: str) -> Iterator[TruePhoto | PhotoFailure]:
    """Read photos one by one; only the one at hand is in memory. `no_truth` is the reason given where there is none."""
    for path in pictures:
        name = str(path.relative_to(folder))
        try:
            image = read_rgb(path)
            truth = read_truth(path, shape_of(image))
        except PHOTO_FAULTS as error:
            yield PhotoFailure(name, reading_fault(error))
            continue
        yield PhotoFailure(name, no_truth) if truth is None else TruePhoto(name, image, truth)
