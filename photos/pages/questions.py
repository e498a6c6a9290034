"""What a count waits for a person for, with the answers that the page offers and what each of them would change."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from demeter.accounts.models import User
from demeter.errors import DemeterError
from inventory.models import StorageLocation
from photos.choices import CountWarning
from photos.models import ProcessingSession
from photos.pages.forms import CountMoment, OldProductForm, TakenAtForm
from photos.services.booking.image_status import blocking
from photos.services.booking.preview import DecisionPreview, preview_decision
from photos.services.results.session_lifecycle import assign_location
from photos.services.review.old_products import cycle_began, old_products
from photos.services.review.validation import answer
from photos.warning_catalogue import WARNINGS, Question

#: Answers of one tap show what they change, and each preview settles its places; further ones show it on the next page.
MAX_PREVIEWED_PLACES: Final = 4


@dataclass(frozen=True)
class PlaceOption:
    """A place that the photo may show. Without a preview, choosing it leads to the page that has one."""

    location: StorageLocation
    distance_m: float | None
    is_named: bool
    is_labelled: bool  # its QR label is in the photo
    preview: DecisionPreview | None
    refusal: str = ""


def questions_of(session: ProcessingSession, user: User) -> dict[str, Any]:
    """The questions about a photo that are open, as the page shows them to somebody who may answer them."""
    asked = {WARNINGS[warning].question for warning in blocking(session)}
    found: dict[str, Any] = {}
    if Question.PLACE in asked:
        found["place_options"] = place_options(session, user)
    if Question.DATE in asked:
        found["taken_at_form"] = TakenAtForm()
        found["as_uploaded"], _refusal = _tried(
            session, lambda: answer(session=session, warning=CountWarning.UNDATED)
        )
    if Question.OLD_PRODUCT in asked and (held := old_products(session)):
        found["old_product_form"] = _old_product_form(session, held)
    found["asks_acceptance"] = Question.ACCEPTANCE in asked
    return found


def place_options(session: ProcessingSession, user: User) -> list[PlaceOption]:
    """The place that was named, if one was, then those whose labels the photo shows and those near its position."""
    distances = {place["id"]: place["distance_m"] for place in session.location_candidates}
    labelled = {pk: distances.get(pk) for pk in session.image.label_location_ids}
    candidates: dict[int, float | None] = {**labelled, **distances}
    named = session.storage_location
    if named is not None:
        candidates = {
            named.pk: session.gps_distance_m,
            **{k: v for k, v in candidates.items() if k != named.pk},
        }
    places = StorageLocation.objects.in_use().in_bulk(candidates)
    options = []
    for number, (pk, distance_m) in enumerate((pk, d) for pk, d in candidates.items() if pk in places):
        preview, refusal = None, ""
        if number < MAX_PREVIEWED_PLACES:
            preview, refusal = _tried(session, _naming(session, places[pk], user), places[pk])
        is_named = named is not None and named.pk == pk
        options.append(PlaceOption(places[pk], distance_m, is_named, pk in labelled, preview, refusal))
    return options


def _naming(session: ProcessingSession, location: StorageLocation, user: User) -> Callable[[], object]:
    own = ProcessingSession.objects.select_related("image").get(pk=session.pk)  # the action refreshes its row
    return lambda: assign_location(session=own, location=location, user=user)


def _tried(
    session: ProcessingSession, decide: Callable[[], object], *also: StorageLocation
) -> tuple[DecisionPreview | None, str]:
    """The preview of an answer, or why it would be refused."""
    try:
        return preview_decision(decide, [session.image_id], *also), ""
    except DemeterError as refusal:
        return None, str(refusal)


def _old_product_form(session: ProcessingSession, held: dict[Any, int]) -> OldProductForm:
    form = OldProductForm(held)
    if cycle_began(session) is None:  # then the moment of the change says nothing about this photo
        moment = form.fields["moment"]
        moment.choices = [(CountMoment.PHOTO.value, CountMoment.PHOTO.label)]  # type: ignore[attr-defined]  # a ChoiceField
        moment.initial = CountMoment.PHOTO
    return form
