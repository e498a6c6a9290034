"""A YOLO network as fast as this machine runs it: pictures in, decoded candidates out."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mlpipeline.detectors.errors import model_faults_reported
from mlpipeline.detectors.inference_backend import InferenceBackend, RawOutput
from mlpipeline.vision.runtime.parallel import parallel_map

if TYPE_CHECKING:
    import torch

    from mlpipeline.vision.arrays import Image

MAX_SCORE = 1 - 1e-6  # 1 has no logit; f32 knows nothing much nearer to it
ROUNDING = 0.05  # of a logit, at least what the inverse of the sigmoid is off by
STRIDES = (8, 16, 32)  # px between the cells of the three maps of a YOLO11. Source: its architecture file


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the network proposes for one picture above a score: N boxes xyxy px, scores, classes, mask coefficients.

    coefficients is (N, 32) for a segmenting network, else (N, 0).
    """

    boxes: torch.Tensor
    scores: torch.Tensor
    classes: torch.Tensor
    coefficients: torch.Tensor


@dataclass(frozen=True, slots=True)
class Output:
    """Candidates of each picture of a batch, and the (B, 32, h, w) mask prototypes of a segmenting network."""

    candidates: tuple[Candidates, ...]
    prototypes: torch.Tensor | None


class Network:
    """Runs one model on batches of pictures of one size.

    Boxes are decoded in f32 and only above a score, because bf16 holds no more than 8 bits: at the far end of a tile
    a box would be off by 2 px. cores: how many share what is left to do for each picture after the layers.
    class_gains: see Weights.
    """

    def __init__(self, forward: InferenceBackend, class_gains: Sequence[float]) -> None:
        self.forward = forward
        self.class_gains = tuple(class_gains)
        # A GPU's answers lie in its own memory, and cores would only wait for it in turn.
        self.cores = 1 if forward.prefers_batches else int(os.environ.get("OMP_NUM_THREADS", "1"))

    def raw(self, pictures: Sequence[Image]) -> RawOutput:
        """What the layers say of (H, W, 3) uint8 RGB pictures of one size, sides multiples of 32. Raises ModelFault."""
        import torch

        with torch.inference_mode(), model_faults_reported():
            return self.forward.run(np.stack(pictures))

    def run(self, pictures: Sequence[Image], min_score: float) -> Output:
        """Candidates above `min_score` (0–1) in (H, W, 3) uint8 RGB pictures of one size, sides multiples of 32."""
        import torch

        raw = self.raw(pictures)
        with torch.inference_mode():
            prototypes = None if raw.prototypes is None else raw.prototypes.float()
        height, width = pictures[0].shape[:2]
        places = cell_places(height, width, raw.boxes.device)
        found = parallel_map(
            lambda index: _candidates(raw, index, places, min_score, self.class_gains),
            range(len(pictures)),
            self.cores,
        )
        return Output(tuple(found), prototypes)


def _candidates(
    raw: RawOutput,
    index: int,
    places: tuple[torch.Tensor, torch.Tensor],
    min_score: float,
    class_gains: tuple[float, ...],
) -> Candidates:
    """The candidates of one picture of a batch. Few cells need a sigmoid: its inverse excludes the others."""
    import torch

    with torch.inference_mode():  # of this thread
        centres, strides = places
        logits = raw.scores[index]
        likely = (logits.amax(dim=0) > min_logit(min_score)).nonzero().squeeze(1)
        likely_logits = logits[:, likely].float()
        scores = likely_logits.amax(dim=0).sigmoid()
        classes = (likely_logits + likely_logits.new_tensor(class_gains).unsqueeze(1)).argmax(dim=0)
        above = scores > min_score
        kept, scores, classes = likely[above], scores[above], classes[above]
        coefficients = scores.new_zeros((len(kept), 0))
        if raw.coefficients is not None:
            coefficients = raw.coefficients[index][:, kept].T.float()
        boxes = decoded_boxes(raw.boxes[index][:, kept], centres[:, kept], strides[kept])
        return Candidates(boxes, scores, classes, coefficients)


def min_logit(min_score: float) -> float:
    """A logit below which none reaches a score of 0–1: a little less than the inverse of the sigmoid."""
    least = min(min_score, MAX_SCORE)
    return math.log(least / (1 - least)) - ROUNDING


@lru_cache(maxsize=16)
def cell_places(height: int, width: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """The (2, P) centres of the network's cells in cells, and their (P,) strides in px."""
    import torch

    centres, strides = [], []
    for stride in STRIDES:
        rows, columns = torch.meshgrid(
            torch.arange(height // stride, device=device) + 0.5,
            torch.arange(width // stride, device=device) + 0.5,
            indexing="ij",
        )
        centres.append(torch.stack([columns.reshape(-1), rows.reshape(-1)]))
        strides.append(torch.full((rows.numel(),), float(stride), device=device))
    return torch.cat(centres, dim=1), torch.cat(strides)


def decoded_boxes(distances: torch.Tensor, centres: torch.Tensor, strides: torch.Tensor) -> torch.Tensor:
    """(N, 4) xyxy px from the (64, N) distributions of the distances to the four sides.

    Source: Li et al. 2020, Generalized Focal Loss: a side is the mean of a distribution over 0…15 cells.
    """
    import torch

    bins = distances.shape[0] // 4
    shares = distances.float().view(4, bins, -1).softmax(dim=1)
    steps = torch.arange(bins, device=shares.device, dtype=shares.dtype).view(1, bins, 1)
    sides = (shares * steps).sum(dim=1)
    corners = torch.cat([centres - sides[:2], centres + sides[2:]])
    return (corners * strides).T
