"""The counting options of this installation."""

from django.conf import settings

from mlpipeline.detectors.engines import Engine, tuned_options
from mlpipeline.vision.options import CountOptions


def estimate_options() -> CountOptions:
    """What this installation's settings say; enough to estimate, where no model runs."""
    return CountOptions(
        largest_segment_only=settings.COUNT_LARGEST_SEGMENT_ONLY,
        whole_containers_only=settings.COUNT_WHOLE_CONTAINERS_ONLY,
        border_share=settings.COUNT_BORDER_SHARE,
    )


def count_options(engine: Engine) -> CountOptions:
    """The same with the thresholds at which an engine's weights count best."""
    return tuned_options(engine, estimate_options())
