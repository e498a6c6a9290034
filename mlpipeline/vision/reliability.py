"""Reliability: what was measured about weights that count, and the word on one count that follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .arrays import Image
from .difficulty import difficulty_terms, unexplained_plants
from .interval import UNMEASURED, IntervalModel, reasons_for, sure_plants
from .probability import ProbabilityModel
from .quality import measure_quality
from .results import PhotoCount, unite_warnings
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


def judge(image: Image, count: PhotoCount, reliability: Reliability | None) -> PhotoCount:
    """The same count with its interval, the reasons for its width, and warnings about the picture.

    Args:
        image: (H, W, 3) uint8 RGB, the picture that was counted; it is not modified.
        reliability: of the weights that counted; None where nobody has measured them: the interval is wide then, and
            `uncalibrated` is among its reasons.
    """
    survey = survey_of(image, [part.container for part in count.containers], count.detections.plants)
    warned = replace(count, warnings=unite_warnings([count.warnings, measure_quality(survey).warnings]))
    return weigh(warned, unexplained_plants(survey, count.detections), reliability)


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
