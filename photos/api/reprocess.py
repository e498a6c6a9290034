"""Counting a stored photo again."""

from typing import cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.accounts.permissions import IsWorker
from demeter.api_errors import errors
from demeter.links import absolute_link
from photos.api import serializers
from photos.api.idempotency import IDEMPOTENCY_KEY, idempotent
from photos.models import Image
from photos.queue import send_session
from photos.services.intake.uploads import find_location
from photos.services.results.session_lifecycle import reprocess


class Reprocess(APIView):
    """Count a stored photo again, in a new session; 409 while one is running."""

    permission_classes = [IsWorker]

    @extend_schema(
        operation_id="photos_reprocess",
        description="Count a photo again from the stored original: workers their own, supervisors all.",
        request=serializers.ReprocessRequestSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={202: serializers.ReprocessAnswerSerializer, **errors(400, 409, 422)},
    )
    @idempotent
    def post(self, request: Request, image_id: UUID) -> Response:
        user = cast(User, request.user)
        image = get_object_or_404(Image.objects.visible_to(user).not_deleted(), pk=image_id)
        if image.uploaded_by_id != user.pk and not user.has_role(Role.SUPERVISOR):
            raise PermissionDenied
        given = serializers.ReprocessRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        job = reprocess(
            image=image,
            user=user,
            reason=given.validated_data["reason"],
            location=find_location(given.validated_data.get("storage_location_id")),
        )
        if job.session is not None:
            send_session(job.session)
        answer = {
            "status": "accepted",
            "image_id": image.pk,
            "new_job_id": job.pk,
            "message": _("The photo is being counted again."),
            "poll_url": absolute_link(request, reverse("job-status", args=[job.pk])),
        }
        return Response(serializers.ReprocessAnswerSerializer(answer).data, status=status.HTTP_202_ACCEPTED)
