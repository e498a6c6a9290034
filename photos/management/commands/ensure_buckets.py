"""`manage.py ensure_buckets`: prepares the stores of pictures."""

from typing import Any

from django.core.management.base import BaseCommand

from photos.storage import StorageService


class Command(BaseCommand):
    """Fails with the error of the store where it does not answer; repeating it changes nothing."""

    help = "Check the stores of pictures and make missing buckets or folders."

    def handle(self, *args: Any, **options: Any) -> None:
        StorageService.ensure_buckets()
        self.stdout.write("The stores are ready.")
