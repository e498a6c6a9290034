"""Inference backends: what runs a network's layers, whichever library does. Its raw output is decoded elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

Batch = NDArray[np.uint8]  # (B, H, W, 3) RGB pictures of one size, sides multiples of 32


@dataclass(frozen=True, slots=True)
class RawOutput:
    """A network's last layer for B pictures with P cells: nothing is decoded, all on one device.

    boxes (B, 64, P): distributions of the distances to the four sides. scores (B, C, P): before the sigmoid.
    coefficients (B, 32, P) and prototypes (B, 32, h, w): only of a segmenting network.
    """

    boxes: torch.Tensor
    scores: torch.Tensor
    coefficients: torch.Tensor | None = None
    prototypes: torch.Tensor | None = None


class InferenceBackend(Protocol):
    """Runs the layers of one network.

    name: the library, as results show it. prefers_batches: whether many pictures at once are faster than a few.
    """

    name: str
    prefers_batches: bool

    def run(self, batch: Batch) -> RawOutput:
        """The raw output for a batch."""
        ...
