"""The second stage of the detector on torch."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from django.utils.translation import gettext as _

from mlpipeline.detectors.environment import prepare_libraries
from mlpipeline.detectors.errors import ModelUnavailable, model_faults_reported
from mlpipeline.detectors.manifest import Weights
from mlpipeline.detectors.rescoring_network import (
    CONTEXTS,
    CROP_PX,
    SECOND_STAGE,
    build_network,
    hints_of,
    in_f32,
)
from mlpipeline.detectors.torch_forward import device_of_worker

if TYPE_CHECKING:
    from mlpipeline.vision.arrays import Floats
    from mlpipeline.vision.rescoring.crops import Crops
    from mlpipeline.vision.results import Detections

# Crops of a batch. Always as many: what a network says of a crop depends on the size of its batch to the last bit.
BATCH_CROPS = 64


class TorchRescorer:
    """See Rescorer."""

    crop_px = CROP_PX
    contexts: tuple[float, ...] = CONTEXTS

    def __init__(self, network: Any) -> None:
        import torch

        self.device = device_of_worker()
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))  # Ultralytics has set it to cores − 1
        self.network = _fused(network.eval()).to(self.device, memory_format=torch.channels_last)

    def classify(self, crops: Crops, detections: Detections, neighbourhoods: Floats) -> Floats:
        """See Rescorer. Raises ModelFault."""
        return self.probabilities(crops, hints_of(detections, neighbourhoods))

    def probabilities(self, crops: Crops, hints: Floats) -> Floats:
        """(N, CLASSES) probabilities of N detections with (N, HINTS) of `hints_of`. Raises ModelFault."""
        found = [
            self._run(crops[start : start + BATCH_CROPS], hints[start : start + BATCH_CROPS])
            for start in range(0, len(crops), BATCH_CROPS)
        ]
        return np.concatenate(found)

    def _run(self, crops: Crops, hints: Floats) -> Floats:
        import torch

        missing = BATCH_CROPS - len(crops)
        full = np.concatenate([crops, np.zeros((missing, *crops.shape[1:]), crops.dtype)])
        with torch.inference_mode(), model_faults_reported():
            shown = torch.from_numpy(full).to(self.device).permute(0, 1, 4, 2, 3).float() / 255
            said = torch.from_numpy(np.pad(hints, ((0, missing), (0, 0)))).to(self.device)
            probabilities = self.network(shown, said).softmax(dim=1)[: len(crops)]
            return np.asarray(probabilities.cpu().numpy(), dtype=np.float32)


def _fused(network: Any) -> Any:
    """The network with the normalisation of its first layers in their convolutions, as Ultralytics fuses its models."""
    from ultralytics.nn.modules.conv import Conv
    from ultralytics.utils.torch_utils import fuse_conv_and_bn

    for layer in (part for part in network.backbone.modules() if isinstance(part, Conv)):
        layer.conv = fuse_conv_and_bn(layer.conv, layer.bn)
        del layer.bn
        layer.forward = layer.forward_fuse  # type: ignore[method-assign]
    return network


def read_network(weights: Weights) -> Any:
    """The network of the second stage of a detector's weights; None where they have none.

    Raises ModelUnavailable where its tensors do not fit its network.
    """
    prepare_libraries()
    import torch

    tensors = torch.load(weights.path, map_location="cpu", weights_only=True).get(SECOND_STAGE)
    if tensors is None:
        return None
    network = build_network(weights.architecture)
    try:
        network.load_state_dict(in_f32(tensors))
    except (RuntimeError, AttributeError) as error:
        raise ModelUnavailable(
            _("The weights %(file)s do not fit %(architecture)s.")
            % {"file": weights.path, "architecture": f"{weights.architecture}, {SECOND_STAGE}"}
        ) from error
    return network
