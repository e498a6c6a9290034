"""`manage.py ensure_buckets`: prepares the stores of pictures."""

from typing import Any

from django.core.management.base import BaseCommand

from photos.storage import ensure_buckets


class Command(BaseCommand):
    """Fails with the error of the store where it does not answer; repeating it changes nothing."""

    help = "Check the stores of pictures and make missing buckets or folders."

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_buckets()
        self.stdout.write("The stores are ready.")
