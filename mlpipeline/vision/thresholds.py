"""How the stages read the scores of a set of weights. The numbers stand in the weights' manifest, not in code."""

from dataclasses import dataclass

from mlpipeline.vision.arrays import check


@dataclass(frozen=True, slots=True)
class DetectionThresholds:
    """How the scores of the weights that detect plants are read. Scores lie between 0 and 1.

    min_confident_score: of detections that plant sizes and numbers are measured on.
    min_probe_score: of detections whose mean score is compared between scales; what is less confident speaks against
    a scale. probe_prior_count, probe_prior_score: the mean of few scores is chance, so it is drawn towards this score
    as by so many detections of it. max_probe_score_drop: below the best probe's mean score, from which no finer
    probe is run.
    base_log_odds, crowd_log_odds, emptiness_log_odds, max_adaptive_score: see `adaptive_score_threshold`.
    min_outside_score: of plants and empty pots; see `many_plants_outside`.
    min_proposal_score: of detections that the second stage is shown, below the floor of a count: it may know better.
    Raises InvalidInput for a value out of its range.
    """

    min_confident_score: float
    min_probe_score: float
    probe_prior_count: float
    probe_prior_score: float
    max_probe_score_drop: float
    base_log_odds: float
    crowd_log_odds: float
    emptiness_log_odds: float
    max_adaptive_score: float
    min_outside_score: float
    min_proposal_score: float

    def __post_init__(self) -> None:
        _check_shares(
            self,
            "min_confident_score", "min_probe_score", "probe_prior_score", "max_probe_score_drop",
            "max_adaptive_score", "min_outside_score", "min_proposal_score",
        )  # fmt: skip
        check(self.probe_prior_count > 0, f"probe_prior_count is above 0, got {self.probe_prior_count}")
        logits = (self.base_log_odds, self.crowd_log_odds, self.emptiness_log_odds)
        check(all(-20 <= logit <= 20 for logit in logits), f"log-odds lie between -20 and 20, got {logits}")


@dataclass(frozen=True, slots=True)
class ContainerThresholds:
    """How the scores of the weights that segment containers are read.

    min_trusted_score: 0–1, of containers that stay where many plants stand in none of them: what is less confident are
    squares of a string grid, or pots that were taken for boxes. Raises InvalidInput for a value out of its range.
    """

    min_trusted_score: float

    def __post_init__(self) -> None:
        _check_shares(self, "min_trusted_score")


def _check_shares(thresholds: object, *names: str) -> None:
    for name in names:
        value = getattr(thresholds, name)
        check(0 <= value <= 1, f"{name} lies between 0 and 1, got {value}")
