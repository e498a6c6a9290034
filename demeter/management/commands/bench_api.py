"""`manage.py bench_api`: how fast the API answers with 100,000 photos."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils.translation import gettext as _

from demeter.api_bench.data_set import Sizes, make_data_set
from demeter.api_bench.questions import Measured, measure
from demeter.errors import DemeterError
from demeter.serving.garbage import freeze_loaded


class Command(BaseCommand):
    """Fills an empty database and asks the API in this process; fails where an answer is slower than it may be."""

    help = _("Fill an empty database with photos and measure how fast the API answers.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        sizes = Sizes()
        parser.add_argument("--photos", type=int, default=sizes.photos, metavar="N")
        parser.add_argument(
            "--with-detections",
            type=int,
            default=sizes.with_detections,
            metavar="N",
            help=_("how many of the newest photos have boxes"),
        )
        parser.add_argument("--boxes", type=int, nargs=2, default=sizes.boxes, metavar=("LEAST", "MOST"))
        parser.add_argument("--warehouses", type=int, default=sizes.warehouses, metavar="N")
        parser.add_argument(
            "--repeat", type=int, default=50, metavar="N", help=_("requests for each address")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["with_detections"] <= options["photos"] or options["photos"] < 2:
            raise CommandError(_("--with-detections is at least 1, and at most --photos."))
        if options["repeat"] < 1 or options["warehouses"] < 1:
            raise CommandError(_("--repeat and --warehouses are at least 1."))
        sizes = Sizes(
            photos=options["photos"],
            with_detections=options["with_detections"],
            boxes=tuple(options["boxes"]),
            warehouses=options["warehouses"],
        )
        began_at = time.monotonic()
        try:
            data = make_data_set(sizes)
            with connection.cursor() as cursor:
                # As a database does by itself after a while.
                cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
            self.stdout.write(
                _("%(photos)d photos and %(boxes)d detections made in %(seconds)d s (%(database)s).")
                % {
                    "photos": sizes.photos,
                    "boxes": data.detections,
                    "seconds": time.monotonic() - began_at,
                    "database": connection.vendor,
                }
            )
            freeze_loaded()  # as a web process does when it starts
            results = []
            self.stdout.write(_HEAD)
            for measured in measure(data, repeat=options["repeat"]):
                results.append(measured)
                self.stdout.write(_line(measured))
        except DemeterError as error:
            raise CommandError(str(error)) from error
        slow = [measured.question.name for measured in results if not measured.is_within]
        if slow:
            raise CommandError(_("Slower or larger than it may be: %(names)s.") % {"names": ", ".join(slow)})


_COLUMNS = ("answer", "p50 ms", "p95 ms", "first ms", "CPU ms", "KB on the wire", "queries", "may take ms")
_HEAD = f"| {' | '.join(_COLUMNS)} |\n|---|{'---:|' * (len(_COLUMNS) - 1)}"


def _line(measured: Measured) -> str:
    asked = measured.question
    mark = "" if asked.within_ms is None else f"{asked.within_ms:g}"
    return (
        f"| {asked.name} | {measured.p50_ms:.1f} | {measured.p95_ms:.1f} | {measured.first_ms:.1f} "
        f"| {measured.cpu_ms:.1f} | {measured.wire_bytes / 1000:.1f} | {measured.queries} | {mark} |"
    )
