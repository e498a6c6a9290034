"""`manage.py setup_installation`: what has to happen once before the processes of a new version start."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from demeter.demo.accounts import load_accounts
from inventory.demo import load_demo_nursery
from photos.storage import StorageService


class Command(BaseCommand):
    """Migrates, makes missing buckets and, with DEMETER_LOAD_DEMO, loads the demo nursery. Safe to repeat."""

    help = _("Bring database and stores up to date, before the processes start.")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=options["verbosity"])
        StorageService.ensure_buckets()
        if settings.LOAD_DEMO:
            load_demo_nursery()
            load_accounts()
            self.stdout.write(_("The demo nursery and its accounts are loaded."))
        self.stdout.write(_("Ready to start."))
