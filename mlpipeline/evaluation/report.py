"""The report of an evaluation: one HTML file that stands alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string
from django.utils.translation import get_language

from mlpipeline.evaluation.charts import kinds_chart, reliability_chart, scatter_chart
from mlpipeline.evaluation.error_gallery import WorstPhoto
from mlpipeline.evaluation.records import BANDS, DETECTIONS, OURS, SAHI, PhotoRecord
from mlpipeline.evaluation.report_tables import way_name
from mlpipeline.evaluation.summary import WaySummary, sum_up_bins, sum_up_intervals, sum_up_way
from mlpipeline.evaluation.tables import Table, percent

TEMPLATE = "mlpipeline/evaluation.html"


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What a reader has to know to trust the figures: what was counted, with what, when and where."""

    folder: str
    made: datetime
    machine: str
    models: Mapping[str, str]
    failures: Sequence[tuple[str, str]]


def render_report(
    records: Sequence[PhotoRecord], tables: Sequence[Table], worst: Sequence[WorstPhoto], facts: ReportFacts
) -> str:
    """The page as text, in the language that is active. `records` holds at least one photo."""
    interval = sum_up_intervals(records)
    ours = sum_up_way(records, OURS)
    return render_to_string(
        TEMPLATE,
        {
            "language": get_language() or "en",
            "facts": facts,
            "ours": ours,
            "mape": percent(ours.mape),
            "bias": percent(ours.bias, signed=True),
            "f1": f"{ours.f1:.3f}",
            "coverage": percent(interval.coverage) if interval else None,
            "others": [_other(records, way) for way in (DETECTIONS, BANDS, SAHI) if way in records[0].ways],
            "tables": tables,
            "scatter": scatter_chart(records),
            "reliability": reliability_chart(sum_up_bins(records)),
            "kinds": kinds_chart(records),
            "has_sahi": any(SAHI in record.ways for record in records),
            "worst": worst,
        },
    )


def _other(records: Sequence[PhotoRecord], way: str) -> tuple[str, str]:
    found: WaySummary = sum_up_way(records, way)
    return way_name(way), percent(found.mape)
