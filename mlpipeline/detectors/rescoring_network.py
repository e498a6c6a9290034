"""The network of the second stage: the first layers of the detector, then a head for what one crop shows.

A detector of two stages, the second of which sees pictures of its own instead of the first one's features. Source:
Cheng et al., *Revisiting RCNN: On Awakening the Classification Power of Faster RCNN*, ECCV 2018.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlpipeline.detectors.environment import prepare_libraries
from mlpipeline.vision.log_odds import log_odds
from mlpipeline.vision.rescoring.neighbourhoods import COLUMNS, MIN_SCORE
from mlpipeline.vision.results import CLASS_NAMES

if TYPE_CHECKING:
    import torch

    from mlpipeline.vision.arrays import Floats
    from mlpipeline.vision.results import Detections

CROP_PX = 64  # side of a crop: a plant spans half of it, as in the tiles that the detector was trained on
CONTEXTS = (2.0, 6.0)  # times the longer side of a box: a plant with its rim, and what stands around it
BACKBONE_LAYERS = 7  # of a YOLO11: up to the stride of 16, where a crop is 4 × 4 cells
BACKBONE_CHANNELS, REDUCED_CHANNELS, HIDDEN_CHANNELS = 128, 32, 96  # of its last layer, and of the head
DROPOUT = 0.2
CELLS = (CROP_PX // 16) ** 2
SCORE_HINT = len(CLASS_NAMES)  # its column; the classes stand before it
NEIGHBOUR_HINTS = SCORE_HINT + 2  # from this column on
HINTS = NEIGHBOUR_HINTS + COLUMNS
CLASSES = len(CLASS_NAMES) + 1  # the last: none of them
_HINTED = "hidden.weight"  # the tensor whose last columns are those of the hints
SECOND_STAGE = (
    "rescoring"  # where its tensors stand in a checkpoint, and in the file of the detector's weights
)


def build_network(architecture: str) -> Any:
    """The untrained network, a torch module: (N, V, 3, CROP_PX, CROP_PX) 0–1 and (N, HINTS) → (N, CLASSES) logits.

    The V windows of a detection, one for each of CONTEXTS, go through the same first layers.

    architecture: the Ultralytics file of the detector whose first layers it has.
    """
    prepare_libraries()
    import torch
    from torch import nn
    from ultralytics.nn.tasks import DetectionModel

    class RescoringNetwork(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layers: Any = DetectionModel(architecture, nc=len(CLASS_NAMES), verbose=False).model
            self.backbone = nn.Sequential(*[layers[index] for index in range(BACKBONE_LAYERS)])
            self.reduce = nn.ModuleList(
                nn.Sequential(
                    nn.Conv2d(BACKBONE_CHANNELS, REDUCED_CHANNELS, 1, bias=False),
                    nn.BatchNorm2d(REDUCED_CHANNELS),
                    nn.SiLU(),
                )
                for _ in CONTEXTS
            )
            of_a_window = REDUCED_CHANNELS * CELLS + BACKBONE_CHANNELS
            self.hidden = nn.Linear(len(CONTEXTS) * of_a_window + HINTS, HIDDEN_CHANNELS)
            self.dropout = nn.Dropout(DROPOUT)
            self.out = nn.Linear(HIDDEN_CHANNELS, CLASSES)

        def forward(self, crops: torch.Tensor, hints: torch.Tensor) -> torch.Tensor:
            pictures = crops.flatten(0, 1).contiguous(memory_format=torch.channels_last)
            maps = self.backbone(pictures).unflatten(0, crops.shape[:2])
            places = [reduce(maps[:, view]).flatten(1) for view, reduce in enumerate(self.reduce)]
            seen = torch.cat([*places, maps.mean((3, 4)).flatten(1), hints], dim=1)
            logits: torch.Tensor = self.out(self.dropout(nn.functional.silu(self.hidden(seen))))
            return logits

    return RescoringNetwork()


def in_f32(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Stored tensors as a network computes with them; whole numbers stay."""
    return {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}


def load_tensors(network: Any, stored: dict[str, dict[str, torch.Tensor]]) -> None:
    """Give a network of `build_network` what it begins a training with, from a checkpoint or a detector's weights.

    That is the second stage in it, or of a detector without one the first layers, which know plants already. Numbers
    that neighbourhoods have told since then begin with weights of 0. Raises RuntimeError for another network.
    """
    import torch

    second = stored.get(SECOND_STAGE)
    if second is None:
        network.backbone.load_state_dict(
            {
                name.removeprefix("model."): tensor
                for name, tensor in in_f32(stored["weights"]).items()
                if name.startswith("model.") and int(name.split(".")[1]) < BACKBONE_LAYERS
            }
        )
        return
    tensors = in_f32(second)
    known = tensors[_HINTED]
    missing = max(network.hidden.in_features - known.shape[1], 0)
    network.load_state_dict({**tensors, _HINTED: torch.nn.functional.pad(known, (0, missing))})


def hints_of(detections: Detections, neighbourhoods: Floats) -> Floats:
    """(N, HINTS) what the first stage says of N detections.

    Its class as one of three, half the log-odds of its score, the logarithm of width ÷ height, and its neighbourhood.
    """
    extents = (detections.boxes[:, 2:] - detections.boxes[:, :2]).clip(min=1)
    return np.column_stack(
        [
            np.eye(len(CLASS_NAMES))[detections.classes],
            log_odds(detections.scores, MIN_SCORE) / 2,
            np.log(extents[:, 0] / extents[:, 1]),
            neighbourhoods,
        ]
    ).astype(np.float32)
