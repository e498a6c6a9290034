"""`manage.py check_worker QUEUE…`: what a container's health check asks."""

import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from demeter.heartbeats import queues_without_worker


class Command(BaseCommand):
    """Fails unless a living worker on this host serves each of the queues, by its heartbeat."""

    help = _("Check that a worker on this host serves these queues.")
    # Asked once a minute; the workers themselves have checked the system at their start.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("queues", nargs="+", metavar="QUEUE")

    def handle(self, *args: Any, **options: Any) -> None:
        missing = queues_without_worker(options["queues"], host=socket.gethostname())
        if missing:
            raise CommandError(
                _("No worker on this host serves: %(queues)s") % {"queues": ", ".join(missing)}
            )
