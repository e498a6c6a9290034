"""What the drawing of a count is made from, and where it goes first."""

from dataclasses import dataclass

from django.db import transaction

from photos import storage
from photos.choices import StepKind
from photos.models import Detection, Estimation, PhotoContainer, ProcessingSession, ProcessingStep
from photos.services import jobs
from photos.services.steps import Claim, complete_step, create_step, lock_claim


@dataclass(frozen=True)
class DrawingData:
    """The rows that a drawing shows."""

    session: ProcessingSession
    containers: list[PhotoContainer]
    detections: list[Detection]
    estimations: list[Estimation]


def drawing_data(claim: Claim) -> DrawingData:
    """Read what is to be drawn for a claimed step."""
    session = ProcessingSession.objects.select_related("image").get(steps=claim.step_id)
    return DrawingData(
        session=session,
        containers=list(session.containers.all()),
        detections=list(session.detections.all()),
        estimations=list(session.estimations.all()),
    )


def stage_drawing(
    claim: Claim, session: ProcessingSession, *, drawing: bytes, thumbnail: bytes
) -> ProcessingStep | None:
    """Put a drawing (AVIF) and its thumbnail into staging and write the step that stores them.

    None if a newer count of the photo has been drawn or is under way: an old drawing must not replace its own.
    """
    newer = ProcessingSession.objects.filter(image=session.image_id, attempt__gt=session.attempt)
    upload = None
    if not newer.exists():
        upload = create_step(
            image=session.image,
            session=session,
            kind=StepKind.UPLOAD_ANNOTATED,
            key=f"{session.uuid}:annotated",
        )
        image = session.image
        keys = (
            storage.annotated_key(image.pk, image.uploaded_at),
            storage.annotated_thumbnail_key(image.pk, image.uploaded_at),
        )
        for key, data in zip(keys, (drawing, thumbnail), strict=True):
            storage.staging_put(storage.staged_drawing_key(upload.pk, key), data)
    with transaction.atomic():
        step = lock_claim(claim)
        complete_step(step)
        if upload is None:
            jobs.close_jobs(session)
    return upload
