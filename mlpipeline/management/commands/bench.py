"""`manage.py bench`: how fast and how exact we count, beside SAHI, in one run."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from demeter.errors import DemeterError
from mlpipeline.detectors.backends import BACKEND_NAMES
from mlpipeline.evaluation.bench import run_bench
from mlpipeline.evaluation.bench_methods import contenders
from mlpipeline.evaluation.bench_report import BenchRun, as_json, tables
from mlpipeline.evaluation.ground_truth import find_pictures, read_truth
from mlpipeline.evaluation.host_info import machine_class
from mlpipeline.vision.errors import VisionError


class Command(BaseCommand):
    """Counts each photo with our engines and with SAHI, several times over, on this machine."""

    help = _("Compare our counting with SAHI on a folder of photos: time, precision, recall, memory.")
    requires_system_checks: list[str] = []  # the weights are checked when they are loaded

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--photos", type=Path, required=True, metavar="DIR")
        parser.add_argument(
            "--engines",
            nargs="+",
            choices=BACKEND_NAMES,
            default=["auto"],
            help=_("what runs our networks; the first is compared photo by photo"),
        )
        parser.add_argument("--repeat", type=int, default=3, metavar="N", help=_("rounds over each photo"))
        parser.add_argument("--json", action="store_true", help=_("one JSON object instead of tables"))
        parser.add_argument("--markdown", action="store_true", help=_("print Markdown, for a page"))
        parser.add_argument(
            "--language",
            choices=[code for code, _name in settings.LANGUAGES],
            default=settings.LANGUAGE_CODE,
            help=_("of the tables"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger("ultralytics").setLevel(logging.ERROR)
        photos = find_pictures(options["photos"])
        if not photos:
            raise CommandError(_("There are no photos in %(folder)s.") % {"folder": options["photos"]})
        if options["repeat"] < 1:
            raise CommandError(_("--repeat is at least 1."))
        backends = list(dict.fromkeys(options["engines"]))
        try:
            # Libraries print; standard output holds the result alone.
            with contextlib.redirect_stdout(sys.stderr):
                done = run_bench(photos, contenders(backends), read_truth, repeat=options["repeat"])
                run = BenchRun(machine_class(), f"{timezone.now():%Y-%m-%d}", tuple(backends), tuple(done))
        except (DemeterError, VisionError, OSError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(as_json(run)))
            return
        with translation.override(options["language"]):
            for table in tables(run):
                self.stdout.write(f"{table.as_markdown() if options['markdown'] else table.as_text()}\n")
