"""What the drawing of a count is made from, and where it goes first."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from photos import storage
from photos.choices import StepKind
from photos.models import Detection, Estimation, Image, PhotoContainer, ProcessingSession, ProcessingStep
from photos.querysets import FINISHED
from photos.services.corrections.findings import Findings, corrected_findings
from photos.services.corrections.sums import validated_containers
from photos.services.steps import jobs
from photos.services.steps.claims import Claim, complete_step, create_step, fail_step, lock_claim, reopen


@dataclass(frozen=True)
class DrawingData:
    """The rows that a drawing shows."""

    session: ProcessingSession
    containers: list[PhotoContainer]
    detections: list[Detection]
    estimations: list[Estimation]


def drawing_data(claim: Claim) -> DrawingData:
    """Read what is to be drawn for a claimed step: as a person validated it, where somebody has corrected the count."""
    session = ProcessingSession.objects.select_related("image").get(steps=claim.step_id)
    if session.is_corrected:
        findings = corrected_findings(session, until=session.validated_version)
        detections = _corrected_detections(session, findings)
        containers = validated_containers(session, findings)
    else:
        detections, containers = list(session.detections.all()), list(session.containers.all())
    return DrawingData(
        session=session,
        containers=containers,
        detections=detections,
        estimations=list(session.estimations.all()),
    )


def _corrected_detections(session: ProcessingSession, findings: Findings) -> list[Detection]:
    """The boxes that stand in a container, as rows that are not saved."""
    return [
        Detection(
            session=session,
            container_id=box.container_id,
            center_x=box.center_x,
            center_y=box.center_y,
            width_px=box.width_px,
            height_px=box.height_px,
            confidence=box.confidence,
            class_name=box.class_name,
        )
        for box in findings.boxes.values()
        if box.container_id is not None
    ]


def have_drawn_again(session: ProcessingSession) -> None:
    """Have a count drawn once more, because its numbers have changed. The sweep sends the step."""
    reopen(list(ProcessingStep.objects.filter(session=session, kind=StepKind.DRAW, status__in=FINISHED)))


def drawing_keys(image: Image) -> tuple[str, str]:
    """The names of a photo's annotated picture and of its thumbnail in the store."""
    return (
        storage.annotated_key(image.pk, image.uploaded_at),
        storage.annotated_thumbnail_key(image.pk, image.uploaded_at),
    )


def staged_drawings(step_id: int, image: Image) -> tuple[str, str]:
    """The names in staging of what the step `step_id` is to store, in the order of `drawing_keys`."""
    key, thumbnail_key = drawing_keys(image)
    return storage.staged_drawing_key(step_id, key), storage.staged_drawing_key(step_id, thumbnail_key)


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
        staged = staged_drawings(upload.pk, session.image)
        for key, data in zip(staged, (drawing, thumbnail), strict=True):
            storage.staging_put(key, data)
    with transaction.atomic():
        step = lock_claim(claim)
        complete_step(step)
        if upload is None:
            jobs.finish_jobs(session)
        elif upload.status in FINISHED:  # of a drawing that was lost, or made once before
            reopen([upload])
    return upload


@transaction.atomic
def draw_again(claim: Claim) -> list[ProcessingStep]:
    """End the storing of a drawing that staging has lost, and have it drawn anew. Returns the steps to send."""
    step = lock_claim(claim)
    fail_step(step, code="drawing_missing", message=_("The drawing was lost on its way and is made anew."))
    drawing = list(
        ProcessingStep.objects.filter(session=step.session, kind=StepKind.DRAW).select_related("image")
    )
    reopen(drawing)
    return drawing
