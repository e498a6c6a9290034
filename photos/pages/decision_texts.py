"""What the decisions about photos are called, ask and say afterwards: on the pages and in the administration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class DecisionText:
    """The texts of one decision.

    title: its heading, and the label of its button. question: what taking it means, of one photo or of several.
    done: what is said afterwards of one photo.
    """

    title: _StrPromise
    question: _StrPromise
    done: _StrPromise
    is_grave: bool = False


ASSIGN_PLACE: Final = DecisionText(
    title=_("Choose the place"),
    question=_("All counts of the photo are booked at the place that you name; nothing is counted again."),
    done=_("The place is set."),
)
COUNT_AGAIN: Final = DecisionText(
    title=_("Count again"),
    question=_(
        "The photo is counted once more from its stored original. The earlier counts stay to be looked at."
    ),
    done=_("The photo is being counted again."),
)
VALIDATE: Final = DecisionText(
    title=_("Validate the count"),
    question=_(
        "You say that the count is right; what waited for that word is booked. You can take that back later."
    ),
    done=_("The count is validated."),
)
WITHDRAW: Final = DecisionText(
    title=_("Withdraw the validation"),
    question=_("The count is nobody's word any more. What it had waited for, it waits for again."),
    done=_("The validation is withdrawn."),
)
TRASH: Final = DecisionText(
    title=_("Move to the trash"),
    question=_("What the photo had booked is withdrawn. It stays in the trash and can be restored."),
    done=_("The photo is in the trash."),
    is_grave=True,
)
RESTORE: Final = DecisionText(
    title=_("Restore the photo"),
    question=_("Its counts are evidence of what stands at their place again."),
    done=_("The photo is restored."),
)
