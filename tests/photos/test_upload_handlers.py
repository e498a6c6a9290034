"""Files from the wire: hashed while they arrive, bounded, and never read a second time."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.http import HttpRequest
from django.test import RequestFactory

from photos.upload_handlers import HashingUploadHandler, sha256_of

CONTENT = bytes(range(256)) * 5000  # 1.28 MB: several pieces, and line ends that a parser could stumble over


def received(content: bytes) -> TemporaryUploadedFile:
    """A file as it comes out of a multipart request with our handler."""
    file = SimpleUploadedFile("IMG.jpg", content, "image/jpeg")
    request: HttpRequest = RequestFactory().post("/", {"files": file})
    request.upload_handlers = [HashingUploadHandler()]
    taken: Any = request.FILES["files"]
    assert isinstance(taken, TemporaryUploadedFile)
    return taken


@pytest.mark.parametrize(
    "size", [1, HashingUploadHandler.chunk_size - 1, HashingUploadHandler.chunk_size, len(CONTENT)]
)
def test_the_hash_of_what_arrived_is_that_of_the_file_on_disk(size: int) -> None:
    with received(CONTENT[:size]) as file:
        on_disk = Path(file.temporary_file_path()).read_bytes()
        assert on_disk == CONTENT[:size]
        assert sha256_of(file) == hashlib.sha256(on_disk).hexdigest()


def test_a_hash_that_is_known_is_not_computed_again() -> None:
    with received(CONTENT) as file:
        Path(file.temporary_file_path()).unlink()
        Path(file.temporary_file_path()).write_bytes(b"other")
        assert sha256_of(file) == hashlib.sha256(CONTENT).hexdigest()


def test_a_file_that_another_handler_took_is_hashed_from_its_bytes() -> None:
    assert sha256_of(SimpleUploadedFile("IMG.jpg", CONTENT)) == hashlib.sha256(CONTENT).hexdigest()


def test_of_a_file_too_large_only_so_much_is_kept_as_a_photo_may_have(settings: Any) -> None:
    settings.UPLOAD_MAX_FILE_BYTES = HashingUploadHandler.chunk_size // 2
    with received(CONTENT) as file:
        assert file.size == len(CONTENT)
        assert Path(file.temporary_file_path()).stat().st_size <= HashingUploadHandler.chunk_size
