"""Reading a multipart/form-data body (RFC 7578) part by part, so that no part with content is lost.

Django's own parser drops parts whose file name is missing, empty, `..` or not UTF-8, and accepts a body that breaks
off. This one takes them under the name `photo`, and refuses a body without its closing boundary.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Protocol

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.encoding import force_str
from django.utils.http import parse_header_parameters
from multipart import MultipartError, MultipartSegment, PushMultipartParser

UNNAMED: Final = "\0"  # stands for a name that is none; whatever is not printable is taken out of a client's
_MAX_HEADER_COUNT: Final = 32  # a part; RFC 7578 knows three


class ByteStream(Protocol):
    """What a body is read from."""

    def read(self, size: int, /) -> bytes: ...


class FileHandler(Protocol):
    """The methods of Django's upload handlers that are called for each file."""

    chunk_size: int

    def new_file(
        self,
        field_name: str,
        file_name: str,
        content_type: str,
        content_length: int | None,
        charset: str | None = None,
        content_type_extra: dict[str, bytes] | None = None,
    ) -> None: ...

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any: ...

    def file_complete(self, file_size: int) -> UploadedFile | None: ...

    def upload_interrupted(self) -> None: ...


class FormParser:
    """Reads a body while it arrives: `feed` for each piece, then `close` for its fields and files.

    Both raise MultiPartParserError for a body that is not multipart, or that ends before its closing boundary; and
    RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent beyond Django's DATA_UPLOAD_* limits. Nothing of such a
    body is left on disk.
    """

    def __init__(
        self, *, boundary: bytes, content_length: int, encoding: str | None, handler: FileHandler
    ) -> None:
        """`content_length` is -1 where the client does not announce it."""
        self._form = _Form(handler, encoding or settings.DEFAULT_CHARSET)
        with self._discarding():
            self._parser = PushMultipartParser(
                boundary,
                content_length=content_length,
                max_header_count=_MAX_HEADER_COUNT,
                header_charset="latin-1",  # decodes any byte; `_as_text` finds what was meant
            )

    def feed(self, chunk: bytes) -> None:
        with self._discarding():
            if self._parser.closed:
                return  # what follows the closing boundary means nothing
            for event in self._parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    self._form.begin_part(event)
                elif event is None:
                    self._form.end_part()
                else:
                    self._form.add(event)

    def close(self) -> tuple[QueryDict, MultiValueDict[str, UploadedFile]]:
        """The text fields and the files, each in the order in which they came."""
        with self._discarding():
            self._parser.close()
        self._form.fields._mutable = False
        return self._form.fields, self._form.files

    def discard(self) -> None:
        """Delete what has been written of the files. Harmless when repeated."""
        self._form.discard()

    @contextmanager
    def _discarding(self) -> Iterator[None]:
        try:
            yield
        except MultipartError as error:
            self.discard()
            raise MultiPartParserError(str(error)) from error
        except BaseException:
            self.discard()
            raise


def parse_form(
    stream: ByteStream, *, boundary: bytes, content_length: int, encoding: str | None, handler: FileHandler
) -> tuple[QueryDict, MultiValueDict[str, UploadedFile]]:
    """Read a whole body at once. Raises what FormParser does."""
    parser = FormParser(boundary=boundary, content_length=content_length, encoding=encoding, handler=handler)
    left = content_length
    while left > 0 and (chunk := stream.read(min(handler.chunk_size, left))):
        left -= len(chunk)
        parser.feed(chunk)
    return parser.close()


class _Form:
    """The fields and files of a body as they come in."""

    def __init__(self, handler: FileHandler, encoding: str) -> None:
        self.fields = QueryDict(mutable=True)
        self.files: MultiValueDict[str, UploadedFile] = MultiValueDict()
        self._handler = handler
        self._encoding = encoding
        self._field_bytes = self._field_count = self._file_count = 0

    def begin_part(self, segment: MultipartSegment) -> None:
        self._segment = segment
        self._name = _as_text(segment.name or "").strip()
        self._is_file = _is_file(segment)
        self._is_open = False
        self._size = 0
        self._text = bytearray()
        if self._is_file and segment.filename:
            self._open_file()  # without a name a file begins with its first byte: browsers send empty inputs

    def add(self, chunk: bytes) -> None:
        if (
            not self._is_file and b"\0" in chunk
        ):  # no text, whatever its headers leave out; all pictures hold one
            self._is_file = True
            chunk, self._text = bytes(self._text) + chunk, bytearray()
        if not self._is_file:
            self._count_field_bytes(len(chunk))
            self._text += chunk
            return
        if not self._is_open:
            self._open_file()
        self._handler.receive_data_chunk(chunk, self._size)
        self._size += len(chunk)

    def end_part(self) -> None:
        if not self._is_file:
            self._field_count += 1
            limit = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
            if self._field_count > limit:
                raise TooManyFieldsSent(f"More than {limit} fields.")
            self._count_field_bytes(len(self._name))
            self.fields.appendlist(self._name, force_str(bytes(self._text), self._encoding, errors="replace"))
        elif self._is_open:
            self._is_open = False
            file = self._handler.file_complete(self._size)
            if file is not None:
                self.files.appendlist(self._name, file)
        else:  # an input that was left empty stays what it is in a form: a field without a text
            self.fields.appendlist(self._name, "")

    def discard(self) -> None:
        """Delete what has been written of the files."""
        if getattr(self, "_is_open", False):
            self._is_open = False
            self._handler.upload_interrupted()
        for name in list(self.files):
            for file in self.files.getlist(name):
                file.close()

    def _open_file(self) -> None:
        self._file_count += 1
        limit = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        if self._file_count > limit:
            raise TooManyFilesSent(f"More than {limit} files.")
        self._handler.new_file(
            self._name,
            _file_name(self._segment),
            self._segment.content_type or "",
            None,
            self._segment.charset,
            {},
        )
        self._is_open = True

    def _count_field_bytes(self, size: int) -> None:
        self._field_bytes += size
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if self._field_bytes > limit:
            raise RequestDataTooBig(f"The fields beside the files have more than {limit} bytes.")


def _is_file(segment: MultipartSegment) -> bool:
    """Whether the headers of a part make it a file: a file name, also an empty one, or a type that is not text."""
    if segment.filename is not None or _has_encoded_name(segment):
        return True
    declared = segment.content_type or "text/plain"  # RFC 7578, 4.4
    return not declared.startswith(("text/", "application/json"))


def _has_encoded_name(segment: MultipartSegment) -> bool:
    return "filename*" in (segment.header("Content-Disposition") or "").lower()


def _file_name(segment: MultipartSegment) -> str:
    """The last step of the path that a client calls a file, in NFC; UNNAMED where nothing usable is left."""
    name = _as_text(segment.filename or "")
    if _has_encoded_name(segment):  # RFC 5987; it wins over a plain one
        with suppress(ValueError):  # an encoding that nobody knows
            name = parse_header_parameters(_as_text(segment["Content-Disposition"]))[1].get("filename", name)
    name = re.split(r"[/\\]", html.unescape(name))[-1]
    name = "".join(character for character in unicodedata.normalize("NFC", name) if character.isprintable())
    return UNNAMED if name.strip() in ("", ".", "..") else name


def _as_text(header: str) -> str:
    """A header's text: UTF-8 as browsers send it, else Latin-1."""
    raw = header.encode("latin-1", errors="replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return header
