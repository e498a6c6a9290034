"""Taking a chunk of a file from the wire: to disk, and hashed on its way."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import UnreadablePostError

from demeter.serving.admission import LargeBody
from demeter.serving.bodies import RawBody
from photos.store_errors import outages_reported

CONTENT_TYPE: Final = "application/offset+octet-stream"
CHECKSUMS: Final = ("sha256", "sha1")  # tus demands the second of whoever offers checksums
_PIECE_BYTES: Final = 512 * 1024


class Stream(Protocol):
    """What a body is read from."""

    def read(self, size: int, /) -> bytes: ...


def _sink(_meta: Mapping[str, Any]) -> RawBody:
    return RawBody(Path(settings.FILE_UPLOAD_TEMP_DIR))


CHUNK: Final = LargeBody(max_bytes=settings.UPLOAD_MAX_FILE_BYTES, sink_of=_sink, method="PATCH")


def receive_chunk(stream: Stream, *, size_bytes: int, algorithm: str) -> tuple[TemporaryUploadedFile, bytes]:
    """The body as a temporary file, with its digest (one of CHECKSUMS). The caller closes the file, which deletes it.

    Raises UnreadablePostError if fewer bytes come than were announced, StoreFull, StoreUnavailable.
    """
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with outages_reported():
        file = TemporaryUploadedFile("chunk", CONTENT_TYPE, size_bytes, None)
    try:
        missing = size_bytes
        while missing > 0:
            piece = stream.read(min(_PIECE_BYTES, missing))
            if not piece:
                raise UnreadablePostError(f"{missing} bytes of a chunk did not come")
            missing -= len(piece)
            digest.update(piece)
            with outages_reported():
                file.write(piece)
        with outages_reported():
            file.seek(0)
    except BaseException:
        file.close()
        raise
    return file, digest.digest()
