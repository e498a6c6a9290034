"""What each warning means to the person who reads it, and what that person can do about it."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from photos.choices import CountWarning

ADVICE: Final[dict[CountWarning, Promise]] = {
    CountWarning.NEEDS_LOCATION: _(
        "The position of the photo does not tell one place for certain. Choose the place below: the count is booked "
        "at once, without counting again."
    ),
    CountWarning.NEEDS_CONFIG: _(
        "Nobody has said yet what grows here. An administrator sets the product and the pot of this place; then count "
        "again, or choose the place once more, and the stock is booked."
    ),
    CountWarning.NEEDS_REVIEW: _(
        "The photo shows fewer plants than the books can give back. Look at the picture and the last movements of "
        "this place; a supervisor accepts the count, or you count again."
    ),
    CountWarning.PARTIAL_COUNT: _(
        "Some containers are missing from the count, so nothing is booked. Count again; if that does not help, a "
        "supervisor can accept the part that was counted."
    ),
    CountWarning.NEEDS_CALIBRATION: _(
        "The count is booked. With density parameters for this product and pot the hidden plants are estimated better."
    ),
    CountWarning.SUPERSEDED: _(
        "Nothing to do: a photo of this place that was taken later is what the stock shows."
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
}


def warning_texts(codes: list[str]) -> list[dict[str, object]]:
    """The title, the advice and the urgency of each warning of a count, those that wait for a person first.

    A code that this version does not know is shown as it is: a warning must never be lost.
    """
    texts: list[dict[str, object]] = []
    for code in sorted(codes, key=lambda code: code not in CountWarning.waiting()):
        known = CountWarning(code) if code in CountWarning.values else None
        texts.append(
            {
                "code": code,
                "title": str(known.label) if known else code,
                "advice": str(ADVICE[known]) if known else "",
                "waits": code in CountWarning.waiting(),
            }
        )
    return texts
