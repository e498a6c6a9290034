"""The second stage of the detector on OpenVINO: twice as fast on a CPU as torch, in bf16 where the CPU has it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from mlpipeline.detectors.errors import model_faults_reported
from mlpipeline.detectors.export_cache import GRAPH_NAME
from mlpipeline.detectors.manifest import Weights
from mlpipeline.detectors.openvino_forward import picture_to_compare
from mlpipeline.detectors.openvino_runtime import OpenVinoRuntime, write_graph
from mlpipeline.detectors.rescoring_network import CLASSES, CONTEXTS, CROP_PX, HINTS, SECOND_STAGE, hints_of
from mlpipeline.detectors.torch_rescorer import TorchRescorer
from mlpipeline.vision.rescoring.crops import Crops, cut_crops

if TYPE_CHECKING:
    import torch

    from mlpipeline.vision.arrays import Floats
    from mlpipeline.vision.results import Detections

# Crops of a request. Always as many, as the graph's shape is fixed; in larger ones a crop takes as long.
BATCH_CROPS: Final = 16
COMPARED_SIDE_PX: Final = 512


class OpenVinoRescorer:
    """See Rescorer. Exported at the first use and compared with torch then, as a detector is (`OpenVinoForward`).

    network: of `read_network`. Raises as OpenVinoForward does.
    """

    crop_px = CROP_PX
    contexts: tuple[float, ...] = CONTEXTS

    def __init__(self, weights: Weights, network: Any, cache: Path) -> None:
        self._one_at_a_time = threading.Lock()  # photos share the requests
        self._runtime = OpenVinoRuntime()
        self._load(
            self._runtime.exported(
                weights, SECOND_STAGE, cache, lambda folder: self._export(TorchRescorer(network), folder)
            )
        )

    def classify(self, crops: Crops, detections: Detections, neighbourhoods: Floats) -> Floats:
        """See Rescorer. Raises ModelFault."""
        return self.probabilities(crops, hints_of(detections, neighbourhoods))

    def probabilities(self, crops: Crops, hints: Floats) -> Floats:
        """(N, CLASSES) probabilities of N detections with (N, HINTS) of `hints_of`. Raises ModelFault."""
        found = np.empty((len(crops), CLASSES), dtype=np.float32)
        with self._one_at_a_time, model_faults_reported():
            for start in range(0, len(crops), BATCH_CROPS):
                part = found[start : start + BATCH_CROPS]
                inputs = [_filled(whole[start : start + BATCH_CROPS]) for whole in (crops, hints)]
                self._queue.start_async(dict(enumerate(inputs)), part, share_inputs=True)
            self._queue.wait_all()
        return found

    def _load(self, graph: Path) -> None:
        network = self._runtime.core.read_model(graph)
        network.reshape({0: [BATCH_CROPS, len(CONTEXTS), CROP_PX, CROP_PX, 3], 1: [BATCH_CROPS, HINTS]})
        self._queue: Any = self._runtime.queue(network)
        self._queue.set_callback(_keep)

    def _export(self, reference: TorchRescorer, folder: Path) -> float:
        """Write the network into a folder; returns how far its probabilities lie from torch's, 0–1."""
        _write_graph(reference.network, folder)
        self._load(folder / GRAPH_NAME)
        crops, hints = crops_to_compare()
        differences = np.abs(self.probabilities(crops, hints) - reference.probabilities(crops, hints))
        found = float(differences.max(axis=1).mean())
        return found if np.isfinite(found) else 1.0


def _keep(request: Any, part: NDArray[np.float32]) -> None:
    part[:] = request.output_tensors[0].data[: len(part)]


def _filled(part: NDArray[Any]) -> NDArray[Any]:
    """Some rows of an array as BATCH_CROPS rows."""
    missing = BATCH_CROPS - len(part)
    return np.pad(part, ((0, missing), *((0, 0),) * (part.ndim - 1))) if missing else part


def crops_to_compare() -> tuple[Crops, Floats]:
    """Crops all over a picture of plants, and what might be said of them; the same every time."""
    rng = np.random.default_rng(1)
    corners = rng.uniform(0, COMPARED_SIDE_PX - 64, (4 * BATCH_CROPS, 2)).round()
    boxes = np.concatenate([corners, corners + rng.uniform(24, 64, corners.shape)], axis=1).astype(np.float32)
    crops = cut_crops(picture_to_compare(COMPARED_SIDE_PX), boxes, CROP_PX, CONTEXTS)
    return crops, rng.normal(size=(len(boxes), HINTS)).astype(np.float32)


def _write_graph(network: Any, folder: Path) -> None:
    """Write the graph from uint8 (N, V, P, P, 3) crops and (N, HINTS) to probabilities."""
    import torch

    class Probabilities(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, crops: torch.Tensor, hints: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.network(crops.permute(0, 1, 4, 2, 3).float() / 255, hints)
            return logits.softmax(dim=1)

    shape = (BATCH_CROPS, len(CONTEXTS), CROP_PX, CROP_PX, 3)
    write_graph(
        Probabilities(), (torch.zeros(shape, dtype=torch.uint8), torch.zeros(BATCH_CROPS, HINTS)), folder
    )
