"""Writing what the models found. Every function runs in one transaction, under a claim, and may run twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from photos.choices import DEAD_CLASS, EMPTY_CLASS, CountWarning, SessionStatus, Stage, StepKind
from photos.models import Detection, Estimation, PhotoContainer, ProcessingSession, ProcessingStep
from photos.services.booking.stock_evidence import lock_photos, settle_session
from photos.services.context.classification import classify
from photos.services.context.recognition import (
    Recognition,
    forget_recognised,
    save_recognised,
    sum_up_recognised,
)
from photos.services.steps import jobs
from photos.services.steps.claims import Claim, complete_step, create_step, lock_claim

_INSERT_CHUNK: Final = 500  # rows a statement; SQLite bounds the number of parameters
BOXES_PER_STEP: Final = (
    6  # small containers are counted some at a time: a message each would cost more than the work
)


@dataclass(frozen=True)
class FoundContainer:
    """A container as the segmentation found it; polygon [[x, y], …] in px of the whole picture."""

    type: str
    polygon: list[list[float]]
    confidence: float


@dataclass(frozen=True)
class FoundPlants:
    """What the detector found in one container: parallel lists of one length; boxes are x0 y0 x1 y1 in px."""

    container_position: int
    boxes: Sequence[Sequence[float]]
    confidences: Sequence[float]
    class_names: Sequence[str]
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class CountedBand:
    """The estimate of one band, as the columns of `estimations` say it."""

    band_number: int
    band_y_start: float
    band_y_end: float
    estimated_count: float
    residual_area_px: float
    processed_area_px: float
    avg_plant_area_px: float
    vegetation_polygon: list[list[list[float]]]
    calculation_method: str
    confidence: float


@dataclass(frozen=True)
class CountedContainer:
    """The sums of one container."""

    container_position: int
    detected: int
    estimated: int
    dead: int
    empty: int
    capacity: int | None
    bands: Sequence[CountedBand] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class CountedPhoto:
    """The sums of one photo.

    `sizes`: living plants by the code of their size. `removed_ids`: ids of detections that do not count, now that the
    whole photo is known; the sums are without them, and their rows go.
    """

    containers: Sequence[CountedContainer]
    avg_confidence: float | None
    category_counts: dict[str, int]
    sizes: dict[str, int] = field(default_factory=dict)
    removed_ids: Sequence[int] = ()
    interval: tuple[int, int] | None = None
    reasons: Sequence[str] = ()  # why the interval is as wide as it is
    warnings: Sequence[str] = ()  # all of the photo, those of its containers among them
    seconds: dict[str, float] = field(default_factory=dict)


@transaction.atomic
def save_containers(
    claim: Claim,
    containers: Sequence[FoundContainer],
    *,
    model_version: dict[str, str],
    warnings: Sequence[str],
    seconds: dict[str, float],
) -> ProcessingSession:
    """Write the containers of a photo and the steps that count them. Ends the segmentation step."""
    step = lock_claim(claim)
    session = _session(step)
    session.containers.all().delete()
    PhotoContainer.objects.bulk_create(
        [
            PhotoContainer(
                session=session, position=i, type=c.type, polygon=c.polygon, confidence=c.confidence
            )
            for i, c in enumerate(containers)
        ]
    )
    for kind, positions in _detection_work([c.type for c in containers]):
        create_step(
            image=session.image,
            session=session,
            kind=kind,
            key=f"{session.uuid}:{kind}:{positions[0]}",
            positions=positions,
        )
    create_step(
        image=session.image, session=session, kind=StepKind.AGGREGATE, key=f"{session.uuid}:aggregate"
    )
    session.model_versions = {**session.model_versions, "segmentation": model_version}
    session.warnings = [*dict.fromkeys([*session.warnings, *warnings])]
    session.timings = {**session.timings, **seconds}
    session.save(update_fields=["model_versions", "warnings", "timings"])
    jobs.enter_stage(session, Stage.DETECTING)
    complete_step(step, seconds=seconds.get("segment"))
    return session


def _detection_work(types: Sequence[str]) -> list[tuple[StepKind, list[int]]]:
    """Which step counts which containers: a segment alone, boxes and trays some at a time."""
    segments = [i for i, kind in enumerate(types) if kind == "segment"]
    others = [i for i, kind in enumerate(types) if kind != "segment"]
    chunks = [others[i : i + BOXES_PER_STEP] for i in range(0, len(others), BOXES_PER_STEP)]
    return [
        *((StepKind.DETECT_SLICED, [position]) for position in segments),
        *((StepKind.DETECT_DIRECT, chunk) for chunk in chunks),
    ]


@transaction.atomic
def save_detections(
    claim: Claim,
    plants: Sequence[FoundPlants],
    *,
    model_version: dict[str, str],
    seconds: float,
    recognition: Recognition | None = None,
) -> None:
    """Write what was found in some containers, in place of what an earlier try wrote. Ends the detection step."""
    step = lock_claim(claim)
    session = _session(step)
    containers = {c.position: c for c in session.containers.filter(position__in=step.container_positions)}
    forget_recognised(session, [*containers.values()])
    Detection.objects.filter(container__in=containers.values()).delete()
    rows: dict[int, list[Detection]] = {}
    for found in plants:
        container = containers[found.container_position]
        container.is_counted = True
        container.warnings = list(found.warnings)
        rows[found.container_position] = [
            detection(session, container, box, confidence, class_name)
            for box, confidence, class_name in zip(
                found.boxes, found.confidences, found.class_names, strict=True
            )
        ]
    if recognition is not None:
        save_recognised(session, recognition, rows)
    PhotoContainer.objects.bulk_update(containers.values(), ["is_counted", "warnings"])
    Detection.objects.bulk_create(chain.from_iterable(rows.values()), batch_size=_INSERT_CHUNK)
    session.model_versions = {**session.model_versions, "detection": model_version}
    session.timings = {**session.timings, "detect": round(session.timings.get("detect", 0.0) + seconds, 3)}
    session.save(update_fields=["model_versions", "timings", "recognition"])
    complete_step(step, seconds=seconds)


def detection(
    session: ProcessingSession,
    container: PhotoContainer,
    box: Sequence[float],
    confidence: float,
    class_name: str,
) -> Detection:
    """A row, not saved, for a box x0 y0 x1 y1 with edges in tenths of a pixel: its middle has a decimal more."""
    x0, y0, x1, y1 = (float(side) for side in box)
    return Detection(
        session=session,
        container=container,
        center_x=round((x0 + x1) / 2, 2),
        center_y=round((y0 + y1) / 2, 2),
        width_px=round(x1 - x0, 1),
        height_px=round(y1 - y0, 1),
        confidence=round(float(confidence), 4),
        class_name=class_name,
        is_empty_container=class_name == EMPTY_CLASS,
        is_alive=class_name not in (EMPTY_CLASS, DEAD_CLASS),
    )


@transaction.atomic
def save_count(claim: Claim, count: CountedPhoto) -> ProcessingSession:
    """Write the sums and estimates, end the count and book it: all or nothing. Ends the summing-up step."""
    # Before the count, as everybody: its places, then its photo.
    places = lock_photos([ProcessingStep.objects.values_list("image_id", flat=True).get(pk=claim.step_id)])
    step = lock_claim(claim)
    session = _session(step)
    containers = {c.position: c for c in session.containers.all()}
    session.estimations.all().delete()
    session.detections.filter(pk__in=count.removed_ids).delete()
    estimations: list[Estimation] = []
    for counted in count.containers:
        container = containers[counted.container_position]
        container.detected, container.estimated = counted.detected, counted.estimated
        container.dead, container.empty, container.capacity = counted.dead, counted.empty, counted.capacity
        container.warnings = list(counted.warnings)
        estimations.extend(_estimation(session, container, band) for band in counted.bands)
    PhotoContainer.objects.bulk_update(
        containers.values(), ["detected", "estimated", "dead", "empty", "capacity", "warnings"]
    )
    Estimation.objects.bulk_create(estimations, batch_size=_INSERT_CHUNK)
    own_warnings = [*count.warnings]
    if not all(c.is_counted for c in containers.values()):
        own_warnings.append(CountWarning.PARTIAL_COUNT)
    session.total_detected = sum(c.detected for c in containers.values())
    session.total_estimated = sum(c.estimated for c in containers.values())
    session.total_dead = sum(c.dead for c in containers.values())
    session.total_empty_containers = sum(c.empty for c in containers.values())
    session.avg_confidence = count.avg_confidence
    session.category_counts = count.category_counts
    session.interval_low, session.interval_high = count.interval or (None, None)
    session.interval_reasons = list(count.reasons)
    session.warnings = [*dict.fromkeys([*session.warnings, *own_warnings])]
    session.timings = {**session.timings, **count.seconds}
    sum_up_recognised(session)
    session.status = SessionStatus.COMPLETED
    session.completed_at = timezone.now()
    session.save()
    classify(session, count.sizes)
    create_step(image=session.image, session=session, kind=StepKind.DRAW, key=f"{session.uuid}:draw")
    settle_session(session, places)
    jobs.enter_stage(session, Stage.DRAWING)
    complete_step(step, seconds=count.seconds.get("estimate"))
    return session


def _estimation(session: ProcessingSession, container: PhotoContainer, band: CountedBand) -> Estimation:
    columns: dict[str, Any] = vars(band)
    return Estimation(session=session, container=container, **columns)


def _session(step: ProcessingStep) -> ProcessingSession:
    """The step's count, locked: sibling steps write the same row."""
    return (
        ProcessingSession.objects.select_for_update(of=("self",), no_key=True)
        .select_related("image")
        .get(steps=step)
    )
