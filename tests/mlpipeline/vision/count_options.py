"""Options of a count for detectors that no weights stand behind; expected values of tests follow from these numbers."""

from typing import Any

from mlpipeline.detectors.manifest import DetectionPostprocessing, SegmentationPostprocessing
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.thresholds import ContainerThresholds, DetectionThresholds

PLANT_THRESHOLDS = DetectionThresholds(
    min_confident_score=0.35,
    min_probe_score=0.25,
    probe_prior_count=3.0,
    probe_prior_score=0.3,
    max_probe_score_drop=0.05,
    base_log_odds=-0.2,
    crowd_log_odds=-0.25,
    emptiness_log_odds=2.0,
    max_adaptive_score=0.5,
    min_outside_score=0.5,
    min_proposal_score=0.05,
)
CONTAINER_THRESHOLDS = ContainerThresholds(min_trusted_score=0.7)
PLANT_POSTPROCESSING = DetectionPostprocessing(min_score=0.05, nms_iou=0.6, soft_nms_sigma=0.5)
CONTAINER_POSTPROCESSING = SegmentationPostprocessing(
    min_score=0.05, nms_iou=0.6, large_box_share=0.65, large_box_margin=0.25, second_view_px=512
)
#: What `Weights` of each kind say of it.
OF_KIND: dict[str, dict[str, Any]] = {
    "detection": {"thresholds": PLANT_THRESHOLDS, "postprocessing": PLANT_POSTPROCESSING},
    "segmentation": {"thresholds": CONTAINER_THRESHOLDS, "postprocessing": CONTAINER_POSTPROCESSING},
}


def make_options(**settings: Any) -> CountOptions:
    """Options with these settings; the others are the defaults."""
    return CountOptions(PLANT_THRESHOLDS, CONTAINER_THRESHOLDS, **settings)
