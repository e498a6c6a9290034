"""Every warning of a count: who sets it, what it keeps from being done, who answers it, and what a person reads.

Its code and title are `photos.choices.CountWarning`. Whatever treats one warning unlike another asks here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from demeter.accounts.choices import Role
from photos.choices import CountWarning


class Question(Enum):
    """What the stock waits for a person to say. The photo's page asks it (`photos.pages.questions`)."""

    PLACE = "which place the photo shows"
    CONFIGURATION = "what grows there; administrators"
    DATE = "when the photo was taken"
    OLD_PRODUCT = "what became of the plants of the old product"
    ACCEPTANCE = "whether the count is right; supervisors"
    PLACE_OR_ACCEPTANCE = "which place, or that the count is right; supervisors"


@dataclass(frozen=True, kw_only=True)
class WarningRule:
    """What one warning means.

    set_in: the file or folder that sets it. Those of the booking are found anew whenever a place is settled; others
        stay with the count.
    question: with one, nothing is booked and the image is `failed` until it is answered; without, the count is booked
        and the image `ready`.
    outlives_recount: the answer is about the photo, so it holds for its later counts too.
    is_accepted_by_validating: whoever validates the count has answered it. Without place and product nobody knows what
        to book; a shortfall is accepted by an adjustment, and another one later must ask again.
    is_checked_afterwards: the count is booked all the same, and stands in the inbox until it is validated.
    answered_by: the role that it takes to answer; None: whoever sent the photo may.
    teaches: a validated count with it is a sample for the calibration of its place.
    advice: what the person who reads it can do.
    """

    set_in: str
    advice: Promise
    question: Question | None = None
    outlives_recount: bool = False
    is_accepted_by_validating: bool = True
    is_checked_afterwards: bool = False
    answered_by: Role | None = None
    teaches: bool = True


_BOOKING: Final = "photos/services/booking/"
_WAITS: Final = f"{_BOOKING}count_warnings.py"
_STOCK: Final = f"{_BOOKING}stock_evidence.py"
_SUMS: Final = "photos/services/results/count_results.py"
_PIXELS: Final = "mlpipeline/vision"  # its constants are in results.py

#: In the order in which questions are asked and shown.
WARNINGS: Final[dict[CountWarning, WarningRule]] = {
    CountWarning.NEEDS_LOCATION: WarningRule(
        set_in=_STOCK,
        question=Question.PLACE,
        is_accepted_by_validating=False,
        advice=_(
            "The position of the photo does not tell one place for certain. Choose the place below: the count is "
            "booked at once, without counting again."
        ),
    ),
    CountWarning.NEEDS_CONFIG: WarningRule(
        set_in=_WAITS,
        question=Question.CONFIGURATION,
        answered_by=Role.ADMIN,
        is_accepted_by_validating=False,
        advice=_(
            "Nobody has said yet what grows here. An administrator sets the product and the pot of this place: "
            "then the stock is booked by itself."
        ),
    ),
    CountWarning.PLACE_MISMATCH: WarningRule(
        set_in=_WAITS,
        question=Question.PLACE,
        outlives_recount=True,
        advice=_(
            "The position of the photo lies far from the place that was named. Say which of them is right: the "
            "count is booked at once, without counting again."
        ),
    ),
    CountWarning.LABEL_MISMATCH: WarningRule(
        set_in=_WAITS,
        question=Question.PLACE,
        outlives_recount=True,
        advice=_(
            "A QR label in the picture belongs to another place than the one that was named. Say which of them is "
            "right: the count is booked at once, without counting again."
        ),
    ),
    CountWarning.DUPLICATE_ELSEWHERE: WarningRule(
        set_in=_WAITS,
        question=Question.PLACE_OR_ACCEPTANCE,
        answered_by=Role.SUPERVISOR,
        advice=_(
            "The same photo was sent before for another place. A supervisor decides which of the two it shows: "
            "names the right place, or accepts the count."
        ),
    ),
    CountWarning.UNDATED: WarningRule(
        set_in=_WAITS,
        question=Question.DATE,
        outlives_recount=True,
        advice=_(
            "The photo carries no date (messaging apps remove it), and other photos of this place do. Say when it"
            " was taken, or accept the time of the upload."
        ),
    ),
    CountWarning.OTHER_PRODUCT: WarningRule(
        set_in=_STOCK,
        question=Question.OLD_PRODUCT,
        outlives_recount=True,
        advice=_(
            "Something else grows here now, and the books still hold plants of the old product. Say what became "
            "of them: then this count is booked."
        ),
    ),
    CountWarning.NOTHING_FOUND: WarningRule(
        set_in=_STOCK,
        question=Question.ACCEPTANCE,
        answered_by=Role.SUPERVISOR,
        advice=_(
            "Neither a container nor a plant was found, although plants stood here. Check that the photo shows "
            "this place. If it is empty, a supervisor accepts the count."
        ),
    ),
    CountWarning.NEEDS_REVIEW: WarningRule(
        set_in=_STOCK,
        question=Question.ACCEPTANCE,
        answered_by=Role.SUPERVISOR,
        is_accepted_by_validating=False,
        advice=_(
            "The photo shows fewer plants than the books can give back. Look at the picture and the last "
            "movements of this place; a supervisor accepts the count, or you count again."
        ),
    ),
    CountWarning.PARTIAL_COUNT: WarningRule(
        set_in=_SUMS,
        question=Question.ACCEPTANCE,
        answered_by=Role.SUPERVISOR,
        teaches=False,
        advice=_(
            "Some containers are missing from the count, so nothing is booked. Count again; if that does not "
            "help, a supervisor can accept the part that was counted."
        ),
    ),
    CountWarning.NEEDS_CALIBRATION: WarningRule(
        set_in=_WAITS,
        answered_by=Role.SUPERVISOR,
        advice=_(
            "The count is booked. Once photos of this product are validated, or density parameters are entered "
            "for it, containers without a visible plant are estimated too."
        ),
    ),
    CountWarning.SUPERSEDED: WarningRule(
        set_in=_WAITS,
        advice=_(
            "Nothing to do: the stock shows what a later photo, or a count by hand, says of this place."
        ),
    ),
    CountWarning.POSITION_NEARBY: WarningRule(
        set_in=_WAITS,
        advice=_(
            "The count is booked to the place that was named, although the position fits a place nearby better. Check "
            "that the photo shows this place; if not, choose the right one."
        ),
    ),
    CountWarning.SAME_LOCATION: WarningRule(
        set_in=_WAITS,
        advice=_(
            "Check that both photos really show the same place. If not, choose the right place for one of them."
        ),
    ),
    CountWarning.MOVED: WarningRule(
        set_in=_WAITS,
        advice=_("Check that the photo shows this place; validating the count says so."),
    ),
    CountWarning.PHOTO_MOVED_AWAY: WarningRule(
        set_in=_WAITS,
        advice=_(
            "The stock of this place follows its other photos. Take a new photo if none of them is recent."
        ),
    ),
    CountWarning.NO_CONTAINER: WarningRule(
        set_in=_PIXELS,
        teaches=False,
        advice=_(
            "Check the outlines: plants of neighbouring places may be in the count. Take the next photo with the "
            "edges of the bed in view."
        ),
    ),
    CountWarning.MOSTLY_EMPTY: WarningRule(
        set_in=_PIXELS,
        is_checked_afterwards=True,
        teaches=False,
        advice=_(
            "The count is booked. Most of what was found looks like empty pots, and plants in the colours of pots and "
            "ground are sometimes taken for them: look at the picture, and correct the count where that is so."
        ),
    ),
    CountWarning.TRUNCATED: WarningRule(
        set_in=_PIXELS,
        teaches=False,
        advice=_("Take this place in two photos, or from a shorter distance, and count it again."),
    ),
    CountWarning.OVER_CAPACITY: WarningRule(
        set_in=_PIXELS,
        advice=_(
            "Look at the outlines and at the plants in that box: one outline may hold two boxes, or leaves were "
            "taken for plants. If the count is right, the capacity of this type of container is not."
        ),
    ),
    CountWarning.UNLIKE_LAST_COUNT: WarningRule(
        set_in=_WAITS,
        is_checked_afterwards=True,
        advice=_(
            "The count is booked. Check that the photo shows this place and all of it, and whether a sale, a "
            "planting or a move was not recorded."
        ),
    ),
    CountWarning.UNLIKE_PRODUCT: WarningRule(
        set_in=_WAITS,
        advice=_(
            "The count is booked as the product of the place. Check that the photo shows this place; if something "
            "else grows there by now, an administrator opens a new cycle for it."
        ),
    ),
    CountWarning.OUT_OF_SCALE: WarningRule(
        set_in=_PIXELS,
        advice=_("Take the next photo from a distance at which plants are neither tiny nor cut off."),
    ),
    CountWarning.BLURRY: WarningRule(
        set_in=_PIXELS,
        advice=_("Hold the phone still, touch the plants on the screen to focus, and take the photo again."),
    ),
    CountWarning.DARK: WarningRule(
        set_in=_PIXELS,
        advice=_("Take the photo again with more light: what lies in the shade is not counted surely."),
    ),
    CountWarning.GLARE: WarningRule(
        set_in=_PIXELS,
        advice=_("Take the photo again without the sun on it: what is burnt out shows no plants."),
    ),
}


#: Those that keep the stock unbooked until a person has answered, in their order.
WAITING: Final = tuple(warning for warning, rule in WARNINGS.items() if rule.question is not None)

#: Those that are booked, and that a supervisor should look at all the same, in their order.
CHECKED_AFTERWARDS: Final = tuple(warning for warning, rule in WARNINGS.items() if rule.is_checked_afterwards)


def _those(condition: Callable[[WarningRule], bool]) -> frozenset[CountWarning]:
    return frozenset(warning for warning, rule in WARNINGS.items() if condition(rule))


#: Found anew whenever a place is settled; what the count itself has found stays.
FOUND_ANEW: Final = _those(lambda rule: rule.set_in.startswith(_BOOKING))
ASKING_FOR_PLACE: Final = _those(lambda rule: rule.question == Question.PLACE)
OUTLIVING_RECOUNT: Final = _those(lambda rule: rule.outlives_recount)
NOT_ACCEPTED_BY_VALIDATING: Final = _those(lambda rule: not rule.is_accepted_by_validating)
#: Without them nobody knows what to book: they are answered before the count can be accepted.
ANSWERED_FIRST: Final = _those(
    lambda rule: not rule.is_accepted_by_validating and rule.question != Question.ACCEPTANCE
)
#: A picture without a known edge of the bed, or whose plants could not all be counted, gives no sample.
TEACHING_NOTHING: Final = _those(lambda rule: not rule.teaches)
