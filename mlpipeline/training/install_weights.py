"""Making a checkpoint the default weights: tensors in fp16, an entry in the manifest, a model card."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlpipeline.detectors.environment import prepare_libraries
from mlpipeline.detectors.manifest import (
    MANIFEST_NAME,
    DetectionPostprocessing,
    Postprocessing,
    SegmentationPostprocessing,
    Thresholds,
    Weights,
    check_confidence,
    file_sha256,
    read_manifest,
    write_manifest,
)
from mlpipeline.detectors.rescoring_network import SECOND_STAGE
from mlpipeline.training.datasets import DETECTION
from mlpipeline.training.training_job import ARCHITECTURES, CLASSES
from mlpipeline.vision.arrays import check
from mlpipeline.vision.thresholds import ContainerThresholds, DetectionThresholds

if TYPE_CHECKING:
    import torch

Tensors = dict[str, "torch.Tensor"]

# What they are shown when counting. Plants are detected as well at 512 px as at the size of the training; containers
# are not: of 270 on held-out scenes as many were found at 416 px as at 512 px (IoU ≥ .5), for half of the work.
COUNTED_PX = {"detection": 512, "segmentation": 416}
# In a tile: what 10 to 114 px are at the size of the training. The middle, 41 px, is the scale that plants are counted
# at: on held-out scenes counts were off by 9.4 % there and by 10.6 % at 34 px; with 16 to 120 px (44 px) seedlings
# were missed.
TRAINED_PLANT_PX = (12.0, 140.0)

# The first of their kind start with these; later weights keep what the manifest says, until somebody has measured them.
THRESHOLDS: dict[str, Thresholds] = {
    "detection": DetectionThresholds(
        min_confident_score=0.35,
        min_probe_score=0.25,
        probe_prior_count=3.0,
        probe_prior_score=0.3,
        max_probe_score_drop=0.05,
        # Chosen by counting 70 rendered scenes of fresh seeds and rounded: the error is flat around them. Among 3
        # plants the threshold is .37, among 30 .26, among 300 .17.
        base_log_odds=-0.2,
        crowd_log_odds=-0.25,
        emptiness_log_odds=2.0,
        max_adaptive_score=0.7,
        min_outside_score=0.5,
        min_proposal_score=0.05,
    ),
    "segmentation": ContainerThresholds(min_trusted_score=0.7),
}
POSTPROCESSING: dict[str, Postprocessing] = {
    "detection": DetectionPostprocessing(min_score=0.05, nms_iou=0.6, soft_nms_sigma=0.5),
    # Of 126 containers 108 reached an IoU of .85 with this margin, 103 without one, 33 with one for all. With a second
    # view a quarter larger than this one beds fall apart.
    "segmentation": SegmentationPostprocessing(
        min_score=0.05, nms_iou=0.6, large_box_share=0.65, large_box_margin=0.25, second_view_px=512
    ),
}

NAMES = {"detection": "plants-yolo11n", "segmentation": "containers-yolo11n-seg"}


@dataclass(frozen=True, slots=True)
class Installation:
    """What becomes the default: a checkpoint of a kind, and the least score (0–1) it counts best at.

    dead_gain: added to the logit of dead plants where living and dead are told apart.
    blend: share (0–1] of the checkpoint in the average with the weights that are the default now. A fine-tuning learns
    new looks and forgets some of the old ones; the average of both keeps more of either (Wortsman et al., *Robust
    fine-tuning of zero-shot models*, CVPR 2022). It needs weights that began with the default ones.
    """

    kind: str
    checkpoint: Path
    confidence: float
    version: str
    dead_gain: float = 0.0
    blend: float = 1.0

    def __post_init__(self) -> None:
        check(0 < self.blend <= 1, f"blend is a share above 0, got {self.blend}")
        check_confidence(self.confidence)


def install_weights(installation: Installation, folder: Path) -> Weights:
    """Write the weights of a checkpoint and their entry in the manifest of a folder; returns the entry.

    The average of the training is stored in fp16. Thresholds and
    postprocessing stay as the manifest has them. The model card beside it is written by hand. Raises FileNotFoundError
    where there is no such checkpoint, or no default weights to blend it with, ModelUnavailable for a manifest that
    cannot be read, InvalidInput for weights of another architecture.
    """
    prepare_libraries()
    import torch

    kind = installation.kind
    checkpoint = torch.load(installation.checkpoint, map_location="cpu", weights_only=True)
    target = folder / f"{NAMES[kind]}.pt"
    trained = checkpoint["weights"]
    if installation.blend < 1:
        trained = blended(trained, _default_tensors(target), installation.blend)
    known = read_manifest(folder) if (folder / MANIFEST_NAME).is_file() else {}
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({"weights": _halved(trained), "classes": list(CLASSES[kind])}, target)
    weights = Weights(
        kind=kind,
        name=f"{NAMES[kind]}-{installation.version}",
        file=target.name,
        sha256=file_sha256(target),
        architecture=ARCHITECTURES[kind],
        classes=CLASSES[kind],
        tile_px=COUNTED_PX[kind],
        trained_plant_px=TRAINED_PLANT_PX if kind == DETECTION else None,
        confidence=installation.confidence,
        class_gains=tuple(installation.dead_gain if name == "dead" else 0.0 for name in CLASSES[kind]),
        licence="AGPL-3.0",
        card=f"{NAMES[kind]}.md",
        thresholds=known[kind].thresholds if kind in known else THRESHOLDS[kind],
        postprocessing=known[kind].postprocessing if kind in known else POSTPROCESSING[kind],
        folder=folder,
    )
    write_manifest({**known, kind: weights}, folder)
    return weights


def install_rescoring(checkpoint: Path, confidence: float, version: str, folder: Path) -> Weights:
    """Give the default detector of a folder the second stage of a checkpoint; returns its new entry in the manifest.

    Both stages lie in one file, so that one checksum tells what has counted. A detector that is installed later has
    none until one is trained on what that detects. confidence: 0–1, the least score of the first stage from which the
    second is asked. Raises FileNotFoundError where there is no such checkpoint, ModelUnavailable where there is no
    detector, InvalidInput for an impossible confidence.
    """
    prepare_libraries()
    import torch

    check_confidence(confidence)
    known = read_manifest(folder)
    detector = known[DETECTION]
    trained = torch.load(checkpoint, map_location="cpu", weights_only=True)[SECOND_STAGE]
    stored = torch.load(detector.path, map_location="cpu", weights_only=True)
    torch.save({**stored, SECOND_STAGE: _halved(trained)}, detector.path)
    weights = replace(
        detector,
        name=f"{NAMES[DETECTION]}-{version}",
        sha256=file_sha256(detector.path),
        confidence=confidence,
    )
    write_manifest({**known, DETECTION: weights}, folder)
    return weights


def _halved(tensors: Tensors) -> Tensors:
    """The tensors in fp16: half the size, and more exact than what they are run in."""
    return {name: value.half() if value.is_floating_point() else value for name, value in tensors.items()}


def blended(trained: Tensors, default: Tensors, share: float) -> Tensors:
    """The average of two sets of tensors with the same names and shapes, `share` (0–1) of it `trained`, in f32.

    What does not float, as the number of batches seen, is that of `trained`. Raises InvalidInput where they differ.
    """
    shapes = [{name: tuple(value.shape) for name, value in tensors.items()} for tensors in (trained, default)]
    check(shapes[0] == shapes[1], "only weights of one architecture can be averaged")
    return {
        name: default[name].float().lerp(value.float(), share) if value.is_floating_point() else value
        for name, value in trained.items()
    }


def _default_tensors(target: Path) -> Tensors:
    import torch

    tensors: Tensors = torch.load(target, map_location="cpu", weights_only=True)["weights"]
    return tensors
