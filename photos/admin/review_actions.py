"""Decisions about counts and photos, each with a confirmation page: its question, and what it would change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from demeter.accounts.models import User
from demeter.errors import DemeterError
from inventory.models import StorageLocation
from photos import queue
from photos.models import Image, ProcessingSession
from photos.pages.forms import CountAgainForm, PlaceForm, ValidateForm
from photos.services.booking.preview import DecisionPreview, preview_decision
from photos.services.results.session_lifecycle import assign_location, reprocess
from photos.services.review.trash import restore, trash
from photos.services.review.validation import validate, withdraw_validation

CarryOut = Callable[[Any, User, dict[str, Any]], None]


@dataclass(frozen=True)
class Decision:
    """One decision: `carry_out` may raise DemeterError for a count or photo that it does not fit.

    changes_stock: then the page shows what it would change, as soon as the form has told enough.
    """

    title: Promise
    question: Promise
    done: Promise
    form: type[forms.Form]
    carry_out: CarryOut
    changes_stock: bool = True


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
    """The note in the look of the administration."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].widget = UnfoldAdminTextInputWidget()


def _name_place(session: ProcessingSession, user: User, given: dict[str, Any]) -> None:
    location = StorageLocation.objects.get(pk=given["storage_location_id"])
    assign_location(session=session, location=location, user=user)


def _begin_again(session: ProcessingSession, user: User, given: dict[str, Any]) -> None:
    job = reprocess(image=session.image, user=user, reason=given["reason"])
    if job.session is not None:
        queue.send_session(job.session)


def _accept(session: ProcessingSession, user: User, given: dict[str, Any]) -> None:
    validate(session=session, user=user, note=given["note"])


def _withdraw(session: ProcessingSession, user: User, given: dict[str, Any]) -> None:
    withdraw_validation(session=session, user=user)


def _trash(image: Image, user: User, given: dict[str, Any]) -> None:
    trash(image_ids=[image.pk], user=user)


def _restore(image: Image, user: User, given: dict[str, Any]) -> None:
    restore(image_ids=[image.pk], user=user)


ASSIGN_PLACE = Decision(
    title=_("Choose the place"),
    question=_(
        "At which place were these photos taken? Finished counts are booked there, without counting again."
    ),
    done=_("The place is set: %(row)s"),
    form=AdminPlaceForm,
    carry_out=_name_place,
)
COUNT_AGAIN = Decision(
    title=_("Count again"),
    question=_(
        "Each photo is counted once more from its stored original. The earlier counts stay to be looked at."
    ),
    done=_("Counted again: %(row)s"),
    form=AdminCountAgainForm,
    carry_out=_begin_again,
    changes_stock=False,
)
VALIDATE = Decision(
    title=_("Validate the count"),
    question=_("You say that these counts are right. What waited for that word is booked."),
    done=_("Validated: %(row)s"),
    form=AdminValidateForm,
    carry_out=_accept,
)
WITHDRAW = Decision(
    title=_("Withdraw the validation"),
    question=_("The count is nobody's word any more. What it had waited for, it waits for again."),
    done=_("The validation is withdrawn: %(row)s"),
    form=forms.Form,
    carry_out=_withdraw,
)
TRASH = Decision(
    title=_("Move to the trash"),
    question=_("What the photo had booked is withdrawn. It stays in the trash and can be restored."),
    done=_("In the trash: %(row)s"),
    form=forms.Form,
    carry_out=_trash,
)
RESTORE = Decision(
    title=_("Restore the photo"),
    question=_("Its counts are evidence of what stands at their place again."),
    done=_("Restored: %(row)s"),
    form=forms.Form,
    carry_out=_restore,
)


def decide(
    model_admin: ModelAdmin[Any],
    request: HttpRequest,
    rows: Sequence[Any],
    decision: Decision,
) -> TemplateResponse | None:
    """Ask, show what would change, and once that is confirmed, decide about each row and say how each went.

    Args:
        model_admin: the admin page whose action was chosen.
        request: without answers from the form, with those to preview, or with the confirmation.
        rows: counts or photos, as the decision wants them.
        decision: what is asked, and what carries it out.
    Returns: the page that asks, or None when all is done.
    """
    user: User = request.user  # type: ignore[assignment]  # the administration lets nobody else in
    is_decided = "decided" in request.POST
    is_answered = is_decided or "preview" in request.POST
    form = decision.form(request.POST if is_answered else None)
    if is_decided and form.is_valid():
        for row, refusal in _carry_out(rows, user, decision, form.cleaned_data):
            if refusal is None:
                model_admin.message_user(request, decision.done % {"row": row}, messages.SUCCESS)
            else:
                model_admin.message_user(request, f"{row}: {refusal}", messages.ERROR)
        return None
    given = form if is_answered else decision.form({})  # what need not be answered is shown at once
    preview: DecisionPreview | None = None
    refusals: list[str] = []
    if decision.changes_stock and given.is_valid():
        preview, refusals = _preview(rows, user, decision, given.cleaned_data)
    opts = model_admin.model._meta
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": opts,
        "title": decision.title,
        "decision": decision,
        "rows": rows,
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
    return preview_decision(try_all, [_photo_id(row) for row in rows], *place), refusals


def _photo_id(row: Image | ProcessingSession) -> UUID:
    return row.pk if isinstance(row, Image) else row.image_id
