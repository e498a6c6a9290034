"""The last layer of the nursery's own classifier: what it is made of, its file, and how it answers."""

from __future__ import annotations

import hashlib
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from mlpipeline.classifier.networks.features import softmax
from mlpipeline.classifier.networks.protocols import Features
from mlpipeline.detectors.errors import ModelUnavailable


@dataclass(frozen=True)
class Head:
    """A linear layer over normalised features.

    labels: what each of the C rows stands for. weights: (C, 1280). bias: (C,). center: (1280,), taken off a feature
    before it is brought to length 1. features_sha256: of the network whose features it was trained on.
    """

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    center: NDArray[np.float32]
    features_sha256: str

    def probabilities(self, features: Features) -> NDArray[np.float64]:
        """(N, C); each row sums up to 1."""
        return softmax(normalised(features, self.center) @ self.weights.T + self.bias)


def normalised(features: Features, center: NDArray[np.float32]) -> Features:
    """Features around their center, each of length 1: how bright a picture is says little about its plant."""
    centred = features - center
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)


def save_head(head: Head, path: Path) -> str:
    """Write a head into a file, whole or not at all. Returns the SHA-256 of the file."""
    import torch

    buffer = io.BytesIO()
    torch.save(
        {
            "labels": list(head.labels),
            "weights": torch.from_numpy(head.weights),
            "bias": torch.from_numpy(head.bias),
            "center": torch.from_numpy(head.center),
            "features_sha256": head.features_sha256,
        },
        buffer,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".draft-", delete=False) as file:
        file.write(buffer.getvalue())
    draft = Path(file.name)
    draft.chmod(0o640)  # temporary files begin as 0600; the workers may be another user of the group
    draft.replace(path)
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def load_head(path: Path) -> tuple[Head, str]:
    """The head of a file and the SHA-256 of that. Only tensors and texts are read from it, and no code is run.

    Raises ModelUnavailable where the file is missing or is something else.
    """
    import pickle

    import torch

    try:
        content = path.read_bytes()
        held = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        head = Head(
            labels=tuple(str(label) for label in held["labels"]),
            weights=held["weights"].float().numpy(),
            bias=held["bias"].float().numpy(),
            center=held["center"].float().numpy(),
            features_sha256=str(held["features_sha256"]),
        )
        if head.weights.shape != (len(head.labels), len(head.center)) or head.bias.shape != (
            len(head.labels),
        ):
            raise ValueError("shapes differ")
    except (
        OSError,
        RuntimeError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        EOFError,
        pickle.UnpicklingError,
    ) as error:
        raise ModelUnavailable(
            _("The nursery's own classifier %(file)s cannot be read. Train it: manage.py train_classifier.")
            % {"file": path}
        ) from error
    return head, hashlib.sha256(content).hexdigest()
