"""Uploads as clients make them."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from demeter.accounts.models import User
from tests.conftest import Bearer
from tests.photos.factories import photo_file

Upload = Callable[..., dict[str, Any]]


@pytest.fixture
def client(bearer: Bearer, worker: User) -> APIClient:
    """The worker's client."""
    return bearer(worker)


@pytest.fixture
def upload(client: APIClient) -> Upload:
    """Upload photos with these numbers as the worker; returns the answer."""

    def send(*numbers: int, **fields: Any) -> dict[str, Any]:
        files = [photo_file(number) for number in numbers]
        response = client.post("/api/v1/photos/upload", {"files": files, **fields}, format="multipart")
        assert response.status_code == 202
        answer: dict[str, Any] = response.json()
        return answer

    return send
