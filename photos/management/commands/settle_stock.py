"""Makes the stock of existing places follow their evidence, or says what that would change; and checks the books."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import QuerySet

from inventory.models import Product, StockBatch, StorageLocation
from inventory.services.settlement import Settlement
from photos.services.booking.stock_evidence import settle_places


class Command(BaseCommand):
    """Settles place by place, and lists every quantity that changes and every batch that its movements do not make."""

    help = (
        "Settle the stock of all places from their counts and movements. With --dry-run, only list what would change. "
        "Repeating it changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="list the changes and write nothing")
        parser.add_argument(
            "--place", action="append", metavar="CODE", help="only this place; may be repeated"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        places = StorageLocation.objects.order_by("code")
        if options["place"]:
            places = places.filter(code__in=options["place"])
        products = {product.pk: str(product) for product in Product.objects.all()}
        changed = short = 0
        for place in places.iterator():
            with transaction.atomic():  # one place at a time, so that nobody waits long for a lock
                (settlement,) = settle_places([place.pk])
                transaction.set_rollback(options["dry_run"])
            changed += self._report(settlement, products)
            short += len(settlement.shortfalls)
        verb = "would change" if options["dry_run"] else "changed"
        self.stdout.write(f"{changed} quantities {verb}; {short} lie below zero and wait for a person.")
        self._report_balance(places)

    def _report(self, settlement: Settlement, products: dict[int, str]) -> int:
        for product_id, (before, after) in sorted(settlement.changed.items()):
            self.stdout.write(f"{settlement.location.code}  {products[product_id]}: {before} -> {after}")
        for product_id, missing in sorted(settlement.shortfalls.items()):
            self.stdout.write(
                f"{settlement.location.code}  {products[product_id]}: {missing} short, left as it is"
            )
        return len(settlement.changed)

    def _report_balance(self, places: QuerySet[StorageLocation]) -> None:
        """Name what no settlement repairs: somebody has written these quantities past the ledger."""
        batches = StockBatch.objects.filter(storage_location__in=places.order_by()).out_of_balance()
        found: list[Any] = list(batches.order_by("batch_code"))
        for batch in found:
            self.stdout.write(
                f"{batch.batch_code}: holds {batch.quantity_current}, its movements make {batch.moved}"
            )
        self.stdout.write(f"{len(found)} batches are out of balance.")
