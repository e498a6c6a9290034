"""Training the nursery's own classifier: a linear layer on features that are not trained, from few pictures a label."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mlpipeline.classifier.networks.features import FeatureNetwork
from mlpipeline.classifier.networks.head import Head, normalised
from mlpipeline.classifier.networks.protocols import Features, Inputs
from mlpipeline.classifier.picture_files import INPUT_PX

Picture = NDArray[np.uint8]  # (224, 224, 3) RGB
Labels = NDArray[np.int64]

VIEWS: Final = 8  # of each picture, the first as it is
_SMALLEST_CUT: Final = 0.6  # of a picture's side
_LIGHT: Final = (0.75, 1.25)
_BATCH: Final = 16
_FOLDS: Final = 5
# Weight decays to choose from. Few pictures want a strong one: it is also what keeps scores modest.
DECAYS: Final = (1e-5, 3e-5, 1e-4, 1e-3)


@dataclass(frozen=True)
class Sample:
    """A picture that shows what its label says. `group` keeps pictures of one origin on one side of a test."""

    label: str
    picture: Picture
    group: str = ""


@dataclass(frozen=True)
class Fit:
    """A trained head, and how it did on pictures that it was not trained on (of a cross-validation)."""

    head: Head
    accuracy: float
    log_loss: float
    decay: float
    pictures: int
    per_label: dict[str, tuple[int, int]]  # right, of


def fit_head(
    samples: Sequence[Sample],
    network: FeatureNetwork,
    *,
    seed: int = 0,
    note: Callable[[int], None] = lambda done: None,
) -> Fit:
    """Train on samples of at least two labels. `note` is told after each picture how many are read.

    The weight decay is the one with which held-out pictures get the best probabilities, so that a score means what it
    says. Raises ValueError for less than two labels.
    """
    names = sorted({sample.label for sample in samples})
    if len(names) < 2:
        raise ValueError("A classifier needs at least two labels.")
    features = np.stack(
        [_features_of(network, sample.picture, seed + n, n, note) for n, sample in enumerate(samples)]
    )
    labels = np.array([names.index(sample.label) for sample in samples])
    folds = _folds(samples, labels, seed)
    held_out = {decay: _cross_validate(features, labels, folds, len(names), decay) for decay in DECAYS}
    decay = min(held_out, key=lambda value: _log_loss(held_out[value], labels))
    shares = held_out[decay]
    is_right = shares.argmax(axis=1) == labels
    weights, bias, center = _train(features, labels, len(names), decay)
    return Fit(
        head=Head(tuple(names), weights, bias, center, network.sha256),
        accuracy=float(is_right.mean()),
        log_loss=_log_loss(shares, labels),
        decay=decay,
        pictures=len(samples),
        per_label={
            name: (int(is_right[labels == place].sum()), int((labels == place).sum()))
            for place, name in enumerate(names)
        },
    )


def views_of(picture: Picture, seed: int) -> Inputs:
    """A picture as it is, and VIEWS − 1 others: cut closer, mirrored, turned, in other light; (VIEWS, 224, 224, 3)."""
    rng = np.random.default_rng(seed)
    views = [picture]
    while len(views) < VIEWS:
        side = int(INPUT_PX * rng.uniform(_SMALLEST_CUT, 1.0))
        left, top = (int(rng.integers(0, INPUT_PX - side + 1)) for _axis in range(2))
        cut = Image.fromarray(picture[top : top + side, left : left + side])
        cut = cut.rotate(90 * int(rng.integers(0, 4))).resize((INPUT_PX, INPUT_PX), Image.Resampling.BICUBIC)
        pixels = np.asarray(cut, np.float32) * rng.uniform(*_LIGHT)
        views.append(np.clip(pixels, 0, 255).astype(np.uint8)[:, :: int(rng.choice((-1, 1)))])
    return np.stack(views)


def _features_of(
    network: FeatureNetwork, picture: Picture, seed: int, number: int, note: Callable[[int], None]
) -> Features:
    """Features of several views of one picture, (VIEWS, 1280)."""
    views = views_of(picture, seed)
    parts = [network.run(views[start : start + _BATCH]).features for start in range(0, len(views), _BATCH)]
    note(number + 1)
    return np.concatenate(parts)


def _folds(samples: Sequence[Sample], labels: Labels, seed: int) -> Labels:
    """The fold of each sample, evenly for each label; samples of one group share theirs."""
    rng = np.random.default_rng(seed)
    groups = [sample.group or f"sample-{number}" for number, sample in enumerate(samples)]
    fold_of: dict[str, int] = {}
    for place in np.unique(labels):
        own = list(dict.fromkeys(groups[number] for number in np.flatnonzero(labels == place)))
        rng.shuffle(own)
        for number, group in enumerate(own):
            fold_of.setdefault(group, number % _FOLDS)
    return np.array([fold_of[group] for group in groups])


def _cross_validate(
    features: NDArray[np.float32], labels: Labels, folds: Labels, classes: int, decay: float
) -> NDArray[np.float64]:
    """The probabilities of each picture by a head that was trained without its fold; (N, C)."""
    shares = np.full((len(labels), classes), 1.0 / classes)
    names = tuple(map(str, range(classes)))
    for fold in np.unique(folds):
        inside, outside = folds != fold, folds == fold
        if not inside.any():
            continue
        head = Head(names, *_train(features[inside], labels[inside], classes, decay), "")
        shares[outside] = head.probabilities(features[outside, 0])
    return shares


def _log_loss(shares: NDArray[np.float64], labels: Labels) -> float:
    own = shares[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(own, 1e-9)).mean())


def _train(
    features: NDArray[np.float32], labels: Labels, classes: int, decay: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Weights (C, 1280), bias (C,), center (1280,): softmax regression, each label counting the same."""
    import torch

    center = features.mean(axis=(0, 1))
    flat = normalised(features.reshape(-1, features.shape[-1]), center)
    inputs = torch.from_numpy(flat.astype(np.float32))
    targets = torch.from_numpy(np.repeat(labels, features.shape[1]))
    counts = torch.bincount(targets, minlength=classes).clamp(min=1)
    share = (1.0 / counts.float())[targets]
    share = share / share.sum()
    weights = torch.zeros(classes, features.shape[-1], requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights, bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        errors = torch.nn.functional.cross_entropy(inputs @ weights.T + bias, targets, reduction="none")
        total = (errors * share).sum() + decay * weights.square().sum()
        total.backward()
        return total

    optimizer.step(loss)
    return weights.detach().numpy(), bias.detach().numpy(), center
