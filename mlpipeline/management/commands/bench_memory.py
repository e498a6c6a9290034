"""`manage.py bench_memory`: whether a model worker's memory grows from photo to photo."""

import contextlib
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from mlpipeline.detectors.engines import load_engine
from mlpipeline.evaluation.ground_truth import find_pictures
from mlpipeline.evaluation.memory_growth import growth, memory_marks
from mlpipeline.photo_counter import count_file
from mlpipeline.services.count_settings import count_options

LARGEST_GROWTH: Final = 1.05
MIB: Final = 1024**2


class Command(BaseCommand):
    """Counts photos in turns as a model worker does, and compares what is held early and late."""

    help = _("Count photos one after the other and compare the memory held early and late.")
    requires_system_checks: list[str] = []  # the weights are checked when they are loaded

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--photos", type=Path, required=True, metavar="DIR")
        parser.add_argument(
            "--after",
            nargs=2,
            type=int,
            default=[50, 500],
            metavar="N",
            help=_("after which photos memory is compared"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        photos, (early, late) = find_pictures(options["photos"]), options["after"]
        if not photos:
            raise CommandError(_("There are no photos in %(folder)s.") % {"folder": options["photos"]})
        if not 0 < early < late:
            raise CommandError(_("--after takes two numbers, the smaller first."))
        with contextlib.redirect_stdout(sys.stderr):  # libraries print
            engine = load_engine(settings.COUNT_ENGINE)
            count_settings = count_options(engine)
            first, last = memory_marks(
                lambda photo: count_file(photo, engine, count_settings), photos, {early, late}
            )
        for mark in (first, last):
            self.stdout.write(
                _("after %(photos)d photos: %(resident)s MB resident, %(reserved)s MB reserved on the GPU")
                % {"photos": mark.photos, "resident": _mb(mark.resident), "reserved": _mb(mark.gpu_reserved)}
            )
        ratios = growth(first, last)
        self.stdout.write(
            _("ratio: %(ratios)s")
            % {"ratios": ", ".join(f"{name} {ratio:.3f}" for name, ratio in ratios.items())}
        )
        if any(ratio > LARGEST_GROWTH for ratio in ratios.values()):
            raise CommandError(_("Memory grows by more than five percent."))


def _mb(size: int | None) -> str:
    return "–" if size is None else f"{size / MIB:.0f}"
