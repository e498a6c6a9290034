"""OpenVINO on this CPU: what its networks have in common, from the export of a torch module to its requests."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpipeline.detectors.environment import prepare_libraries
from mlpipeline.detectors.export_cache import GRAPH_NAME, ExportKey, cached_export
from mlpipeline.detectors.manifest import Weights

if TYPE_CHECKING:
    import torch

#: How far scores may lie from torch's on the test picture. In bf16 .002–.005 were measured, in f32 less than 1e-6; a
#: graph that is wrong is off by the scores themselves.
MAX_DIFFERENCE = 0.03

_first_tensor = threading.Lock()


class ExportDisagrees(Exception):
    """The exported network does not answer as torch does."""


def make_first_tensor() -> None:
    """Make a tensor of an array in one thread, before others do.

    The first one of a process looks numpy up, once. Two threads that do so at the same time, as the first photo's
    segmentation and the probes beside it, each hold what the other waits for: the guard and the interpreter's lock.
    """
    import openvino

    with _first_tensor:
        openvino.Tensor(np.zeros(1, dtype=np.float32), shared_memory=True)


class OpenVinoRuntime:
    """The library on this CPU: in bf16 where the CPU has it, on as many threads as the process may use."""

    def __init__(self) -> None:
        prepare_libraries()
        import openvino

        make_first_tensor()
        self.core: Any = openvino.Core()
        capabilities = self.core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self.precision = "bf16" if "BF16" in capabilities else "f32"
        self.threads = int(os.environ["OMP_NUM_THREADS"])

    def exported(self, weights: Weights, network: str, cache: Path, make: Callable[[Path], float]) -> Path:
        """The graph of a network of some weights, from the cache or made for it.

        make: writes the graph into a folder and returns how far its scores lie from torch's, 0–1. Raises
        ExportDisagrees where that is too far, OSError where the cache cannot be written, and what `make` raises.
        """
        import openvino

        key = ExportKey(
            weights_sha256=weights.sha256,
            network=network,
            library=f"openvino {openvino.get_version()}",
            processor=str(self.core.get_property("CPU", "FULL_DEVICE_NAME")),
            precision=self.precision,
        )
        export = cached_export(cache, key, make)
        if export.difference > MAX_DIFFERENCE:
            raise ExportDisagrees(f"scores differ from torch's by {export.difference:.3f}")
        return export.graph

    def compiled(self, network: Any, streams: int) -> Any:
        """A network ready for requests, of which so many run side by side and share the threads."""
        hints = {
            "INFERENCE_PRECISION_HINT": self.precision,
            "INFERENCE_NUM_THREADS": self.threads,
            "ENABLE_CPU_PINNING": False,  # two workers would pin their threads to the same cores
            "NUM_STREAMS": streams,
        }
        return self.core.compile_model(network, "CPU", hints)

    def queue(self, network: Any) -> Any:
        """Requests of a network, one for each thread: threads that need not wait for each other are faster."""
        import openvino

        return openvino.AsyncInferQueue(self.compiled(network, self.threads), self.threads)


def write_graph(module: torch.nn.Module, example: tuple[torch.Tensor, ...], folder: Path) -> None:
    """Write the graph of a torch module, traced with an example of what it takes, into a folder as GRAPH_NAME.

    By the frontend itself: `openvino.convert_model` does the same, and reports its use to a server.
    """
    import openvino
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with warnings.catch_warnings():
        # torch calls tracing outdated, and warns of every Python branch in it; the frontend knows no other way.
        warnings.simplefilter("ignore")
        decoder = TorchScriptPythonDecoder(module, example_input=example)
    frontend = FrontEndManager().load_by_framework("pytorch")
    network = frontend.convert(frontend.load(decoder))
    openvino.save_model(network, folder / GRAPH_NAME, compress_to_fp16=False)
