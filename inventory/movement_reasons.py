"""Why the software itself wrote a movement: a code in the row, said in the language of whoever reads it.

What people write as a reason stays as they wrote it.
"""

from functools import cache

from django.conf import settings
from django.utils import translation

from inventory.choices import MovementReason


def reason_text(reason: str) -> str:
    """The reason of a movement as its reader reads it."""
    code = reason if reason in MovementReason.values else _codes_of_texts().get(reason)
    return str(MovementReason(code).label) if code else reason


@cache
def _codes_of_texts() -> dict[str, str]:
    """Lines of the ledger are never changed, and the first ones hold the text itself, in the language of that day."""
    codes = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            codes.update({str(reason.label): reason.value for reason in MovementReason})
    return codes
