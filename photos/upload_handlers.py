"""Taking files from the wire: to disk, hashed while they arrive, and never more of one than a photo may have."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters

from demeter.serving.admission import LargeBody
from demeter.serving.bodies import StopReceiving
from demeter.serving.errors import too_large
from photos.multipart_parser import UNNAMED, ByteStream, FormParser, parse_form
from photos.store_errors import outages_reported, store_unavailable

_FORM_OVERHEAD_BYTES: Final = 1024**2  # fields and part headers beside the files
_NAME_OF_UNNAMED: Final = "photo"  # how a file is called whose sender has not named it
_META_KEY: Final = "photos.received_form"  # no header can be named like this


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
        """Read the body in Django's stead (photos.multipart_parser), or take what was read while it arrived."""
        received: ReceivedForm | None = META.get(_META_KEY)
        if received is not None:
            return received.result()
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
        with _disk_errors_reported():  # under a name of ours: a client's may be too long for a disk
            self.file = TemporaryUploadedFile(_NAME_OF_UNNAMED, content_type, 0, charset, content_type_extra)
        if file_name == UNNAMED:
            self.file.is_unnamed = True  # type: ignore[attr-defined]  # read by is_unnamed alone
        else:
            self.file.name = file_name
        self._digest = hashlib.sha256()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start <= settings.UPLOAD_MAX_FILE_BYTES:
            self._digest.update(raw_data)
            with _disk_errors_reported():
                self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        with _disk_errors_reported():  # what is buffered is written when the file is wound back
            file = super().file_complete(file_size)
        if file is not None:
            file.sha256 = self._digest.hexdigest()  # type: ignore[attr-defined]  # read by sha256_of alone
        return file


class ReceivedForm:
    """A form that is read while it arrives (a sink of demeter.serving), so that nothing is left to do at its end.

    What Django says about a form that cannot be read, it says when it asks for the form.
    """

    def __init__(self, *, boundary: bytes, content_length: int, encoding: str | None) -> None:
        self._parser = FormParser(
            boundary=boundary,
            content_length=content_length,
            encoding=encoding,
            handler=HashingUploadHandler(),
        )
        self._error: Exception | None = None
        self._result: tuple[QueryDict, MultiValueDict[str, UploadedFile]] | None = None

    @classmethod
    def of(cls, meta: Mapping[str, Any]) -> "ReceivedForm | None":
        """For a request with these headers; None where they announce no form that could be read."""
        try:
            MultiPartParser(meta, BytesIO(), [HashingUploadHandler()])  # looks at the headers
        except MultiPartParserError:
            return None
        _kind, options = parse_header_parameters(meta["CONTENT_TYPE"])
        return cls(
            boundary=options["boundary"].encode("ascii"),
            content_length=int(meta.get("CONTENT_LENGTH") or -1),
            encoding=options.get("charset"),
        )

    def is_on_disk(self, size: int) -> bool:
        return True

    def write(self, data: bytes) -> None:
        """Raises StopReceiving if the form cannot be read; StoreFull, StoreUnavailable."""
        try:
            self._parser.feed(data)
        except (MultiPartParserError, SuspiciousOperation) as error:
            self._error = error
            raise StopReceiving from error

    def finish(self) -> None:
        try:
            self._result = self._parser.close()
        except MultiPartParserError as error:
            self._error = error

    def result(self) -> tuple[QueryDict, MultiValueDict[str, UploadedFile]]:
        """The fields and files. Raises what was wrong with the form."""
        if self._result is None:
            raise self._error or MultiPartParserError("The form has not arrived.")
        return self._result

    def hand_over(self, environ: dict[str, Any]) -> None:
        environ["wsgi.input"] = BytesIO()
        environ[_META_KEY] = self

    def discard(self) -> None:
        self._parser.discard()


PHOTOS: Final = LargeBody(max_bytes=settings.UPLOAD_MAX_REQUEST_BYTES, sink_of=ReceivedForm.of)


@contextmanager
def _disk_errors_reported() -> Iterator[None]:
    """Raises StoreFull or StoreUnavailable for what the disk of FILE_UPLOAD_TEMP_DIR cannot do, or if it is gone."""
    try:
        with outages_reported():
            yield
    except FileNotFoundError as error:
        raise store_unavailable() from error


def is_unnamed(file: UploadedFile) -> bool:
    """Whether its sender has given a file no name that can be used. Told by no name, for a client may send any."""
    return bool(getattr(file, "is_unnamed", False))


def sha256_of(file: UploadedFile) -> str:
    """The SHA-256 of an uploaded file: known already if our handler took it, else computed."""
    known: str | None = getattr(file, "sha256", None)
    if known is not None:
        return known
    digest = hashlib.sha256()
    for piece in file.chunks():
        digest.update(piece)
    return digest.hexdigest()
