"""What a person decides about a photo. Reading such a page shows what the decision would change; a POST takes it."""

from typing import TypedDict, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from demeter.errors import DemeterError
from inventory.models import StorageLocation
from photos import queue
from photos.choices import BookingState, CountWarning
from photos.models import Image, ProcessingSession
from photos.pages import decision_texts as texts
from photos.pages.decision_texts import DecisionText
from photos.pages.decisions import (
    Decision,
    ask,
    ask_or_decide,
    count_of,
    done,
    first_error,
    given_in,
    refuse,
)
from photos.pages.forms import (
    CountAgainForm,
    CountMoment,
    CountNumberForm,
    OldProductForm,
    PlaceForm,
    TakenAtForm,
    ValidateForm,
)
from photos.pages.permissions import find_photo_to_decide, for_workers, require_supervisor, user_of
from photos.services.corrections.sums import correct_sums
from photos.services.results.session_lifecycle import assign_location, reprocess
from photos.services.review.old_products import answer_old_products, cycle_began, old_products
from photos.services.review.photo_dates import date_photo
from photos.services.review.trash import restore, trash
from photos.services.review.validation import answer, validate, withdraw_validation


@ask_or_decide
@for_workers
def place(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Name the place of a photo: all its counts are booked there, without counting again."""
    image = find_photo_to_decide(user_of(request), image_id)
    form = PlaceForm(given_in(request))
    if not form.is_valid():
        return refuse(request, image, _("Choose one of the places."))
    location = get_object_or_404(StorageLocation, pk=form.cleaned_data["storage_location_id"])

    def name_place() -> str:
        session = assign_location(session=count_of(image), location=location, user=user_of(request))
        if session.booking_state == BookingState.BOOKED:
            return _("The stock is booked at %(place)s.") % {"place": location}
        return _("The place is %(place)s.") % {"place": location}

    decision = Decision(
        title=_("The photo shows %(place)s") % {"place": location},
        question=str(texts.ASSIGN_PLACE.question),
        button=_("This is the place"),
        carry_out=name_place,
        given={"storage_location_id": location.pk},
        also=location,
    )
    return ask(request, image, decision)


@require_POST
@for_workers
def again(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Count the stored original once more. The stock follows when the count has ended, not before."""
    image = find_photo_to_decide(user_of(request), image_id)
    form = CountAgainForm(request.POST)
    if not form.is_valid():
        return refuse(request, image, first_error(form))
    try:
        job = reprocess(image=image, user=user_of(request), reason=form.cleaned_data["reason"])
    except DemeterError as refusal:
        return refuse(request, image, str(refusal))
    queue.send_session(cast(ProcessingSession, job.session))
    return done(request, image, str(texts.COUNT_AGAIN.done))


@ask_or_decide
@for_workers
def accept(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """A supervisor says that a count is right; what waited for that word is booked."""
    image = find_photo_to_decide(user_of(request), image_id)
    require_supervisor(user_of(request))
    form = ValidateForm(given_in(request))
    if not form.is_valid():
        return refuse(request, image, first_error(form))
    session, note = _named_count(request, image), form.cleaned_data["note"]
    version = form.cleaned_data["version"] or session.version  # the POST repeats what the question was about

    def accept_count() -> str:
        validate(session=session, user=user_of(request), note=note, version=version)
        return str(texts.VALIDATE.done)

    decision = Decision(
        title=_("The count is right"),
        question=_("You say that this photo shows %(plants)s living plants. You can take that back later.")
        % {"plants": number_format(correct_sums(session).photo.living, force_grouping=True)},
        button=str(texts.VALIDATE.title),
        carry_out=accept_count,
        given={"note": note, "count": session.attempt, "version": version},
    )
    return ask(request, image, decision)


@ask_or_decide
@for_workers
def withdraw(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """A supervisor withdraws a validation; what the count had waited for, it waits for again."""
    image = find_photo_to_decide(user_of(request), image_id)
    require_supervisor(user_of(request))
    session = _named_count(request, image)

    def withdraw_word() -> str:
        withdraw_validation(session=session, user=user_of(request))
        return str(texts.WITHDRAW.done)

    decision = Decision(
        **_texts_of(texts.WITHDRAW),
        carry_out=withdraw_word,
        given={"count": session.attempt},
    )
    return ask(request, image, decision)


@ask_or_decide
@for_workers
def date(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Say when a photo without a date was taken, or that the time of its upload is right."""
    image = find_photo_to_decide(user_of(request), image_id)
    form = TakenAtForm(given_in(request))
    if not form.is_valid():
        return refuse(request, image, first_error(form))
    taken_at = form.cleaned_data["taken_at"]

    def name_time() -> str:
        if taken_at is None:
            answer(session=count_of(image), warning=CountWarning.UNDATED)
        else:
            date_photo(image=image, taken_at=taken_at)
        return _("The photo is dated.")

    decision = Decision(
        title=_("When the photo was taken"),
        question=_("Its counts stand at that time, before what was counted or recorded later."),
        button=_("That is when"),
        carry_out=name_time,
        given={"as_uploaded": "on"} if taken_at is None else {"taken_at": given_in(request)["taken_at"]},
    )
    return ask(request, image, decision)


@ask_or_decide
@for_workers
def old_product(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Say what became of the plants of the old product that the place of a photo still holds."""
    image = find_photo_to_decide(user_of(request), image_id)
    session = count_of(image)
    form = OldProductForm(old_products(session), given_in(request))
    if not form.is_valid():
        return refuse(request, image, first_error(form))
    if not form.remaining:
        return refuse(request, image, _("Say how many plants of the old product are left."))
    at = cycle_began(session) if form.cleaned_data["moment"] == CountMoment.CYCLE else None

    def count_old_plants() -> str:
        answer_old_products(session=session, remaining=form.remaining, at=at, user=user_of(request))
        return _("The plants of the old product are counted by hand.")

    decision = Decision(
        title=_("What became of the old product"),
        question=_("Your word is a count by hand: it decides from its date on."),
        button=_("So it is"),
        carry_out=count_old_plants,
        given={
            "moment": form.cleaned_data["moment"],
            **{f"left_{product.pk}": plants for product, plants in form.remaining.items()},
        },
    )
    return ask(request, image, decision)


@ask_or_decide
@for_workers
def to_trash(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Put a photo into the trash: it stays, but is no evidence any more."""
    image = find_photo_to_decide(user_of(request), image_id, with_trash=True)

    def put_away() -> str:
        trash(image_ids=[image.pk], user=user_of(request))
        return str(texts.TRASH.done)

    decision = Decision(
        **_texts_of(texts.TRASH),
        carry_out=put_away,
        is_grave=texts.TRASH.is_grave,
    )
    return ask(request, image, decision)


@ask_or_decide
@for_workers
def from_trash(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Take a photo out of the trash: its counts are evidence again."""
    image = find_photo_to_decide(user_of(request), image_id, with_trash=True)

    def take_out() -> str:
        restore(image_ids=[image.pk], user=user_of(request))
        return str(texts.RESTORE.done)

    decision = Decision(
        **_texts_of(texts.RESTORE),
        carry_out=take_out,
    )
    return ask(request, image, decision)


class _Texts(TypedDict):
    title: str
    question: str
    button: str


def _texts_of(text: DecisionText) -> _Texts:
    return {"title": str(text.title), "question": str(text.question), "button": str(text.title)}


def _named_count(request: HttpRequest, image: Image) -> ProcessingSession:
    form = CountNumberForm(given_in(request))
    if not form.is_valid():
        raise Http404
    return count_of(image, form.cleaned_data["count"])
