"""What was measured about weights that count, and the interval of one count that follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .arrays import Image
from .capacity import visible_capacity
from .difficulty import difficulty_terms, unexplained_plants
from .interval import UNMEASURED, IntervalModel, reasons_for, sure_plants
from .probability import ProbabilityModel
from .quality import measure_quality
from .results import ContainerFound, Detections, PhotoCount
from .survey import survey_of


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often detections are right, and how far totals are from the truth, both measured on held-out scenes."""

    probability: ProbabilityModel
    interval: IntervalModel

    def as_json(self) -> dict[str, Any]:
        return {"probability": self.probability.as_json(), "interval": self.interval.as_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Reliability":
        """Raises InvalidInput, KeyError, ValueError, TypeError for what `as_json` did not write."""
        return cls(
            ProbabilityModel.from_json(values["probability"]), IntervalModel.from_json(values["interval"])
        )


NOT_MEASURED = Reliability(ProbabilityModel(), UNMEASURED)


@dataclass(frozen=True, slots=True)
class ImageAssessment:
    """What a picture looks like where it was counted.

    warnings: what is wrong with it (blurry, dark, glare). unexplained: plants that could stand on green leaf where
    nothing was detected.
    """

    warnings: tuple[str, ...]
    unexplained: float


def assess_image(
    image: Image, containers: Sequence[ContainerFound], detections: Detections
) -> ImageAssessment:
    """Assess a (H, W, 3) uint8 RGB picture in some containers; not modified. `detections` are those that count."""
    survey = survey_of(image, containers, detections.plants)
    return ImageAssessment(measure_quality(survey).warnings, unexplained_plants(survey, detections))


def add_interval(count: PhotoCount, unexplained: float, reliability: Reliability | None) -> PhotoCount:
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
    low, high = known.interval.interval(count.total, sure_plants(count, probabilities), terms)
    room = visible_capacity(count)
    return replace(
        count,
        interval=(low, high if room is None else min(high, room)),
        reasons=reasons_for(count, terms, is_calibrated=reliability is not None),
    )
