"""The ways to count one photo, and what each of them says, in one form that can be compared."""

import hashlib
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from demeter.accounts.models import User
from inventory.models import StorageLocation
from mlpipeline.detectors.engines import Engine
from mlpipeline.photo_counter import count_file, no_priors
from mlpipeline.services.count_settings import count_options
from mlpipeline.services.density_priors import priors_at
from mlpipeline.services.row_mapping import containers_found, found_container, photo_count
from mlpipeline.tasks import counting_steps
from mlpipeline.vision.results import ContainerCount, PhotoCount
from photos import storage
from photos.choices import SessionStatus, StepKind
from photos.models import ProcessingSession, ProcessingStep
from photos.services.execution.annotation_data import DrawingData
from photos.services.results.count_results import save_containers
from photos.services.results.session_lifecycle import open_session
from photos.services.steps.claims import claim_step
from tests.photos.count_builders import store_photo

#: What the place of a photo adds to its warnings; no count says it.
OF_THE_PLACE = {"needs_location", "needs_config", "needs_calibration", "same_location", "unlike_last_count"}


@dataclass(frozen=True, eq=False)
class Facts:
    """All that a count says: `numbers` are compared as they are, the arrays bit by bit or with a tolerance."""

    numbers: dict[str, Any]
    boxes: np.ndarray = field(repr=False)
    scores: np.ndarray = field(repr=False)


def facts_of(count: PhotoCount) -> Facts:
    seen = count.detections
    return Facts(
        numbers={
            "size": (count.width, count.height),
            "totals": (count.detected, count.estimated, count.dead, count.empty),
            "categories": count.category_counts,
            "warnings": sorted(count.warnings),
            "interval": count.interval,
            "reasons": count.reasons,
            "classes": seen.classes.tolist(),
            "containers": [_container(part) for part in count.containers],
        },
        boxes=seen.boxes,
        scores=seen.scores,
    )


def _container(part: ContainerCount) -> tuple[Any, ...]:
    return (
        part.container.type,
        part.container.score,
        part.container.polygon.tolist(),
        (part.detected, part.estimated, part.dead, part.empty, part.capacity, sorted(part.warnings)),
        [(band.band_number, band.method, round(float(band.estimated), 3)) for band in part.bands],
    )


def by_command_line(path: Path, engine: Engine, place: StorageLocation | None) -> PhotoCount:
    """As `manage.py count` and `evaluate` do it."""
    priors_for = no_priors if place is None else partial(priors_at, place)
    return count_file(path, engine, count_options(engine), priors_for)[1]


def new_session(
    owner: User, data: bytes, size: tuple[int, int], place: StorageLocation | None = None
) -> ProcessingSession:
    """A stored photo whose count has not begun; without a place one for an analysis only."""
    image = store_photo(owner, width_px=size[0], height_px=size[1], with_inventory=place is not None)
    image.sha256 = hashlib.sha256(data).hexdigest()
    image.save()
    storage.StorageService().upload_file(data, image.original_key)
    return open_session(image=image, user=owner, location=place)


def run_tasks(session: ProcessingSession) -> None:
    """As the workers do it: segmentation and each detection, here or by a task of its own, then summing up."""
    counting_steps.process_photo_ml(session.steps.get(kind=StepKind.SEGMENT).pk)
    for step in session.steps.detecting().unfinished():
        detect(step)
    sum_up(session)


def run_batched(sessions: list[ProcessingSession]) -> None:
    """As one worker with a GPU does it: the detections that wait are done together; then each is summed up."""
    for session in sessions:
        while (step := session.steps.detecting().unfinished().first()) is not None:
            detect(step)
    for session in sessions:
        sum_up(session)


def detect(step: ProcessingStep) -> None:
    sliced = step.kind == StepKind.DETECT_SLICED
    done = (counting_steps.detect_sahi if sliced else counting_steps.detect_direct)(step.pk)
    assert done == {"step": step.pk, "done": True}


def sum_up(session: ProcessingSession) -> None:
    counting_steps.aggregate_results(session.steps.get(kind=StepKind.AGGREGATE).pk)
    session.refresh_from_db()
    assert session.status == SessionStatus.COMPLETED, session.error_message


def segmented_copy(session: ProcessingSession, copy: ProcessingSession) -> ProcessingSession:
    """A count of the same photo that begins with the containers of another one: they need not be found again."""
    claim = claim_step(copy.steps.get(kind=StepKind.SEGMENT).pk)
    assert claim is not None
    return save_containers(
        claim,
        [found_container(found) for found in containers_found(session)],
        model_version=session.model_versions["segmentation"],
        warnings=[warning for warning in session.warnings if warning == "no_container"],
        seconds={},
    )


def facts_in_rows(session: ProcessingSession) -> Facts:
    """What the rows of a finished count say."""
    data = DrawingData(
        session=session,
        containers=list(session.containers.all()),
        detections=list(session.detections.all()),
        estimations=list(session.estimations.all()),
    )
    facts = facts_of(photo_count(data))
    rows = [
        (*part[:3], (*part[3][:5], sorted(row.warnings)), part[4])
        for part, row in zip(facts.numbers["containers"], data.containers, strict=True)
    ]
    numbers = {
        **facts.numbers,
        "totals": (
            session.total_detected,
            session.total_estimated,
            session.total_dead,
            session.total_empty_containers,
        ),
        "categories": session.category_counts,
        "warnings": sorted(set(session.warnings) - OF_THE_PLACE),
        "interval": session.interval,
        "reasons": tuple(session.interval_reasons),
        "containers": rows,
    }
    return Facts(numbers, facts.boxes, facts.scores)
