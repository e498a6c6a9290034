"""The counting options of this installation."""

from django.conf import settings

from mlpipeline import detectors
from mlpipeline.vision.options import CountOptions


def count_options() -> CountOptions:
    """The options that settings and the weights' own calibration say."""
    return detectors.default_options(largest_segment_only=settings.COUNT_LARGEST_SEGMENT_ONLY)
