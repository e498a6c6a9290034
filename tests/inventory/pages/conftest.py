"""A nursery: N1 with a northern bed of three claros and an empty southern one, and N10 with nothing in it."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from demeter.accounts.models import User
from inventory.models import StorageLocation
from photos.models import Image
from tests.inventory import factories
from tests.inventory.factories import square
from tests.photos.count_builders import count_photo, store_photo


class Nursery:
    def __init__(self) -> None:
        self.n10 = factories.WarehouseFactory(code="N10", name="Nave 10", warehouse_type="tunnel")
        self.n1 = factories.WarehouseFactory(code="N1", name="Nave 1")
        self.north = factories.StorageAreaFactory(warehouse=self.n1, code="N1-N", name="Cantero Norte")
        self.south = factories.StorageAreaFactory(warehouse=self.n1, code="N1-S", name="Cantero Sur")
        self.claros = [self.add_claro(number) for number in (1, 2, 3)]

    def add_claro(self, number: int) -> StorageLocation:
        return factories.StorageLocationFactory(
            storage_area=self.north,
            code=f"N1-N-{number:02d}",
            qr_code=f"CLARO-N1-N-{number:02d}",
            name=f"Claro {number}",
            polygon=square(20 * number - 10, 10),
        )

    def photograph(self, claro: StorageLocation, owner: User, *, taken_at: datetime | None = None) -> Image:
        image = store_photo(owner, taken_at=taken_at or timezone.now())
        count_photo(image, claro)
        return image


@pytest.fixture
def nursery(db: None) -> Nursery:
    return Nursery()


@pytest.fixture
def days_ago():
    now = timezone.now()
    return lambda days: now - timedelta(days=days)
