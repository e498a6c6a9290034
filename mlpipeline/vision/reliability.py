"""Reliability: what was measured about weights that count, and the word on one count that follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .arrays import Image
from .difficulty import difficulty_terms, unexplained_plants
from .interval import UNMEASURED, IntervalModel, reasons_for, sure_plants
from .probability import ProbabilityModel
from .quality import measure_quality
from .results import ContainerFound, Detections, PhotoCount, unite_warnings
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
class Impression:
    """How a picture looks where it was counted: what is wrong with it, and the plants that could stand on green leaf
    where nothing was detected.
    """

    warnings: tuple[str, ...]
    unexplained: float


def impression_of(image: Image, containers: Sequence[ContainerFound], detections: Detections) -> Impression:
    """The impression of a (H, W, 3) uint8 RGB picture; it is not modified. `detections` are those that count."""
    survey = survey_of(image, containers, detections.plants)
    return Impression(measure_quality(survey).warnings, unexplained_plants(survey, detections))


def judge(image: Image, count: PhotoCount, reliability: Reliability | None) -> PhotoCount:
    """The same count with its interval, the reasons for its width, and warnings about the picture.

    Args:
        image: (H, W, 3) uint8 RGB, the picture that was counted; it is not modified.
        reliability: of the weights that counted; None where nobody has measured them: the interval is wide then, and
            `uncalibrated` is among its reasons.
    """
    containers = [part.container for part in count.containers]
    return judged(count, impression_of(image, containers, count.detections), reliability)


def judged(count: PhotoCount, impression: Impression, reliability: Reliability | None) -> PhotoCount:
    """See `judge`, for a picture of which there is an impression already."""
    warned = replace(count, warnings=unite_warnings([count.warnings, impression.warnings]))
    return weigh(warned, impression.unexplained, reliability)


def weigh(count: PhotoCount, unexplained: float, reliability: Reliability | None) -> PhotoCount:
    """The interval and reasons of a count whose warnings already tell how the picture is.

    `unexplained` plants could stand where green leaf is and nothing was detected.
    """
    known = reliability or NOT_MEASURED
    probabilities = known.probability.of(count.detections)
    terms = difficulty_terms(count, probabilities, known.probability.of(count.doubted), unexplained)
    return replace(
        count,
        interval=known.interval.interval(count.total, sure_plants(count, probabilities), terms),
        reasons=reasons_for(count, terms, is_calibrated=reliability is not None),
    )
