"""The state of a photo as people read it: of those that failed, some only wait for a person."""

from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from photos.choices import CountWarning, ImageStatus
from photos.error_texts import error_text
from photos.models import Image
from photos.warning_catalogue import WAITING


class ImageState(Enum):
    """What became of a photo. The value is its code in addresses."""

    UPLOADED = "uploaded"
    PROCESSING = "processing"
    READY = "ready"
    WAITING = "waiting"
    BROKEN = "broken"
    TRASHED = "trash"

    @property
    def label(self) -> Promise:
        """The state in words."""
        return _LABELS[self]


_LABELS = {
    ImageState.UPLOADED: _("Uploaded"),
    ImageState.PROCESSING: _("Being counted"),
    ImageState.READY: _("Ready"),
    ImageState.WAITING: _("Waits for a person"),
    ImageState.BROKEN: _("Could not be counted"),
    ImageState.TRASHED: _("In the trash"),
}


def state_of(image: Image) -> ImageState:
    """The state of a photo."""
    if image.deleted_at is not None:
        return ImageState.TRASHED
    if image.status != ImageStatus.FAILED:
        return ImageState(image.status)
    return ImageState.WAITING if _code_of(image) in WAITING else ImageState.BROKEN


def reason_of(image: Image) -> str:
    """What a photo waits for, or why it could not be counted, in the language that is active; empty for others."""
    if image.status != ImageStatus.FAILED:
        return ""
    code = _code_of(image)
    if code in CountWarning.values:
        return str(CountWarning(code).label)
    return error_text(code, image.error_details.partition(": ")[2] or image.error_details)


def _code_of(image: Image) -> str:
    return image.error_details.partition(":")[0]
