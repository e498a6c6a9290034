"""Sending photos from a browser, and following them."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from demeter.accounts.choices import Role
from demeter.errors import DemeterError
from demeter.serving.admission import takes_large_body
from photos import queue
from photos.choices import ImageSource, JobStatus, Stage
from photos.models import UploadSession
from photos.pages.access import for_readers, for_workers, user_of
from photos.pages.forms import UploadForm
from photos.services.uploads import accept_upload


@require_POST
@for_workers
@takes_large_body(settings.UPLOAD_MAX_REQUEST_BYTES)
def upload(request: HttpRequest) -> HttpResponse:
    """Take the photos of the form on the home page and lead to the page that follows them."""
    form = UploadForm(request.POST)
    files = request.FILES.getlist("files")
    if not files:
        messages.error(request, _("Choose at least one photo."))
        return redirect("home")
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, str(errors[0]))
        return redirect("home")
    try:
        outcome = accept_upload(
            user=user_of(request),
            files=files,
            location_id=form.cleaned_data["storage_location_id"],
            notes=form.cleaned_data["notes"],
            taken_at=form.cleaned_data["taken_at"],
            source=ImageSource.WEB,
        )
    except DemeterError as refusal:
        messages.error(request, str(refusal))
        return redirect("home")
    queue.send_steps(outcome.open_steps())
    return redirect("upload-progress", upload_id=outcome.upload_session.pk)


@require_GET
@for_readers
def upload_progress(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """What becomes of each file of one upload: its owner's, or anybody's for supervisors."""
    user = user_of(request)
    upload_session = get_object_or_404(
        UploadSession.objects.select_related("user", "storage_location"), pk=upload_id
    )
    if upload_session.user_id != user.pk and not user.has_role(Role.SUPERVISOR):
        raise PermissionDenied
    return render(
        request,
        "photos/uploadsession_detail.html",
        {
            "upload_session": upload_session,
            "jobs": upload_session.jobs.order_by("position").select_related("session", "duplicate_of"),
            "labels": {"status": dict(JobStatus.choices), "stage": dict(Stage.choices)},
        },
    )
