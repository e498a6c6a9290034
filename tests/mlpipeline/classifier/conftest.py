"""Pictures to be classified, a worker that lives, and a classifier that needs no network."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from demeter.heartbeats import record_heartbeat
from mlpipeline.classifier.api import views
from mlpipeline.classifier.networks.protocols import Answer, Inputs
from mlpipeline.classifier.services import answering


class Brightness:
    """Says whether pictures are light or dark. Notes how many it was shown at once."""

    name, sha256 = "brightness", "b" * 64

    def __init__(self) -> None:
        self.batches: list[int] = []

    def classify(self, pictures: Inputs) -> list[Answer]:
        self.batches.append(len(pictures))
        lights = pictures.mean(axis=(1, 2, 3)) / 255
        return [
            Answer("light" if light > 0.5 else "dark_one", float(max(light, 1 - light))) for light in lights
        ]


@pytest.fixture
def classifier(monkeypatch: pytest.MonkeyPatch) -> Brightness:
    model = Brightness()
    monkeypatch.setattr(answering, "load_classifier", lambda: model)
    return model


@pytest.fixture
def living_worker(db: None) -> None:
    record_heartbeat(worker="host:1", queues=["gpu_queue"], started_at=timezone.now())


@pytest.fixture
def answering_worker(
    living_worker: None, classifier: Brightness, monkeypatch: pytest.MonkeyPatch
) -> Brightness:
    """A worker that answers whatever waits as soon as a request begins to wait."""

    def wait_for(*args: Any, **kwargs: Any) -> bool:
        answering.answer_waiting()
        return True

    monkeypatch.setattr(views, "wait_for", wait_for)
    return classifier


def encoded(shade: int = 200, *, kind: str = "PNG", size: tuple[int, int] = (40, 30), seed: int = 0) -> bytes:
    pixels = np.full((size[1], size[0], 3), shade, np.uint8)
    pixels[0, 0] = seed  # pictures of one shade differ in their bytes
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def upload(content: bytes, name: str = "plant.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.fixture
def signed_in() -> Callable[[Any], Client]:
    def client_of(user: Any) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(user)
        return client

    return client_of
