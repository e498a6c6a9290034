"""The training loop: an Ultralytics network and loss, on a schedule of minutes and not of epochs.

Written for machines without a GPU. On a CPU that knows bf16 the network runs in bf16 and channels_last, the loss in
f32: measured on two cores with yolo11n at 512 px 0.075 s a picture, against 0.198 s as it comes. A CPU that would have
to emulate bf16 (7 times slower than f32, with AVX2 alone) runs in f32. The learning rate follows the clock, so that a
training ends well in the time it was given, whatever else the machine does meanwhile.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpipeline.detectors.environment import cpu_has_bf16, prepare_libraries

if TYPE_CHECKING:
    import torch

WARM_UP = 0.03  # share of the time in which the learning rate rises
SAVE_EVERY_S = 180.0  # within an epoch too: on a busy machine one lasts a quarter of an hour
MOSAIC_CLOSED = 0.85  # share of the time after which tiles are shown as they are, as in a count


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How to train. `architecture` is an Ultralytics file name; `minutes` the wall-clock time of this schedule.

    `workers` are processes that prepare pictures; `learning_rate` is the highest of the schedule (AdamW).
    `class_weights` weigh what a class adds to the loss: a rare one is learned late otherwise.
    """

    architecture: str
    classes: tuple[str, ...]
    minutes: float
    image_px: int
    batch: int = 4  # small, because steps are few: a CPU takes the same time for a picture in any batch
    workers: int = 1
    learning_rate: float = 1.5e-3
    weight_decay: float = 5e-4
    mosaic: float = 0.6
    scale: float = 0.35
    degrees: float = 0.0
    class_weights: tuple[float, ...] | None = None

    @property
    def task(self) -> str:
        """What Ultralytics calls it."""
        return "segment" if "-seg" in self.architecture else "detect"


def learning_rate_share(progress: float) -> float:
    """Share of the highest learning rate at this share of the time: a rise, then half a cosine down to 1 %."""
    if progress < WARM_UP:
        return max(progress / WARM_UP, 0.01)
    fall = (min(progress, 1.0) - WARM_UP) / (1 - WARM_UP)
    return 0.01 + 0.99 * (1 + math.cos(math.pi * fall)) / 2


def training_device() -> torch.device:
    """The GPU if there is one."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def knows_bf16(device: torch.device) -> bool:
    """Whether a device multiplies in bf16 by instructions of its own."""
    import torch

    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return cpu_has_bf16()


def _as_float(value: Any) -> Any:
    """The network's answer with every floating tensor in f32: the loss decodes boxes, and bf16 has 8 bits."""
    import torch

    if torch.is_tensor(value):
        return value.float() if value.is_floating_point() else value
    if isinstance(value, dict):
        return {name: _as_float(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_as_float(part) for part in value)
    return value


class TrainingRun:
    """One network on its way. `folder` receives `last.pt` (to go on from) after every epoch."""

    def __init__(
        self, plan: TrainingPlan, pictures: list[Path], folder: Path, *, start: Path | None = None
    ) -> None:
        prepare_libraries()
        import torch
        from ultralytics.cfg import get_cfg
        from ultralytics.nn.tasks import DetectionModel, SegmentationModel
        from ultralytics.utils.torch_utils import ModelEMA

        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        torch.manual_seed(0)
        self.plan = plan
        self.folder = folder
        self.device = training_device()
        self.is_bf16 = knows_bf16(self.device)
        self.settings: Any = get_cfg(
            overrides={
                "task": plan.task,
                "imgsz": plan.image_px,
                "batch": plan.batch,
                "cache": "ram",
                "mosaic": plan.mosaic,
                "scale": plan.scale,
                "degrees": plan.degrees,
                "flipud": 0.5,
                "hsv_h": 0.03,
                "hsv_s": 0.6,
                "hsv_v": 0.4,
            }
        )
        kind = SegmentationModel if plan.task == "segment" else DetectionModel
        model: Any = kind(plan.architecture, nc=len(plan.classes), verbose=False).to(self.device)
        model.names, model.args = dict(enumerate(plan.classes)), self.settings
        self.model = model
        if start is not None:
            self._begin_with(start)
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad = ".dfl" not in name  # the fixed 0…15 of the box distribution
        self.model.to(memory_format=torch.channels_last).train()
        self._prepare_loss()
        self.average = ModelEMA(self.model)
        self.optimizer = torch.optim.AdamW(
            self._parameter_groups(), lr=plan.learning_rate, betas=(0.9, 0.999)
        )
        self.loader = self._loader(pictures)
        self.epoch = 0

    def _begin_with(self, start: Path) -> None:
        """Take over the weights of a checkpoint or of default weights.

        Of a network for another task, all but its head, which answers otherwise.
        """
        import torch

        weights = torch.load(start, map_location=self.device, weights_only=True)["weights"]
        own = self.model.state_dict()
        if weights.keys() != own.keys():
            head = f"model.{len(self.model.model) - 1}."
            weights = {**own, **{name: value for name, value in weights.items() if not name.startswith(head)}}
        self.model.load_state_dict(weights)

    def _prepare_loss(self) -> None:
        """Give the loss the plan's class weights and our assigner, with the numbers Ultralytics gave its own."""
        import torch

        from mlpipeline.training.assigner import PairAssigner

        if self.plan.class_weights is not None:
            self.model.class_weights = torch.tensor(self.plan.class_weights)
        self.model.criterion = self.model.init_criterion()
        theirs = self.model.criterion.assigner
        self.model.criterion.assigner = PairAssigner(
            topk=theirs.topk,
            num_classes=theirs.num_classes,
            alpha=theirs.alpha,
            beta=theirs.beta,
            stride=theirs.stride,
        )

    def _parameter_groups(self) -> list[dict[str, Any]]:
        """Weights decay; biases and normalisation do not."""
        trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        return [
            {"params": [p for p in trained if p.ndim > 1], "weight_decay": self.plan.weight_decay},
            {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
        ]

    def _loader(self, pictures: list[Path]) -> Any:
        from ultralytics.data import build_dataloader, build_yolo_dataset

        data = {"names": self.model.names, "nc": len(self.plan.classes), "channels": 3}
        self.folder.mkdir(parents=True, exist_ok=True)
        listing = (
            self.folder / "pictures.txt"
        )  # Ultralytics reads a folder or a list, and a folder may still grow
        listing.write_text("\n".join(str(path.resolve()) for path in pictures))
        dataset = build_yolo_dataset(
            self.settings, str(listing), self.plan.batch, data, mode="train", rect=False, stride=32
        )
        return build_dataloader(
            dataset, self.plan.batch, self.plan.workers, shuffle=True, drop_last=True, device=self.device
        )

    def step(self, batch: dict[str, Any]) -> dict[str, float]:
        """One step of the optimizer on a batch; returns the parts of the loss."""
        import torch

        for name, value in batch.items():
            if torch.is_tensor(value):
                batch[name] = value.to(self.device, non_blocking=True)
        batch["img"] = (batch["img"].float() / 255).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.is_bf16):
            answer = self.model(batch["img"])
        loss, parts = self.model.loss(batch, _as_float(answer))
        total = loss.sum()
        if not torch.isfinite(total):
            self.optimizer.zero_grad()
            raise FloatingPointError(f"the loss is {total.item()} in epoch {self.epoch}")
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 10.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.average.update(self.model)
        return {name: float(value) for name, value in parts.items()}

    def train(self) -> Iterator[dict[str, float]]:
        """Train until the minutes are over; yields the mean losses of each epoch and how many pictures it saw.

        Saves after each, and every few minutes. An epoch ends where MOSAIC_CLOSED is reached, because tiles are
        prepared another way from there on; `mosaic` says which share of an epoch's tiles was pieced together.
        """
        began = time.monotonic()
        limit_s = self.plan.minutes * 60
        is_mosaic_open = True
        progress = 0.0
        saved = began
        while progress < 1:
            self.epoch += 1
            sums: dict[str, float] = {}
            steps = 0
            for batch in self.loader:
                progress = (time.monotonic() - began) / limit_s
                for group in self.optimizer.param_groups:
                    group["lr"] = self.plan.learning_rate * learning_rate_share(progress)
                for name, value in self.step(batch).items():
                    sums[name] = sums.get(name, 0.0) + value
                steps += 1
                if time.monotonic() - saved > SAVE_EVERY_S:
                    saved = time.monotonic()
                    self.save()
                if progress >= 1 or (is_mosaic_open and progress >= MOSAIC_CLOSED):
                    break
            self.save()
            yield {
                "epoch": self.epoch,
                "progress": round(progress, 3),
                "seconds": round(time.monotonic() - began),
                "pictures": steps * self.plan.batch,
                "mosaic": self.plan.mosaic if is_mosaic_open else 0.0,
                **{name: round(value / max(steps, 1), 4) for name, value in sums.items()},
            }
            if is_mosaic_open and progress >= MOSAIC_CLOSED:
                is_mosaic_open = False
                self.loader.dataset.close_mosaic(self.settings)
                self.loader.reset()

    def save(self) -> Path:
        """Write the averaged weights to `last.pt`, as tensors only, so that reading them runs no code."""
        import torch

        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / "last.pt"
        half_done = target.with_suffix(".part")
        torch.save(
            {"weights": self.average.ema.state_dict(), "plan": asdict(self.plan), "epoch": self.epoch},
            half_done,
        )
        half_done.replace(target)
        return target
