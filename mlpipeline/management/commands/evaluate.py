"""`manage.py evaluate`: count photos whose truth is known, and say how well."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from demeter.errors import DemeterError
from mlpipeline.detectors.engines import ENGINE_NAMES, build_engine, load_engine
from mlpipeline.evaluation.candidate_weights import weights_to_measure
from mlpipeline.evaluation.dataset_reader import PHOTO_FAULTS, PhotoFailure, TruePhoto, read_photos
from mlpipeline.evaluation.detection_dropout import DropRecord, drop_detections, perfect_count
from mlpipeline.evaluation.error_gallery import WorstPhotos
from mlpipeline.evaluation.ground_truth import find_pictures
from mlpipeline.evaluation.host_info import machine_class
from mlpipeline.evaluation.photo_metrics import EvalSetup, measure_photo
from mlpipeline.evaluation.records import OURS, SAHI, PhotoRecord
from mlpipeline.evaluation.report import ReportFacts, render_report
from mlpipeline.evaluation.report_tables import drop_tables, evaluation_tables
from mlpipeline.evaluation.tables import Table
from mlpipeline.photo_counter import count_image
from mlpipeline.services.count_settings import count_options, estimate_options
from mlpipeline.services.option_settings import deviating_settings
from mlpipeline.vision.arrays import shape_of
from mlpipeline.vision.options import CountOptions

Measure = Callable[[TruePhoto], None]


class Command(BaseCommand):
    """Measures the counts of a data set, or with `--drop` its estimators alone."""

    help = _("Count a folder of photos whose truth is known (scene JSON or YOLO labels), and say how well.")
    requires_system_checks: list[str] = []  # the weights are checked when they are loaded

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument(
            "--model", type=Path, metavar="FILE", help=_("weights in place of the shipped ones")
        )
        parser.add_argument(
            "--engine", choices=ENGINE_NAMES, default="auto", help=_("what looks for the plants")
        )
        parser.add_argument(
            "--no-sahi", action="store_true", help=_("do not count by SAHI as well; much faster")
        )
        parser.add_argument("--report", type=Path, metavar="FILE", help=_("write a page that stands alone"))
        parser.add_argument("--worst", type=int, default=6, help=_("photos drawn in the report"))
        parser.add_argument("--json", type=Path, metavar="FILE", help=_("write every photo's figures"))
        parser.add_argument("--markdown", action="store_true", help=_("print Markdown, for a page"))
        parser.add_argument(
            "--language",
            choices=[code for code, _name in settings.LANGUAGES],
            default=settings.LANGUAGE_CODE,
            help=_("of the tables and the report"),
        )
        parser.add_argument(
            "--drop",
            type=float,
            nargs="+",
            metavar="SHARE",
            help=_("measure the estimators instead: take these shares of the detections away first"),
        )
        parser.add_argument(
            "--perfect", action="store_true", help=_("with --drop: the truth stands in for the detector")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger("ultralytics").setLevel(logging.ERROR)
        if options["drop"] and not all(0 <= share < 1 for share in options["drop"]):
            raise CommandError(_("--drop takes shares from 0 to below 1."))
        pictures = find_pictures(options["folder"])
        if not pictures:
            raise CommandError(_("There are no photos in %(folder)s.") % {"folder": options["folder"]})
        with translation.override(options["language"]):
            if options["drop"]:
                self._measure_estimators(pictures, options)
            else:
                self._measure_counts(pictures, options)

    def _measure_counts(self, pictures: Sequence[Path], options: dict[str, Any]) -> None:
        setup = _setup(options)
        records: list[PhotoRecord] = []
        worst = WorstPhotos(options["worst"] if options["report"] else 0)

        def measure(photo: TruePhoto) -> None:
            measured = measure_photo(photo.name, photo.image, photo.truth, setup)
            records.append(measured.record)
            worst.offer(photo.image, photo.truth, measured)
            self._progress(len(records), len(pictures), _shown(measured.record))

        failures = self._each(options["folder"], pictures, measure)
        if not records:
            raise CommandError(_("No photo in %(folder)s could be measured.") % {"folder": options["folder"]})
        tables = evaluation_tables(records)
        self._print(tables, options)
        self._sign(len(records), setup, setup.options)
        if options["json"]:
            _write_json(options["json"], [record.as_json() for record in records], failures)
        if options["report"]:
            facts = ReportFacts(
                folder=options["folder"].name,
                made=timezone.now(),
                machine=machine_class(),
                models={weights.name: weights.sha256[:12] for weights in setup.engine.weights},
                failures=[(failure.name, failure.reason) for failure in failures],
            )
            options["report"].write_text(render_report(records, tables, worst.ranked, facts))

    def _measure_estimators(self, pictures: Sequence[Path], options: dict[str, Any]) -> None:
        setup = None if options["perfect"] else _setup({**options, "no_sahi": True})
        chosen = setup.options if setup else _options_without_engine()
        records: list[DropRecord] = []

        def measure(photo: TruePhoto) -> None:
            if not photo.truth.total:
                return
            if setup is None:
                count = perfect_count(photo.truth, shape_of(photo.image))
            else:
                count = count_image(photo.image, setup.engine, chosen)
            found = drop_detections(
                photo.name, photo.image, count, photo.truth.total, photo.truth.kind, options["drop"], chosen
            )
            records.extend(found)
            self._progress(len(records) // len(options["drop"]), len(pictures), photo.name)

        failures = self._each(options["folder"], pictures, measure)
        if not records:
            raise CommandError(_("No photo in %(folder)s could be measured.") % {"folder": options["folder"]})
        self._print(drop_tables(records), options)
        self._sign(len(records) // len(options["drop"]), setup, chosen)
        if options["json"]:
            _write_json(options["json"], [record.as_json() for record in records], failures)

    def _each(self, folder: Path, pictures: Sequence[Path], measure: Measure) -> list[PhotoFailure]:
        """Measure photo after photo; one that cannot be measured is told and left out."""
        failures = []
        for photo in read_photos(folder, pictures, _("no truth beside it")):
            failure = photo if isinstance(photo, PhotoFailure) else _measured(photo, measure)
            if failure is not None:
                failures.append(failure)
                self.stderr.write(f"{failure.name}: {failure.reason}")
        return failures

    def _progress(self, done: int, of: int, text: str) -> None:
        self.stderr.write(f"{done}/{of}  {text}")

    def _print(self, tables: Sequence[Table], options: dict[str, Any]) -> None:
        for table in tables:
            self.stdout.write(f"{table.as_markdown() if options['markdown'] else table.as_text()}\n")

    def _sign(self, photos: int, setup: EvalSetup | None, chosen: CountOptions) -> None:
        """Below the tables: when, where and with what they were measured, and which settings are not the usual ones."""
        models = [weights.name for weights in setup.engine.weights] if setup else []
        parts = [
            ", ".join(models) or _("the truth in place of a detector"),
            *(f"{name}={value}" for name, value in deviating_settings(chosen).items()),
        ]
        self.stdout.write(
            _("%(date)s, %(machine)s; photos: %(photos)d; %(models)s.")
            % {
                "date": f"{timezone.now():%Y-%m-%d}",
                "machine": machine_class(),
                "photos": photos,
                "models": "; ".join(parts),
            }
        )


def _measured(photo: TruePhoto, measure: Measure) -> PhotoFailure | None:
    try:
        with contextlib.redirect_stdout(
            sys.stderr
        ):  # libraries print; standard output holds the tables alone
            measure(photo)
    except PHOTO_FAULTS as error:
        return PhotoFailure(photo.name, str(error))
    return None


def _setup(options: dict[str, Any]) -> EvalSetup:
    """The engines, loaded, and the options of this installation. Raises CommandError where they cannot be had."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            if options["model"] is None:
                engine = load_engine(options["engine"])
                sahi = None if options["no_sahi"] else load_engine("sahi")
            else:
                weights = weights_to_measure(options["model"])
                engine = build_engine(options["engine"], weights)
                sahi = None if options["no_sahi"] else build_engine("sahi", weights)
            return EvalSetup(engine, count_options(engine), sahi)
    except FileNotFoundError as error:
        raise CommandError(_("There are no weights %(path)s.") % {"path": options["model"]}) from error
    except DemeterError as error:
        raise CommandError(str(error)) from error


def _options_without_engine() -> CountOptions:
    try:
        return estimate_options()
    except DemeterError as error:
        raise CommandError(str(error)) from error


def _shown(record: PhotoRecord) -> str:
    """A photo's line while the work goes on."""
    sahi = f"  SAHI {record.ways[SAHI].total}" if SAHI in record.ways else ""
    return f"{record.file}: {record.ways[OURS].total} / {record.true}{sahi}"


def _write_json(target: Path, photos: list[dict[str, Any]], failures: Sequence[PhotoFailure]) -> None:
    found = {
        "photos": photos,
        "failures": [{"file": failure.name, "reason": failure.reason} for failure in failures],
    }
    target.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
