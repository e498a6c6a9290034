"""The page on which a person corrects a count, and the plain form of it: a count of the photo by hand."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from demeter.accounts.choices import Role
from demeter.errors import DemeterError
from photos.choices import ContainerType, SessionStatus
from photos.image_urls import full_picture_url, picture_url, plain_thumbnail_url
from photos.models import Image, ProcessingSession
from photos.pages.decisions import back_to
from photos.pages.forms import HandCountForm
from photos.pages.permissions import find_photo_to_decide, for_workers, user_of
from photos.pages.viewer import full_picture_asked_at
from photos.services.corrections.findings import corrected_findings
from photos.services.corrections.sums import correct_sums
from photos.services.review.edits import MAX_BY_HAND, correct


@require_safe
@never_cache  # the links to the pictures end
@for_workers
def corrector(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """The picture with what was found, to be corrected by hand: the newest count of a photo.

    `next` is the page to which it leads back, also from the question whether the count is right.
    """
    user = user_of(request)
    image = find_photo_to_decide(user, image_id)
    session, back = _newest_count(image), back_to(request, image)
    if session is None:
        messages.error(request, _("Only a finished count can be corrected."))
        return redirect(back)
    may_validate = user.has_role(Role.SUPERVISOR)
    findings = corrected_findings(session)
    sums = correct_sums(session, findings).photo
    by_hand = findings.hand_counts.get(None)
    living, dead = (by_hand.living, by_hand.dead) if by_hand else (sums.living, sums.dead)
    return render(
        request,
        "photos/corrector.html",
        {
            "image": image,
            "session": session,
            "sums": sums,
            "may_validate": may_validate,
            "back": back,
            "leads_to_photo": back == reverse("photo", args=[image.pk]),
            "form": HandCountForm(initial={"living": living, "dead": dead, "version": session.version}),
            "settings": _settings(request, session, back, may_validate=may_validate),
            "texts": _texts(),
        },
    )


@require_POST
@for_workers
def count_by_hand(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Take a count of the whole photo by hand: what works without any script."""
    image = find_photo_to_decide(user_of(request), image_id)
    back = back_to(request, image)
    session, form = _newest_count(image), HandCountForm(request.POST)
    if session is None or not form.is_valid():
        text = (
            _("Only a finished count can be corrected.") if session is None else _("Write two whole numbers.")
        )
        messages.error(request, text)
        return redirect(back)
    given = form.cleaned_data
    count = {"container_id": None, "living": given["living"], "dead": given["dead"]}
    try:
        correct(
            session=session,
            user=user_of(request),
            version=given["version"],
            operations={"hand_counts": [count]},
        )
    except DemeterError as refusal:
        messages.error(request, str(refusal))
        return redirect(_address("photo-correct", image, next=back))
    if user_of(request).has_role(Role.SUPERVISOR):
        return redirect(_address("photo-validate", image, count=session.attempt, next=back))
    messages.success(request, _("Your count is kept. A supervisor validates it, and the stock follows."))
    return redirect(back)


def _address(name: str, image: Image, **query: object) -> str:
    return f"{reverse(name, args=[image.pk])}?{urlencode(query)}"


def _newest_count(image: Image) -> ProcessingSession | None:
    """The newest count of a photo, if it has ended well."""
    counts = image.sessions.select_related("image", "storage_location")
    session = counts.order_by("-attempt").first()
    return session if session is not None and session.status == SessionStatus.COMPLETED else None


def _settings(
    request: HttpRequest, session: ProcessingSession, back: str, *, may_validate: bool
) -> dict[str, Any]:
    """What the scripts need to know of the photo, in JSON."""
    image = session.image
    api = {
        name: reverse(f"photos-{name}", args=[image.pk])
        for name in ("detections", "containers", "estimations")
    }
    return {
        **{name: f"{url}?count={session.attempt}" for name, url in api.items()},
        "user": str(user_of(request).pk),
        "draft_key": f"corrections:{user_of(request).pk}:{session.uuid}",
        "count": session.attempt,
        "width_px": image.width_px,
        "height_px": image.height_px,
        "thumbnail": plain_thumbnail_url(image),
        "picture": picture_url(image),
        "full_picture": full_picture_url(image),
        "full_picture_asked_at": full_picture_asked_at(image),
        "validate": _address("photo-validate", image, next=back) if may_validate else None,
        "sign_in": f"{reverse('sign-in')}?{urlencode({'next': request.get_full_path()})}",
        "container_types": dict(ContainerType.choices),
        "most_by_hand": MAX_BY_HAND,
    }


def _texts() -> dict[str, str]:
    """What the scripts say, in the language of the page."""
    return {
        "loading": _("Loading what was found …"),
        "saved": _("Saved"),
        "saving": _("Saving …"),
        "offline": _("Offline: kept on this device: {n}"),
        "signed_out": _("You are signed out. Your changes are kept on this device."),
        "refused": _("Not saved: {reason}"),
        "unsaved": _("Changes to save: {n}"),
        "no_storage": _("This browser keeps nothing: stay on this page until all is saved."),
        "conflict": _("{name} has corrected this count meanwhile."),
        "somebody": _("Somebody"),
        "added": _("{what} added. Living plants: {living}."),
        "deleted": _("Deleted: {n}. Living plants: {living}."),
        "relabelled": _("{what}: {n}. Living plants: {living}."),
        "restored": _("Taken back. Living plants: {living}."),
        "redone": _("Done again. Living plants: {living}."),
        "selected": _("Selected: {n}"),
        "nothing_here": _("There is nothing here to delete."),
        "estimated_here": _("Hidden plants were estimated here: this one is one of them."),
        "plant": _("Living plant"),
        "dead": _("Dead plant"),
        "empty": _("Empty pot or cell"),
        "container": pgettext("corrector", "Container {n}"),
        "whole_photo": _("Whole photo"),
        "type": _("Type"),
        "living": _("Living"),
        "dead_count": _("Dead"),
        "by_hand": _("Counted by hand"),
        "use_marks": _("Use what is marked"),
        "apply": _("Apply"),
        "show": pgettext("corrector", "Show"),
        "invalid_number": _("Write a whole number from 0 to {most}."),
        "summary": _("{living} living · {dead} dead · {empty} empty"),
        "kept_old": _("Changes that were kept on this device are back: {n}"),
    }
