"""Backends: which library runs the networks on this machine."""

from __future__ import annotations

import logging

from django.conf import settings
from django.utils.translation import gettext as _

from mlpipeline.detectors.environment import available_cores, has_gpu, prepare_libraries
from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.detectors.inference_backend import InferenceBackend
from mlpipeline.detectors.manifest import Weights
from mlpipeline.detectors.openvino_forward import ExportDisagrees, OpenVinoForward
from mlpipeline.detectors.torch_forward import TorchForward

logger = logging.getLogger(__name__)

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
    prepare_libraries()
    if backend == "torch" or (backend == "auto" and has_gpu()):
        return TorchForward(weights)
    try:
        return OpenVinoForward(weights, settings.MODEL_CACHE_DIR)
    except UNFIT as error:
        if backend == "openvino":
            raise ModelUnavailable(
                _("OpenVINO cannot run %(name)s: %(error)s.") % {"name": weights.name, "error": error}
            ) from error
        logger.warning("OpenVINO cannot run %s (%s): torch does, more slowly.", weights.name, error)
        return TorchForward(weights)


def batch_tiles(prefers_batches: bool) -> int:
    """Tiles that are handed to a network at once: as the setting says, or as suits a GPU or this machine's cores."""
    suited = GPU_BATCH_TILES if prefers_batches else max(CPU_BATCH_TILES, 2 * available_cores())
    return settings.COUNT_BATCH_TILES or suited
