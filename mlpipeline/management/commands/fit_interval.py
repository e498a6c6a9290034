"""`manage.py fit_interval`: measure how sure the weights are, on pictures that were never trained on."""

from __future__ import annotations

import os
import shutil
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.errors import DemeterError
from mlpipeline.calibration_store import write_calibration
from mlpipeline.detectors.engines import ENGINE_NAMES, load_engine
from mlpipeline.evaluation.conformal_dataset import (
    CountedScene,
    KnownPicture,
    RealPhoto,
    by_kind,
    count_scene,
    counts_folder,
    examples_of,
    read_counted,
    real_photos,
    small_scenes,
)
from mlpipeline.evaluation.fit_conformal import FOLDS, Coverage, Measured, coverage_of, fit_intervals
from mlpipeline.evaluation.fit_score_calibration import expected_error, fit_probabilities
from mlpipeline.management.processes import in_processes
from mlpipeline.services.count_settings import count_options
from mlpipeline.services.option_settings import deviating_settings
from mlpipeline.training.real import UnusableRealSet
from mlpipeline.training.scenes import ALL_KINDS
from mlpipeline.vision.uncertainty.assessment import WeightsCalibration
from mlpipeline.vision.uncertainty.conformal_interval import IntervalModel
from mlpipeline.vision.uncertainty.score_calibration import IDENTITY_CURVE, ScoreCalibrator, apply_platt

ROW = "{:<24} {:>7} {:>8} {:>10} {:>11} {:>8} {:>8} {:>8}"
SAY_EVERY_S = 20.0
MIN_SCENES = 2 * len(ALL_KINDS) * ((2 * FOLDS + len(ALL_KINDS) - 1) // len(ALL_KINDS))


class Command(BaseCommand):
    """Counts scenes, fits on one half and tests on the other; interrupted runs go on where they were."""

    help = _(
        "Count small held-out scenes and real photos, fit probabilities and the 90 % interval on one half of them, "
        "test both on the other half, and write the result beside the weights. What was rendered and counted is kept: "
        "a run that was interrupted goes on, and fitting again costs seconds."
    )
    requires_system_checks: list[str] = []  # the weights are checked when they are loaded

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--scenes", type=int, default=800, help=_("scenes of all kinds; half of them to test")
        )
        parser.add_argument(
            "--real",
            type=Path,
            metavar="DIR",
            help=_("folder of sets of real pictures; as it comes: `real` below DEMETER_DATA_DIR"),
        )
        parser.add_argument("--workers", type=int, default=1, help=_("processes that count"))
        parser.add_argument("--engine", choices=ENGINE_NAMES, default="auto")
        parser.add_argument("--folder", type=Path, default=None, help=_("where scenes and counts are kept"))
        parser.add_argument(
            "--fresh",
            action="store_true",
            help=_("count again what was counted, as after a change of the code"),
        )
        parser.add_argument(
            "--dry-run", action="store_true", help=_("print the result without writing it beside the weights")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["scenes"] < MIN_SCENES:
            raise CommandError(_("At least %(least)d scenes are needed.") % {"least": MIN_SCENES})
        try:
            engine = load_engine(options["engine"])
        except DemeterError as error:
            raise CommandError(str(error)) from error
        folder = options["folder"] or settings.DATA_HOME / "training" / "intervals"
        if options["fresh"]:
            shutil.rmtree(counts_folder(folder, engine), ignore_errors=True)
        scenes: list[KnownPicture] = [*self._real_photos(options["real"]), *small_scenes(options["scenes"])]
        counted = list(self._counted(scenes, folder, options["engine"], max(1, options["workers"])))
        fitted = [one for one in counted if not one.scene.is_for_test]
        tested = [one for one in counted if one.scene.is_for_test]
        probability = fit_probabilities(examples_of(fitted))
        interval = fit_intervals([one.measured(probability) for one in fitted])
        self._show_probabilities(probability, tested)
        rows = self._show_coverage(interval, [one.measured(probability) for one in tested])
        if options["dry_run"]:
            return
        path = write_calibration(
            WeightsCalibration(probability, interval),
            {weights.kind: weights.sha256 for weights in engine.weights},
            {
                "on": timezone.now().date().isoformat(),
                "engine": engine.name,
                "settings": deviating_settings(count_options(engine)),
                "fitted_pictures": len(fitted),
                "tested": {
                    name: {
                        "pictures": row.pictures,
                        "coverage": round(row.held, 3),
                        "median_relative_width": round(row.median_width, 3),
                    }
                    for name, row in rows.items()
                },
            },
        )
        self.stdout.write(_("Written: %(path)s") % {"path": path})

    def _real_photos(self, folder: Path | None) -> list[RealPhoto]:
        """The held-out photos of a folder, or of the one that the environment names."""
        if folder and not folder.is_dir():
            raise CommandError(_("There is no folder %(path)s.") % {"path": folder})
        data_dir = os.environ.get("DEMETER_DATA_DIR")
        chosen = folder or (Path(data_dir) / "real" if data_dir else None)
        try:
            photos = real_photos(chosen) if chosen else []
        except UnusableRealSet as error:
            raise CommandError(str(error)) from error
        if not photos:
            self.stderr.write(
                _("There are no real photos: intervals that only scenes know hold less on photos.")
            )
        return photos

    def _counted(
        self, scenes: list[KnownPicture], folder: Path, engine_name: str, workers: int
    ) -> Iterator[CountedScene]:
        """The scenes in their order, once all of them are counted."""
        begun = reported = time.monotonic()
        paths: dict[KnownPicture, Path] = {}
        count = partial(count_scene, folder=folder, engine_name=engine_name)
        for scene, path in in_processes(count, scenes, workers):
            paths[scene] = path
            if time.monotonic() - reported > SAY_EVERY_S or len(paths) == len(scenes):
                reported = time.monotonic()
                self.stdout.write(
                    _("%(done)d of %(all)d pictures, %(seconds)d s")
                    % {"done": len(paths), "all": len(scenes), "seconds": reported - begun}
                )
        for scene in scenes:
            yield read_counted(scene, paths[scene])

    def _show_probabilities(self, probability: ScoreCalibrator, tested: list[CountedScene]) -> None:
        self.stdout.write(_("Probability of a detection to be a plant, on the pictures to test:"))
        for name, (scores, is_right) in examples_of(tested).items():
            probabilities = apply_platt(scores, probability.curves.get(name, IDENTITY_CURVE))
            errors = {
                "name": name,
                "count": len(scores),
                "score": f"{expected_error(scores, is_right):.3f}",
                "probability": f"{expected_error(probabilities, is_right):.3f}",
            }
            self.stdout.write(
                _(
                    "  %(name)s: %(count)d detections, error of the score %(score)s, calibrated %(probability)s"
                )
                % errors
            )

    def _show_coverage(self, interval: IntervalModel, tested: list[Measured]) -> dict[str, Coverage]:
        """Print the table of the pictures to test; returns its lines for the real and for the rendered ones."""
        titles = (_("pictures"), _("number"), _("held"), _("too high"), _("too low"), _("width"), _("median"))
        self.stdout.write(ROW.format(*titles, _("error")))
        clear = [one for one in tested if not one.is_degraded]
        for kind, measured in by_kind(clear):
            self._show_row(kind, coverage_of(interval, measured))
        groups = {
            "degraded": [one for one in tested if one.is_degraded],
            "real": [one for one in clear if one.is_real],
            "rendered": [one for one in clear if not one.is_real],
        }
        names = {"degraded": _("degraded"), "real": _("real"), "rendered": _("rendered")}
        rows = {key: coverage_of(interval, measured) for key, measured in groups.items() if measured}
        for key, row in rows.items():
            self._show_row(names[key], row)
        return {key: rows[key] for key in ("real", "rendered") if key in rows}

    def _show_row(self, name: str, row: Coverage) -> None:
        shares = (row.held, row.too_high, row.too_low, row.width, row.median_width, row.error)
        self.stdout.write(ROW.format(name, row.pictures, *(f"{share:.1%}" for share in shares)))
