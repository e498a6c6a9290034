"""Why a file was refused, or a photo not counted, in the language of who reads it.

Rows keep a code, and a sentence in the language of whoever wrote it. Known codes are said anew.
"""

from typing import Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from photos.choices import CountWarning

_TEXTS: Final[dict[str, Promise]] = {
    "empty_file": _("The file is empty."),
    "invalid_file_type": _("This is not a picture we can read. Send JPEG, PNG, WebP, HEIC or AVIF."),
    "file_too_large": _("The file is larger than %(max_mb)d MB."),
    "image_too_large": _(
        "The picture has more than %(max_megapixels)d megapixels, or a side that is too long."
    ),
    "unreadable_image": _("The picture is damaged and cannot be read. Take it from the phone again."),
    "original_missing": _("The original of this photo cannot be found. Upload the photo again."),
    "internal_error": _(
        "Something went wrong on our side. Count the photo again; if it happens again, tell us."
    ),
    "too_many_attempts": _("The work was begun several times and never ended. Count the photo again."),
}


def error_text(code: str, stored: str) -> str:
    """The sentence of an error code in the language that is active; what was stored for a code that has none."""
    text = _TEXTS.get(code)
    if text is None:
        return stored
    return str(text) % {
        "max_mb": settings.UPLOAD_MAX_FILE_BYTES // 1024**2,
        "max_megapixels": settings.UPLOAD_MAX_PIXELS // 10**6,
    }


def error_details_text(stored: str) -> str:
    """What a photo says of its failure, `code: sentence`, with the sentence in the language that is active.

    Why a place is not known stays as it is: clients know that sentence.
    """
    code, separator, sentence = stored.partition(": ")
    if not separator or code == CountWarning.NEEDS_LOCATION:
        return stored
    if code in CountWarning.values:
        return f"{code}: {CountWarning(code).label}"
    return f"{code}: {error_text(code, sentence)}"
