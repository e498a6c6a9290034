"""What every classifier offers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Inputs = NDArray[np.uint8]  # (N, 224, 224, 3) RGB
Features = NDArray[np.float32]  # (N, 1280)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a picture shows. score: probability of it among all that the classifier knows, 0–1."""

    label: str
    score: float


class Classifier(Protocol):
    """Says what pictures show. `name` and `sha256` tell which model that is."""

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    @property
    def labels(self) -> Sequence[str]:
        """All that it may answer."""
        ...

    def classify(self, pictures: Inputs) -> list[Answer]:
        """An answer for each picture, in their order; that of one picture does not depend on the others."""
        ...
