"""OpenVINO: the layers of a network on a CPU, several times as fast there as torch as it comes."""

from __future__ import annotations

import os
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.detectors.environment import prepare_libraries
from mlpipeline.detectors.export_cache import GRAPH_NAME, ExportKey, cached_export
from mlpipeline.detectors.inference_backend import Batch, InferenceBackend, RawOutput
from mlpipeline.detectors.manifest import Weights
from mlpipeline.detectors.torch_forward import TorchForward, load_model

if TYPE_CHECKING:
    import torch

#: How far scores may lie from torch's on the test picture. In bf16 .002–.005 were measured, in f32 less than 1e-6; a
#: graph that is wrong is off by the scores themselves.
MAX_DIFFERENCE = 0.03
COMPARED_CELLS = 200  # those with the best scores: what becomes a detection

Part = NDArray[np.float32]  # of an answer, for one picture or all of a batch

_first_tensor = threading.Lock()


def make_first_tensor() -> None:
    """Make a tensor of an array in one thread, before others do.

    The first one of a process looks numpy up, once. Two threads that do so at the same time, as the first photo's
    segmentation and the probes beside it, each hold what the other waits for: the guard and the interpreter's lock.
    """
    import openvino

    with _first_tensor:
        openvino.Tensor(np.zeros(1, dtype=np.float32), shared_memory=True)


class ExportDisagrees(Exception):
    """The exported network does not answer as torch does."""


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
        prepare_libraries()
        import openvino

        self.core: Any = openvino.Core()
        capabilities = self.core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self.precision = "bf16" if "BF16" in capabilities else "f32"
        self.threads = int(os.environ["OMP_NUM_THREADS"])
        key = ExportKey(
            weights_sha256=weights.sha256,
            library=f"openvino {openvino.get_version()}",
            processor=str(self.core.get_property("CPU", "FULL_DEVICE_NAME")),
            precision=self.precision,
        )
        export = cached_export(cache, key, lambda folder: self._export(weights, folder))
        if export.difference > MAX_DIFFERENCE:
            raise ExportDisagrees(f"scores differ from torch's by {export.difference:.3f}")
        self._load(export.graph, weights)

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
        import openvino

        make_first_tensor()
        network = self.core.read_model(graph)
        if weights.kind == "detection":  # tiles are of one size: a graph of fixed shape plans its memory once
            network.reshape([1, weights.tile_px, weights.tile_px, 3])
        one_stream = {**self._hints(), "NUM_STREAMS": 1}
        self.whole_request: Any = self.core.compile_model(network, "CPU", one_stream).create_infer_request()
        streams = {**self._hints(), "NUM_STREAMS": self.threads}
        self.queue: Any = openvino.AsyncInferQueue(
            self.core.compile_model(network, "CPU", streams), self.threads
        )

    def _hints(self) -> dict[str, Any]:
        return {
            "INFERENCE_PRECISION_HINT": self.precision,
            "INFERENCE_NUM_THREADS": self.threads,
            "ENABLE_CPU_PINNING": False,  # two workers would pin their threads to the same cores
        }

    def _export(self, weights: Weights, folder: Path) -> float:
        """Write the network into a folder; returns how far its scores lie from torch's, 0–1."""
        model = load_model(weights)
        _write_graph(model, weights, folder)
        self._load(folder / GRAPH_NAME, weights)
        return difference(self, TorchForward(weights), picture_to_compare(weights.tile_px))


def _write_graph(model: Any, weights: Weights, folder: Path) -> None:
    """Write the graph of a model from uint8 (B, H, W, 3) pictures to its raw output.

    By the frontend itself: `openvino.convert_model` does the same, and reports its use to a server.
    """
    import openvino
    import torch
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

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

    example = torch.zeros(1, weights.tile_px, weights.tile_px, 3, dtype=torch.uint8)
    with warnings.catch_warnings():
        # torch calls tracing outdated, and warns of every Python branch in it; the frontend knows no other way.
        warnings.simplefilter("ignore")
        decoder = TorchScriptPythonDecoder(Raw(), example_input=(example,))
    frontend = FrontEndManager().load_by_framework("pytorch")
    network = frontend.convert(frontend.load(decoder))
    openvino.save_model(network, folder / GRAPH_NAME, compress_to_fp16=False)


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
