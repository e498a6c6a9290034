"""Backends: which library runs the networks on this machine."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.utils.translation import gettext as _

from mlpipeline.detectors.environment import available_cores, has_gpu, prepare_libraries
from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.detectors.inference_backend import InferenceBackend
from mlpipeline.detectors.manifest import Weights
from mlpipeline.detectors.openvino_forward import OpenVinoForward
from mlpipeline.detectors.openvino_rescorer import OpenVinoRescorer
from mlpipeline.detectors.openvino_runtime import ExportDisagrees
from mlpipeline.detectors.torch_forward import TorchForward
from mlpipeline.detectors.torch_rescorer import TorchRescorer, read_network
from mlpipeline.vision.protocols import Rescorer

logger = logging.getLogger(__name__)

Running = TypeVar("Running")  # a network on a library

GPU_BATCH_TILES = 64  # 512 px in fp16: the maps of a yolo11n take some 2 GB
CPU_BATCH_TILES = 8  # larger batches gain nothing on a CPU and cost memory
BACKEND_NAMES = ("auto", "torch", "openvino")
# What keeps OpenVINO from running a network: it is not installed, the cache cannot be written, the library cannot
# convert or compile the network, or its answers are not torch's.
UNFIT = (ImportError, OSError, RuntimeError, ExportDisagrees)


def load_forward(weights: Weights, backend: str = "auto") -> InferenceBackend:
    """What runs a network: as named, or by itself torch on a GPU, OpenVINO on a CPU, and torch where that is unfit.

    Raises ModelUnavailable for weights that cannot be read, and when OpenVINO was requested by name and is unfit:
    a person who names a library wants to know.
    """

    def on_openvino() -> InferenceBackend:
        return OpenVinoForward(weights, settings.MODEL_CACHE_DIR)

    def on_torch() -> InferenceBackend:
        return TorchForward(weights)

    return _first_fit(weights, backend, on_openvino, on_torch)


def load_rescorer(weights: Weights, backend: str = "auto") -> Rescorer | None:
    """What runs the second stage of a detector's weights, chosen as for `load_forward`; None where they have none.

    Raises ModelUnavailable as `load_forward` does.
    """
    network = read_network(weights)
    if network is None:
        return None

    def on_openvino() -> Rescorer:
        return OpenVinoRescorer(weights, network, settings.MODEL_CACHE_DIR)

    def on_torch() -> Rescorer:
        return TorchRescorer(network)

    return _first_fit(weights, backend, on_openvino, on_torch)


def _first_fit(
    weights: Weights, backend: str, on_openvino: Callable[[], Running], on_torch: Callable[[], Running]
) -> Running:
    prepare_libraries()
    if backend == "torch" or (backend == "auto" and has_gpu()):
        return on_torch()
    try:
        return on_openvino()
    except UNFIT as error:
        if backend == "openvino":
            raise ModelUnavailable(
                _("OpenVINO cannot run %(name)s: %(error)s.") % {"name": weights.name, "error": error}
            ) from error
        logger.warning("OpenVINO cannot run %s (%s): torch does, more slowly.", weights.name, error)
        return on_torch()


def batch_tiles(prefers_batches: bool) -> int:
    """Tiles that are handed to a network at once: as the setting says, or as suits a GPU or this machine's cores."""
    suited = GPU_BATCH_TILES if prefers_batches else max(CPU_BATCH_TILES, 2 * available_cores())
    return settings.COUNT_BATCH_TILES or suited
