"""Why the software wrote a movement, in the language of whoever reads it."""

import pytest
from django.utils import translation

from inventory.choices import MovementReason
from inventory.movement_reasons import reason_text

IN_ENGLISH, IN_SPANISH = "The product of this cycle was corrected.", "Se corrigió el producto de este ciclo."


@pytest.mark.parametrize("stored", [MovementReason.PRODUCT_CORRECTED.value, IN_ENGLISH, IN_SPANISH])
@pytest.mark.parametrize(("language", "expected"), [("en", IN_ENGLISH), ("es", IN_SPANISH)])
def test_a_reason_of_the_software_is_told_in_the_language_of_the_reader(stored, language, expected):
    """Also one of the first lines of the ledger, which hold the text itself and are never changed."""
    with translation.override(language):
        assert reason_text(stored) == expected


def test_the_words_of_people_stay_theirs():
    assert reason_text("hail") == "hail"
