"""What is answered about jobs. A hundred are asked for every two seconds, so the answer is built as it is sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from django.utils import timezone

from photos.api.serializers import JobSerializer
from photos.error_texts import error_text
from photos.services.steps.followed import FollowedJob
from photos.services.steps.pace import Pace, remaining_seconds
from photos.services.steps.progress import processing_seconds


def job_answers(jobs: Iterable[FollowedJob], pace: Pace | None) -> list[dict[str, Any]]:
    """What JobSerializer describes, of each job. `pace`: None where all of them have ended."""
    now, zone = timezone.now(), timezone.get_current_timezone()
    return [_without_empty(_job_answer(job, pace, now, zone)) for job in jobs]


def _job_answer(job: FollowedJob, pace: Pace | None, now: datetime, zone: tzinfo) -> dict[str, Any]:
    return {
        "job_id": str(job.id),
        "image_id": str(job.image_id) if job.image_id else None,
        "filename": job.filename,
        "status": job.status,
        "stage": job.stage,
        "progress_percent": job.progress_percent,
        "started_at": job.started_at and job.started_at.astimezone(zone),
        "completed_at": job.completed_at and job.completed_at.astimezone(zone),
        "processing_time_seconds": processing_seconds(job),
        "estimated_remaining_seconds": remaining_seconds(job, pace, now) if pace is not None else None,
        "code": job.code or None,
        "error_message": error_text(job.code, job.error) or None,
        "duplicate_of": str(job.duplicate_of_id) if job.duplicate_of_id else None,
        "warnings": job.warnings,
        "result": _result(job) if job.is_counted else None,
    }


def _result(job: FollowedJob) -> dict[str, Any]:
    return {
        "session_id": str(job.count_uuid),
        "total_detected": job.detected,
        "total_estimated": job.estimated,
        "total": job.detected + job.estimated,
        "storage_location_id": job.count_location_id,
    }


def _without_empty(answer: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in answer.items()
        if value is not None or name not in JobSerializer.omitted_if_none
    }
