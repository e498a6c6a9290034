"""One decision about several photos of the gallery: a page says what it changes, a POST takes it photo by photo."""

from __future__ import annotations  # Django's querysets take no type argument at run time

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.errors import DemeterError
from inventory.models import StorageLocation
from photos import queue
from photos.models import Image, ProcessingSession
from photos.pages.decisions import ask_or_decide, given_in, is_own_address
from photos.pages.forms import PlaceChoiceForm
from photos.pages.gallery import Card, cards
from photos.pages.permissions import can_review, for_workers, user_of
from photos.pages.seen_counts import SeenCount, check_seen, read_seen, seen_text
from photos.services.booking.image_status import blocking
from photos.services.booking.preview import preview_decision
from photos.services.results.session_lifecycle import assign_location, reprocess
from photos.services.review.trash import restore, trash
from photos.services.review.validation import validate
from photos.warning_catalogue import ANSWERED_FIRST

MAX_PHOTOS: Final = 100


@dataclass(frozen=True)
class Choice:
    """What a person has chosen: an action, its photos with their newest counts, and a place where the action needs one.

    seen: the counts that the person has seen, by photo; None where the page that leads here names the photo alone.
    """

    user: User
    cards: list[Card]
    seen: dict[UUID, SeenCount | None]
    place: StorageLocation | None = None
    started: list[ProcessingSession] = field(default_factory=list)

    @property
    def values(self) -> list[str]:
        """The photos with the counts that were seen, for the answer: those shown now where none was seen before."""
        return [
            card.value if (seen := self.seen[card.image.pk]) is None else seen_text(card.image.pk, seen)
            for card in self.cards
        ]


@dataclass(frozen=True)
class Action:
    """One thing that can be done to several photos. `carry_out` does it to one; refusals are raised."""

    title: Promise
    button: Promise
    carry_out: Callable[[Choice, Card], None]
    role: Role = Role.WORKER
    is_grave: bool = False
    in_trash: bool = False
    asks_place: bool = False
    changes_stock: bool = True


class _Unanswered(DemeterError):
    """The count waits for an answer that validating does not give."""

    code, status = "answer_first", 409


class _NotCounted(DemeterError):
    """The photo has no count."""

    code, status = "not_counted", 409


def _trash(choice: Choice, card: Card) -> None:
    if (seen := choice.seen[card.image.pk]) is not None:
        check_seen(card.session, seen)
    trash(image_ids=[card.image.pk], user=choice.user)


def _restore(choice: Choice, card: Card) -> None:
    restore(image_ids=[card.image.pk], user=choice.user)


def _count_again(choice: Choice, card: Card) -> None:
    job = reprocess(image=card.image, user=choice.user)
    if job.session is not None:
        choice.started.append(job.session)


def _name_place(choice: Choice, card: Card) -> None:
    if choice.place is not None:
        assign_location(session=_count_of(card), location=choice.place, user=choice.user)


def _validate(choice: Choice, card: Card) -> None:
    session = _count_of(card)
    if ANSWERED_FIRST.intersection(blocking(session)):
        raise _Unanswered(_("Say first where it is and what grows there."))
    seen = choice.seen[card.image.pk]
    if seen is not None:
        check_seen(session, seen)
    validate(session=session, user=choice.user, version=seen.version if seen else session.version)


def _count_of(card: Card) -> ProcessingSession:
    if card.session is None:
        raise _NotCounted(_("This photo has no count yet."))
    card.session.image = card.image
    return card.session


ACTIONS: Final = {
    "trash": Action(
        gettext_lazy("Move to the trash"), gettext_lazy("Move to the trash"), _trash, is_grave=True
    ),
    "restore": Action(gettext_lazy("Restore"), gettext_lazy("Restore"), _restore, in_trash=True),
    "again": Action(
        gettext_lazy("Count again"), gettext_lazy("Count again"), _count_again, changes_stock=False
    ),
    "place": Action(
        gettext_lazy("Name the place"), gettext_lazy("This is the place"), _name_place, asks_place=True
    ),
    "validate": Action(
        gettext_lazy("Validate the counts"),
        gettext_lazy("Validate the counts"),
        _validate,
        role=Role.SUPERVISOR,
    ),
}


@never_cache  # what it would change changes, and the links to thumbnails end
@ask_or_decide
@for_workers
def several(request: HttpRequest) -> HttpResponse:
    """Ask about the photos that were selected (GET), or decide about them (POST), and go back to the gallery."""
    given, user, back = given_in(request), user_of(request), _back(request)
    name = given.get("action", "")
    action = ACTIONS.get(name)
    if action is None or not user.has_role(action.role):
        messages.error(request, _("Your role does not allow this."))
        return redirect(back)
    values = (request.POST if request.method == "POST" else request.GET).getlist("photo")
    if len(values) > MAX_PHOTOS:
        text = _("At most %(most)d photos can be decided about at once. Select fewer.")
        messages.error(request, text % {"most": MAX_PHOTOS})
        return redirect(back)
    seen = read_seen(values)
    found = Image.objects.visible_to(user).in_inventory().filter(pk__in=seen).order_by("-uploaded_at", "pk")
    of_state = found.in_trash() if action.in_trash else found.not_deleted()
    photos = [photo for photo in of_state if can_review(user, photo)]
    if not photos:
        messages.error(request, _("Choose at least one photo."))
        return redirect(back)
    form = PlaceChoiceForm(given if given.get("storage_location_id") else None) if action.asks_place else None
    choice = Choice(user, cards(photos, user), seen, _place(form))
    is_complete = not action.asks_place or choice.place is not None
    if request.method == "POST" and is_complete:
        _decide(request, action, choice)
        return redirect(back)
    context: dict[str, Any] = {
        "action": action,
        "name": name,
        "cards": choice.cards,
        "values": choice.values,
        "form": form,
        "place": choice.place,
        "back": back,
        "left_out": len(seen) - len(photos),
        "is_complete": is_complete,
    }
    if is_complete and action.changes_stock:
        also = [choice.place] if choice.place else []
        refusals: list[str] = []
        context["preview"] = preview_decision(
            lambda: refusals.extend(_carry_out(action, choice)), [photo.pk for photo in photos], *also
        )
        context["refusals"] = refusals
    return render(request, "photos/several.html", context)


def _decide(request: HttpRequest, action: Action, choice: Choice) -> None:
    refusals = _carry_out(action, choice)
    for session in choice.started:
        queue.send_session(session)
    done = len(choice.cards) - len(refusals)
    if done:
        text = ngettext("%(action)s: %(n)d photo.", "%(action)s: %(n)d photos.", done)
        messages.success(request, text % {"action": action.title, "n": done})
    for refusal in refusals:
        messages.error(request, refusal)


def _carry_out(action: Action, choice: Choice) -> list[str]:
    """Do it to each photo for itself; what was refused, with the name of the photo."""
    refusals = []
    for card in choice.cards:
        try:
            action.carry_out(choice, card)
        except DemeterError as refusal:
            refusals.append(f"{card.image.original_filename}: {refusal}")
    return refusals


def _place(form: PlaceChoiceForm | None) -> StorageLocation | None:
    if form is None or not form.is_bound or not form.is_valid():
        return None
    return StorageLocation.objects.filter(pk=form.cleaned_data["storage_location_id"]).first()


def _back(request: HttpRequest) -> str:
    """The gallery as it was filtered."""
    wanted = given_in(request).get("next", "")
    return wanted if is_own_address(wanted) else reverse("gallery")
