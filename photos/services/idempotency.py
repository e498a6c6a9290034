"""The same request, sent twice, is answered once: a client that lost the answer may ask again without harm."""

from __future__ import annotations  # Django's files take no type argument at run time

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.accounts.models import User
from photos.errors import InvalidKey, KeyReused, RequestRunning
from photos.models import IdempotencyKey
from photos.receiving import sha256_of

MAX_KEY_LENGTH: Final = 200
# A request that has not been answered after this long died with its process: the key is free again.
_LOST_AFTER: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Answer:
    """What was answered the first time."""

    status: int
    body: Any


def begin(*, user: User, path: str, key: str, body_sha256: str) -> IdempotencyKey | Answer:
    """Note that a request with this key runs, or return what was answered to it before.

    Raises KeyReused (422) if the key came with another body, RequestRunning (409) while the first still runs,
    InvalidKey for one that is too long.
    """
    if len(key) > MAX_KEY_LENGTH:
        raise InvalidKey(
            _("An Idempotency-Key has at most %(limit)d characters.") % {"limit": MAX_KEY_LENGTH}
        )
    now = timezone.now()
    IdempotencyKey.objects.filter(
        user=user, path=path, key=key, created_at__lt=now - timedelta(hours=settings.IDEMPOTENCY_KEY_H)
    ).delete()
    IdempotencyKey.objects.filter(
        user=user, path=path, key=key, response_status=None, created_at__lt=now - _LOST_AFTER
    ).delete()
    try:
        with transaction.atomic():
            return IdempotencyKey.objects.create(user=user, path=path, key=key, body_sha256=body_sha256)
    except IntegrityError:
        first = IdempotencyKey.objects.filter(user=user, path=path, key=key).first()
    if first is not None and first.body_sha256 != body_sha256:
        raise KeyReused(_("This Idempotency-Key was used for another request. Take a new one."))
    if first is None or first.response_status is None:
        raise RequestRunning(
            _("The first request with this Idempotency-Key is still running."), retry_after_s=1
        )
    return Answer(first.response_status, first.response_body)


def complete(row: IdempotencyKey, *, status: int, body: Any) -> None:
    """Keep the answer to a request for IDEMPOTENCY_KEY_H hours. `body` is plain JSON."""
    row.response_status, row.response_body = status, body
    row.save(update_fields=["response_status", "response_body"])


def release(row: IdempotencyKey) -> None:
    """Forget a request that ended without an answer worth keeping, so that it may be tried again."""
    row.delete()


def fingerprint(fields: Mapping[str, Any], files: Mapping[str, list[UploadedFile[Any]]]) -> str:
    """A SHA-256 of what a request says. Not of its raw bytes: a client chooses new multipart boundaries each time."""
    said = {
        "fields": {name: fields[name] for name in sorted(fields)},
        "files": [[name, file.name, sha256_of(file)] for name in sorted(files) for file in files[name]],
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
