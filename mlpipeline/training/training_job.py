"""Training the default weights: which pictures, which network, how long."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mlpipeline.training.datasets import DETECTION, DatasetRecipe, DatasetWriter
from mlpipeline.training.oilpalm_dataset import list_tiles
from mlpipeline.training.real import HELD_OUT, TRAIN, read_sets, sampled, split_set
from mlpipeline.training.tiles import MAX_LABELS
from mlpipeline.training.trainer import TrainingPlan, TrainingRun
from mlpipeline.vision.results import CLASS_NAMES, CONTAINER_TYPES

ARCHITECTURES = {"detection": "yolo11n.yaml", "segmentation": "yolo11n-seg.yaml"}
CLASSES = {"detection": CLASS_NAMES, "segmentation": CONTAINER_TYPES}
# Smaller than they are counted at: the network is the same at any size, and 416 px cost half of 512 px.
IMAGE_PX = {"detection": 416, "segmentation": 416}
# One plant in twenty is dead: without a weight the class was never predicted.
CLASS_WEIGHTS = {"detection": (1.0, 2.5, 1.0), "segmentation": None}
# Outlines turn exactly with their picture, and arrays of boxes that stand askew are rare among the scenes. Upright
# boxes around turned plants would be too large.
TURNED_DEGREES = {"detection": 0.0, "segmentation": 30.0}
CHECKPOINT = "last.pt"
#: Of the pictures of an epoch, how many are real: they are few, and show few of the plants that nurseries grow.
REAL_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """What `manage.py train` was asked for.

    folder: holds the pictures (`pictures/`) and one folder a kind with its checkpoint and log. oil_palms: the folder
    of the real tiles, or None. real: the folder of the sets of real pictures, or None; they make up `real_share` of
    the pictures. resume: go on from the checkpoint's weights on a new schedule of `minutes`. start: begin with the
    weights of this checkpoint, or of this file of default weights, also of the other kind: features of plants soon fit
    their containers.
    """

    kind: str
    folder: Path
    minutes: float
    image_px: int | None = None
    learning_rate: float | None = None
    oil_palms: Path | None = None
    real: Path | None = None
    real_share: float = REAL_SHARE
    resume: bool = False
    start: Path | None = None

    @property
    def run_folder(self) -> Path:
        return self.folder / self.kind

    @property
    def writer(self) -> DatasetWriter:
        return DatasetWriter(self.folder / "pictures", DatasetRecipe())


def gather_pictures(job: TrainingJob) -> list[Path]:
    """The training pictures of a job: all but the most crowded; for detection with the real ones.

    Raises UnusableRealSet.
    """
    writer = job.writer
    if job.kind == DETECTION and job.oil_palms is not None:
        writer.add_oil_palms(list_tiles(job.oil_palms, "train"))
    pictures = [path for path in writer.pictures(job.kind) if _label_count(path) <= MAX_LABELS]
    if job.kind != DETECTION or job.real is None or job.real_share <= 0:
        return pictures
    copies = copy_real(job.real, writer.folder)
    return pictures + sampled(copies, round(len(pictures) * job.real_share / (1 - job.real_share)))


def copy_real(real: Path, folder: Path) -> dict[str, list[Path]]:
    """Copy sets of real pictures below a folder: `real/` to train on, `real_held_out/` to measure on.

    Returns the training pictures of each set, all but the most crowded. Copies, because a training leaves files
    beside its labels. Raises UnusableRealSet.
    """
    sets = {}
    # What was held out before may be trained on now.
    shutil.rmtree(folder / "real_held_out", ignore_errors=True)
    for name, pictures in read_sets(real).items():
        for picture in split_set(pictures, HELD_OUT):
            picture.copied(folder / "real_held_out")
        copies = [picture.copied(folder / "real") for picture in split_set(pictures, TRAIN)]
        sets[name] = [path for path in copies if _label_count(path) <= MAX_LABELS]
    return sets


def _label_count(picture: Path) -> int:
    labels = picture.parent.parent / "labels" / f"{picture.stem}.txt"
    return len(labels.read_text().splitlines())


def train(job: TrainingJob) -> Iterator[dict[str, float]]:
    """Train for the minutes of the job; yields the losses of each epoch and appends them to `log.jsonl`.

    Raises FileNotFoundError when there are no pictures, or none to resume from; UnusableRealSet.
    """
    pictures = gather_pictures(job)
    if not pictures:
        raise FileNotFoundError(f"There are no training pictures in {job.folder / 'pictures'}.")
    start = job.run_folder / CHECKPOINT if job.resume else job.start
    if start is not None and not start.is_file():
        raise FileNotFoundError(f"There is nothing to resume: {start} is missing.")
    chosen: dict[str, Any] = {} if job.learning_rate is None else {"learning_rate": job.learning_rate}
    plan = TrainingPlan(
        architecture=ARCHITECTURES[job.kind],
        classes=CLASSES[job.kind],
        minutes=job.minutes,
        image_px=job.image_px or IMAGE_PX[job.kind],
        degrees=TURNED_DEGREES[job.kind],
        class_weights=CLASS_WEIGHTS[job.kind],
        **chosen,
    )
    run = TrainingRun(plan, pictures, job.run_folder, start=start)
    log = job.run_folder / "log.jsonl"
    with log.open("a") as stream:
        stream.write(
            json.dumps({"plan": asdict(plan), "pictures": len(pictures), "resumed": job.resume}) + "\n"
        )
        stream.flush()
        for epoch in run.train():
            stream.write(json.dumps(epoch) + "\n")
            stream.flush()
            yield epoch
