"""Sending photos from a browser."""

from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from demeter.errors import DemeterError
from demeter.serving.admission import takes_large_body
from photos import queue
from photos.choices import ImageSource
from photos.pages import not_taken
from photos.pages.forms import UploadForm
from photos.pages.permissions import Page, for_workers, user_of
from photos.pages.upload_texts import upload_texts
from photos.services.intake.uploads import accept_upload
from photos.upload_handlers import PHOTOS


def _or_sign_in(page: Page) -> Page:
    """Send who is not signed in to sign in, and back to the upload page, which says what of his was not taken.

    The session may have ended while photos of the plain form were on their way. Where their body is refused unread,
    no name arrives. With JavaScript the form is not sent as such: photos then wait for the next sign-in.
    """

    @wraps(page)
    def guarded(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            return page(request)
        response = redirect_to_login(reverse("upload"))
        if request.method == "POST":
            not_taken.remember(response, [file.name or "" for file in _files_of(request)])
        return response

    return guarded


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@_or_sign_in
@for_workers
@takes_large_body(PHOTOS)
def upload(request: HttpRequest) -> HttpResponse:
    """The page to send photos from; POST takes those of its form and leads to the page that follows them."""
    if request.method == "POST":
        return _take(request)
    context = {
        "upload_form": UploadForm(initial={"storage_location_id": request.GET.get("storage_location_id")}),
        "upload_texts": upload_texts(),
        "not_taken": not_taken.read(request),
    }
    response = render(request, "photos/upload.html", context)
    not_taken.forget(response)
    return response


def _take(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST)
    files = _files_of(request)
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


def _files_of(request: HttpRequest) -> list[UploadedFile]:
    """All files of the form, whatever their field is called."""
    return [file for _field, files in request.FILES.lists() for file in files]
