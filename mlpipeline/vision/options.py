"""The settings of a count: thresholds and factors a nursery may change, each with its unit and reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mlpipeline.vision.arrays import check
from mlpipeline.vision.results import CONTAINER_TYPES
from mlpipeline.vision.rules import Rule
from mlpipeline.vision.thresholds import ContainerThresholds, DetectionThresholds

# Share of a plant's own area that floor suppression leaves of it, between neighbours that hide its rim. Measured by
# taking 10–40 % of the true detections away; the origin's 0.9 stays where nothing was measured (trays: read by cells).
DEFAULT_ALPHA = MappingProxyType({"segment": 0.75, "box": 0.8, "plug": 0.9})
# How missed plants are estimated by leaf: not at all (the default: only what the cells of trays show is added), or
# from bands of floor-suppressed leaf over the area of a plant (the origin's way).
ESTIMATORS = ("none", "bands")
DEFAULT_OVERLAP = 1.2


@dataclass(frozen=True, slots=True)
class CountOptions:
    """How to count a photo. Raises InvalidInput for a value out of its range.

    plant_thresholds, container_thresholds: how the scores of the weights are read; both from their manifest.
    confidence: floor score, 0–1: the detect stage answers nothing below it; which of the rest counts, the filter stage
    decides. container_confidence: least score of a container, 0–1.
    iou: overlap (intersection over union) from which two boxes of different tiles are one plant.
    alpha: container type → share of a plant's area that its neighbours leave to see, in 0.5–1.5; for `bands` only.
    largest_segment_only: for nurseries whose photos show their neighbours' edges.
    whole_containers_only: containers that the left or right edge of the picture cuts are the neighbours'.
    border_share: a plant that the picture's border cuts counts if the picture shows this share of it or more.
    min_container_share: containers smaller than this share of the picture are noise.
    overlap: tiles overlap by this multiple of the largest plant measured, > 1.
    max_enlargement: a picture is never enlarged more than this to bring plants to the trained size.
    batch_tiles: tiles handed to the detector at once.
    estimator: how plants that were missed are estimated by leaf, one of ESTIMATORS.
    without: rules that are off, to measure what they are worth; a product has none.
    """

    plant_thresholds: DetectionThresholds
    container_thresholds: ContainerThresholds
    confidence: float = 0.25
    container_confidence: float = 0.30
    iou: float = 0.5
    alpha: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_ALPHA))
    largest_segment_only: bool = False
    whole_containers_only: bool = False
    border_share: float = 0.25
    min_container_share: float = 0.0005
    overlap: float = DEFAULT_OVERLAP
    max_enlargement: float = 4.0
    batch_tiles: int = 8
    estimator: str = "none"
    without: frozenset[Rule] = frozenset()

    def __post_init__(self) -> None:
        for name in ("confidence", "container_confidence", "iou", "min_container_share", "border_share"):
            value = getattr(self, name)
            check(0 <= value <= 1, f"{name} lies between 0 and 1, got {value}")
        check(self.iou > 0, f"iou is above 0, got {self.iou}")
        check(
            self.overlap > 1,
            f"overlap is above 1, or the largest plant is cut in every tile, got {self.overlap}",
        )
        check(self.max_enlargement >= 1, f"max_enlargement is at least 1, got {self.max_enlargement}")
        check(self.batch_tiles >= 1, f"batch_tiles is at least 1, got {self.batch_tiles}")
        check(self.estimator in ESTIMATORS, f"an estimator is one of {ESTIMATORS}, got {self.estimator!r}")
        check(
            set(self.alpha) == set(CONTAINER_TYPES), f"alpha names {CONTAINER_TYPES}, got {tuple(self.alpha)}"
        )
        check(
            all(0.5 <= value <= 1.5 for value in self.alpha.values()),
            f"alpha lies between 0.5 and 1.5, got {dict(self.alpha)}",
        )

    @property
    def proposal_score(self) -> float:
        """From which score on the detector answers: below the floor of the count where a second stage is asked."""
        asked = self.plant_thresholds.min_proposal_score if self.has(Rule.RESCORING) else self.confidence
        return min(asked, self.confidence)

    def has(self, rule: Rule) -> bool:
        """Whether a rule is on."""
        return rule not in self.without
