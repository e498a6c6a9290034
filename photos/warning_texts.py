"""What each warning means to the person who reads it, and what that person can do about it."""

from collections.abc import Mapping
from typing import Final

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from photos.choices import CountWarning, IntervalReason
from photos.models import ProcessingSession

ADVICE: Final[dict[CountWarning, Promise]] = {
    CountWarning.NEEDS_LOCATION: _(
        "The position of the photo does not tell one place for certain. Choose the place below: the count is booked "
        "at once, without counting again."
    ),
    CountWarning.NEEDS_CONFIG: _(
        "Nobody has said yet what grows here. An administrator sets the product and the pot of this place: then the "
        "stock is booked by itself."
    ),
    CountWarning.NEEDS_REVIEW: _(
        "The photo shows fewer plants than the books can give back. Look at the picture and the last movements of "
        "this place; a supervisor accepts the count, or you count again."
    ),
    CountWarning.PARTIAL_COUNT: _(
        "Some containers are missing from the count, so nothing is booked. Count again; if that does not help, a "
        "supervisor can accept the part that was counted."
    ),
    CountWarning.PLACE_MISMATCH: _(
        "The position of the photo lies far from the place that was named. Say which of them is right: the count is "
        "booked at once, without counting again."
    ),
    CountWarning.UNDATED: _(
        "The photo carries no date (messaging apps remove it), and other photos of this place do. Say when it "
        "was taken, or accept the time of the upload."
    ),
    CountWarning.OTHER_PRODUCT: _(
        "Something else grows here now, and the books still hold plants of the old product. Say what became of them: "
        "then this count is booked."
    ),
    CountWarning.NOTHING_FOUND: _(
        "Neither a container nor a plant was found, although plants stood here. Check that the photo shows this place. "
        "If it is empty, a supervisor accepts the count."
    ),
    CountWarning.MOVED: _("Check that the photo shows this place; validating the count says so."),
    CountWarning.PHOTO_MOVED_AWAY: _(
        "The stock of this place follows its other photos. Take a new photo if none of them is recent."
    ),
    CountWarning.DUPLICATE_ELSEWHERE: _(
        "The same photo was sent before for another place. A supervisor decides which of the two it shows: names the "
        "right place, or accepts the count."
    ),
    CountWarning.NEEDS_CALIBRATION: _(
        "The count is booked. Once photos of this product are validated, or density parameters are entered for it, "
        "containers without a visible plant are estimated too."
    ),
    CountWarning.SUPERSEDED: _(
        "Nothing to do: the stock shows what a later photo, or a count by hand, says of this place."
    ),
    CountWarning.SAME_LOCATION: _(
        "Check that both photos really show the same place. If not, choose the right place for one of them."
    ),
    CountWarning.NO_CONTAINER: _(
        "Check the outlines: plants of neighbouring places may be in the count. Take the next photo with the edges of "
        "the bed in view."
    ),
    CountWarning.TRUNCATED: _(
        "Take this place in two photos, or from a shorter distance, and count it again."
    ),
    CountWarning.OVER_CAPACITY: _(
        "Look at the outlines and at the plants in that box: one outline may hold two boxes, or leaves were taken for "
        "plants. If the count is right, the capacity of this type of container is not."
    ),
    CountWarning.UNLIKE_LAST_COUNT: _(
        "The count is booked. Check that the photo shows this place and all of it, and whether a sale, a planting or "
        "a move was not recorded."
    ),
    CountWarning.UNLIKE_PRODUCT: _(
        "The count is booked as the product of the place. Check that the photo shows this place; if something else "
        "grows there by now, an administrator opens a new cycle for it."
    ),
    CountWarning.OUT_OF_SCALE: _(
        "Take the next photo from a distance at which plants are neither tiny nor cut off."
    ),
    CountWarning.BLURRY: _(
        "Hold the phone still, touch the plants on the screen to focus, and take the photo again."
    ),
    CountWarning.DARK: _(
        "Take the photo again with more light: what lies in the shade is not counted surely."
    ),
    CountWarning.GLARE: _("Take the photo again without the sun on it: what is burnt out shows no plants."),
}
UNLIKE: Final = _(
    "This photo shows %(counted)s living plants; by the last count and what was recorded since, it should be "
    "%(expected)s."
)

LOOKS_LIKE: Final = _("%(plants)s of %(of)s plants that were looked at closely look like %(product)s.")
MOVED_FROM: Final = _("Before, it was said to show %(place)s.")
FAR_FROM: Final = _("The position lies %(metres)s m from %(place)s.")


def warnings_of(session: ProcessingSession) -> list[dict[str, object]]:
    """The warnings of a count as `warning_texts` gives them, with the numbers behind them."""
    facts: dict[str, str] = {}
    if session.expected_living is not None:
        facts[CountWarning.UNLIKE_LAST_COUNT] = str(UNLIKE) % {
            "counted": number_format(session.total_living, force_grouping=True),
            "expected": number_format(session.expected_living, force_grouping=True),
        }
    if CountWarning.UNLIKE_PRODUCT in session.warnings:
        facts[CountWarning.UNLIKE_PRODUCT] = str(LOOKS_LIKE) % {
            "plants": number_format(session.recognition["plants"]),
            "of": number_format(session.recognition["of"]),
            "product": session.recognition["name"],
        }
    if CountWarning.MOVED in session.warnings and session.moved_from is not None:
        facts[CountWarning.MOVED] = str(MOVED_FROM) % {"place": session.moved_from}
    if CountWarning.PLACE_MISMATCH in session.warnings and session.gps_distance_m is not None:
        facts[CountWarning.PLACE_MISMATCH] = str(FAR_FROM) % {
            "metres": number_format(session.gps_distance_m, 1),
            "place": session.storage_location,
        }
    return warning_texts(session.warnings, facts)


def warning_texts(codes: list[str], facts: Mapping[str, str] | None = None) -> list[dict[str, object]]:
    """The title, the advice and the urgency of each warning of a count, those that wait for a person first.

    `facts` are sentences about this very count, by code; they go before the advice. A code that this version does not
    know is shown as it is: a warning must never be lost.
    """
    texts: list[dict[str, object]] = []
    for code in sorted(codes, key=lambda code: code not in CountWarning.waiting()):
        known = CountWarning(code) if code in CountWarning.values else None
        advice = [(facts or {}).get(code, ""), str(ADVICE[known]) if known else ""]
        texts.append(
            {
                "code": code,
                "title": str(known.label) if known else code,
                "advice": " ".join(sentence for sentence in advice if sentence),
                "waits": code in CountWarning.waiting(),
            }
        )
    return texts


def reason_texts(codes: list[str]) -> list[str]:
    """Why a count cannot be said more closely, in words; a code that this version does not know stays as it is."""
    return [str(IntervalReason(code).label) if code in IntervalReason.values else code for code in codes]
