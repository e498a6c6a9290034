"""Candidates: weights that are measured before they become the default."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mlpipeline.detectors.engines import shipped_weights
from mlpipeline.detectors.manifest import MANIFEST_NAME, WEIGHTS_FOLDER, Weights, file_sha256, read_manifest


def weights_to_measure(model: Path | None) -> dict[str, Weights]:
    """The weights of each kind: those shipped, with `model` in place of the one it is meant for.

    What has to be known of `model` stands in the manifest of its folder, if that names it; else it is taken for a
    checkpoint of the shipped plant detector. Raises ModelUnavailable where shipped weights are missing or altered,
    FileNotFoundError where there is no such file.
    """
    chosen = shipped_weights()
    if model is not None:
        candidate = _candidate(model, chosen["detection"])
        chosen[candidate.kind] = candidate
    return chosen


def _candidate(model: Path, shipped: Weights) -> Weights:
    sha256 = file_sha256(model)
    if (model.parent / MANIFEST_NAME).is_file() and model.parent.resolve() != WEIGHTS_FOLDER:
        for known in read_manifest(model.parent).values():
            if known.file == model.name:
                return replace(known, sha256=sha256)
    return replace(shipped, name=model.stem, file=model.name, sha256=sha256, folder=model.parent)
