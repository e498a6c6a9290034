"""`manage.py demo`: from nothing to counted photos and booked stock, on this machine alone."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from demeter.console_output import describe, write_line
from demeter.demo.accounts import ACCOUNTS, load_accounts
from demeter.demo.client import ApiClient
from demeter.demo.counting import count_photos
from demeter.demo.data_dir import demo_environment, is_prepared, own_home
from demeter.demo.photos import own_photos, render_photos
from demeter.demo.report_table import Row, format_rows, format_stock, format_table
from demeter.demo.server_process import Serving
from demeter.errors import DemeterError
from demeter.port_check import check_port_free
from inventory.demo import load_demo_nursery

HOST = "127.0.0.1"
INTERRUPTED = 130  # what shells report for a program ended by Ctrl-C


class Command(BaseCommand):
    """Makes a demo nursery, counts photos through the real server and workers, and shows what was booked."""

    help = _("Count photos in a demo nursery and go on serving until Ctrl-C.")
    requires_system_checks: list[str] = []  # the second start, with the demo's settings, checks all

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help=_("Port of the web server."))
        parser.add_argument(
            "--exit",
            action="store_true",
            dest="ends",
            help=_("End after the table; 0 only if all went well."),
        )
        parser.add_argument("--photos", type=Path, help=_("A folder with photos of your own."))
        parser.add_argument(
            "--json", type=Path, dest="json_file", help=_("Write the table to this file too.")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_prepared(settings.DATA_HOME):
            # Settings are fixed once loaded, so the demo starts over with its own data home.
            sys.stdout.flush()
            environment = demo_environment(settings.DATA_HOME)
            os.execve(sys.executable, [sys.executable, *sys.argv], environment)  # noqa: S606 - this command again
        signal.signal(
            signal.SIGINT, _stop
        )  # also where a shell started this in the background, which ignores it
        signal.signal(signal.SIGTERM, _stop)
        signal.signal(signal.SIGHUP, _stop)
        try:
            self._run(**options)
        except DemeterError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise SystemExit(INTERRUPTED) from None

    def _run(
        self, *, port: int, ends: bool, photos: Path | None, json_file: Path | None, **_options: Any
    ) -> None:
        own = own_photos(photos) if photos else None
        check_port_free(HOST, port)
        with ExitStack() as stack:
            stack.enter_context(own_home(settings.DATA_HOME))
            self._prepare()
            pictures = own or self._timed(
                _("Rendering the demo photos"), lambda: render_photos(settings.DATA_HOME / "photos")
            )
            client = ApiClient(host=HOST, port=port)
            serving = stack.enter_context(
                Serving(host=HOST, port=port, on_event=lambda event: self._say(describe(event)))
            )
            self._timed(_("Waiting for server and workers"), lambda: serving.wait_until_ready(client))
            self._say(_("Counting %(photos)d photos") % {"photos": len(pictures)})
            rows = count_photos(client, pictures, self._say)
            self._show(rows, f"http://localhost:{port}")
            if json_file:
                write_json(json_file, rows)
            if not ends:
                self._serve_until_interrupted(serving)
        if ends and not all(row.is_good for row in rows):
            raise CommandError(_("Not every photo was counted, booked and near its truth."))

    def _serve_until_interrupted(self, serving: Serving) -> None:
        try:
            while True:
                serving.check()
                time.sleep(0.5)
        except KeyboardInterrupt:
            self._say(_("Stopping."))

    def _prepare(self) -> None:
        self.check()
        self._timed(
            _("Preparing the nursery"), lambda: call_command("migrate", verbosity=0, interactive=False)
        )
        load_demo_nursery()
        load_accounts()

    def _show(self, rows: list[Row], address: str) -> None:
        accounts = [[account.email, account.password, str(account.role.label)] for account in ACCOUNTS]
        for block in (
            format_rows(rows),
            _("In stock now:"),
            format_stock(),
            _("Open %(address)s and sign in as:") % {"address": address},
            format_table([_("e-mail"), _("password"), _("role")], accounts),
        ):
            self._say(f"\n{block}")

    def _timed(self, what: str, work: Callable[[], Any]) -> Any:
        self._say(f"{what} …")
        began = time.monotonic()
        result = work()
        self._say(_("  done in %(seconds).1f s") % {"seconds": time.monotonic() - began})
        return result

    def _say(self, text: str) -> None:
        write_line(self.stdout, text)


def write_json(path: Path, rows: list[Row]) -> None:
    """Write the demo's rows to a file, as a JSON list of objects in the order of the photos."""
    path.write_text(json.dumps([row.as_dict() for row in rows], ensure_ascii=False, indent=2) + "\n")


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
