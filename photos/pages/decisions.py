"""What a person decides about a photo: its place, another count, the word that a count is right."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from demeter.accounts.choices import Role
from demeter.errors import DemeterError
from inventory.models import StorageLocation
from photos import queue
from photos.choices import BookingState
from photos.models import Image, ProcessingSession
from photos.pages.access import find_photo_to_decide, for_workers, user_of
from photos.pages.forms import CountAgainForm, PlaceForm, ValidateForm
from photos.services.review import validate
from photos.services.sessions import assign_location, count_again


@require_POST
@for_workers
def place(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Name the place of a photo; its newest count is booked there, without counting again."""
    image = find_photo_to_decide(user_of(request), image_id)
    form = PlaceForm(request.POST)
    if not form.is_valid():
        return _refused(request, image, _("Choose one of the places."))
    location = get_object_or_404(StorageLocation, pk=form.cleaned_data["storage_location_id"])

    def decide() -> None:
        session = assign_location(session=_newest_count(image), location=location, user=user_of(request))
        if session.booking_state == BookingState.BOOKED:
            messages.success(request, _("The stock is booked at %(place)s.") % {"place": location})
        else:
            messages.success(request, _("The place is %(place)s.") % {"place": location})

    return _decided(request, image, decide)


@require_POST
@for_workers
def again(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Count the stored original once more."""
    image = find_photo_to_decide(user_of(request), image_id)
    form = CountAgainForm(request.POST)
    if not form.is_valid():
        return _refused(request, image, _first_error(form))

    def decide() -> None:
        job = count_again(image=image, user=user_of(request), reason=form.cleaned_data["reason"])
        queue.send_session(cast(ProcessingSession, job.session))
        messages.success(request, _("The photo is being counted again."))

    return _decided(request, image, decide)


@require_POST
@for_workers
def accept(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """A supervisor says that the newest count is right; what waited for that word is booked."""
    image = find_photo_to_decide(user_of(request), image_id)
    if not user_of(request).has_role(Role.SUPERVISOR):
        raise PermissionDenied
    form = ValidateForm(request.POST)
    if not form.is_valid():
        return _refused(request, image, _first_error(form))

    def decide() -> None:
        validate(session=_newest_count(image), user=user_of(request), note=form.cleaned_data["note"])
        messages.success(request, _("The count is validated."))

    return _decided(request, image, decide)


def _decided(request: HttpRequest, image: Image, decide: Callable[[], None]) -> HttpResponse:
    """Carry out a decision; a refusal is shown on the photo's page."""
    try:
        decide()
    except DemeterError as refusal:
        return _refused(request, image, str(refusal))
    return redirect("photo", image_id=image.pk)


def _refused(request: HttpRequest, image: Image, text: str) -> HttpResponse:
    messages.error(request, text)
    return redirect("photo", image_id=image.pk)


def _first_error(form: Form) -> str:
    return str(next(iter(form.errors.values()))[0])


def _newest_count(image: Image) -> ProcessingSession:
    session = image.sessions.order_by("-attempt").first()
    if session is None:
        raise Http404
    return session
