"""`manage.py populate_db`: the demo nursery and its users, for those who try an installation out."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from demeter.demo.accounts import ACCOUNTS, load_accounts
from demeter.demo.report_table import format_table
from inventory.demo import load_demo_nursery


class Command(BaseCommand):
    """Migrates, then makes what is missing of the demo nursery and its users. Safe to repeat.

    Everyone knows the passwords of these users, so a production system wants to be told twice.
    """

    help = _("Make the demo nursery and the demo users, whose passwords everyone knows.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--known-passwords",
            action="store_true",
            help=_("Yes, also on a production system."),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION and not (settings.LOAD_DEMO or options["known_passwords"]):
            raise CommandError(
                _(
                    "This is a production system, and everyone knows the passwords of the demo users. To try it out "
                    "with them all the same: DEMETER_LOAD_DEMO=true, or --known-passwords. To make a user of your "
                    "own: manage.py createsuperuser."
                )
            )
        call_command("migrate", interactive=False, verbosity=0)
        load_demo_nursery()
        load_accounts()
        accounts = [[account.email, account.password, str(account.role.label)] for account in ACCOUNTS]
        self.stdout.write(format_table([_("e-mail"), _("password"), _("role")], accounts))
