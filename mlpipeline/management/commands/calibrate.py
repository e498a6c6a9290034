"""`manage.py calibrate`: count held-out scenes at several thresholds and say which is best."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from demeter.errors import DemeterError
from mlpipeline.detectors.engines import ENGINE_NAMES, load_engine
from mlpipeline.training.threshold_tuning import best_confidence, count_held_out, mean_errors, render_held_out

ROW = "{:<16} {:>10} {:>7} {:>9} {:>7} {:>8}"


class Command(BaseCommand):
    """Counts held-out scenes at each threshold and prints the errors; it changes nothing."""

    help = _("Count held-out scenes at several thresholds: which one comes nearest to the truth?")
    requires_system_checks: list[str] = []  # the weights are checked when they are loaded

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--scenes", type=int, default=2, help=_("scenes of each kind"))
        parser.add_argument("--confidences", type=float, nargs="+", default=[0.2, 0.3, 0.4])
        parser.add_argument("--engine", choices=ENGINE_NAMES, default="auto")
        parser.add_argument("--folder", type=Path, default=None, help=_("where the scenes are kept"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            engine = load_engine(options["engine"])
        except DemeterError as error:
            raise CommandError(str(error)) from error
        folder = options["folder"] or settings.DATA_HOME / "training" / "held_out"
        pictures = render_held_out(folder, options["scenes"])
        titles = (_("scene"), _("confidence"), _("true"), _("detected"), _("total"), _("error"))
        self.stdout.write(ROW.format(*titles))
        counted = []
        for scene in count_held_out(engine, pictures, options["confidences"]):
            counted.append(scene)
            self.stdout.write(
                ROW.format(
                    scene.kind,
                    scene.confidence,
                    scene.true,
                    scene.detected,
                    scene.total,
                    f"{scene.error:+.1%}",
                )
            )
        for confidence, mean in mean_errors(counted).items():
            self.stdout.write(_("Mean error at %(confidence).2f: %(error)s") % {
                "confidence": confidence, "error": f"{mean:.1%}"
            })  # fmt: skip
        self.stdout.write(_("Best: %(confidence).2f") % {"confidence": best_confidence(counted)})
