"""A YOLO network as fast as this machine runs it: weights in, decoded candidates out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from django.utils.translation import gettext as _

from mlpipeline.detectors.environment import gpu_number, prepare_libraries
from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.detectors.manifest import Weights

if TYPE_CHECKING:
    import torch

    from mlpipeline.vision.arrays import Image


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


def load_model(weights: Weights) -> Any:
    """The Ultralytics model of some weights, in f32 and evaluation mode, on the CPU.

    The file holds tensors only, so that reading it runs no code of its author. Raises ModelUnavailable when it does
    not fit its architecture.
    """
    prepare_libraries()
    import torch
    from ultralytics.nn.tasks import DetectionModel, SegmentationModel

    kind = SegmentationModel if weights.kind == "segmentation" else DetectionModel
    model = kind(weights.architecture, nc=len(weights.classes), verbose=False)
    model.names = dict(enumerate(weights.classes))
    try:
        tensors = torch.load(weights.path, map_location="cpu", weights_only=True)["weights"]
        model.load_state_dict({name: value.float() for name, value in tensors.items()})
    except (RuntimeError, KeyError, ValueError) as error:
        raise ModelUnavailable(
            _("The weights %(file)s do not fit %(architecture)s.")
            % {"file": weights.path, "architecture": weights.architecture}
        ) from error
    return model.eval()


def device_of_worker() -> torch.device:
    """The GPU that is this worker's, else the CPU."""
    import torch

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return torch.device("cuda", gpu_number(gpus)) if gpus else torch.device("cpu")


class Network:
    """Runs one model on batches of pictures of one size.

    On CUDA in fp16; on CPUs with AVX-512 bf16 or AMX in bf16, elsewhere in f32; always channels_last. Measured on two
    cores, 512 px: 12 ms a tile, 20 ms in f32, 40 ms as it comes. Boxes are decoded in f32, because bf16 holds only
    8 bits: at the far end of a tile a box would be off by 2 px.
    """

    def __init__(self, weights: Weights) -> None:
        model = load_model(weights)
        import torch

        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))  # Ultralytics has set it to cores − 1
        self.device = device_of_worker()
        self.dtype = _fastest_dtype(self.device)
        self.head = model.model[-1]
        self.strides = [int(stride) for stride in self.head.stride]
        self.class_count = len(weights.classes)
        self.model = (
            model.fuse(verbose=False).to(self.device, self.dtype).to(memory_format=torch.channels_last)
        )
        self.head.training = True  # the raw answer: decoding follows here, in f32 and only above a score

    def run(self, pictures: Sequence[Image], least_score: float) -> Answer:
        """Candidates above `least_score` (0–1) in (H, W, 3) uint8 RGB pictures of one size, sides multiples of 32."""
        import torch

        with torch.inference_mode():
            batch = torch.from_numpy(np.stack(pictures)).to(self.device)
            batch = batch.permute(0, 3, 1, 2).to(self.dtype, memory_format=torch.channels_last) / 255
            raw = self.model(batch)
            places, strides = self._places(batch.shape[2], batch.shape[3])
            scores = raw["scores"].float().sigmoid()
            masks = raw.get("mask_coefficient")
            found = []
            for index in range(len(pictures)):
                best, classes = scores[index].max(dim=0)
                kept = (best > least_score).nonzero().squeeze(1)
                found.append(
                    Candidates(
                        _decode(raw["boxes"][index][:, kept], places[:, kept], strides[kept]),
                        best[kept],
                        classes[kept],
                        best.new_zeros((len(kept), 0)) if masks is None else masks[index][:, kept].T.float(),
                    )
                )
            prototypes = raw.get("proto")
            return Answer(tuple(found), None if prototypes is None else prototypes.float())

    def _places(self, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The (2, P) centres of the network's cells in cells, and their (P,) strides in px."""
        import torch

        centres, strides = [], []
        for stride in self.strides:
            rows, columns = torch.meshgrid(
                torch.arange(height // stride, device=self.device) + 0.5,
                torch.arange(width // stride, device=self.device) + 0.5,
                indexing="ij",
            )
            centres.append(torch.stack([columns.reshape(-1), rows.reshape(-1)]))
            strides.append(torch.full((rows.numel(),), float(stride), device=self.device))
        return torch.cat(centres, dim=1), torch.cat(strides)


def _decode(distances: torch.Tensor, centres: torch.Tensor, strides: torch.Tensor) -> torch.Tensor:
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


def _fastest_dtype(device: torch.device) -> torch.dtype:
    import torch

    if device.type == "cuda":
        return torch.float16
    known = torch.cpu.get_capabilities()
    has_bf16 = bool(known.get("avx512_bf16")) or bool(known.get("amx_bf16"))
    return torch.bfloat16 if has_bf16 else torch.float32
