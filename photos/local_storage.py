"""Pictures in folders of this machine, with links that are signed as those of an S3 store are."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.core.signing import TimestampSigner
from django.urls import reverse
from django.utils.deconstruct import deconstructible

from photos.store_errors import outages_reported, store_unavailable

_PIECE_BYTES: Final = 1024**2


@deconstructible(path="photos.local_storage.SignedFileSystemStorage")
class SignedFileSystemStorage(FileSystemStorage):
    """A folder that answers for one of STORAGES. Its links are good for SIGNED_LINK_S.

    Object metadata is left out: the row of a photo says the same. Raises StoreUnavailable or StoreFull for whatever
    the disk cannot do just now.
    """

    def __init__(self, location: str, alias: str) -> None:
        super().__init__(location=location)
        self.alias = alias

    @property
    def bucket_name(self) -> str:
        """The name of the folder, which stands for a bucket."""
        return Path(self.location).name

    def put(
        self,
        name: str,
        content: File[Any],
        content_type: str,
        metadata: dict[str, str],
        *,
        within_s: float | None = None,
    ) -> None:
        """Write a file, whole or not at all; a repeat replaces it. A temporary file on the same disk is moved.

        It is on the disk when this returns: a row that names it outlives a power cut, and so must the file. Nothing
        bounds a disk that hangs, so `within_s` is for the other stores.
        """
        path = Path(self.path(name))
        draft = path.with_name(f".draft-{uuid.uuid4().hex}")
        try:
            with outages_reported():
                changed = {path.parent, *(f.parent for f in path.parents if not f.exists())}
                path.parent.mkdir(parents=True, exist_ok=True)
                try:
                    self._write(draft, content)
                    draft.chmod(0o640)  # uploads begin as 0600; web and workers may be two users of one group
                    _sync(draft)
                    draft.replace(path)
                finally:
                    draft.unlink(missing_ok=True)
                for folder in changed:
                    _sync(folder)
        except FileNotFoundError as error:  # another process cleared the folder just now
            raise store_unavailable() from error

    def _write(self, draft: Path, content: File[Any]) -> None:
        if hasattr(content, "temporary_file_path"):
            shutil.move(content.temporary_file_path(), draft)
            return
        with draft.open("wb") as file:
            for piece in content.chunks(_PIECE_BYTES):
                file.write(piece)

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a file in pieces. Raises FileNotFoundError."""
        with outages_reported():
            file = Path(self.path(name)).open("rb")  # noqa: SIM115 - closed by the block below
        with file:
            while True:
                with (
                    outages_reported()
                ):  # not around the yield: what the reader raises is not the disk's fault
                    piece = file.read(_PIECE_BYTES)
                if not piece:
                    return
                yield piece

    def url(self, name: str | None) -> str:
        """A signed link to a file. The time and the signature come first, so that the link ends like a file."""
        value, timestamp, signature = _signer(self.alias).sign(name or "").rsplit(":", 2)
        return reverse("local-file", args=[self.alias, f"{timestamp}:{signature}/{value}"])

    def exists(self, name: str) -> bool:
        with outages_reported():
            return super().exists(name)

    def older_than(self, when: datetime) -> Iterator[str]:
        """The names of files written before a time."""
        root = Path(self.location)
        for folder, _folders, files in os.walk(root):
            for file in files:
                path = Path(folder, file)
                try:
                    written_at = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
                except FileNotFoundError:
                    continue  # another process was faster
                if written_at < when:
                    yield str(path.relative_to(root))

    def delete(self, name: str) -> None:
        """Delete a file and the folder it leaves empty. Nothing happens if it is gone."""
        with outages_reported():
            super().delete(name)
        with contextlib.suppress(OSError):  # other files are in it, or it is gone
            Path(self.path(name)).parent.rmdir()

    def ensure_ready(self) -> None:
        """Make the folder if it is missing, and see that it can be written to."""
        folder = Path(self.location)
        with outages_reported():
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".probe-{uuid.uuid4().hex}"
            probe.touch()
            probe.unlink()


def read_token(alias: str, token: str) -> str:
    """The file name that a link of this store is for. Raises BadSignature if it is altered or too old."""
    stamp, _slash, name = token.partition("/")
    return _signer(alias).unsign(f"{name}:{stamp}", max_age=settings.SIGNED_LINK_S)


def _sync(path: Path) -> None:
    """Wait until the disk has the bytes of a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _signer(alias: str) -> TimestampSigner:
    return TimestampSigner(salt=f"photos.local_storage.{alias}")
