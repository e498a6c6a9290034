"""SAHI, the reference engine: sliced inference by that library with the same weights, to compare ours with."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from mlpipeline.detectors.environment import prepare_libraries
from mlpipeline.detectors.errors import model_faults_reported
from mlpipeline.detectors.manifest import Weights, plant_classes
from mlpipeline.detectors.torch_forward import device_of_worker, load_model
from mlpipeline.vision.arrays import Image
from mlpipeline.vision.results import Detections

SLICE_PX = 512
OVERLAP = 0.25
MAX_DET = 1500


class SahiDetector:
    """Plants of a whole picture by `get_sliced_prediction`: 512 px slices, overlap .25, GREEDYNMM, batch 1.

    `max_det` is raised from Ultralytics' 300. Not thread-safe: SAHI keeps the threshold and the predictions of a
    call on the model. Reading a picture with SAHI lifts Pillow's guard against decompression bombs for the whole
    process (measured, 0.12.8); it is put back after every call.
    """

    def __init__(self, weights: Weights, min_score: float) -> None:
        prepare_libraries()
        from sahi import AutoDetectionModel
        from ultralytics import YOLO

        yolo: Any = YOLO(weights.architecture, task="detect", verbose=False)
        yolo.model = load_model(weights)
        yolo.overrides["max_det"] = MAX_DET
        self.class_ids = plant_classes(weights)
        self.min_score = min_score
        self.model: Any = AutoDetectionModel.from_pretrained(
            model_type="ultralytics",
            model=yolo,
            confidence_threshold=min_score,
            device=str(device_of_worker()),
            image_size=SLICE_PX,
        )
        logging.getLogger("sahi").setLevel(logging.WARNING)

    def detect_image(self, image: Image, min_score: float) -> Detections:
        """See ImageDetector. Raises ModelFault."""
        from sahi.predict import get_sliced_prediction

        limit = PillowImage.MAX_IMAGE_PIXELS
        try:
            with model_faults_reported():
                result = get_sliced_prediction(
                    image,
                    self.model,
                    slice_height=SLICE_PX,
                    slice_width=SLICE_PX,
                    overlap_height_ratio=OVERLAP,
                    overlap_width_ratio=OVERLAP,
                    postprocess_type="GREEDYNMM",
                    verbose=0,
                    confidence_threshold=min_score,
                )
        finally:
            PillowImage.MAX_IMAGE_PIXELS = limit
        seen = result.object_prediction_list
        height, width = image.shape[:2]
        boxes = np.array([found.bbox.to_xyxy() for found in seen], dtype=np.float32).reshape(-1, 4)
        return Detections(
            boxes.clip(0, [width, height, width, height]),
            np.array([found.score.value for found in seen], dtype=np.float32),
            np.array([self.class_ids[found.category.id] for found in seen], dtype=np.int16),
        )
