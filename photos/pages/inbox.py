"""The inbox of supervisors: one queue of counts to look at, each with its picture, the books, and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.errors import DemeterError
from photos.choices import SessionStatus
from photos.error_texts import error_text
from photos.image_urls import annotated_url, picture_url, thumbnail_url
from photos.models import Image, ProcessingSession
from photos.pages.decisions import ask_or_decide, in_dialog
from photos.pages.fixing import answers_for
from photos.pages.permissions import for_role, user_of
from photos.pages.seen_counts import SeenCount, check_seen, read_seen, seen_text, seen_value
from photos.services.booking.image_status import blocking
from photos.services.booking.preview import preview_decision
from photos.services.context.broken_thumbnails import broken_thumbnails
from photos.services.context.newest_counts import newest_counts
from photos.services.corrections.drafts import draft_of
from photos.services.review.inbox import REASONS, books_beside, inbox_of, reason_of, reasons_for
from photos.services.review.validation import validate
from photos.warning_catalogue import ANSWERED_FIRST
from photos.warning_texts import warnings_of

PER_PAGE: Final = 50


@dataclass(frozen=True)
class Item:
    """One count of the queue. `book` is None where the place is not known; counts are living plants."""

    session: ProcessingSession
    thumbnail_url: str | None
    is_thumbnail_broken: bool
    book: int | None

    @property
    def reason(self) -> str | Promise:
        return reason_of(self.session)

    @property
    def is_counted(self) -> bool:
        return self.session.status == SessionStatus.COMPLETED

    @property
    def difference(self) -> int | None:
        """Counted plants above those of the books; None where one of the two is not known."""
        return self.session.total_living - self.book if self.is_counted and self.book is not None else None

    @property
    def can_be_approved(self) -> bool:
        return self.is_counted and not ANSWERED_FIRST.intersection(blocking(self.session))

    @property
    def value(self) -> str:
        """The count that is looked at, as a form names it."""
        return seen_value(self.session.image_id, self.session)


class _Stop(NamedTuple):
    """An item of the queue, and the page on which it stands."""

    image_id: UUID
    page: int


@never_cache  # what waits changes, and the links to pictures end
@ask_or_decide
@for_role(Role.SUPERVISOR)
def inbox(request: HttpRequest) -> HttpResponse:
    """The queue, filtered by `reason`, with the `item` that is looked at; a POST approves some of it, or asks first."""
    if request.method == "POST":
        return _decide(request)
    user, reason = user_of(request), request.GET.get("reason", "")
    reason = reason if reason in REASONS else ""
    queue = inbox_of(user, reason).select_related(
        "image", "storage_location__storage_area__warehouse", "product", "packaging", "configuration", "moved_from",
    )  # fmt: skip
    page = Paginator(queue, PER_PAGE).get_page(request.GET.get("page"))
    items = _items(list(page.object_list))
    position = _position(items, request.GET.getlist("item"))
    current = items[position] if items else None
    place = page.start_index() + position if items else 0
    previous, following = _stop(queue, page, place - 1), _stop(queue, page, place + 1)
    here = _Stop(current.session.image_id, page.number) if current else None
    after = following or previous
    return render(
        request,
        "photos/inbox.html",
        {
            "reasons": reasons_for(user),
            "reason": reason,
            "page": page,
            "items": items,
            "current": current,
            "place_in_queue": place,
            "previous_url": _address(reason, previous.page, previous) if previous else None,
            "next_url": _address(reason, following.page, following) if following else None,
            # What is decided leaves the queue: the item of the next page comes onto this one.
            "after_url": _address(reason, page.number, after, here),
            "here_url": _address(reason, page.number, here, after),
            "here": here,
            "after": after,
            "links": [
                (item, _address(reason, page.number, _Stop(item.session.image_id, page.number)))
                for item in items
            ],
            **(_detail(current.session, user) if current else {}),
        },
    )


def _items(sessions: Sequence[ProcessingSession]) -> list[Item]:
    books = books_beside(sessions)
    broken = broken_thumbnails([session.image for session in sessions])
    return [
        Item(
            session=session,
            thumbnail_url=thumbnail_url(session.image, session.processed_image_id),
            is_thumbnail_broken=session.image_id in broken,
            book=books.get(session.pk),
        )
        for session in sessions
    ]


def _position(items: Sequence[Item], wanted: Sequence[str]) -> int:
    """Where the first item stands of those that an address names, in their order; 0 where none stands here any more."""
    ids = [str(item.session.image_id) for item in items]
    return next((ids.index(one) for one in wanted if one in ids), 0)


def _stop(queue: Any, page: Page[ProcessingSession], place: int) -> _Stop | None:
    """The item at this place of the whole queue, from 1; None beyond its ends. One query, for another page's item."""
    if not 1 <= place <= page.paginator.count:
        return None
    if page.start_index() <= place <= page.end_index():
        return _Stop(page.object_list[place - page.start_index()].image_id, page.number)
    image_id = queue.values_list("image_id", flat=True)[place - 1 : place].first()
    return _Stop(image_id, (place - 1) // PER_PAGE + 1) if image_id is not None else None


def _address(reason: str, page: int, *stops: _Stop | None) -> str:
    """The queue at the first of these items that still stands on the page."""
    query = QueryDict(mutable=True)
    if reason:
        query["reason"] = reason
    if page > 1:
        query["page"] = str(page)
    query.setlist("item", [str(stop.image_id) for stop in stops if stop is not None])
    return f"{reverse('inbox')}?{text}" if (text := query.urlencode()) else reverse("inbox")


def _detail(session: ProcessingSession, user: User) -> dict[str, Any]:
    """What is shown of the count that is looked at, with what approving it would change."""
    image, drawing_id = session.image, session.processed_image_id
    shown: dict[str, Any] = {
        "image": image,
        "session": session,
        "can_review": True,
        "picture_url": annotated_url(image, drawing_id)
        or picture_url(image)
        or thumbnail_url(image, drawing_id),
        "draft": draft_of(session),
        "error": error_text(session.error_code, session.error_message),
        "warnings": warnings_of(session),
        **answers_for(image, session, user, ""),
    }
    if session.status == SessionStatus.COMPLETED and not ANSWERED_FIRST.intersection(blocking(session)):
        own = ProcessingSession.objects.select_related("image").get(pk=session.pk)
        try:
            shown["preview"] = preview_decision(
                lambda: validate(session=own, user=user, version=own.version), [image.pk]
            )
        except DemeterError as refusal:
            shown["refusal"] = str(refusal)
    return shown


def _decide(request: HttpRequest) -> HttpResponse:
    """Approve the counts that the form names, each for itself, and go on; ask first what rejecting them changes."""
    seen = _named(request)
    user = user_of(request)
    photos = Image.objects.visible_to(user).not_deleted().in_inventory().in_bulk(seen)
    action = request.POST.get("action")
    if not photos:
        messages.error(request, _("Choose at least one photo."))
    elif action == "reject":
        return _ask_to_reject(request, {image_id: seen[image_id] for image_id in photos})
    elif action == "approve":
        _approve(request, photos, seen)
    else:
        messages.error(request, _("Say whether to approve or to reject."))
    return redirect(_back(request))


def _ask_to_reject(request: HttpRequest, seen: Mapping[UUID, SeenCount]) -> HttpResponse:
    """To the question for several photos, which says what the trash changes, with the counts that were looked at."""
    query = QueryDict(mutable=True)
    query.update({"action": "trash", "next": _back(request)})
    query.setlist("photo", [seen_text(image_id, one) for image_id, one in seen.items()])
    url = f"{reverse('several-photos')}?{query.urlencode()}"
    if in_dialog(request):  # it is no part of the queue, which htmx would put it into
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)


def _approve(request: HttpRequest, photos: dict[UUID, Image], seen: dict[UUID, SeenCount]) -> None:
    approved = 0
    for image_id, session in newest_counts(photos.values()).items():
        name = str(session.storage_location or photos[image_id])
        session.image = photos[image_id]
        if ANSWERED_FIRST.intersection(blocking(session)):
            messages.error(
                request, _("%(photo)s: say first where it is and what grows there.") % {"photo": name}
            )
            continue
        try:
            check_seen(session, seen[image_id])
            validate(session=session, user=user_of(request), version=seen[image_id].version)
        except DemeterError as refusal:
            messages.error(request, f"{name}: {refusal}")
        else:
            approved += 1
    if approved:
        text = ngettext("%(n)d count is approved.", "%(n)d counts are approved.", approved)
        messages.success(request, text % {"n": approved})


def _named(request: HttpRequest) -> dict[UUID, SeenCount]:
    """The photos that the form names, with the counts that were looked at."""
    named = read_seen(request.POST.getlist("photo")[:PER_PAGE])
    return {image_id: seen for image_id, seen in named.items() if seen is not None}


def _back(request: HttpRequest) -> str:
    """The queue as it was, at the first of the items that the form names."""
    query = QueryDict(mutable=True)
    for name in ("reason", "page", "item"):
        query.setlist(name, [value[:50] for value in request.POST.getlist(name)[:2] if value])
    return f"{reverse('inbox')}?{text}" if (text := query.urlencode()) else reverse("inbox")
