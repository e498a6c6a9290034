"""Training the second stage of the detector on crops of the first one's detections."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from mlpipeline.detectors.environment import prepare_libraries
from mlpipeline.detectors.rescoring_network import (
    CONTEXTS,
    CROP_PX,
    NEIGHBOUR_HINTS,
    SCORE_HINT,
    SECOND_STAGE,
    build_network,
    hints_of,
    load_tensors,
)
from mlpipeline.training.crop_augmentation import augmented
from mlpipeline.training.rescoring_examples import STORED_PX, Examples
from mlpipeline.training.trainer import knows_bf16, learning_rate_share, training_device
from mlpipeline.vision.rescoring.crops import Crops
from mlpipeline.vision.rescoring.neighbourhoods import SCORE_COLUMNS
from mlpipeline.vision.rescoring.rescore import is_unsure

if TYPE_CHECKING:
    import torch

BATCH: Final = 192
BACKBONE_LEARNING_SHARE: Final = 0.4  # of the learning rate: the first layers know plants already
WEIGHT_DECAY: Final = 2e-3
LABEL_SMOOTHING: Final = 0.02
MAX_GRADIENT: Final = 5.0
EMA_DECAY, EMA_RAMP_STEPS = 0.9985, 100  # a young average follows faster
REAL_WEIGHT: Final = 0.35  # of a real picture beside a scene: few of them show plants that nurseries grow
#: How often a crop comes without what the first stage says of it, so that the network looks.
HIDDEN_HINT_SHARE: Final = 0.15
HIDDEN_HINTS: Final = (
    slice(SCORE_HINT + 1),
    slice(NEIGHBOUR_HINTS, None),
)  # together: its own, its neighbours'
HINT_NOISE: Final = 0.15  # of half a log-odds: photos differ in what they take from a score
SCORE_HINTS: Final = (
    SCORE_HINT,
    *(NEIGHBOUR_HINTS + column for column in SCORE_COLUMNS),
)
#: Of a plant in the first stage. A count asks below a lower one, `MAX_ASKED_SCORE`, which may be raised up to this.
MAX_SCORE: Final = 0.75
CLASS_WEIGHTS: Final = (1.0, 2.5, 1.0, 1.0)  # one plant in twenty is dead, and would never be called so
SAVE_EVERY_S: Final = 90.0


@dataclass(frozen=True, slots=True)
class RescoringData:
    """Examples in one: crops (N, V, P, P, 3) uint8, hints (N, HINTS), labels (N,), and how often each is drawn (N,)."""

    crops: Crops
    hints: NDArray[np.float32]
    labels: NDArray[np.int64]
    shares: NDArray[np.float64]

    @classmethod
    def read(cls, files: Sequence[Path]) -> RescoringData:
        """The examples of some files that the second stage is asked about. A picture weighs as the root of how many.

        Raises FileNotFoundError where they hold none, UnfitExamples.
        """
        crops = _room_for(files)
        hints, labels, weights = [], [], []
        end = 0
        for path in files:
            part = _unsure(Examples.read(path))
            if count := len(part.labels):
                crops[end : end + count] = part.crops
                end += count
                hints.append(hints_of(part.detections, part.neighbourhoods))
                labels.append(part.labels)
                weight = REAL_WEIGHT if path.name.startswith("real_") else 1.0
                weights.append(np.full(count, weight / count**0.5))
        if not end:
            raise FileNotFoundError("There are no examples to train the second stage on.")
        shares = np.concatenate(weights)
        return cls(
            crops=crops[:end],
            hints=np.concatenate(hints),
            labels=np.concatenate(labels).astype(np.int64),
            shares=shares / shares.sum(),
        )


def _room_for(files: Sequence[Path]) -> Crops:
    """An array for all crops of some files, rather too long: two of each in memory would be too many.

    What is not written of it takes no memory.
    """
    shape = (len(CONTEXTS), STORED_PX, STORED_PX, 3)
    most = sum(path.stat().st_size for path in files) // math.prod(shape)
    return np.empty((most, *shape), dtype=np.uint8)


def _unsure(examples: Examples) -> Examples:
    kept = is_unsure(examples.detections, MAX_SCORE)
    return Examples(
        examples.detections.select(kept),
        examples.neighbourhoods[kept],
        examples.crops[kept],
        examples.labels[kept],
    )


class RescoringRun:
    """A training of the second stage. detector: file of the detector's weights, see `load_tensors`."""

    def __init__(self, data: RescoringData, architecture: str, detector: Path, learning_rate: float) -> None:
        prepare_libraries()
        import torch
        from ultralytics.utils.torch_utils import ModelEMA

        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        torch.manual_seed(0)
        self._data = data
        self._rng = np.random.default_rng(0)
        self._device = training_device()
        self.network: Any = build_network(architecture).to(self._device)
        load_tensors(self.network, torch.load(detector, map_location="cpu", weights_only=True))
        self.network.to(memory_format=torch.channels_last).train()
        self._is_bf16 = knows_bf16(self._device)
        backbone = list(self.network.backbone.parameters())
        head = [value for name, value in self.network.named_parameters() if not name.startswith("backbone")]
        self._rates = (BACKBONE_LEARNING_SHARE * learning_rate, learning_rate)
        self._optimizer = torch.optim.AdamW(
            [{"params": backbone}, {"params": head}], lr=learning_rate, weight_decay=WEIGHT_DECAY
        )
        self._steps = 0
        self._average = ModelEMA(self.network, EMA_DECAY, tau=EMA_RAMP_STEPS)

    def go_on_from(self, checkpoint: Path) -> None:
        """Take over the weights of a checkpoint."""
        import torch

        load_tensors(self.network, torch.load(checkpoint, map_location="cpu", weights_only=True))
        self._average.ema.load_state_dict(self.network.state_dict())

    def train(self, minutes: float, target: Path) -> Iterator[dict[str, float]]:
        """Train for so long; writes `target` now and then and at the end, and yields the mean loss each time."""
        began = saved = time.monotonic()
        losses: list[float] = []
        progress = 0.0
        while progress < 1:
            progress = min((time.monotonic() - began) / (60 * minutes), 1.0)
            losses.append(self._step(progress))
            if progress == 1 or time.monotonic() - saved > SAVE_EVERY_S:
                saved = time.monotonic()
                self.save(target)
                yield {
                    "progress": round(progress, 3),
                    "crops": self._steps * BATCH,
                    "loss": round(float(np.mean(losses)), 4),
                }
                losses = []

    def save(self, target: Path) -> None:
        """Write the averaged weights, as tensors only."""
        import torch

        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        torch.save({SECOND_STAGE: self._average.ema.state_dict()}, part)
        part.replace(target)

    def _step(self, progress: float) -> float:
        import torch
        from torch.nn import functional

        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * learning_rate_share(progress)
        chosen = self._rng.choice(len(self._data.labels), BATCH, p=self._data.shares)
        crops, hints = self._batch(chosen)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._is_bf16):
            logits = self.network(crops.to(self._device), hints.to(self._device))
        loss = functional.cross_entropy(
            logits.float(),
            torch.from_numpy(self._data.labels[chosen]).to(self._device),
            weight=torch.tensor(CLASS_WEIGHTS, device=self._device),
            label_smoothing=LABEL_SMOOTHING,
        )
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss.item()} in step {self._steps}")
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), MAX_GRADIENT)
        self._optimizer.step()
        self._steps += 1
        self._average.update(self.network)
        return float(loss.detach())

    def _batch(self, chosen: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        stored = torch.from_numpy(self._data.crops[chosen]).permute(0, 1, 4, 2, 3).float() / 255
        crops = augmented(stored, CROP_PX)
        hints = torch.from_numpy(self._data.hints[chosen])
        shown = torch.ones_like(hints)
        for group in HIDDEN_HINTS:
            shown[:, group] = (torch.rand(len(hints), 1) >= HIDDEN_HINT_SHARE).float()
        noise = torch.zeros_like(hints)
        noise[:, SCORE_HINTS] = torch.randn(len(hints), len(SCORE_HINTS)) * HINT_NOISE
        return crops, hints * shown + noise
