"""A YOLO network as fast as this machine runs it: pictures in, decoded candidates out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mlpipeline.detectors.forward import Forward

if TYPE_CHECKING:
    import torch

    from mlpipeline.vision.arrays import Image

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
class Answer:
    """Candidates of each picture of a batch, and the (B, 32, h, w) mask prototypes of a segmenting network."""

    candidates: tuple[Candidates, ...]
    prototypes: torch.Tensor | None


class Network:
    """Runs one model on batches of pictures of one size.

    Boxes are decoded in f32 and only above a score, because bf16 holds no more than 8 bits: at the far end of a tile
    a box would be off by 2 px.
    """

    def __init__(self, forward: Forward) -> None:
        self.forward = forward

    def run(self, pictures: Sequence[Image], least_score: float) -> Answer:
        """Candidates above `least_score` (0–1) in (H, W, 3) uint8 RGB pictures of one size, sides multiples of 32."""
        import torch

        batch = np.stack(pictures)
        with torch.inference_mode():
            raw = self.forward.run(batch)
            centres, strides = _places(batch.shape[1], batch.shape[2], raw.boxes.device)
            scores = raw.scores.float().sigmoid()
            found = []
            for index in range(len(pictures)):
                best, classes = scores[index].max(dim=0)
                kept = (best > least_score).nonzero().squeeze(1)
                found.append(
                    Candidates(
                        decoded_boxes(raw.boxes[index][:, kept], centres[:, kept], strides[kept]),
                        best[kept],
                        classes[kept],
                        best.new_zeros((len(kept), 0))
                        if raw.coefficients is None
                        else raw.coefficients[index][:, kept].T.float(),
                    )
                )
            return Answer(tuple(found), None if raw.prototypes is None else raw.prototypes.float())


@lru_cache(maxsize=16)
def _places(height: int, width: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
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
