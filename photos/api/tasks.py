"""The same jobs as tasks: for stock, and for analyses without inventory."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final, cast
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.api_errors import errors
from demeter.links import absolute_link
from demeter.routers import UUID_PATTERN
from inventory.models import StockMovement
from photos.api import serializers
from photos.api.jobs import find_job
from photos.choices import JobPurpose, JobStatus
from photos.error_texts import error_text
from photos.image_urls import annotated_url
from photos.models import UploadJob

_MAX_IDS: Final = 100


def stock_tasks(jobs: list[UploadJob], request: Request) -> list[dict[str, Any]]:
    """Jobs as clients of /stock/tasks see them. One query more, for the batches of all."""
    batches = _batch_ids(job.session.uuid for job in jobs if job.session is not None)
    return [_stock_task(job, batches, request) for job in jobs]


def _batch_ids(sessions: Iterable[UUID]) -> dict[UUID, list[int]]:
    rows = (
        StockMovement.objects.filter(session_uuid__in=list(sessions))
        .order_by("batch_id")
        .values_list("session_uuid", "batch_id")
        .distinct()
    )
    batches: dict[UUID, list[int]] = defaultdict(list)
    for session, batch in rows:
        if session is not None:
            batches[session].append(batch)
    return batches


def _stock_task(job: UploadJob, batches: dict[UUID, list[int]], request: Request) -> dict[str, Any]:
    result = None
    if job.status == JobStatus.COMPLETED and job.session is not None and job.image is not None:
        result = {
            "session_id": job.session.uuid,
            "total_detected": job.session.detected,
            "total_estimated": job.session.estimated,
            "avg_confidence": job.session.avg_confidence,
            "batch_ids": batches[job.session.uuid],
            "processed_image_url": absolute_link(
                request, annotated_url(job.image, job.session.processed_image_id)
            ),
        }
    status = JobStatus.FAILED if job.status == JobStatus.REJECTED else job.status
    return {
        "task_id": job.pk,
        "status": status,
        "progress_percent": job.progress_percent,
        "result": result,
        "error": error_text(job.code, job.error) or None,
    }


class StockTaskViewSet(ViewSet):
    """Jobs as stock tasks: one, or several in one answer."""

    lookup_field = "task_id"
    lookup_value_regex = UUID_PATTERN
    detail_name = "task"

    @extend_schema(
        operation_id="stock_task",
        responses={200: serializers.StockTaskSerializer},
        description="How far one photo is, and the stock it led to.",
    )
    def retrieve(self, request: Request, task_id: UUID) -> Response:
        job = find_job(cast(User, request.user), task_id)
        return Response(serializers.StockTaskSerializer(stock_tasks([job], request)[0]).data)

    @extend_schema(
        operation_id="stock_tasks_status",
        description="Several tasks at once. Ids that are unknown, or another user's, are listed in `not_found`.",
        parameters=[serializers.TaskIdsSerializer],
        responses={200: serializers.StockTasksSerializer, **errors(400)},
    )
    @action(detail=False, url_path="status", url_name="tasks")
    def status(self, request: Request) -> Response:
        query = serializers.TaskIdsSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = [text.strip() for text in query.validated_data["task_ids"].split(",") if text.strip()]
        if len(asked) > _MAX_IDS:
            raise ValidationError({"task_ids": [_("At most %(limit)d ids at once.") % {"limit": _MAX_IDS}]})
        user = cast(User, request.user)
        jobs = UploadJob.objects.filter(pk__in=[parsed for text in asked if (parsed := _uuid(text))])
        if not user.has_role(Role.SUPERVISOR):
            jobs = jobs.filter(upload_session__user=user)
        found = {job.pk: job for job in jobs.select_related("session", "image")}
        shown = [found[key] for key in dict.fromkeys(_uuid(text) for text in asked) if key in found]
        answer = {
            "tasks": stock_tasks(shown, request),
            "not_found": [text for text in asked if _uuid(text) not in found],
        }
        return Response(serializers.StockTasksSerializer(answer).data)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


class Analysis(APIView):
    """An analysis without inventory; 404 also for another user's, except to supervisors."""

    @extend_schema(
        operation_id="task",
        responses={200: serializers.AnalysisSerializer},
        description="How far an analysis without inventory is, and what it found.",
    )
    def get(self, request: Request, task_id: UUID) -> Response:
        jobs = UploadJob.objects.select_related("session", "image", "upload_session")
        job = get_object_or_404(jobs, pk=task_id, purpose=JobPurpose.ANALYZE)
        user = cast(User, request.user)
        if job.upload_session.user_id != user.pk and not user.has_role(Role.SUPERVISOR):
            raise Http404  # whether another user's analysis exists is not told
        result = result_url = None
        if job.status == JobStatus.COMPLETED and job.session is not None and job.image is not None:
            session = job.session
            result = {
                "session_id": session.uuid,
                "total_detected": session.detected,
                "total_estimated": session.estimated,
                "total": session.total,
                "interval": session.interval,
                "interval_reasons": session.interval_reasons,
                "avg_confidence": session.avg_confidence,
                "category_counts": session.counts_by_class,
                "warnings": session.warnings,
            }
            result_url = absolute_link(request, annotated_url(job.image, session.processed_image_id))
        status = JobStatus.FAILED if job.status == JobStatus.REJECTED else job.status
        answer = {
            "task_id": job.pk,
            "status": status.upper(),
            "result_url": result_url,
            "result": result,
            "error": error_text(job.code, job.error) or None,
        }
        return Response(serializers.AnalysisSerializer(answer).data)
