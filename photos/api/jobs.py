"""Following uploads. Each answer costs the same few queries, however many jobs there are."""

from dataclasses import asdict
from datetime import timedelta
from typing import cast
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.api_errors import errors
from photos.api import serializers
from photos.api.job_answers import job_answers
from photos.filters import UploadFilter
from photos.models import UploadJob, UploadSession
from photos.services.steps.followed import followed_jobs
from photos.services.steps.pace import pace_for
from photos.services.steps.progress import summarise, summarise_uploads


def check_may_follow(user: User, owner_id: int) -> None:
    """Raises PermissionDenied (403) unless it is the user's own upload, or he is at least a supervisor."""
    if owner_id != user.pk and not user.has_role(Role.SUPERVISOR):
        raise PermissionDenied


def find_job(user: User, job_id: UUID) -> UploadJob:
    """A job with its count and photo. 404 if there is none, 403 if it is another user's."""
    jobs = UploadJob.objects.select_related("session", "image", "upload_session")
    job = get_object_or_404(jobs, pk=job_id)
    check_may_follow(user, job.upload_session.user_id)
    return job


class UploadStatus(APIView):
    """The jobs of one upload with their summary; 404 unknown, 403 for the upload of another user."""

    @extend_schema(
        operation_id="photos_jobs_status",
        description="How far all files of an upload are. Ask every 2 seconds.",
        parameters=[serializers.UploadSessionQuerySerializer],
        responses={200: serializers.UploadStatusSerializer, **errors(400, 404)},
    )
    def get(self, request: Request) -> Response:
        query = serializers.UploadSessionQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        upload = get_object_or_404(UploadSession, pk=query.validated_data["upload_session_id"])
        check_may_follow(cast(User, request.user), upload.user_id)
        jobs = followed_jobs(upload.jobs.all())
        return Response(
            {
                "upload_session_id": str(upload.pk),
                "jobs": job_answers(jobs, pace_for(jobs)),
                "summary": asdict(summarise(jobs)),
                "last_updated": timezone.localtime(),
            }
        )


class JobStatus(APIView):
    """One job, with the same rules of access."""

    @extend_schema(
        operation_id="photos_job_status",
        description="How far one file is.",
        responses={200: serializers.JobSerializer},
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        jobs = followed_jobs(UploadJob.objects.filter(pk=job_id))
        if not jobs:
            raise Http404
        check_may_follow(cast(User, request.user), jobs[0].owner_id)
        [answer] = job_answers(jobs, pace_for(jobs))
        return Response(answer)


class Uploads(GenericAPIView[UploadSession]):
    """The caller's own uploads of the last JOBS_VISIBLE_H hours."""

    serializer_class = serializers.UploadListSerializer
    filterset_class = UploadFilter

    def get_queryset(self) -> QuerySet[UploadSession]:
        if getattr(self, "swagger_fake_view", False):  # the description is made without a user
            return UploadSession.objects.none()
        since = timezone.now() - timedelta(hours=settings.JOBS_VISIBLE_H)
        return UploadSession.objects.filter(user=cast(User, self.request.user), created_at__gte=since)

    @extend_schema(
        operation_id="photos_uploads",
        description="The caller's own uploads of the last 48 hours, newest first if no other `ordering` is asked for.",
        responses={200: serializers.UploadListSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        uploads = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        summaries = summarise_uploads(uploads)
        rows = [
            {
                "upload_session_id": upload.pk,
                "created_at": upload.created_at,
                "notes": upload.notes,
                "total_files": summaries[upload.pk][0],
                "summary": summaries[upload.pk][1],
            }
            for upload in uploads
        ]
        return self.get_paginated_response(serializers.UploadListSerializer(rows, many=True).data)
