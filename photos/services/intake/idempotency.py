"""The same request, sent twice, is answered once: a client that lost the answer may ask again without harm."""

from __future__ import annotations  # Django's files take no type argument at run time

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.accounts.models import User
from demeter.process_locks import process_lock
from photos.errors import InvalidKey, KeyReused, RequestRunning
from photos.models import IdempotencyKey
from photos.upload_handlers import sha256_of

MAX_KEY_LENGTH: Final = 200


@dataclass(frozen=True)
class Answer:
    """What was answered the first time."""

    status: int
    body: Any


@contextmanager
def running(*, user: User, path: str, key: str) -> Iterator[None]:
    """Mark that a request with this key runs. If its process dies, the key is free at once.

    Raises RequestRunning (409) while another one with the same key runs, InvalidKey for one that is too long.
    """
    if len(key) > MAX_KEY_LENGTH:
        raise InvalidKey(
            _("An Idempotency-Key has at most %(limit)d characters.") % {"limit": MAX_KEY_LENGTH}
        )
    with process_lock(f"idempotency-key {user.pk} {path} {key}") as is_first:
        if not is_first:
            raise RequestRunning(
                _("The first request with this Idempotency-Key is still running."), retry_after_s=1
            )
        yield


def first_answer(*, user: User, path: str, key: str, body_sha256: str) -> Answer | None:
    """What was answered to this key within IDEMPOTENCY_KEY_H hours. Raises KeyReused (422) for another body."""
    first = IdempotencyKey.objects.filter(user=user, path=path, key=key).first()
    if first is None:
        return None
    if first.created_at < timezone.now() - timedelta(hours=settings.IDEMPOTENCY_KEY_H):
        first.delete()
        return None
    if first.body_sha256 != body_sha256:
        raise KeyReused(_("This Idempotency-Key was used for another request. Take a new one."))
    return Answer(first.response_status, first.response_body)


def keep_answer(*, user: User, path: str, key: str, body_sha256: str, answer: Answer) -> None:
    """Keep what a request was answered for IDEMPOTENCY_KEY_H hours. Its body is plain JSON."""
    row = IdempotencyKey(
        user=user,
        path=path,
        key=key,
        body_sha256=body_sha256,
        response_status=answer.status,
        response_body=answer.body,
    )
    # Only a lock lost with its connection lets two get here; the first answer stays.
    IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)


def fingerprint(fields: Mapping[str, Any], files: Mapping[str, list[UploadedFile[Any]]]) -> str:
    """A SHA-256 of what a request says. Not of its raw bytes: a client chooses new multipart boundaries each time."""
    said = {
        "fields": {name: fields[name] for name in sorted(fields)},
        "files": [[name, file.name, sha256_of(file)] for name in sorted(files) for file in files[name]],
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
