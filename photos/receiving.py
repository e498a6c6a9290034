"""Taking files from the wire: to disk, hashed while they arrive, and never more of one than a photo may have."""

import hashlib
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class HashingUploadHandler(TemporaryFileUploadHandler):
    """Writes a file to FILE_UPLOAD_TEMP_DIR and hangs its SHA-256 on it as `sha256`.

    So nothing is left to read after the last byte. What exceeds UPLOAD_MAX_FILE_BYTES is counted and dropped: the
    file then has its true `size`, by which it is refused, but not its bytes.
    """

    chunk_size = 512 * 1024  # bytes; Django's 64 KiB are copied several times on their way from the socket

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._digest = hashlib.sha256()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start <= settings.UPLOAD_MAX_FILE_BYTES:
            self._digest.update(raw_data)
            super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        file = super().file_complete(file_size)
        if file is not None:
            file.sha256 = self._digest.hexdigest()  # type: ignore[attr-defined]  # read by sha256_of alone
        return file


def sha256_of(file: UploadedFile) -> str:
    """The SHA-256 of an uploaded file: known already if our handler took it, else computed."""
    known: str | None = getattr(file, "sha256", None)
    if known is not None:
        return known
    digest = hashlib.sha256()
    for piece in file.chunks():
        digest.update(piece)
    return digest.hexdigest()
