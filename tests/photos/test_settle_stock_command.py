"""The command that puts the stock of existing places right."""

from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone

from inventory.choices import MovementType
from inventory.models import StockBatch, StockMovement
from inventory.services.ledger import append_movement
from tests.inventory.factories import StorageLocationConfigFactory, UserFactory, stocked_batch
from tests.photos.count_builders import count_photo, store_photo

pytestmark = pytest.mark.django_db


def settle_stock(*options: str) -> str:
    out = StringIO()
    call_command("settle_stock", *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def misbooked():
    """A place whose photo shows 3 living plants, while a booking that nothing stands behind added 40."""
    worker = UserFactory(role="worker")
    place = StorageLocationConfigFactory().storage_location
    count_photo(store_photo(worker), place)
    append_movement(
        batch=StockBatch.objects.get(),
        quantity=40,
        movement_type=MovementType.PHOTO,
        request_id=uuid4(),
        user=worker,
        occurred_at=timezone.now(),
    )
    return place


def test_a_dry_run_lists_what_would_change_and_writes_nothing(misbooked):
    lines = StockMovement.objects.count()
    said = settle_stock("--dry-run")
    assert f"{misbooked.code}  Rosa de alabastro" in said
    assert ": 43 -> 3" in said
    assert "1 quantities would change" in said
    assert StockMovement.objects.count() == lines
    assert StockBatch.objects.get().quantity_current == 43


def test_the_command_puts_the_stock_right_once(misbooked):
    assert ": 43 -> 3" in settle_stock("--place", misbooked.code)
    assert StockBatch.objects.get().quantity_current == 3
    assert "->" not in settle_stock()
    assert not StockBatch.objects.out_of_balance().exists()


def test_a_batch_that_its_movements_do_not_make_is_named(misbooked):
    settle_stock()
    assert "0 batches are out of balance" in settle_stock("--dry-run")
    elsewhere = stocked_batch(10)
    StockBatch.objects.filter(pk=elsewhere.pk).update(quantity_current=7)

    assert f"{elsewhere.batch_code}: holds 7, its movements make 10" in settle_stock("--dry-run")
    assert "0 batches are out of balance" in settle_stock("--dry-run", "--place", misbooked.code)
