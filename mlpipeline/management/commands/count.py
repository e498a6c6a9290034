"""`manage.py count`: count photos from the command line; a database is needed for `--location` alone."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from argparse import ArgumentParser
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from demeter.errors import DemeterError
from inventory.models import StorageLocation
from mlpipeline.detectors.engines import ENGINE_NAMES, Engine, load_engine
from mlpipeline.imageio import reading_fault
from mlpipeline.photo_counter import PriorsFor, count_as_json, count_file, no_priors
from mlpipeline.services.count_settings import count_options
from mlpipeline.services.density_priors import priors_at
from mlpipeline.vision.arrays import Image
from mlpipeline.vision.drawing import LegendTexts, draw_count
from mlpipeline.vision.errors import VisionError
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.results import PhotoCount
from photos.image_files import encode_jpeg, from_rgb

COLUMNS = "{:<32} {:>9} {:>9} {:>7} {:>7} {:>9}  {}"


class Command(BaseCommand):
    """Counts photo by photo; one that fails is reported, the others go on, and the exit code is 1."""

    help = _("Count the plants on photos with the shipped weights. No database is needed.")
    requires_system_checks: list[str] = []  # the weights are checked when they are loaded

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO")
        parser.add_argument(
            "--json", action="store_true", help=_("one JSON object a line instead of a table")
        )
        parser.add_argument(
            "--engine",
            choices=ENGINE_NAMES,
            default=settings.COUNT_ENGINE,
            help=_("what looks for the plants"),
        )
        parser.add_argument(
            "--location",
            metavar="CODE",
            help=_(
                "count as at this place: how much its boxes hold, how its plants stand (reads the database)"
            ),
        )
        parser.add_argument(
            "--draw", type=Path, metavar="DIR", help=_("write annotated pictures to this folder")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger("ultralytics").setLevel(logging.ERROR)
        if options["engine"] != "sahi" and not any(settings.MODEL_CACHE_DIR.glob("*")):
            notice = _("Preparing the networks for this machine: that takes up to a minute, and only once.")
            self.stderr.write(str(notice))
        try:
            with contextlib.redirect_stdout(
                sys.stderr
            ):  # libraries print; standard output holds the counts alone
                engine = load_engine(options["engine"])
                chosen = count_options(engine)
        except DemeterError as error:
            raise CommandError(str(error)) from error
        priors_for = _priors_for(options["location"])
        if options["draw"] is not None:
            options["draw"].mkdir(parents=True, exist_ok=True)
        if not options["json"]:
            titles = (
                _("photo"),
                _("detected"),
                _("estimated"),
                _("total"),
                _("dead"),
                _("seconds"),
                _("warnings"),
            )
            self.stdout.write(COLUMNS.format(*(str(title) for title in titles)))
        failed = 0
        for path in options["photos"]:
            try:
                with contextlib.redirect_stdout(sys.stderr):
                    count = self._count(path, engine, chosen, priors_for, options["draw"])
            except (DemeterError, VisionError, OSError) as error:
                failed += 1
                self._show_failure(path, error, as_json=options["json"])
            else:
                if options["json"]:
                    self.stdout.write(json.dumps({**count_as_json(str(path), count), "engine": engine.name}))
                else:
                    self._show_row(path, count)
        if failed:
            sys.exit(1)

    def _count(
        self,
        path: Path,
        engine: Engine,
        options: CountOptions,
        priors_for: PriorsFor,
        folder: Path | None,
    ) -> PhotoCount:
        image, count = count_file(path, engine, options, priors_for)
        if folder is not None:
            _write_drawing(_unused(folder, f"{path.stem}_counted"), image, count)
        return count

    def _show_row(self, path: Path, count: PhotoCount) -> None:
        self.stdout.write(
            COLUMNS.format(
                path.name,
                count.detected,
                count.estimated,
                count.total,
                count.dead,
                f"{count.seconds['total']:.2f}",
                ", ".join(count.warnings),
            )
        )

    def _show_failure(self, path: Path, error: Exception, *, as_json: bool) -> None:
        if as_json:
            code = getattr(error, "code", "unreadable_file")
            self.stdout.write(
                json.dumps({"file": str(path), "error": {"code": code, "message": reading_fault(error)}})
            )
        else:
            self.stderr.write(f"{path}: {reading_fault(error)}")


def _priors_for(code: str | None) -> PriorsFor:
    """What is known of a place, by its code. Raises CommandError for a code that no place has."""
    if code is None:
        return no_priors
    location = StorageLocation.objects.filter(code=code).first()
    if location is None:
        raise CommandError(_("There is no place with the code %(code)s.") % {"code": code})
    return partial(priors_at, location)


def _unused(folder: Path, name: str) -> Path:
    """A file that is not there yet, numbered from 2: photos of several folders may have one name."""
    target, number = folder / f"{name}.jpg", 1
    while target.exists():
        number += 1
        target = folder / f"{name}_{number}.jpg"
    return target


def _write_drawing(target: Path, image: Image, count: PhotoCount) -> None:
    texts = LegendTexts(
        detected=_("Detected"),
        estimated=_("Estimated"),
        confidence=_("Mean confidence"),
        dead=_("Dead"),
        empty=_("Empty"),
    )
    target.write_bytes(encode_jpeg(from_rgb(draw_count(image, count, texts))))
