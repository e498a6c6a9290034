"""Keeping pictures that were sent to be classified: each once, under the MD5 of its bytes."""

from __future__ import annotations  # Django's files take no type argument at run time

import hashlib
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any, BinaryIO, Final, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.connections import release_connection
from mlpipeline.classifier.errors import NameTaken, NoFileProvided, UnsupportedExtension
from mlpipeline.classifier.models import ClassifiedPicture
from mlpipeline.classifier.picture_files import EXTENSIONS, check_picture
from photos import storage
from photos.errors import EmptyFile, FileTooLarge
from photos.upload_handlers import is_unnamed, sha256_of

KEPT: Final = timedelta(days=90)  # a picture that nobody has said anything about
_PIECE_BYTES: Final = 1024**2


def keep_picture(file: UploadedFile[Any]) -> ClassifiedPicture:
    """Look at an uploaded picture, stage its bytes and write its row; of a picture that is known, only when it came.

    The caller sends `upload_classified` for a picture that has a `staging_key`.
    Raises what `check_file` raises, and NameTaken; StoreFull and StoreUnavailable if the bytes cannot be kept.
    """
    check_file(file)
    file_name = _md5_of(_content_of(file)) + _extension_of(file)
    key = storage.staged_classified_key(file_name)
    fields = {"sha256": sha256_of(file), "size_bytes": file.size or 0, "used_at": timezone.now()}
    is_stored = ClassifiedPicture.objects.filter(file_name=file_name, staging_key="").exists()
    if not is_stored:
        storage.stage_uploads([(file, key)])
    with transaction.atomic():
        # Locked: `delete_unused` then sees when it was used, or has deleted it before.
        picture, is_new = ClassifiedPicture.objects.select_for_update().get_or_create(
            file_name=file_name, defaults={**fields, "staging_key": key}
        )
        if picture.sha256 != fields["sha256"]:  # found by intent alone
            raise NameTaken(_("Another picture has the same MD5. Save the picture anew and send it again."))
        if not is_new:
            ClassifiedPicture.objects.filter(pk=picture.pk).update(used_at=fields["used_at"])
    if is_stored and picture.staging_key:  # no more: it was deleted meanwhile
        storage.stage_uploads([(file, key)])
    return picture


def check_file(file: UploadedFile[Any]) -> None:
    """Look at an uploaded picture: its name, its size and its header.

    Raises NoFileProvided, UnsupportedExtension, EmptyFile, FileTooLarge, InvalidFileType, ImageTooLarge,
    UnreadableImage.
    """
    if is_unnamed(file):
        raise NoFileProvided(_("No file provided"))
    if _extension_of(file) not in EXTENSIONS:
        raise UnsupportedExtension(_("File type is not supported."))
    _check_size(file.size or 0)
    check_picture(_content_of(file))


def note_missing(picture: ClassifiedPicture) -> None:
    """Have a picture whose bytes are nowhere staged again when it is sent the next time."""
    ClassifiedPicture.objects.filter(pk=picture.pk).update(
        staging_key=storage.staged_classified_key(picture.file_name)
    )


def store_picture(picture_id: int) -> None:
    """Copy a picture from staging to the store. Does nothing if that is done. Raises StoreFull, StoreUnavailable.

    The staged copy is cleared with all others after a day: a page that was just made links to it.

    Raises OriginalMissing if the bytes are nowhere: whoever sends the picture again mends that.
    """
    picture = ClassifiedPicture.objects.unstored().filter(pk=picture_id).first()
    if picture is None:
        return
    release_connection()
    key = storage.classified_key(picture.file_name)
    metadata = {"file_name": picture.file_name, "sha256": picture.sha256}
    storage.copy_to_store(picture.sha256, picture.staging_key, key, metadata)
    ClassifiedPicture.objects.filter(pk=picture.pk).update(staging_key="")


def picture_url(picture: ClassifiedPicture) -> str:
    """A link to the picture for a browser."""
    if picture.staging_key:
        return storage.store(storage.STAGING).url(picture.staging_key)
    return storage.store(storage.DEFAULT).url(storage.classified_key(picture.file_name))


def delete_unused() -> int:
    """Delete pictures that nobody has asked about for long and nobody has said anything about. How many."""
    when = timezone.now() - KEPT
    unused = list(ClassifiedPicture.objects.unused_since(when).values_list("pk", flat=True))
    return sum(_delete_if_unused(picture_id, when) for picture_id in unused)


def _delete_if_unused(picture_id: int, when: datetime) -> bool:
    """Delete a picture's row, then its bytes: a row without bytes would refuse the picture for ever."""
    with transaction.atomic():
        unused = ClassifiedPicture.objects.unused_since(when).filter(pk=picture_id)
        picture = unused.select_for_update(of=("self",)).first()
        if picture is None:  # somebody has sent it meanwhile
            return False
        picture.delete()
    storage.delete(storage.DEFAULT, storage.classified_key(picture.file_name))
    for sent_again in ClassifiedPicture.objects.filter(file_name=picture.file_name, staging_key=""):
        note_missing(sent_again)  # its bytes may be those that were just deleted; staging has them for a day
    return True


def _extension_of(file: UploadedFile[Any]) -> str:
    return PurePath(file.name or "").suffix.lower()


def _content_of(file: UploadedFile[Any]) -> BinaryIO:
    return cast(BinaryIO, file)  # Django's file passes on what a binary file can do


def _check_size(size_bytes: int) -> None:
    if size_bytes == 0:
        raise EmptyFile(_("The file is empty."))
    if size_bytes > settings.UPLOAD_MAX_FILE_BYTES:
        limit_mb = settings.UPLOAD_MAX_FILE_BYTES // 1024**2
        raise FileTooLarge(
            _("The file is larger than %(limit)d MB.") % {"limit": limit_mb},
            limit_bytes=settings.UPLOAD_MAX_FILE_BYTES,
        )


def _md5_of(file: BinaryIO) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    file.seek(0)
    while piece := file.read(_PIECE_BYTES):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()
