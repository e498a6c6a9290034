"""Noting which weights have counted here."""

from mlpipeline.calibration_store import read_calibration
from mlpipeline.detectors.engines import Engine
from mlpipeline.models import ModelVersion
from mlpipeline.vision.uncertainty.assessment import WeightsCalibration
from photos.models import ProcessingSession


def register(engine: Engine, kind: str) -> dict[str, str]:
    """Note an engine's weights of a kind on their first use.

    Returns what a count keeps of them: {name, sha256, engine}.
    """
    weights = next(weights for weights in engine.weights if weights.kind == kind)
    ModelVersion.objects.get_or_create(sha256=weights.sha256, defaults={"kind": kind, "name": weights.name})
    return {"name": weights.name, "sha256": weights.sha256, "engine": engine.name}


def calibration_of(session: ProcessingSession) -> WeightsCalibration | None:
    """What was measured of the weights that a count was made with; None where nobody has measured them."""
    return read_calibration({kind: str(model["sha256"]) for kind, model in session.model_versions.items()})
