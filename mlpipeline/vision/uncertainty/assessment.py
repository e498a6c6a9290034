"""What was measured of weights on held-out scenes, and the prediction interval of one count from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlpipeline.vision.arrays import Image
from mlpipeline.vision.estimation.capacity import likely_capacity
from mlpipeline.vision.estimation.place_priors import NO_PRIORS, PlacePriors
from mlpipeline.vision.imaging.analysis_image import analysis_image
from mlpipeline.vision.imaging.image_quality import measure_quality
from mlpipeline.vision.results import Container, Detections, PhotoCount
from mlpipeline.vision.uncertainty.conformal_interval import (
    FALLBACK_MODEL,
    IntervalModel,
    min_confident_count,
    reasons_for,
)
from mlpipeline.vision.uncertainty.error_features import difficulty_terms, unmatched_leaf_plants
from mlpipeline.vision.uncertainty.score_calibration import ScoreCalibrator


@dataclass(frozen=True, slots=True)
class WeightsCalibration:
    """How often detections are right, and how far totals are from the truth, both measured on held-out scenes."""

    probability: ScoreCalibrator
    interval: IntervalModel

    def as_json(self) -> dict[str, Any]:
        """As it stands in the file of the weights' calibration."""
        return {"probability": self.probability.as_json(), "interval": self.interval.as_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "WeightsCalibration":
        """Raises InvalidInput, KeyError, ValueError, TypeError for what `as_json` did not write."""
        return cls(
            ScoreCalibrator.from_json(values["probability"]), IntervalModel.from_json(values["interval"])
        )


FALLBACK_CALIBRATION = WeightsCalibration(ScoreCalibrator(), FALLBACK_MODEL)


@dataclass(frozen=True, slots=True)
class ImageAssessment:
    """The quality of a picture where it was counted.

    warnings: what is wrong with it (blurry, dark, glare). unmatched_leaf: plants that would fit on green
    leaf where nothing was detected.
    """

    warnings: tuple[str, ...]
    unmatched_leaf: float


def assess_image(image: Image, containers: Sequence[Container], detections: Detections) -> ImageAssessment:
    """Assess a (H, W, 3) uint8 RGB picture in some containers; not modified. `detections` are those that count."""
    analysis = analysis_image(image, containers, detections.plants)
    return ImageAssessment(measure_quality(analysis).warnings, unmatched_leaf_plants(analysis, detections))


def add_interval(
    count: PhotoCount,
    unmatched_leaf: float,
    calibration: WeightsCalibration | None,
    priors: PlacePriors = NO_PRIORS,
) -> PhotoCount:
    """The same count with its interval and the reasons for its width; its warnings are complete already.

    Args:
        count: of a photo, with all its warnings.
        unmatched_leaf: see `ImageAssessment`.
        calibration: of the weights that counted; None where nobody has measured them: the interval is wide then, and
            `uncalibrated` is among its reasons.
        priors: what is known of the place.
    """
    known = calibration or FALLBACK_CALIBRATION
    probabilities = known.probability.of(count.detections)
    suppressed = known.probability.of(count.suppressed_low_score)
    terms = difficulty_terms(count, probabilities, suppressed, unmatched_leaf)
    low, high = known.interval.interval(count.total, min_confident_count(count, probabilities), terms)
    room = likely_capacity(count, unmatched_leaf, priors.max_plants)
    return replace(
        count,
        interval=(low, min(high, room)),
        reasons=reasons_for(count, terms, is_calibrated=calibration is not None),
    )
