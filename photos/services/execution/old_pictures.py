"""Pictures that have had their time: deleted from the store, and made again where somebody looks.

They can be made at any time, from the original and the rows: thumbnails, drawings, and full pictures of what browsers
do not show, which are made for the first time when somebody looks closely. The newest photo of a place keeps its own
however old it is: people look at it every day.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from demeter.connections import release_connection
from photos import storage
from photos.choices import SessionStatus, StepKind, StepStatus
from photos.models import Image, ProcessingSession, ProcessingStep
from photos.services.steps.claims import create_step, reopen

#: Of each, in one sweep: some ten seconds of a store. A sweep an hour clears what 12,000 photos a day leave.
MAX_A_SWEEP: Final = 500
_KEY_FIELDS: Final = {  # of photos, by the step that makes the picture
    StepKind.UPLOAD_THUMBNAIL: "thumbnail_key",
    StepKind.UPLOAD_FULL_PICTURE: "full_picture_key",
}


def clear_old_pictures() -> dict[str, int]:
    """Delete what was made THUMBNAILS_KEPT_DAYS and ANNOTATED_KEPT_DAYS ago. How many of each.

    The thumbnail of a drawing goes with it; full pictures are kept as long as drawings. Raises StoreUnavailable.
    """
    thumbnails = _made(StepKind.UPLOAD_THUMBNAIL, settings.THUMBNAILS_KEPT_DAYS)
    drawings = _made(StepKind.UPLOAD_ANNOTATED, settings.ANNOTATED_KEPT_DAYS)
    full = _made(StepKind.UPLOAD_FULL_PICTURE, settings.ANNOTATED_KEPT_DAYS)
    return {
        "full_pictures": _clear(full.exclude(image__full_picture_key="")),
        "thumbnails": _clear(thumbnails.exclude(image__thumbnail_key="")),
        "drawings": _clear(drawings.filter(session__processed_image_id__isnull=False)),
    }


def _made(kind: StepKind, kept_days: int) -> QuerySet[ProcessingStep]:
    """The steps that have made pictures of a kind before that many days, and whose original the store has."""
    if kept_days <= 0:
        return ProcessingStep.objects.none()
    at_newest = ProcessingSession.objects.filter(
        image=OuterRef("image"), storage_location__last_photo_at__lte=OuterRef("image__taken_at")
    )
    made: QuerySet[ProcessingStep] = ProcessingStep.objects.filter(
        kind=kind,
        status=StepStatus.DONE,
        finished_at__lt=timezone.now() - timedelta(days=kept_days),
        image__is_stored=True,
    )
    return made.filter(~Exists(at_newest)).select_related("image", "session").order_by("finished_at")


def _clear(steps: QuerySet[ProcessingStep]) -> int:
    return sum(_clear_pictures_of(step) for step in list(steps[:MAX_A_SWEEP]))


def _clear_pictures_of(step: ProcessingStep) -> bool:
    """Delete what a step has made from the store, then its name from the row: killed in between, it is deleted again.

    False if somebody has had it made once more by now. That may be what was deleted, so it is made yet again.
    """
    unchanged = ProcessingStep.objects.filter(pk=step.pk, attempt=step.attempt, status=StepStatus.DONE)
    if not unchanged.exists():
        return False
    release_connection()
    image, session = step.image, step.session
    if session is None:
        kind = StepKind(step.kind)
        storage.delete(storage.DEFAULT, getattr(image, _KEY_FIELDS[kind]))
        photos = Image.objects.filter(pk=image.pk, steps__in=unchanged)
        return bool(photos.update(**{_KEY_FIELDS[kind]: ""})) or _make_again(step, kind)
    drawing_id, alias = session.processed_image_id, storage.drawings_alias(image)
    if drawing_id is None:
        return False
    storage.delete(alias, storage.annotated_key(drawing_id, image.uploaded_at))
    storage.delete(alias, storage.annotated_thumbnail_key(drawing_id, image.uploaded_at))
    counts = ProcessingSession.objects.filter(pk=session.pk, steps__in=unchanged)
    return bool(counts.update(processed_image_id=None)) or _make_again(step, StepKind.DRAW)


def _make_again(step: ProcessingStep, kind: StepKind) -> bool:
    """Reopen the done step of a kind beside this one, which the sweep then sends; False, as its picture is not gone."""
    with transaction.atomic():
        beside = ProcessingStep.objects.filter(image=step.image_id, session=step.session_id, kind=kind)
        reopen(list(beside.filter(status=StepStatus.DONE).select_for_update()))
    return False


def make_cleared_again(thumbnails: Collection[UUID], drawings: Collection[UUID]) -> list[ProcessingStep]:
    """Have the cleared thumbnails and drawings of these photos made again, once. Returns the steps to send.

    One query where nothing of theirs was cleared, or all is under way already.
    """
    is_stored = ProcessingStep.objects.filter(
        session=OuterRef("session"), kind=StepKind.UPLOAD_ANNOTATED, status=StepStatus.DONE
    )
    thumbnail = Q(kind=StepKind.UPLOAD_THUMBNAIL, image__in=thumbnails, image__thumbnail_key="")
    drawing = Q(
        kind=StepKind.DRAW,
        image__in=drawings,
        session__status=SessionStatus.COMPLETED,
        session__processed_image_id=None,
    )
    cleared = ProcessingStep.objects.filter(thumbnail | (drawing & Exists(is_stored)), status=StepStatus.DONE)
    if not cleared.exists():
        return []
    with transaction.atomic():
        steps = list(cleared.select_for_update(of=("self",)).select_related("image"))
        reopen(steps)
    return steps


def make_full_pictures(images: Collection[UUID]) -> list[ProcessingStep]:
    """Have the full pictures of these photos made, for the first time or once more. Returns the steps to send.

    One query where all are there, under way, or could not be made.
    """
    steps = ProcessingStep.objects.filter(kind=StepKind.UPLOAD_FULL_PICTURE)
    is_taken = Exists(steps.filter(image=OuterRef("pk")).exclude(status=StepStatus.DONE))
    lacking = list(Image.objects.filter(~is_taken, pk__in=images, full_picture_key="")) if images else []
    if not lacking:
        return []
    with transaction.atomic():
        reopen(list(steps.filter(image__in=lacking, status=StepStatus.DONE).select_for_update()))
        return [
            create_step(image=image, kind=StepKind.UPLOAD_FULL_PICTURE, key=f"{image.pk}:full-picture")
            for image in lacking
        ]
