"""The tables of photos: images, uploads, counts with their findings and corrections, steps, calibrations."""

from photos.models.calibration import CalibrationSample, PlaceCalibration
from photos.models.detections import Classification, Correction, Detection, Estimation, PhotoContainer
from photos.models.image import Image
from photos.models.resumable import ResumableUpload, UploadChunk
from photos.models.session import ProcessingSession
from photos.models.step import ProcessingStep
from photos.models.upload import IdempotencyKey, UploadJob, UploadSession

__all__ = [
    "CalibrationSample",
    "Classification",
    "Correction",
    "Detection",
    "Estimation",
    "IdempotencyKey",
    "Image",
    "PhotoContainer",
    "PlaceCalibration",
    "ProcessingSession",
    "ProcessingStep",
    "ResumableUpload",
    "UploadChunk",
    "UploadJob",
    "UploadSession",
]
