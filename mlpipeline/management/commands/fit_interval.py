"""`manage.py fit_interval`: measure how far counts can be trusted, on scenes that were never trained on."""

from __future__ import annotations

import shutil
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.errors import DemeterError
from mlpipeline.calibration_store import write_calibration
from mlpipeline.detectors.engines import ENGINE_NAMES, load_engine
from mlpipeline.evaluation.conformal_dataset import (
    CountedScene,
    SmallScene,
    by_kind,
    count_scene,
    counts_folder,
    examples_of,
    read_counted,
    small_scenes,
)
from mlpipeline.evaluation.fit_conformal import FOLDS, Coverage, Measured, coverage_of, fit_intervals
from mlpipeline.evaluation.fit_score_calibration import expected_error, fit_probabilities
from mlpipeline.training.scenes import KINDS
from mlpipeline.vision.uncertainty.assessment import WeightsCalibration
from mlpipeline.vision.uncertainty.conformal_interval import IntervalModel
from mlpipeline.vision.uncertainty.score_calibration import IDENTITY_CURVE, ScoreCalibrator, apply_platt

ROW = "{:<12} {:>7} {:>8} {:>10} {:>11} {:>8} {:>8}"
SAY_EVERY_S = 20.0
MIN_SCENES = 2 * len(KINDS) * ((2 * FOLDS + len(KINDS) - 1) // len(KINDS))


class Command(BaseCommand):
    """Counts scenes, fits on one half and tests on the other; interrupted runs go on where they were."""

    help = _(
        "Count small held-out scenes, fit probabilities and the 90 % interval on one half of them, test both on the "
        "other half, and write the result beside the weights. What was rendered and counted is kept: a run that was "
        "interrupted goes on, and fitting again costs seconds."
    )
    requires_system_checks: list[str] = []  # the weights are checked when they are loaded

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--scenes", type=int, default=800, help=_("scenes of all kinds; half of them to test")
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
        scenes = small_scenes(options["scenes"])
        counted = list(self._counted(scenes, folder, options["engine"], max(1, options["workers"])))
        fitted = [one for one in counted if not one.scene.is_for_test]
        tested = [one for one in counted if one.scene.is_for_test]
        probability = fit_probabilities(examples_of(fitted))
        interval = fit_intervals([one.measured(probability) for one in fitted])
        self._show_probabilities(probability, tested)
        whole = self._show_coverage(interval, [one.measured(probability) for one in tested])
        if options["dry_run"]:
            return
        path = write_calibration(
            WeightsCalibration(probability, interval),
            {weights.kind: weights.sha256 for weights in engine.weights},
            {
                "on": timezone.now().date().isoformat(),
                "engine": engine.name,
                "fitted_scenes": len(fitted),
                "tested_scenes": whole.scenes,
                "coverage": round(whole.held, 3),
                "mean_relative_width": round(whole.width, 3),
            },
        )
        self.stdout.write(_("Written: %(path)s") % {"path": path})

    def _counted(
        self, scenes: list[SmallScene], folder: Path, engine_name: str, workers: int
    ) -> Iterator[CountedScene]:
        """The scenes in their order, once all of them are counted."""
        begun = reported = time.monotonic()
        paths: dict[SmallScene, Path] = {}
        for scene, path in _count_all(scenes, folder, engine_name, workers):
            paths[scene] = path
            if time.monotonic() - reported > SAY_EVERY_S or len(paths) == len(scenes):
                reported = time.monotonic()
                self.stdout.write(
                    _("%(done)d of %(all)d scenes, %(seconds)d s")
                    % {"done": len(paths), "all": len(scenes), "seconds": reported - begun}
                )
        for scene in scenes:
            yield read_counted(scene, paths[scene])

    def _show_probabilities(self, probability: ScoreCalibrator, tested: list[CountedScene]) -> None:
        self.stdout.write(_("Probability of a detection to be a plant, on the scenes to test:"))
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

    def _show_coverage(self, interval: IntervalModel, tested: list[Measured]) -> Coverage:
        """Print the table of the scenes to test; returns its line for all that are as they were rendered."""
        titles = (_("scenes"), _("number"), _("held"), _("too high"), _("too low"), _("width"), _("error"))
        self.stdout.write(ROW.format(*titles))
        as_rendered = [one for one in tested if not one.is_degraded]
        groups: list[tuple[str, list[Measured]]] = list(by_kind(as_rendered))
        degraded = [one for one in tested if one.is_degraded]
        if degraded:
            groups.append((_("degraded"), degraded))
        for name, measured in groups:
            self._show_row(name, coverage_of(interval, measured))
        whole = coverage_of(interval, as_rendered)
        self._show_row(_("all"), whole)
        return whole

    def _show_row(self, name: str, row: Coverage) -> None:
        shares = (row.held, row.too_high, row.too_low, row.width, row.error)
        self.stdout.write(ROW.format(name, row.scenes, *(f"{share:.1%}" for share in shares)))


def _count_all(
    scenes: Iterable[SmallScene], folder: Path, engine_name: str, workers: int
) -> Iterator[tuple[SmallScene, Path]]:
    """Each scene with the file of its count, as they are done."""
    if workers == 1:
        for scene in scenes:
            yield scene, count_scene(scene, folder, engine_name)
        return
    # Spawned, not forked: the parent has loaded a model, and its threads do not survive a fork.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=django.setup) as pool:
        running = {pool.submit(count_scene, scene, folder, engine_name): scene for scene in scenes}
        for done in as_completed(running):
            yield running[done], done.result()
