"""What was measured about weights that count, and the interval of one count that follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlpipeline.vision.arrays import Image
from mlpipeline.vision.estimation.capacity import visible_capacity
from mlpipeline.vision.imaging.analysis_image import analysis_image
from mlpipeline.vision.imaging.image_quality import measure_quality
from mlpipeline.vision.results import Container, Detections, PhotoCount
from mlpipeline.vision.uncertainty.conformal_interval import (
    UNMEASURED,
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
        return {"probability": self.probability.as_json(), "interval": self.interval.as_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "WeightsCalibration":
        """Raises InvalidInput, KeyError, ValueError, TypeError for what `as_json` did not write."""
        return cls(
            ScoreCalibrator.from_json(values["probability"]), IntervalModel.from_json(values["interval"])
        )


NOT_MEASURED = WeightsCalibration(ScoreCalibrator(), UNMEASURED)


@dataclass(frozen=True, slots=True)
class ImageAssessment:
    """What a picture looks like where it was counted.

    warnings: what is wrong with it (blurry, dark, glare). unexplained: plants that could stand on green leaf where
    nothing was detected.
    """

    warnings: tuple[str, ...]
    unexplained: float


def assess_image(image: Image, containers: Sequence[Container], detections: Detections) -> ImageAssessment:
    """Assess a (H, W, 3) uint8 RGB picture in some containers; not modified. `detections` are those that count."""
    survey = analysis_image(image, containers, detections.plants)
    return ImageAssessment(measure_quality(survey).warnings, unmatched_leaf_plants(survey, detections))


def add_interval(count: PhotoCount, unexplained: float, reliability: WeightsCalibration | None) -> PhotoCount:
    """The same count with its interval and the reasons for its width; its warnings are complete already.

    Args:
        count: of a photo, with all its warnings.
        unexplained: see `ImageAssessment`.
        reliability: of the weights that counted; None where nobody has measured them: the interval is wide then, and
            `uncalibrated` is among its reasons.
    """
    known = reliability or NOT_MEASURED
    probabilities = known.probability.of(count.detections)
    suppressed = known.probability.of(count.suppressed_low_score)
    terms = difficulty_terms(count, probabilities, suppressed, unexplained)
    low, high = known.interval.interval(count.total, min_confident_count(count, probabilities), terms)
    room = visible_capacity(count)
    return replace(
        count,
        interval=(low, high if room is None else min(high, room)),
        reasons=reasons_for(count, terms, is_calibrated=reliability is not None),
    )
