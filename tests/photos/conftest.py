"""Stored photos and finished counts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from demeter.accounts.models import User
from inventory.models import StorageLocation, StorageLocationConfig
from photos.models import Image, ProcessingSession
from tests.inventory.factories import StorageLocationConfigFactory
from tests.photos.count_builders import count_photo, store_photo

MakePhoto = Callable[..., Image]
Count = Callable[..., ProcessingSession]


@pytest.fixture
def place(db: None) -> StorageLocation:
    """A place with an active configuration."""
    config: StorageLocationConfig = StorageLocationConfigFactory()
    return config.storage_location


@pytest.fixture
def make_photo(worker: User) -> MakePhoto:
    """A stored photo, uploaded by the worker unless said otherwise."""

    def make(*, owner: User = worker, **fields: Any) -> Image:
        return store_photo(owner, **fields)

    return make


@pytest.fixture
def count(db: None) -> Count:
    """Count a photo, at a place or without one."""
    return count_photo


@pytest.fixture
def hours_ago() -> Callable[[float], datetime]:
    """A time so many hours before now."""
    now = timezone.now()
    return lambda hours: now - timedelta(hours=hours)
