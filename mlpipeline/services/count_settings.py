"""The counting options of this installation."""

from dataclasses import replace

from django.conf import settings

from mlpipeline.detectors.engines import Engine, options_for, tuned_options
from mlpipeline.detectors.manifest import read_manifest
from mlpipeline.vision.options import CountOptions


def estimate_options() -> CountOptions:
    """What this installation's settings and the manifest say; enough to aggregate, where no model runs."""
    return _with_settings(options_for(read_manifest().values()))


def count_options(engine: Engine) -> CountOptions:
    """What this installation's settings and the manifest of an engine's weights say."""
    return _with_settings(tuned_options(engine))


def _with_settings(options: CountOptions) -> CountOptions:
    return replace(
        options,
        largest_segment_only=settings.COUNT_LARGEST_SEGMENT_ONLY,
        whole_containers_only=settings.COUNT_WHOLE_CONTAINERS_ONLY,
        border_share=settings.COUNT_BORDER_SHARE,
        estimator=settings.COUNT_ESTIMATOR,
    )
