"""Taking files from the wire: to disk, hashed while they arrive, and never more of one than a photo may have."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from demeter.serving.errors import too_large
from photos.multipart_parser import UNNAMED, ByteStream, parse_form
from photos.store_errors import outages_told, store_unavailable

_FORM_OVERHEAD_BYTES: Final = 1024**2  # fields and part headers beside the files


class HashingUploadHandler(TemporaryFileUploadHandler):
    """Writes a file to FILE_UPLOAD_TEMP_DIR and hangs its SHA-256 on it as `sha256`.

    So nothing is left to read after the last byte. What exceeds UPLOAD_MAX_FILE_BYTES is counted and dropped: the
    file then has its true `size`, by which it is refused, but not its bytes.
    Raises RequestTooLarge, before a part is read, for a body above UPLOAD_MAX_REQUEST_BYTES; StoreFull or
    StoreUnavailable if the file cannot be written.
    """

    chunk_size = 512 * 1024  # bytes; Django's 64 KiB are copied several times on their way from the socket

    def handle_raw_input(  # type: ignore[override]  # Django hands over a request and bytes, not what is declared
        self,
        input_data: ByteStream,
        META: Mapping[str, Any],  # noqa: N803 - Django's name
        content_length: int,
        boundary: bytes,
        encoding: str | None = None,
    ) -> tuple[QueryDict, MultiValueDict[str, UploadedFile]]:
        """Read the body in Django's stead (photos.multipart_parser)."""
        if content_length > settings.UPLOAD_MAX_REQUEST_BYTES + _FORM_OVERHEAD_BYTES:
            raise too_large(settings.UPLOAD_MAX_REQUEST_BYTES)
        return parse_form(
            input_data, boundary=boundary, content_length=content_length, encoding=encoding, handler=self
        )

    def new_file(
        self,
        field_name: str,
        file_name: str,
        content_type: str,
        content_length: int | None,
        charset: str | None = None,
        content_type_extra: dict[str, bytes] | None = None,
    ) -> None:
        with _disk_errors_told():  # under a name of ours: a client's may be too long for a disk
            self.file = TemporaryUploadedFile(UNNAMED, content_type, 0, charset, content_type_extra)
        self.file.name = file_name
        self._digest = hashlib.sha256()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start <= settings.UPLOAD_MAX_FILE_BYTES:
            self._digest.update(raw_data)
            with _disk_errors_told():
                self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        with _disk_errors_told():  # what is buffered is written when the file is wound back
            file = super().file_complete(file_size)
        if file is not None:
            file.sha256 = self._digest.hexdigest()  # type: ignore[attr-defined]  # read by sha256_of alone
        return file


@contextmanager
def _disk_errors_told() -> Iterator[None]:
    """Raises StoreFull or StoreUnavailable for what the disk of FILE_UPLOAD_TEMP_DIR cannot do, or if it is gone."""
    try:
        with outages_told():
            yield
    except FileNotFoundError as error:
        raise store_unavailable() from error


def sha256_of(file: UploadedFile) -> str:
    """The SHA-256 of an uploaded file: known already if our handler took it, else computed."""
    known: str | None = getattr(file, "sha256", None)
    if known is not None:
        return known
    digest = hashlib.sha256()
    for piece in file.chunks():
        digest.update(piece)
    return digest.hexdigest()
