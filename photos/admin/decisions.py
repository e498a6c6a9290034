"""Decisions about counts, each with a page between the click and the deed: its question, its form, what it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from demeter.accounts.models import User
from demeter.errors import DemeterError
from inventory.models import StorageLocation
from photos import queue
from photos.models import ProcessingSession
from photos.pages.forms import CountAgainForm, PlaceForm, ValidateForm
from photos.services.review import validate
from photos.services.sessions import assign_location, count_again

CarryOut = Callable[[ProcessingSession, User, dict[str, Any]], None]


@dataclass(frozen=True)
class Decision:
    """One decision: `carry_out` may raise DemeterError for a count that it does not fit."""

    title: Promise
    question: Promise
    done: Promise
    form: type[forms.Form]
    carry_out: CarryOut


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
    job = count_again(image=session.image, user=user, reason=given["reason"])
    if job.session is not None:
        queue.send_session(job.session)


def _accept(session: ProcessingSession, user: User, given: dict[str, Any]) -> None:
    validate(session=session, user=user, note=given["note"])


ASSIGN_PLACE = Decision(
    title=_("Choose the place"),
    question=_(
        "At which place were these photos taken? Finished counts are booked there, without counting again."
    ),
    done=_("The place is set: %(count)s"),
    form=AdminPlaceForm,
    carry_out=_name_place,
)
COUNT_AGAIN = Decision(
    title=_("Count again"),
    question=_(
        "Each photo is counted once more from its stored original. The earlier counts stay to be looked at."
    ),
    done=_("Counted again: %(count)s"),
    form=AdminCountAgainForm,
    carry_out=_begin_again,
)
VALIDATE = Decision(
    title=_("Validate the count"),
    question=_("You say that these counts are right. What waited for that word is booked."),
    done=_("Validated: %(count)s"),
    form=AdminValidateForm,
    carry_out=_accept,
)


def decide(
    model_admin: ModelAdmin[Any],
    request: HttpRequest,
    sessions: Sequence[ProcessingSession],
    decision: Decision,
) -> TemplateResponse | None:
    """Ask, and once the form is sent, carry the decision out for each count and say how each went.

    Returns: the page that asks, or None when all is done.
    """
    is_answered = "decided" in request.POST
    form = decision.form(request.POST if is_answered else None)
    if is_answered and form.is_valid():
        for session in sessions:
            try:
                decision.carry_out(session, request.user, form.cleaned_data)  # type: ignore[arg-type]  # signed in
            except DemeterError as refusal:
                model_admin.message_user(request, f"{session}: {refusal}", messages.ERROR)
            else:
                model_admin.message_user(request, decision.done % {"count": session}, messages.SUCCESS)
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.model._meta,
        "title": decision.title,
        "decision": decision,
        "sessions": sessions,
        "form": form,
        "action": request.POST.get("action"),
    }
    return TemplateResponse(request, "admin/photos/processingsession/decide.html", context)
