"""The tables of an ablation, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from django.utils.translation import gettext as _

from mlpipeline.evaluation.ablation import AblatedPhoto
from mlpipeline.evaluation.ablation_summary import RESAMPLES, SEED, Effect, effect_of, figures_of
from mlpipeline.evaluation.tables import NOTHING, Table, percent, rate
from mlpipeline.vision.rules import Rule


def ablation_tables(photos: Sequence[AblatedPhoto], rules: Sequence[Rule]) -> list[Table]:
    """The figures with all rules, then for each group what changes when a rule is off, what matters most first."""
    groups: dict[str, list[AblatedPhoto]] = {}
    for photo in photos:
        groups.setdefault(photo.group, []).append(photo)
    return [
        whole_table(groups),
        *(rules_table(name, own, rules) for name, own in groups.items()),
    ]


def whole_table(groups: dict[str, list[AblatedPhoto]]) -> Table:
    """One row a group: how it is counted with all rules."""
    rows = []
    for name, photos in groups.items():
        found = figures_of([(photo.true, photo.whole) for photo in photos])
        rows.append(
            (
                name,
                str(len(photos)),
                str(sum(photo.true for photo in photos)),
                _points(found.mape, signed=False),
                rate(found.f1),
                _number(found.seen_on_empty, signed=False),
                percent(found.containers),
            )
        )
    head = (
        _("photos of"),
        _("photos"),
        _("plants"),
        "MAPE",
        "F1",
        _("seen where none is"),
        _("containers right"),
    )
    note = _("Each error is cut at 100 %.")
    return Table(_("With all rules"), head, tuple(rows), note)


def rules_table(group: str, photos: Sequence[AblatedPhoto], rules: Sequence[Rule]) -> Table:
    """One row a rule: what changes in the photos of a group when it is off."""
    effects = {rule: effect_of(rule, photos) for rule in rules}
    order = sorted(rules, key=lambda rule: -_weight(effects[rule]))
    rows = tuple(
        (
            rule.value,
            str(effects[rule].changed),
            _points(effects[rule].mape),
            f"{_points(effects[rule].mape_low)} … {_points(effects[rule].mape_high)}",
            NOTHING if math.isnan(effects[rule].f1) else f"{effects[rule].f1:+.4f}".replace("-", "−"),
            _number(effects[rule].seen_on_empty),
            _points(effects[rule].containers),
            _effect_text(effects[rule]),
        )
        for rule in order
    )
    head = (
        _("rule that is off"),
        _("photos changed"),
        _("MAPE, points"),
        _("95 % interval"),
        "F1",
        _("seen where none is"),
        _("containers right, points"),
        _("the rule"),
    )
    note = _(
        "Without the rule − with it, in percentage points; %(photos)d photos, each error cut at 100 %%. "
        "Paired bootstrap over the photos, %(resamples)d resamples, seed %(seed)d."
    ) % {"photos": len(photos), "resamples": RESAMPLES, "seed": SEED}
    return Table(_("What each rule is worth: %(group)s") % {"group": group}, head, rows, note)


def _weight(effect: Effect) -> float:
    return 0.0 if math.isnan(effect.mape) else effect.mape


def _effect_text(effect: Effect) -> str:
    if effect.pays:
        return _("pays")
    if effect.harms:
        return _("harms")
    return _("changes nothing") if not effect.changed else _("not told apart")


def _points(share: float, *, signed: bool = True) -> str:
    """A share as percentage points with two decimals."""
    if math.isnan(share):
        return NOTHING
    value = share * 100
    return (f"{value:+.2f}" if signed else f"{value:.2f}").replace("-", "−")


def _number(value: float, *, signed: bool = True) -> str:
    if math.isnan(value):
        return NOTHING
    return (f"{value:+.1f}" if signed else f"{value:.1f}").replace("-", "−")
