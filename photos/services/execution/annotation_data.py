"""What the drawing of a count is made from, and where it goes first."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from photos import storage
from photos.choices import StepKind, StepStatus
from photos.models import Detection, Estimation, PhotoContainer, ProcessingSession, ProcessingStep
from photos.querysets import FINISHED
from photos.services.corrections.findings import Findings, corrected_findings
from photos.services.corrections.sums import validated_containers
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
    """Have a count drawn once more, because its numbers have changed. The sweep sends the step.

    Call in the transaction that changes them. A worker that draws just now has read the older ones, so its drawing is
    refused; one that claims the step after this reads the new ones, for the lock keeps it waiting until they are there.
    """
    drawing = ProcessingStep.objects.select_for_update().filter(session=session, kind=StepKind.DRAW)
    reopen([step for step in drawing if step.status != StepStatus.PENDING])


def drawing_id_of(session: ProcessingSession) -> UUID:
    """The name of a count's drawing: its own for ever, so that no other count's drawing replaces it.

    That of the first count is named after its photo, as is what earlier versions drew of any count.
    """
    if session.processed_image_id is not None:
        return session.processed_image_id
    photo = session.image_id
    is_taken = ProcessingSession.objects.filter(processed_image_id=photo).exists()
    return session.uuid if session.attempt > 1 or is_taken else photo


def stage_drawing(
    claim: Claim, session: ProcessingSession, *, drawing: bytes, thumbnail: bytes
) -> ProcessingStep:
    """Put a drawing (AVIF) and its thumbnail into staging and write the step that stores them.

    A drawing that is stored just now is an older one: its step is opened again, so that this one follows it.
    Raises StepLost if the drawing step has moved on.
    """
    with transaction.atomic():
        lock_claim(claim)  # before staging: a late drawing must not take the place of a newer one there
    upload = create_step(
        image=session.image,
        session=session,
        kind=StepKind.UPLOAD_ANNOTATED,
        key=f"{session.uuid}:annotated",
    )
    for key, data in zip(storage.staged_drawing_keys(upload.pk), (drawing, thumbnail), strict=True):
        storage.staging_put(key, data)
    with transaction.atomic():
        # This row before that of the drawing step, as in `draw_again`: two orders would lock each other out.
        upload = ProcessingStep.objects.select_for_update().get(pk=upload.pk)
        complete_step(lock_claim(claim))
        if upload.status != StepStatus.PENDING:
            reopen([upload])
    return upload


@transaction.atomic
def draw_again(claim: Claim) -> list[ProcessingStep]:
    """End the storing of a drawing that staging has lost, and have it drawn anew. Returns the steps to send."""
    step = lock_claim(claim)
    fail_step(step, code="drawing_missing", message=_("The drawing was lost on its way and is made anew."))
    drawing = list(  # one that is under way already opens the storing again by itself
        ProcessingStep.objects.filter(
            session=step.session, kind=StepKind.DRAW, status__in=FINISHED
        ).select_related("image")
    )
    reopen(drawing)
    return drawing
