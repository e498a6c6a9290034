"""Photos in the administration: looked at by workers (their own) and above, decided about by supervisors."""

from photos.admin import (
    calibrations,
    corrections,
    detections,
    idempotency_keys,
    images,
    jobs,
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
    "places",
    "resumable_uploads",
    "sessions",
    "steps",
    "uploads",
]
