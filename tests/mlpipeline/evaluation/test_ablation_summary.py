"""What a rule is worth, worked out by hand."""

import math

import pytest

from mlpipeline.evaluation.ablation import AblatedPhoto, Outcome
from mlpipeline.evaluation.ablation_summary import effect_of, figures_of
from mlpipeline.evaluation.ablation_tables import ablation_tables
from mlpipeline.vision.rules import Rule

RULE = Rule.BORDER_PLANTS


def outcome(total, hits=0, wrong=0, missed=0):
    return Outcome(total, hits, wrong, missed)


def photo(true, whole, without, group="beds"):
    return AblatedPhoto(group, "a.jpg", true, outcome(whole), {RULE: outcome(without)})


def test_the_figures_of_photos_by_hand():
    figures = figures_of(
        [(100, outcome(90, 80, 10, 20)), (10, outcome(50, 10, 40, 0)), (0, outcome(3, 0, 3, 0))]
    )
    assert figures.mape == pytest.approx((0.1 + 1.0) / 2), "an error is cut at 100 %"
    assert figures.f1 == pytest.approx(2 * 90 / (2 * 90 + 53 + 20))
    assert figures.seen_on_empty == 3


def test_what_no_photo_tells_is_no_number():
    assert math.isnan(figures_of([(0, outcome(0))]).mape)
    assert math.isnan(figures_of([(5, outcome(5))]).seen_on_empty)
    assert math.isnan(figures_of([(5, outcome(5))]).f1)


def test_a_rule_without_which_every_photo_is_worse_pays():
    effect = effect_of(RULE, [photo(100, 100, 110 + n % 3) for n in range(12)])
    assert effect.mape == pytest.approx(0.11)
    assert 0.1 <= effect.mape_low < effect.mape < effect.mape_high <= 0.12
    assert effect.pays
    assert not effect.harms
    assert effect.changed == 12


def test_a_rule_without_which_every_photo_is_better_harms():
    effect = effect_of(RULE, [photo(100, 110, 100) for _ in range(5)])
    assert (effect.mape_low, effect.mape_high) == (pytest.approx(-0.1), pytest.approx(-0.1))
    assert effect.harms


def test_a_rule_that_helps_here_and_harms_there_is_not_told_apart():
    effect = effect_of(RULE, [photo(100, 100, 110), photo(100, 110, 100)] * 6)
    assert effect.mape_low < 0 < effect.mape_high
    assert not effect.pays
    assert not effect.harms


def test_the_interval_is_the_same_every_time_and_narrower_for_more_photos():
    few, many = ([photo(100, 100, 90 + n % 20) for n in range(count)] for count in (10, 200))
    once, again = effect_of(RULE, few), effect_of(RULE, few)
    assert (once.mape_low, once.mape_high) == (again.mape_low, again.mape_high)
    width = [effect.mape_high - effect.mape_low for effect in (effect_of(RULE, few), effect_of(RULE, many))]
    assert width[1] < width[0] / 2


def test_photos_without_plants_speak_by_what_is_seen_on_them():
    effect = effect_of(RULE, [photo(0, 1, 9), photo(0, 1, 11)])
    assert effect.seen_on_empty == 9
    assert math.isnan(effect.mape)
    assert not effect.pays


def test_each_group_has_a_table_with_what_matters_most_first(settings):
    rules = [Rule.BORDER_PLANTS, Rule.OCCUPIED_POTS]
    without = {Rule.BORDER_PLANTS: outcome(100), Rule.OCCUPIED_POTS: outcome(150)}
    photos = [AblatedPhoto(group, "a.jpg", 100, outcome(100), without) for group in ("beds", "boxes")]
    whole, beds, boxes = ablation_tables(photos, rules)
    assert [row[0] for row in whole.rows] == ["beds", "boxes"]
    assert "beds" in beds.title
    assert "boxes" in boxes.title
    assert [row[0] for row in beds.rows] == ["occupied_pots", "border_plants"]
    assert beds.rows[0][2] == "+50.00"
