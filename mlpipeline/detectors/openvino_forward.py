"""OpenVINO: the layers of a network on a CPU, several times as fast there as torch as it comes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.detectors.export_cache import GRAPH_NAME
from mlpipeline.detectors.inference_backend import Batch, InferenceBackend, RawOutput
from mlpipeline.detectors.manifest import Weights
from mlpipeline.detectors.openvino_runtime import OpenVinoRuntime, write_graph
from mlpipeline.detectors.torch_forward import TorchForward, load_model

if TYPE_CHECKING:
    import torch

COMPARED_CELLS = 200  # those with the best scores: what becomes a detection

Part = NDArray[np.float32]  # of an answer, for one picture or all of a batch


class OpenVinoForward:
    """One network on OpenVINO, in bf16 where the CPU has it.

    Exported at the first use and compared with torch then; the cache keeps both. Two ways through the same network:
    one picture is shared by all cores, and of several each core takes its own, because threads that need not wait for
    each other are faster (measured on two busy cores: 65 ms a tile instead of 95 ms in common batches).
    Raises ExportDisagrees when the comparison fails, OSError when the cache cannot be written, RuntimeError when the
    library cannot convert or run the network.
    """

    name = "openvino"
    prefers_batches = False

    def __init__(self, weights: Weights, cache: Path) -> None:
        self.runtime = OpenVinoRuntime()
        self._load(
            self.runtime.exported(weights, weights.kind, cache, lambda folder: self._export(weights, folder)),
            weights,
        )

    def run(self, batch: Batch) -> RawOutput:
        """See InferenceBackend."""
        import torch

        if len(batch) == 1:
            self.whole_request.infer({0: batch}, share_inputs=True)
            parts = [outputs.copy() for outputs in _outputs(self.whole_request)]
        else:
            parts = self._run_streams(batch)
        return RawOutput(*(torch.from_numpy(part) for part in parts))

    def _run_streams(self, batch: Batch) -> list[Part]:
        """The outputs of each core for its own pictures, copied once: into the output of the whole batch."""
        parts: list[Part] = []
        only_one = threading.Lock()

        def keep(request: Any, place: int) -> None:
            outputs = _outputs(request)
            with only_one:
                if not parts:
                    parts.extend(np.empty((len(batch), *one.shape[1:]), one.dtype) for one in outputs)
            for part, one in zip(parts, outputs, strict=True):
                part[place] = one[0]

        self.queue.set_callback(keep)
        for place in range(len(batch)):
            self.queue.start_async({0: batch[place : place + 1]}, place, share_inputs=True)
        self.queue.wait_all()
        return parts

    def _load(self, graph: Path, weights: Weights) -> None:
        network = self.runtime.core.read_model(graph)
        if weights.kind == "detection":  # tiles are of one size: a graph of fixed shape plans its memory once
            network.reshape([1, weights.tile_px, weights.tile_px, 3])
        self.whole_request: Any = self.runtime.compiled(network, streams=1).create_infer_request()
        self.queue: Any = self.runtime.queue(network)

    def _export(self, weights: Weights, folder: Path) -> float:
        """Write the network into a folder; returns how far its scores lie from torch's, 0–1."""
        model = load_model(weights)
        _write_raw_graph(model, weights, folder)
        self._load(folder / GRAPH_NAME, weights)
        return difference(self, TorchForward(weights), picture_to_compare(weights.tile_px))


def _write_raw_graph(model: Any, weights: Weights, folder: Path) -> None:
    """Write the graph of a model from uint8 (B, H, W, 3) pictures to its raw output."""
    import torch

    head = model.fuse(verbose=False).model[-1]

    class Raw(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
            head.training = True  # set here, because tracing puts all layers into evaluation first
            raw = self.model(pictures.permute(0, 3, 1, 2).float() / 255)
            names = ("boxes", "scores", "mask_coefficient", "proto")
            return tuple(raw[name] for name in names if name in raw)

    write_graph(Raw(), (torch.zeros(1, weights.tile_px, weights.tile_px, 3, dtype=torch.uint8),), folder)


def picture_to_compare(side_px: int) -> np.ndarray[Any, Any]:
    """A (side_px, side_px, 3) uint8 RGB picture of leafy discs on soil, the same every time."""
    rng = np.random.default_rng(1)
    picture = rng.integers((70, 50, 35), (100, 80, 60), (side_px, side_px, 3)).astype(np.uint8)
    step = 48
    for y in range(step // 2, side_px, step):
        for x in range(step // 2, side_px, step):
            for angle in np.arange(0, 360, 60) + rng.integers(0, 60):
                green = (40 + int(rng.integers(40)), 120 + int(rng.integers(60)), 40)
                cv2.ellipse(picture, (x, y), (18, 6), float(angle), 0, 360, green, -1, cv2.LINE_AA)
    return cv2.GaussianBlur(picture, (3, 3), 0)


def difference(ours: InferenceBackend, reference: InferenceBackend, picture: np.ndarray[Any, Any]) -> float:
    """The mean difference of the best cells' scores, 0–1, of two forwards on a picture; 1 for an answer of other form.

    Boxes count with it: their distributions, 0–1 as well, are compared in the same cells.
    """
    import torch

    with torch.inference_mode():
        one, other = (forward.run(picture[None]) for forward in (ours, reference))
        if one.boxes.shape != other.boxes.shape or one.scores.shape != other.scores.shape:
            return 1.0
        scores = [answer.scores[0].float().sigmoid() for answer in (one, other)]
        best = scores[1].max(dim=0).values.topk(COMPARED_CELLS).indices
        shares = [
            answer.boxes[0][:, best].float().view(4, -1, len(best)).softmax(dim=1) for answer in (one, other)
        ]
        score_difference = (scores[0] - scores[1])[:, best].abs().amax(dim=0).mean()
        share_difference = (shares[0] - shares[1]).abs().sum(dim=1).mean() / 2
        found = float(torch.maximum(score_difference, share_difference))
        return found if np.isfinite(found) else 1.0


def _outputs(request: Any) -> list[Part]:
    """The parts of a request's answer, in memory that its next picture overwrites."""
    return [tensor.data for tensor in request.output_tensors]
