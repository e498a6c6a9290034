"""The manifest of the shipped weights: which files there are, and what has to be known to use them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from mlpipeline.detectors.errors import ModelUnavailable

WEIGHTS_FOLDER = Path(__file__).resolve().parent.parent / "weights"
MANIFEST_NAME = "manifest.json"
KINDS = ("segmentation", "detection")


@dataclass(frozen=True, slots=True)
class Weights:
    """One file of weights.

    kind: segmentation or detection. file, card: names in the folder of the manifest. architecture: the Ultralytics
    file that the tensors fit. classes: in the order of their ids. tile_px: side of the pictures it is shown.
    trained_plant_px: sides of plants it was trained on, in its own pixels (detection only). confidence: the least
    score at which counts were nearest to the truth on held-out scenes. class_gains: added to the logits of the classes
    where it is settled what a thing is, and to no score: a rare class is else named too seldom.
    """

    kind: str
    name: str
    file: str
    sha256: str
    architecture: str
    classes: tuple[str, ...]
    tile_px: int
    trained_plant_px: tuple[float, float] | None
    confidence: float
    class_gains: tuple[float, ...]
    licence: str
    card: str
    folder: Path = WEIGHTS_FOLDER

    @property
    def path(self) -> Path:
        return self.folder / self.file

    def as_json(self) -> dict[str, Any]:
        """The entry as the manifest holds it."""
        return {name: value for name, value in asdict(self).items() if name != "folder"}


def file_sha256(path: Path) -> str:
    """Checksum of a file's bytes, as the manifest has it."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_manifest(folder: Path = WEIGHTS_FOLDER) -> dict[str, Weights]:
    """The weights by kind. Raises ModelUnavailable where there is no manifest, or one that cannot be read."""
    path = folder / MANIFEST_NAME
    try:
        entries = json.loads(path.read_text())["weights"]
        found = [_entry(values, folder) for values in entries]
    except FileNotFoundError as error:
        raise ModelUnavailable(_("There is no manifest of weights: %(path)s.") % {"path": path}) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelUnavailable(
            _("The manifest of weights %(path)s cannot be read: %(error)s.") % {"path": path, "error": error}
        ) from error
    return {weights.kind: weights for weights in found}


def write_manifest(weights: dict[str, Weights], folder: Path = WEIGHTS_FOLDER) -> None:
    """Replace the manifest of a folder."""
    entries = [weights[kind].as_json() for kind in KINDS if kind in weights]
    (folder / MANIFEST_NAME).write_text(json.dumps({"weights": entries}, indent=2) + "\n")


def _entry(values: dict[str, Any], folder: Path) -> Weights:
    plant_px = values["trained_plant_px"]
    known = {
        **values,
        "classes": tuple(values["classes"]),
        "class_gains": tuple(float(gain) for gain in values["class_gains"]),
        "trained_plant_px": None if plant_px is None else (float(plant_px[0]), float(plant_px[1])),
    }
    if len(known["class_gains"]) != len(known["classes"]):
        raise ValueError(f"class_gains are {len(known['classes'])} numbers")
    if values["kind"] not in KINDS:
        raise ValueError(f"unknown kind {values['kind']!r}")
    return Weights(**known, folder=folder)


def validate_weights(weights: Weights) -> str | None:
    """Why the file of these weights cannot be used, as a sentence; None when it is there and unaltered."""
    if not weights.path.is_file():
        return _("The weights %(file)s are missing.") % {"file": weights.path}
    if file_sha256(weights.path) != weights.sha256:
        return _("The weights %(file)s were altered: their checksum is not the one in the manifest.") % {
            "file": weights.path
        }
    return None


def require_weights(kind: str, folder: Path = WEIGHTS_FOLDER) -> Weights:
    """The weights of a kind, checked. Raises ModelUnavailable when they are missing or altered."""
    weights = read_manifest(folder).get(kind)
    if weights is None:
        raise ModelUnavailable(_("The manifest names no weights for %(kind)s.") % {"kind": kind})
    if fault := validate_weights(weights):
        raise ModelUnavailable(fault)
    return weights
