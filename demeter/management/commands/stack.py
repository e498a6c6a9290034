"""`manage.py stack`: all processes on one machine, for daily use."""

import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from demeter.console_output import describe, write_line
from demeter.port_check import PortInUse
from demeter.stack import CLASSIFIER_PORT, CLASSIFIER_UI, PROCESS_NAMES, WEB, log_dir, run_stack


class Command(BaseCommand):
    """Runs the web server, a worker for each queue and beat; restarts what dies; Ctrl-C ends them all."""

    help = _("Run all processes on this machine until Ctrl-C.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help=_("Address to listen on."))
        parser.add_argument("--port", type=int, default=8000, help=_("Port of the web server."))
        parser.add_argument(
            "--only",
            nargs="+",
            choices=(*PROCESS_NAMES, CLASSIFIER_UI),
            help=_("Run these processes alone, their output on the terminal: one container's share."),
        )

        parser.add_argument(
            "--classifier-ui",
            action="store_true",
            help=_("Serve the page of the classifier alone, on a port of its own, as well."),
        )
        parser.add_argument(
            "--classifier-port",
            type=int,
            default=CLASSIFIER_PORT,
            help=_("Port of the page of the classifier."),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError(_("The database is not up to date. Run first: manage.py migrate"))
        is_stopping = False

        def stop(number: int, frame: FrameType | None) -> None:
            nonlocal is_stopping
            is_stopping = True

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, stop)
        host, port, only = options["host"], options["port"], options["only"]
        if only is None or WEB in only:
            address = f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"
            write_line(self.stdout, _("DemeterAI on %(address)s · Ctrl-C ends it") % {"address": address})
        is_ui_served = options["classifier_ui"] or CLASSIFIER_UI in (only or ())
        if is_ui_served:
            write_line(
                self.stdout,
                _("The classifier's page on port %(port)d") % {"port": options["classifier_port"]},
            )
        if only is None:
            write_line(self.stdout, _("Logs are in %(logs)s") % {"logs": log_dir()})
        try:
            run_stack(
                host=host,
                port=port,
                on_event=lambda event: write_line(self.stdout, describe(event)),
                is_stopping=lambda: is_stopping,
                only=only,
                classifier_port=options["classifier_port"] if is_ui_served else None,
            )
        except PortInUse as error:
            raise CommandError(str(error)) from error
