"""The tables of an evaluation, in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _

from mlpipeline.evaluation.detection_dropout import DROP_METHODS, DropRecord, mean_errors
from mlpipeline.evaluation.records import BANDS, DETECTIONS, METHODS, OURS, SAHI, PhotoRecord
from mlpipeline.evaluation.summary import (
    ClassSummary,
    calibration_error,
    grouped,
    sum_up_bins,
    sum_up_class,
    sum_up_intervals,
    sum_up_outlines,
    sum_up_way,
)
from mlpipeline.evaluation.tables import NOTHING, Table, percent, rate

SIZE_ENDS_PX = (20, 40, 80)
CROWDING_ENDS = (0.7, 1.0, 1.3)
NUMBER_ENDS = (0, 50, 200, 1000)


def way_name(way: str) -> str:
    """What a way is called."""
    names = {
        DETECTIONS: _("detections only"),
        BANDS: _("first estimator (bands)"),
        OURS: _("ours"),
        SAHI: "SAHI",
    }
    return names.get(way, way)


def stretch_of(value: float, ends: Sequence[float], unit: str) -> str:
    """The name of the stretch between ascending `ends` that a value lies in."""
    if math.isnan(value):
        return _("no plants")
    place = sum(value > end for end in ends)
    if place == 0:
        return f"≤ {ends[0]}{unit}"
    if place == len(ends):
        return f"> {ends[-1]}{unit}"
    return f"{ends[place - 1]}–{ends[place]}{unit}"


def evaluation_tables(records: Sequence[PhotoRecord]) -> list[Table]:
    """All tables of an evaluation; those of which the truth tells nothing are left out."""
    tables = [
        ways_table(records),
        groups_table(_("By kind of photo"), _("kind"), records, lambda record: record.kind),
        groups_table(
            _("By size of the plants"),
            _("median side"),
            records,
            lambda record: stretch_of(record.plant_px, SIZE_ENDS_PX, " px"),
            [record.plant_px for record in records],
        ),
        groups_table(
            _("By density"),
            _("plant ÷ distance"),
            records,
            lambda record: stretch_of(record.crowding, CROWDING_ENDS, ""),
            [record.crowding for record in records],
            note=_(
                "Density is the median of a plant's side divided by the distance to its nearest neighbour; "
                "from 1 canopies touch."
            ),
        ),
        groups_table(
            _("By number of plants"),
            _("plants"),
            records,
            lambda record: stretch_of(record.true, NUMBER_ENDS, ""),
            [float(record.true) for record in records],
        ),
        classes_table(records),
    ]
    if any(record.containers is not None for record in records):
        tables.append(outlines_table(records))
    if any(record.interval is not None for record in records):
        tables.append(intervals_table(records))
    tables.append(reliability_table(records))
    return tables


def ways_table(records: Sequence[PhotoRecord]) -> Table:
    """One row a way: how far its numbers are from the truth."""
    present = [way for way in METHODS if any(way in record.ways for record in records)]
    rows = []
    for way in present:
        found = sum_up_way(records, way)
        rows.append(
            (
                way_name(way),
                str(found.photos),
                str(found.true),
                str(found.counted),
                percent(found.mape),
                percent(found.bias, signed=True),
                percent(found.sum_error, signed=True),
                rate(found.precision),
                rate(found.recall),
                rate(found.f1),
                _plants_a_photo(found.detected_on_empty),
            )
        )
    return Table(
        _("Counts beside the truth"),
        (
            _("way"),
            _("photos"),
            _("true"),
            _("counted"),
            _("MAPE"),
            _("bias"),
            _("error of the sum"),
            _("precision"),
            _("recall"),
            "F1",
            _("seen where none is"),
        ),
        tuple(rows),
        _(
            "MAPE and bias are the means of each photo's relative error, without and with its sign. A photo without "
            "plants has no relative error: there, the plants seen on each such photo are given. Precision, recall "
            "and F1 are those of the points on plants that show; estimated plants have no point."
        ),
    )


def groups_table(
    title: str,
    name: str,
    records: Sequence[PhotoRecord],
    key: Callable[[PhotoRecord], str],
    order: Sequence[float] | None = None,
    note: str = "",
) -> Table:
    """One row a group of photos. `order` gives a number for each record: groups ascend by their least."""
    groups = grouped(records, key)
    if order is not None:
        least: dict[str, float] = {}
        for record, value in zip(records, order, strict=True):
            group = key(record)
            least[group] = min(least.get(group, math.inf), -1.0 if math.isnan(value) else value)
        groups = dict(sorted(groups.items(), key=lambda item: least[item[0]]))
    present = [way for way in METHODS if any(way in record.ways for record in records)]
    head = (name, _("photos"), _("plants"), *(_("MAPE, %(way)s") % {"way": way_name(way)} for way in present))
    rows = []
    for group, found in groups.items():
        ours = sum_up_way(found, OURS)
        rows.append(
            (
                group,
                str(len(found)),
                str(ours.true),
                *(percent(sum_up_way(found, way).mape) for way in present),
                percent(ours.bias, signed=True),
                rate(ours.f1),
                _plants_a_photo(ours.detected_on_empty),
            )
        )
    return Table(title, (*head, _("bias, ours"), _("F1, ours"), _("seen where none is")), tuple(rows), note)


def classes_table(records: Sequence[PhotoRecord]) -> Table:
    """Dead plants, empty places, and plants that hide."""
    rows = [
        _class_row(
            _("dead plants"),
            sum_up_class(
                (record.dead for record in records), hits=sum(record.dead_hits or 0 for record in records)
            ),
        ),
        _class_row(_("empty pots and cells"), sum_up_class(record.empty for record in records)),
    ]
    return Table(
        _("Dead plants and empty places"),
        (
            _("what"),
            _("photos"),
            _("true"),
            _("counted"),
            _("mean error a photo"),
            _("error of the sum"),
            _("precision"),
            _("recall"),
        ),
        tuple(rows),
        _("Of all plants, %(hidden)d are hidden by more than 60 %% or do not show at all.")
        % {"hidden": sum(record.hidden for record in records)},
    )


def _class_row(name: str, found: ClassSummary) -> tuple[str, ...]:
    return (
        name,
        str(found.photos),
        str(found.true),
        str(found.counted),
        _plants_a_photo(found.mean_error),
        percent(found.sum_error, signed=True),
        rate(found.precision),
        rate(found.recall),
    )


def outlines_table(records: Sequence[PhotoRecord]) -> Table:
    """Containers found with the right outline."""
    types = {"segment": _("segments"), "box": _("boxes"), "plug": _("plug trays")}
    found, strange = sum_up_outlines(records)
    return Table(
        _("Containers"),
        (_("type"), _("true"), _("found, IoU ≥ .85"), _("share"), _("mean IoU")),
        tuple(
            (
                types.get(one.type, one.type),
                str(one.true),
                str(one.right),
                percent(one.right / one.true),
                rate(one.mean_iou),
            )
            for one in found
        ),
        _("Found containers that are none: %(strange)d.") % {"strange": strange},
    )


def intervals_table(records: Sequence[PhotoRecord]) -> Table:
    """How often the 90 % interval holds the truth, and how wide it is."""
    rows = []
    for name, found in [(_("all"), list(records)), *grouped(records, lambda record: record.kind).items()]:
        interval = sum_up_intervals(found)
        if interval is not None:
            rows.append(
                (name, str(interval.photos), percent(interval.coverage), percent(interval.mean_width))
            )
    return Table(
        _("Likely intervals, 90 in 100"),
        (_("kind"), _("photos"), _("hold the truth"), _("mean width")),
        tuple(rows),
        _("The width is a share of the true number; below 20 plants, of 20."),
    )


def reliability_table(records: Sequence[PhotoRecord]) -> Table:
    """How often detections of a probability are plants."""
    bins = sum_up_bins(records)
    return Table(
        _("Reliability of the probabilities"),
        (_("probability"), _("detections"), _("said"), _("true")),
        tuple(
            (f"{one.low:.1f}–{one.high:.1f}", str(one.count), rate(one.predicted), rate(one.true))
            for one in bins
            if one.count
        ),
        _("Mean distance of what is said from what is true: %(error)s.")
        % {"error": rate(calibration_error(bins))},
    )


def drop_tables(records: Sequence[DropRecord]) -> list[Table]:
    """What the estimators give back of detections taken away: over all photos, then by kind."""
    shares = sorted({record.share for record in records})
    head = (_("taken away"), *(_("MAPE, %(way)s") % {"way": way_name(way)} for way in DROP_METHODS))
    biases = tuple(_("bias, %(way)s") % {"way": way_name(way)} for way in DROP_METHODS)
    tables = [
        Table(
            _("Detections taken away at random"),
            (*head, *biases),
            tuple((percent(share), *_drop_cells(records, share)) for share in shares),
            _(
                "The same detections are taken away in every run; the truth is the number of all plants that count."
            ),
        )
    ]
    kinds = sorted({record.kind for record in records})
    for share in shares:
        rows = [
            (kind, *_drop_cells([record for record in records if record.kind == kind], share))
            for kind in kinds
        ]
        title = _("%(share)s taken away, by kind") % {"share": percent(share)}
        tables.append(Table(title, (_("kind"), *head[1:], *biases), tuple(rows)))
    return tables


def _drop_cells(records: Sequence[DropRecord], share: float) -> tuple[str, ...]:
    errors = [mean_errors(records, share, way) for way in DROP_METHODS]
    return (
        *(percent(mape) for mape, _bias in errors),
        *(percent(bias, signed=True) for _mape, bias in errors),
    )


def _plants_a_photo(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{value:.1f}"
