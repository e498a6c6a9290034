"""torch: the layers of a network in fp16 on a GPU, else in bf16 where the CPU has it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from mlpipeline.detectors.environment import cpu_has_bf16, gpu_number, prepare_libraries
from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.detectors.inference_backend import Batch, RawOutput
from mlpipeline.detectors.manifest import Weights

if TYPE_CHECKING:
    import torch


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


def use_threads(threads: int) -> None:
    """Let torch use so many threads from here on, in the whole process."""
    prepare_libraries()
    import torch

    torch.set_num_threads(threads)


def device_of_worker() -> torch.device:
    """The GPU that is this worker's, else the CPU."""
    import torch

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return torch.device("cuda", gpu_number(gpus)) if gpus else torch.device("cpu")


class TorchForward:
    """One network on torch.

    On CUDA in fp16; on CPUs with AVX-512 bf16 or AMX in bf16, elsewhere in f32; always channels_last. Measured on two
    cores, 512 px: 12 ms a tile, 20 ms in f32, 40 ms as it comes.
    """

    name = "torch"

    def __init__(self, weights: Weights) -> None:
        model = load_model(weights)
        import torch

        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))  # Ultralytics has set it to cores − 1
        self.device = device_of_worker()
        self.prefers_batches = self.device.type == "cuda"
        self.dtype = _fastest_dtype(self.device)
        self.model = (
            model.fuse(verbose=False).to(self.device, self.dtype).to(memory_format=torch.channels_last)
        )
        self.model.model[-1].training = True  # the raw output, undecoded

    def run(self, batch: Batch) -> RawOutput:
        """See InferenceBackend."""
        import torch

        with torch.inference_mode():
            pictures = torch.from_numpy(batch).to(self.device).permute(0, 3, 1, 2)
            raw = self.model(pictures.to(self.dtype, memory_format=torch.channels_last) / 255)
            return RawOutput(raw["boxes"], raw["scores"], raw.get("mask_coefficient"), raw.get("proto"))


def _fastest_dtype(device: torch.device) -> torch.dtype:
    import torch

    if device.type == "cuda":
        return torch.float16
    return torch.bfloat16 if cpu_has_bf16() else torch.float32
