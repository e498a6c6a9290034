"""Clearing what has had its time. Originals are kept for ever."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone
from django_celery_results.models import TaskResult

from demeter.accounts.lockout import clear_old_failures
from demeter.accounts.tokens import delete_expired_families
from photos import storage
from photos.choices import StepKind
from photos.models import IdempotencyKey, Image, ProcessingStep, UploadChunk
from photos.services.intake.upload_chunks import delete_expired_resumables

STAGING_KEPT: Final = timedelta(hours=24)

_needed_by_apps: list[Callable[[], Iterable[str]]] = []


def keep_in_staging(needed: Callable[[], Iterable[str]]) -> None:
    """Ask this for further names of staged files that must stay, before each clearing. Called once, when Django starts.

    For apps that import this one and stage files of their own.
    """
    _needed_by_apps.append(needed)


def delete_expired() -> dict[str, int]:
    """Clear old idempotency keys, task results, sign-ins (of browsers too) and counts of failed ones.

    And uploads that nobody went on with. Staged files that no row needs go too. Returns how many of each.
    """
    now = timezone.now()
    keys, _by_model = IdempotencyKey.objects.filter(
        created_at__lt=now - timedelta(hours=settings.IDEMPOTENCY_KEY_H)
    ).delete()
    old = now - timedelta(hours=settings.JOBS_VISIBLE_H)
    results, _by_model = TaskResult.objects.filter(date_done__lt=old).delete()
    browsers, _by_model = Session.objects.filter(expire_date__lt=now).delete()
    resumables = delete_expired_resumables()
    staged = storage.clear_staging(older_than=now - STAGING_KEPT, needed=_needed_in_staging())
    return {
        "idempotency_keys": keys,
        "task_results": results,
        "sign_in_failures": clear_old_failures(),
        "sign_ins": delete_expired_families(),
        "browser_sessions": browsers,
        "resumable_uploads": resumables,
        "staged_files": staged,
    }


def _needed_in_staging() -> set[str]:
    """What photos wait to be stored from, drawings that the store has not taken yet, and chunks of unfinished files.

    And what other apps have staged (`keep_in_staging`).
    """
    originals = Image.objects.exclude(staging_key="").values_list("staging_key", flat=True)
    drawings = ProcessingStep.objects.filter(kind=StepKind.UPLOAD_ANNOTATED).unfinished()
    waiting = drawings.values_list("pk", flat=True)
    chunks = UploadChunk.objects.values_list("staging_key", flat=True)
    staged = (key for step_id in waiting for key in storage.staged_drawing_keys(step_id))
    of_apps = (key for needed in _needed_by_apps for key in needed())
    return {*originals, *chunks, *staged, *of_apps}
