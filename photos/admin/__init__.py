"""Photos in the administration: looked at and decided about by supervisors and administrators."""

from photos.admin import (
    calibrations,
    corrections,
    detections,
    idempotency_keys,
    images,
    jobs,
    movements,
    places,
    resumable_uploads,
    sessions,
    steps,
    uploads,
)

__all__ = [
    "calibrations",
    "corrections",
    "detections",
    "idempotency_keys",
    "images",
    "jobs",
    "movements",
    "places",
    "resumable_uploads",
    "sessions",
    "steps",
    "uploads",
]
