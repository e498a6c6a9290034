"""`manage.py bench_merging`: what merging alone does to a count, ours beside what others use."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from mlpipeline.evaluation.host_info import machine_class
from mlpipeline.evaluation.merge_benchmark import (
    RATIOS,
    CrowdCount,
    MergingTime,
    count_crowds,
    mean_error,
    time_merging,
    worst_error,
)
from mlpipeline.evaluation.synthetic_crowds import COLUMNS, ROWS
from mlpipeline.evaluation.tables import Table, percent


class Command(BaseCommand):
    """Counts simulated crowds with several merging methods; no photo and no weights are needed."""

    help = _(
        "Count simulated crowds, seen by a detector without fault: what does merging lose or count twice?"
    )
    requires_system_checks: list[str] = []  # no weights are used

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seeds", type=int, default=5, help=_("crowds of each width"))
        parser.add_argument("--markdown", action="store_true", help=_("print Markdown, for a page"))
        parser.add_argument(
            "--language",
            choices=[code for code, _name in settings.LANGUAGES],
            default=settings.LANGUAGE_CODE,
            help=_("of the tables"),
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help=_("write every count to this file"))

    def handle(self, *args: Any, **options: Any) -> None:
        counts = count_crowds(RATIOS, range(options["seeds"]))
        taken = time_merging()
        with translation.override(options["language"]):
            for table in (merging_table(counts), time_table(taken)):
                self.stdout.write(f"{table.as_markdown() if options['markdown'] else table.as_text()}\n")
            self.stdout.write(f"{timezone.now():%Y-%m-%d}, {machine_class()}.")
        if options["json"] is not None:
            found = {"counts": [asdict(count) for count in counts], "time": asdict(taken)}
            options["json"].write_text(json.dumps(found, indent=1) + "\n")


def merging_table(counts: list[CrowdCount]) -> Table:
    """Mean error of each way at each width."""
    heads = {
        "greedy_nmm": _("GREEDYNMM, IOS .5"),
        "nms": _("NMS, IOU .5"),
        "ours_25": _("ours, overlap 25 %"),
        "ours_45": _("ours, overlap 45 %"),
        "ours": _("ours, overlap chosen"),
    }
    return Table(
        _("Count error of merging alone"),
        (_("box width ÷ spacing"), *heads.values()),
        tuple(
            (f"{ratio:.2f}", *(percent(mean_error(counts, way, ratio), signed=True) for way in heads))
            for ratio in RATIOS
        ),
        _(
            "%(plants)d plants, 4000×3000 px, slices of 512 px, %(seeds)d crowds a row. "
            "Worst single count with the overlap chosen: %(worst)s."
        )
        % {
            "plants": ROWS * COLUMNS,
            "seeds": len({count.seed for count in counts}),
            "worst": percent(worst_error(counts, "ours"), signed=True),
        },
    )


def time_table(taken: MergingTime) -> Table:
    """CPU time of merging one large crowd."""
    return Table(
        _("Time of merging"),
        (_("way"), _("raw boxes"), _("milliseconds")),
        (
            (_("ours"), f"{taken.raw_boxes:,}", f"{taken.ours_s * 1000:.0f}"),
            ("GREEDYNMM", f"{taken.raw_boxes:,}", f"{taken.greedy_nmm_s * 1000:.0f}"),
        ),
        _("CPU time of one core; the least of five runs of ours, one of GREEDYNMM."),
    )
