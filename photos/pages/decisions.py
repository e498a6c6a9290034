"""How a decision about a photo is asked and taken: reading its address shows what it would change, a POST takes it.

In a dialog (a request of htmx) the answers are parts of a page, and what was decided is told to the page around it by
the event `decided`. Without scripts the same addresses are pages of their own, which lead back to where one came from.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.contrib import messages
from django.forms import BaseForm, Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from demeter.errors import DemeterError
from inventory.models import StorageLocation
from photos.models import Image, ProcessingSession
from photos.services.booking.preview import preview_decision

#: For htmx: what a dialog shows does not become the address of the page below it.
_SAME_ADDRESS: Final = {"HX-Push-Url": "false"}
#: For htmx: a refusal opens the dialog, also from a button whose answer is shown nowhere.
_IN_DIALOG: Final = {"HX-Retarget": "[data-dialog-body]", "HX-Reswap": "innerHTML"}

ask_or_decide = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One decision about a photo: its question, and the action, which returns the message shown when it is done.

    given: what the form said, for the POST to say it again. also: a place that the photo does not touch yet.
    """

    title: str
    question: str
    button: str
    carry_out: Callable[[], str]
    given: Mapping[str, object] = field(default_factory=dict)
    also: StorageLocation | None = None
    is_grave: bool = False


def ask(request: HttpRequest, image: Image, decision: Decision) -> HttpResponse:
    """Take a decision that was sent, or show what it would change; a refusal says why."""
    try:
        if request.method == "POST":
            return done(request, image, decision.carry_out())
        preview = preview_decision(
            decision.carry_out, [image.pk], *([decision.also] if decision.also else [])
        )
    except DemeterError as refusal:
        return refuse(request, image, str(refusal))
    context: dict[str, object] = {
        "image": image,
        "decision": decision,
        "preview": preview,
        "back": back_to(request, image),
    }
    context["in_dialog"] = in_dialog(request)
    return show(request, "decide", context)


def done(request: HttpRequest, image: Image, text: str) -> HttpResponse:
    """Say what was decided: to the page around the dialog, or on the page that one came from."""
    if in_dialog(request):
        event = {"decided": {"photo": str(image.pk), "text": text}}
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(event), **_SAME_ADDRESS})
    messages.success(request, text)
    return redirect(back_to(request, image))


def refuse(request: HttpRequest, image: Image, text: str) -> HttpResponse:
    """Say why a decision is not taken, in the dialog or on the page that one came from."""
    if in_dialog(request):
        refusal = show(request, "refused", {"text": text, "image": image})
        for header, value in _IN_DIALOG.items():
            refusal[header] = value
        return refusal
    messages.error(request, text)
    return redirect(back_to(request, image))


def show(request: HttpRequest, name: str, context: Mapping[str, object]) -> HttpResponse:
    """The page of this name, or, in a dialog, the part that is its content."""
    if not in_dialog(request):
        return render(request, f"photos/{name}.html", {**context, "in_dialog": False})
    for form in context.values():
        if isinstance(form, BaseForm):
            form.auto_id = f"dialog_{form.auto_id}"  # the page below the dialog may hold the same form
    part = render(request, f"photos/_{name}.html", {**context, "in_dialog": True})
    for header, value in _SAME_ADDRESS.items():
        part[header] = value
    return part


def in_dialog(request: HttpRequest) -> bool:
    """Whether a part of a page is wanted, to be shown in the dialog of another one."""
    return request.headers.get("HX-Request") == "true"


def back_to(request: HttpRequest, image: Image) -> str:
    """The page that one came from, as the form's `next` names it; the photo's own page without one.

    Only addresses of this server are followed.
    """
    wanted = given_in(request).get("next", "")
    return wanted if is_own_address(wanted) else reverse("photo", args=[image.pk])


def is_own_address(wanted: str) -> bool:
    """Whether it is the path of a page of this server: a bare word would be taken for the name of a view."""
    return wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)


def given_in(request: HttpRequest) -> Mapping[str, str]:
    """What the form holds: the query of the question (GET), or the body of the decision (POST)."""
    return request.POST if request.method == "POST" else request.GET


def first_error(form: Form) -> str:
    """The first thing that is wrong with what a form holds, with the name of its field."""
    name, errors = next(iter(form.errors.items()))
    label = str(form.fields[name].label or "") if name in form.fields else ""
    return f"{label}: {errors[0]}" if label else str(errors[0])


def count_of(image: Image, attempt: int | None = None) -> ProcessingSession:
    """The count of this number, or the newest. 404 if there is none."""
    counts = image.sessions.select_related(
        "image", "storage_location", "configuration", "product", "packaging"
    )
    session = (counts.filter(attempt=attempt) if attempt else counts.order_by("-attempt")).first()
    if session is None:
        raise Http404
    return session
