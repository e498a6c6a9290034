"""Photos in the administration: looked at by workers (their own) and above, decided about by supervisors."""

from photos.admin import (
    calibrations,
    corrections,
    findings,
    images,
    jobs,
    places,
    requests,
    sessions,
    steps,
    uploads,
)

__all__ = [
    "calibrations",
    "corrections",
    "findings",
    "images",
    "jobs",
    "places",
    "requests",
    "sessions",
    "steps",
    "uploads",
]
