"""Decisions about counts and photos, each with a confirmation page: its question, and what it would change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from demeter.accounts.models import User
from demeter.errors import DemeterError
from inventory.models import StorageLocation
from photos import queue
from photos.errors import CountReplaced, NotCounted
from photos.image_states import reason_of, state_of
from photos.image_urls import thumbnail_url
from photos.models import Image, ProcessingSession
from photos.pages import decision_texts as texts
from photos.pages.decision_texts import DecisionText
from photos.pages.forms import CountAgainForm, PlaceForm, ValidateForm
from photos.services.booking.preview import DecisionPreview, preview_decision
from photos.services.context.newest_counts import newest_counts
from photos.services.results.session_lifecycle import assign_location, reprocess
from photos.services.review.trash import restore, trash
from photos.services.review.validation import validate, withdraw_validation

#: Each row is decided about by itself, in one request; and a form may have only so many fields.
MAX_ROWS: Final = 100
CarryOut = Callable[[Any, User, dict[str, Any]], None]


@dataclass(frozen=True)
class Decision:
    """One decision about counts or photos: `carry_out` may raise DemeterError for a row that it does not fit.

    changes_stock: then the page shows what it would change, as soon as the form has told enough.
    asked_with: what the form holds when it is first shown.
    """

    text: DecisionText
    form: type[forms.Form]
    carry_out: CarryOut
    changes_stock: bool = True
    asked_with: Callable[[Sequence[Image | ProcessingSession]], dict[str, Any]] = lambda rows: {}


@dataclass(frozen=True)
class Row:
    """A count or photo that is decided about, with its picture, its place and its state in words."""

    row: Image | ProcessingSession
    thumbnail_url: str | None
    place: StorageLocation | None
    state: Promise | str
    reason: str


class AdminPlaceForm(PlaceForm):
    """The place in the look of the administration."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place = self.fields["storage_location_id"]
        place.widget = UnfoldAdminSelectWidget(choices=place.choices)  # type: ignore[attr-defined]  # a ChoiceField


class AdminCountAgainForm(CountAgainForm):
    """The reason in the look of the administration."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget = UnfoldAdminTextInputWidget()


class AdminValidateForm(ValidateForm):
    """The note in the look of the administration, and of each count the version that was asked about."""

    versions = forms.RegexField(
        r"^\d{1,18}:\d{1,9}(,\d{1,18}:\d{1,9})*\Z", required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].widget = UnfoldAdminTextInputWidget()
        del self.fields["version"]  # that of one count

    def clean_versions(self) -> dict[int, int]:
        """Version by the key of the count."""
        pairs = (pair.split(":") for pair in self.cleaned_data["versions"].split(",") if pair)
        return {int(pk): int(version) for pk, version in pairs}


def _versions_of(rows: Sequence[Image | ProcessingSession]) -> dict[str, Any]:
    newest = newest_counts([row for row in rows if isinstance(row, Image)]).values()
    counts = [*newest, *(row for row in rows if isinstance(row, ProcessingSession))]
    return {"versions": ",".join(f"{count.pk}:{count.version}" for count in counts)}


def _name_place(row: Image | ProcessingSession, user: User, given: dict[str, Any]) -> None:
    location = StorageLocation.objects.get(pk=given["storage_location_id"])
    assign_location(session=_count_of(row), location=location, user=user)


def _begin_again(row: Image | ProcessingSession, user: User, given: dict[str, Any]) -> None:
    job = reprocess(image=_image_of(row), user=user, reason=given["reason"])
    if job.session is not None:
        queue.send_session(job.session)


def _accept(row: Image | ProcessingSession, user: User, given: dict[str, Any]) -> None:
    session = _count_of(row)
    version = given["versions"].get(session.pk)
    if version is None:
        raise CountReplaced(gettext("A newer count of this photo stands. Look at that one and validate it."))
    validate(session=session, user=user, note=given["note"], version=version)


def _withdraw(row: Image | ProcessingSession, user: User, given: dict[str, Any]) -> None:
    withdraw_validation(session=_count_of(row), user=user)


def _trash(row: Image | ProcessingSession, user: User, given: dict[str, Any]) -> None:
    trash(image_ids=[_image_of(row).pk], user=user)


def _restore(row: Image | ProcessingSession, user: User, given: dict[str, Any]) -> None:
    restore(image_ids=[_image_of(row).pk], user=user)


def _image_of(row: Image | ProcessingSession) -> Image:
    return row if isinstance(row, Image) else row.image


def _count_of(row: Image | ProcessingSession) -> ProcessingSession:
    """The count that is meant: of a photo its newest. Raises NotCounted for a photo without any."""
    if isinstance(row, ProcessingSession):
        return row
    session = row.sessions.select_related("image").order_by("-attempt").first()
    if session is None:
        raise NotCounted(gettext("This photo has no count yet."))
    return session


ASSIGN_PLACE = Decision(texts.ASSIGN_PLACE, AdminPlaceForm, _name_place)
COUNT_AGAIN = Decision(texts.COUNT_AGAIN, AdminCountAgainForm, _begin_again, changes_stock=False)
VALIDATE = Decision(texts.VALIDATE, AdminValidateForm, _accept, asked_with=_versions_of)
WITHDRAW = Decision(texts.WITHDRAW, forms.Form, _withdraw)
TRASH = Decision(texts.TRASH, forms.Form, _trash)
RESTORE = Decision(texts.RESTORE, forms.Form, _restore)


def decide(
    model_admin: ModelAdmin[Any],
    request: HttpRequest,
    rows: Sequence[Any] | QuerySet[Any],
    decision: Decision,
) -> TemplateResponse | None:
    """Ask, show what would change, and once that is confirmed, decide about each row and say how each went.

    Args:
        model_admin: the admin page whose action was chosen.
        request: without answers from the form, with those to preview, or with the confirmation.
        rows: counts or photos, as the decision wants them; of more than MAX_ROWS none is decided about.
        decision: what is asked, and what carries it out.
    Returns: the page that asks, or None when all is done.
    """
    rows = list(rows[: MAX_ROWS + 1])
    if len(rows) > MAX_ROWS:
        text = gettext("At most %(most)d rows can be decided about at once.")
        model_admin.message_user(request, text % {"most": MAX_ROWS}, messages.ERROR)
        return None
    user: User = request.user  # type: ignore[assignment]  # the administration lets nobody else in
    is_decided = "decided" in request.POST
    is_answered = is_decided or "preview" in request.POST
    asked_with = {} if is_answered else decision.asked_with(rows)
    form = decision.form(request.POST if is_answered else None, initial=asked_with)
    if is_decided and form.is_valid():
        for row, refusal in _carry_out(rows, user, decision, form.cleaned_data):
            if refusal is None:
                model_admin.message_user(request, f"{row}: {decision.text.done}", messages.SUCCESS)
            else:
                model_admin.message_user(request, f"{row}: {refusal}", messages.ERROR)
        return None
    given = form if is_answered else decision.form(asked_with)  # what need not be answered is shown at once
    preview: DecisionPreview | None = None
    refusals: list[str] = []
    if decision.changes_stock and given.is_valid():
        preview, refusals = _preview(rows, user, decision, given.cleaned_data)
    opts = model_admin.model._meta
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": opts,
        "title": decision.text.title,
        "decision": decision,
        "rows": _shown(rows),
        "form": form,
        "preview": preview,
        "refusals": refusals,
        "is_confirmed_next": preview is not None or not decision.changes_stock,
        "is_fixed": is_answered and preview is not None,
        "list_url": reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"),
        "action": request.POST.get("action"),
    }
    return TemplateResponse(request, "admin/photos/decide.html", context)


def _carry_out(
    rows: Sequence[Any], user: User, decision: Decision, given: dict[str, Any]
) -> list[tuple[Any, DemeterError | None]]:
    """Decide about each row by itself; a refusal of one keeps none of the others."""
    results: list[tuple[Any, DemeterError | None]] = []
    for row in rows:
        try:
            decision.carry_out(row, user, given)
        except DemeterError as refusal:
            results.append((row, refusal))
        else:
            results.append((row, None))
    return results


def _preview(
    rows: Sequence[Any], user: User, decision: Decision, given: dict[str, Any]
) -> tuple[DecisionPreview, list[str]]:
    """What the decision would change, and which rows it would be refused for."""
    refusals: list[str] = []

    def try_all() -> None:
        results = _carry_out(rows, user, decision, given)
        refusals.extend(f"{row}: {refusal}" for row, refusal in results if refusal)

    named = given.get("storage_location_id")
    place = StorageLocation.objects.filter(pk=named) if named else ()
    return preview_decision(try_all, [_image_of(row).pk for row in rows], *place), refusals


def _shown(rows: Sequence[Image | ProcessingSession]) -> list[Row]:
    """The rows with their pictures: one query for the newest counts of photos, one for the places of counts."""
    images = [_image_of(row) for row in rows]
    newest = newest_counts(images)
    own = {row.pk: row for row in rows if isinstance(row, ProcessingSession)}
    places = StorageLocation.objects.in_bulk(
        [row.storage_location_id for row in own.values() if row.storage_location_id]
    )
    shown = []
    for row, image in zip(rows, images, strict=True):
        count = newest.get(image.pk)
        place = places.get(row.storage_location_id or 0) if isinstance(row, ProcessingSession) else None
        if isinstance(row, Image) and count is not None:
            place = count.storage_location
        url = thumbnail_url(image, count.processed_image_id if count else None)
        shown.append(Row(row, url, place, state_of(image).label, reason_of(image)))
    return shown
