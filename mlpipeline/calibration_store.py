"""The file beside the weights with their calibration."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlpipeline.detectors.manifest import WEIGHTS_FOLDER
from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.uncertainty.assessment import WeightsCalibration

logger = logging.getLogger(__name__)

CALIBRATION_NAME = "reliability.json"


def read_calibration(sha256: Mapping[str, str], folder: Path = WEIGHTS_FOLDER) -> WeightsCalibration | None:
    """What was measured of the weights with these checksums (kind → SHA-256).

    None where there is no such file, or where it is about other weights: both the containers and the plants make the
    count, so both have to be those that were measured. A file that cannot be read is as good as none; it is logged.
    """
    path = folder / CALIBRATION_NAME
    try:
        values = json.loads(path.read_text())
        if values["sha256"] != dict(sha256):
            return None
        return WeightsCalibration.from_json(values)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidInput) as error:
        logger.warning("%s cannot be read, so counts are not calibrated: %s", path, error)
        return None


def write_calibration(
    calibration: WeightsCalibration,
    sha256: Mapping[str, str],
    measured: Mapping[str, Any],
    folder: Path = WEIGHTS_FOLDER,
) -> Path:
    """Write what was measured of weights, in place of what was known; returns the file.

    `measured` says on what, for people: it is stored and never read.
    """
    path = folder / CALIBRATION_NAME
    values = {"sha256": dict(sha256), "measured": dict(measured), **calibration.as_json()}
    fresh = path.with_suffix(".part")
    fresh.write_text(json.dumps(values, indent=2) + "\n")
    fresh.replace(path)
    return path
