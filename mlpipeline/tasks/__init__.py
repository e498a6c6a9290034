"""The tasks that count and classify. Only workers import them: the web process knows their names alone."""

from mlpipeline.tasks.classifying import (
    classify_pictures,
    sweep_old_predictions,
    sweep_predictions,
    upload_classified,
)
from mlpipeline.tasks.counting_steps import (
    aggregate_results,
    detect_direct,
    detect_sahi,
    process_image,
    process_photo_ml,
)
from mlpipeline.tasks.drawing import draw_photo

__all__ = [
    "aggregate_results",
    "classify_pictures",
    "detect_direct",
    "detect_sahi",
    "draw_photo",
    "process_image",
    "process_photo_ml",
    "sweep_old_predictions",
    "sweep_predictions",
    "upload_classified",
]
