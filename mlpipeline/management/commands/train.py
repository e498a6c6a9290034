"""`manage.py train`: render training scenes and train the default weights from them."""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from mlpipeline.detectors.rescoring_network import SECOND_STAGE
from mlpipeline.management.processes import in_processes
from mlpipeline.training.datasets import DatasetRecipe, DatasetWriter, ForbiddenSeed, check_seed
from mlpipeline.training.real import UnusableRealSet
from mlpipeline.training.rescoring_examples import UnfitExamples
from mlpipeline.training.rescoring_job import (
    LEARNING_RATE,
    gather_examples,
    train_rescoring,
)
from mlpipeline.training.scenes.scene_spec import ALL_KINDS
from mlpipeline.training.seed_ranges import TRAINING_SEEDS
from mlpipeline.training.training_job import ARCHITECTURES, REAL_SHARE, TrainingJob, train

#: A scene is cut into tiles of 512 px at up to 1.7 times its size.
MIN_SCENE_PX = 320
#: What has no meaning for the second stage, and its value where nobody has chosen one.
FIRST_STAGE_OPTIONS = {
    "imgsz": None,
    "start": None,
    "scene_px": DatasetRecipe().scene_px,
    "real_share": REAL_SHARE,
}


def render_share(folder: Path, recipe: DatasetRecipe, seeds: list[int]) -> int:
    """Render the missing scenes among some seeds; returns how many were rendered."""
    return sum(1 for _seed in DatasetWriter(folder, recipe).add_scenes(seeds))


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share < 1:
        raise ArgumentTypeError(_("%(share)s is not from 0 to below 1") % {"share": text})
    return share


def _checked_px(sides: Sequence[int]) -> tuple[int, int]:
    low, high = sides
    if not MIN_SCENE_PX <= low <= high:
        raise CommandError(_("--scene-px is LOW HIGH, from %(least)d px") % {"least": MIN_SCENE_PX})
    return low, high


class Command(BaseCommand):
    """Renders what is missing of the training pictures, then trains for a number of minutes."""

    help = _("Train the default weights from rendered scenes and, where they are at hand, real pictures.")
    requires_system_checks: list[str] = []  # missing weights are why one trains

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "kind",
            choices=[*ARCHITECTURES, SECOND_STAGE, "pictures", "examples"],
            help=_("what to train; or only the pictures, or the second stage's examples"),
        )
        parser.add_argument("--minutes", type=float, default=60.0, help=_("how long to train"))
        parser.add_argument("--scenes", type=int, default=600, help=_("how many scenes there should be"))
        parser.add_argument(
            "--first-seed", type=int, default=TRAINING_SEEDS.start, help=_("seed of the first scene")
        )
        parser.add_argument("--processes", type=int, default=2, help=_("processes that render"))
        parser.add_argument(
            "--imgsz", type=int, default=None, help=_("side of the pictures while training, in px")
        )
        parser.add_argument("--lr", type=float, default=None, help=_("highest learning rate"))
        parser.add_argument(
            "--scene-px",
            type=int,
            nargs=2,
            metavar=("LOW", "HIGH"),
            default=DatasetRecipe().scene_px,
            help=_("longer side of the scenes; smaller ones render sooner"),
        )
        parser.add_argument("--close-ups", action="store_true", help=_("render scenes with large plants"))
        parser.add_argument(
            "--kinds",
            nargs="+",
            choices=ALL_KINDS,
            help=_("render only these kinds of scenes, as many of each"),
        )
        parser.add_argument(
            "--real",
            type=Path,
            default=None,
            help=_("folder of sets of real pictures; as it comes: `real` below DEMETER_DATA_DIR"),
        )
        parser.add_argument(
            "--real-share",
            type=_share,
            default=REAL_SHARE,
            help=_("share of real pictures while training, from 0 to below 1"),
        )
        parser.add_argument("--resume", action="store_true", help=_("go on from the last checkpoint"))
        parser.add_argument(
            "--start", type=Path, help=_("begin with these weights: a checkpoint, or default weights")
        )
        parser.add_argument(
            "--folder", type=Path, default=None, help=_("where pictures and checkpoints are kept")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["real"] and not options["real"].is_dir():
            raise CommandError(_("There is no folder %(path)s.") % {"path": options["real"]})
        folder = options["folder"] or settings.DATA_HOME / "training"
        data_dir = os.environ.get("DEMETER_DATA_DIR")
        seeds = list(range(options["first_seed"], options["first_seed"] + options["scenes"]))
        try:
            for seed in seeds:
                check_seed(seed)
        except ForbiddenSeed as error:
            raise CommandError(str(error)) from error
        real = options["real"] or (Path(data_dir) / "real" if data_dir else None)
        if options["kind"] in (SECOND_STAGE, "examples"):
            self._rescoring(folder / SECOND_STAGE, seeds, real, options)
            return
        recipe = DatasetRecipe(close_ups=options["close_ups"], scene_px=_checked_px(options["scene_px"]))
        if options["kinds"]:
            recipe = replace(recipe, kinds=dict.fromkeys(options["kinds"], 1.0))
        self._render(folder / "pictures", seeds, options["processes"], recipe)
        if options["kind"] == "pictures":
            return
        job = TrainingJob(
            kind=options["kind"],
            folder=folder,
            minutes=options["minutes"],
            image_px=options["imgsz"],
            learning_rate=options["lr"],
            oil_palms=Path(data_dir) / "oilpalm" if data_dir else None,
            real=real,
            real_share=options["real_share"],
            resume=options["resume"],
            start=options["start"],
        )
        try:
            for epoch in train(job):
                self.stdout.write("  ".join(f"{name} {value}" for name, value in epoch.items()))
                self.stdout.flush()
        except (FileNotFoundError, UnusableRealSet) as error:
            raise CommandError(str(error)) from error

    def _rescoring(self, folder: Path, seeds: list[int], real: Path | None, options: dict[str, Any]) -> None:
        """Gather the examples that are missing, each process every n-th scene; then train the second stage."""
        for name, default in FIRST_STAGE_OPTIONS.items():
            if options[name] != default:
                raise CommandError(
                    _("--%(name)s is not for the second stage.") % {"name": name.replace("_", "-")}
                )
        processes = options["processes"]
        gather = partial(
            gather_examples,
            folder,
            seeds,
            real=real,
            parts=processes,
            kinds=options["kinds"],
            close_ups=options["close_ups"],
        )
        try:
            list(in_processes(gather, range(processes), processes))
        except UnusableRealSet as error:
            raise CommandError(str(error)) from error
        if options["kind"] == "examples":
            return
        try:
            rate = options["lr"] or LEARNING_RATE
            for report in train_rescoring(folder, options["minutes"], rate, resume=options["resume"]):
                self.stdout.write("  ".join(f"{name} {value}" for name, value in report.items()))
                self.stdout.flush()
        except (FileNotFoundError, UnfitExamples) as error:
            raise CommandError(str(error)) from error

    def _render(self, folder: Path, seeds: list[int], processes: int, recipe: DatasetRecipe) -> None:
        """Render what is missing, each process every n-th scene."""
        writer = DatasetWriter(folder, recipe)
        missing = [seed for seed in seeds if not writer.has_scene(seed)]
        if not missing:
            return
        self.stdout.write(_("Rendering %(count)d scenes…") % {"count": len(missing)})
        shares = [missing[place::processes] for place in range(processes)]
        list(in_processes(partial(render_share, folder, recipe), shares, processes))
