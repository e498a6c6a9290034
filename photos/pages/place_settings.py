"""What a count lacks of its place, said from the photo: what grows there, and how densely such plants stand."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.accounts.choices import Role
from inventory.services.configs import ConfigDetails, configure_first
from inventory.services.density import set_density
from photos.choices import BookingState
from photos.models import ProcessingSession
from photos.pages.decisions import Decision, ask, ask_or_decide, count_of, first_error, given_in, refuse
from photos.pages.permissions import find_photo_to_decide, for_role, user_of
from photos.pages.place_forms import ConfigurationForm, DensityForm
from photos.services.booking.stock_evidence import settle_places


@ask_or_decide
@for_role(Role.ADMIN)
def configuration(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Say what grows at the place of a photo, where nobody has: its count is booked, without counting again."""
    image = find_photo_to_decide(user_of(request), image_id)
    session, form = count_of(image), ConfigurationForm(given_in(request))
    location = session.storage_location
    if location is None:
        return refuse(request, image, _("The place of this photo is not known yet. Choose it first."))
    if not form.is_valid():
        return refuse(request, image, first_error(form))
    details = ConfigDetails(**form.cleaned_data)

    def configure() -> str:
        configure_first(location=location, details=details, at=timezone.now())
        return _booked_text(session, _("The place is configured."))

    decision = Decision(
        title=_("%(product)s grows at %(place)s") % {"product": details.product, "place": location},
        question=_("This is the configuration of the place from now on, and that of its photos until now."),
        button=_("That is what grows here"),
        carry_out=configure,
        given=form.given,
    )
    return ask(request, image, decision)


@ask_or_decide
@for_role(Role.ADMIN)
def density(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Say how densely plants like those of a photo stand. The count stays; the next ones estimate better."""
    image = find_photo_to_decide(user_of(request), image_id)
    session, form = count_of(image), DensityForm(given_in(request))
    product, packaging, location = session.product, session.packaging, session.storage_location
    if product is None or location is None:
        return refuse(request, image, _("Nobody has said yet what grows here. Say that first."))
    if not form.is_valid():
        return refuse(request, image, first_error(form))

    def say_density() -> str:
        set_density(product=product, packaging=packaging, **form.cleaned_data)
        settle_places([location.pk])
        return _("The density of these plants is known.")

    decision = Decision(
        title=_("How densely %(product)s stands") % {"product": product},
        question=_("From now on these figures are used where a photo shows too few plants to measure them."),
        button=_("Keep these figures"),
        carry_out=say_density,
        given=form.given,
    )
    return ask(request, image, decision)


def _booked_text(session: ProcessingSession, otherwise: str) -> str:
    session.refresh_from_db()
    if session.booking_state == BookingState.BOOKED:
        return _("The stock is booked at %(place)s.") % {"place": session.storage_location}
    return otherwise
