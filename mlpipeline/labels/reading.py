"""The texts of the QR codes in an uploaded picture, read in a process whose memory and time are bounded."""

from __future__ import annotations  # Django's files take no type argument at run time

from typing import Any, BinaryIO, Final, cast

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from mlpipeline.labels.errors import LabelReaderUnavailable
from photos import image_files
from photos.decoding.pool import pool
from photos.errors import EmptyFile, FileTooLarge

# A frame of the page has some 0.1 MB, a still of a phone that it cannot shrink 3.
MAX_BYTES: Final = 4 * 1024**2
_MAX_PIXELS: Final = 16_000_000


def read_label_texts(file: UploadedFile[Any]) -> list[str]:
    """What the codes say, each once, in the order of the alphabet. No pixel is decoded in this process.

    Raises EmptyFile, FileTooLarge, InvalidFileType, ImageTooLarge, UnreadableImage, LabelReaderUnavailable.
    """
    if not file.size:
        raise EmptyFile(_("The file is empty."))
    if file.size > MAX_BYTES:
        raise FileTooLarge(
            _("The picture has more than %(limit)d MB.") % {"limit": MAX_BYTES // 1024**2},
            limit_bytes=MAX_BYTES,
        )
    info = image_files.detect_format(cast("BinaryIO", file))
    image_files.check_size(info.width_px, info.height_px, max_pixels=_MAX_PIXELS)
    try:
        texts: list[str] = pool().call("mlpipeline.labels.decoding:read_here", file.fileno())
    except OSError as error:
        raise LabelReaderUnavailable(_("Labels cannot be read just now. Try again in a moment.")) from error
    return texts
