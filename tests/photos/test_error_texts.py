"""Errors are kept as codes and told in the language of who reads them."""

import pytest
from django.utils import translation

from photos.error_texts import error_details_text, error_text


@pytest.mark.parametrize(
    ("language", "expected"),
    [("es", "El archivo pesa más de 20 MB."), ("en", "The file is larger than 20 MB.")],
    ids=["Spanish", "English"],
)
def test_a_known_code_is_told_in_the_active_language(language, expected):
    with translation.override(language):
        assert error_text("file_too_large", "stored in another language") == expected


def test_a_code_that_is_not_known_keeps_what_was_stored():
    assert error_text("of_another_version", "stored") == "stored"


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ("", ""),
        ("needs_location: GPS coordinates not found", "needs_location: GPS coordinates not found"),
        ("needs_config: otra lengua", "needs_config: The place has no active configuration"),
        ("empty_file: otra lengua", "empty_file: The file is empty."),
        ("strange: stored", "strange: stored"),
    ],
    ids=["nothing", "known to clients", "waits", "refused", "unknown"],
)
def test_the_details_of_a_photo_keep_their_code(stored, expected):
    with translation.override("en"):
        assert error_details_text(stored) == expected
