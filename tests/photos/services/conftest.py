"""A photo and its count, as rows, in every state that the services ask about."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from demeter.accounts.models import User
from inventory.models import StorageLocation, StorageLocationConfig
from photos.choices import StepKind, TakenAtSource
from photos.models import Image, ProcessingSession, UploadJob, UploadSession
from photos.services.context.recognition import Recognition
from photos.services.results.count_results import (
    CountedContainer,
    CountedPhoto,
    FoundContainer,
    FoundPlants,
    save_containers,
    save_count,
    save_detections,
)
from photos.services.results.session_lifecycle import open_session
from photos.services.steps.claims import Claim, claim_step
from tests.inventory.factories import StorageLocationConfigFactory, UserFactory

MODEL = {"name": "test", "sha256": "0" * 64, "engine": "none"}
SQUARE = [[0.0, 0.0], [90.0, 0.0], [90.0, 90.0], [0.0, 90.0]]

MakeImage = Callable[..., Image]
Count = Callable[..., ProcessingSession]


@pytest.fixture
def worker(db: None) -> User:
    return UserFactory()


@pytest.fixture
def configured(db: None) -> StorageLocationConfig:
    """A place with an active configuration."""
    return StorageLocationConfigFactory()


@pytest.fixture
def place(configured: StorageLocationConfig) -> StorageLocation:
    return configured.storage_location


@pytest.fixture
def make_image(worker: User) -> MakeImage:
    """A photo of this many hours ago, with a job, whose bytes lie in staging."""

    def make(*, hours_ago: float = 1, upload: UploadSession | None = None, **fields: Any) -> Image:
        upload = upload or UploadSession.objects.create(user=worker)
        number = Image.objects.count()
        fields.setdefault("sha256", f"{number:064d}")
        image = Image.objects.create(
            upload_session=upload,
            uploaded_by=worker,
            original_filename=f"IMG_{number}.jpg",
            content_type="image/jpeg",
            file_size_bytes=1000,
            width_px=100,
            height_px=100,
            taken_at=timezone.now() - timedelta(hours=hours_ago),
            taken_at_source=fields.pop("taken_at_source", TakenAtSource.EXIF),
            staging_key=f"temp_uploads/{number}.jpg",
            original_key=f"originals/{number}.jpg",
            **fields,
        )
        UploadJob.objects.create(
            upload_session=upload, image=image, filename=image.original_filename, position=upload.jobs.count()
        )
        return image

    return make


@pytest.fixture
def count(worker: User) -> Count:
    """Take a photo through all steps of a count, finding so many living, estimated and dead plants."""

    def run(image: Image, place: StorageLocation | None = None, **found: Any) -> ProcessingSession:
        session = open_session(image=image, user=worker, location=place)
        image.jobs.filter(session=None).update(session=session)
        return finish(session, **found)

    return run


def finish(
    session: ProcessingSession,
    *,
    living: int = 0,
    estimated: int = 0,
    dead: int = 0,
    types: tuple[str, ...] = ("segment",),
    by_type: dict[str, int] | None = None,
    warnings: Sequence[str] = (),
    skip_detection: bool = False,
    recognition: Recognition | None = None,
) -> ProcessingSession:
    """Take an open count through all its steps, finding so many plants in each of its containers."""
    kinds = tuple(by_type) if by_type else types
    numbers = tuple(by_type.values()) if by_type else (living,) * len(types)
    claim = claimed(session, StepKind.SEGMENT)
    containers = [FoundContainer(kind, SQUARE, 0.9) for kind in kinds]
    save_containers(claim, containers, model_version=MODEL, warnings=warnings, seconds={"segment": 0.1})
    for step in session.steps.detecting():
        plants = []
        for position in step.container_positions:
            classes = ["plant"] * numbers[position] + ["dead"] * dead
            plants.append(FoundPlants(position, [[1, 1, 9, 9]] * len(classes), [0.8] * len(classes), classes))
        step_claim = claim_step(step.pk)
        assert step_claim is not None
        save_detections(
            step_claim,
            [] if skip_detection else plants,
            model_version=MODEL,
            seconds=0.1,
            recognition=recognition,
        )
    return save_count(claimed(session, StepKind.AGGREGATE), counted(numbers, estimated, dead))


def counted(numbers: Sequence[int], estimated: int, dead: int) -> CountedPhoto:
    containers = [
        CountedContainer(position, living + dead, estimated, dead, 0, None)
        for position, living in enumerate(numbers)
    ]
    return CountedPhoto(containers, 0.8, {"plant": sum(numbers), "dead": dead, "empty": 0})


def claimed(session: ProcessingSession, kind: StepKind) -> Claim:
    claim = claim_step(session.steps.get(kind=kind).pk)
    assert claim is not None
    return claim


def at(hours_ago: float) -> datetime:
    return timezone.now() - timedelta(hours=hours_ago)
