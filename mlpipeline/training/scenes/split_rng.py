"""Random draws that keep held-out scenes apart from training scenes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeVar

import numpy as np

Split = Literal["train", "held_out"]
T = TypeVar("T")

_STRATA = 8
_STRATA_OF: dict[str, tuple[int, ...]] = {"train": (0, 1, 2, 4, 5, 7), "held_out": (3, 6)}


class SplitRng:
    """A seeded source of a scene's traits.

    Every range is cut into eight strata; training scenes draw from six of them and held-out scenes
    from the other two, so a held-out colour, leaf count or stone size was never seen in training
    although it lies inside the range the weights should cover.
    """

    def __init__(self, seed: int, split: Split, stream: int = 0) -> None:
        self.split: Split = split
        self.rng = np.random.default_rng([seed, 0 if split == "train" else 1, stream])
        self.texture_salt = int(self.rng.integers(0, 1 << 20)) * 2 + (split == "held_out")

    def between(self, low: float, high: float) -> float:
        """A number of [low, high), from the strata of this split."""
        strata = _STRATA_OF[self.split]
        share = (strata[int(self.rng.integers(len(strata)))] + self.rng.random()) / _STRATA
        return low + share * (high - low)

    def whole(self, low: int, high: int) -> int:
        """A whole number of low..high, both included; the ends are as likely as the rest."""
        return int(self.rng.integers(low, high + 1))

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def pick(self, options: Sequence[T], weights: Sequence[float] | None = None) -> T:
        """One of the options, weighted if weights are given (they need not sum to one)."""
        if weights is None:
            return options[int(self.rng.integers(len(options)))]
        share = np.asarray(weights, dtype=float)
        return options[int(self.rng.choice(len(options), p=share / share.sum()))]
