"""Difficulties, intervals and their reasons, worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.estimation.place_priors import PlacePriors
from mlpipeline.vision.geometry.polygons import polygon_area
from mlpipeline.vision.imaging.analysis_image import analysis_image
from mlpipeline.vision.pipeline import assess
from mlpipeline.vision.results import ContainerCount, Detections, PhotoCount
from mlpipeline.vision.uncertainty.assessment import WeightsCalibration, add_interval, assess_image
from mlpipeline.vision.uncertainty.conformal_interval import (
    FALLBACK_MODEL,
    REASONS,
    IntervalModel,
    min_confident_count,
    reasons_for,
)
from mlpipeline.vision.uncertainty.error_features import (
    TERMS,
    canopy_closure,
    difficulty_terms,
    tininess,
    unmatched_leaf_plants,
)
from mlpipeline.vision.uncertainty.score_calibration import ScoreCalibrator
from tests.mlpipeline.vision.synthetic_images import rectangle

GREEN, BROWN = (60, 140, 50), (120, 90, 70)


def row_of_plants(number, side=20, score=0.9, spacing=50, first_class=0):
    left = np.arange(number) * spacing + 100
    boxes = np.stack([left, np.full(number, 100), left + side, np.full(number, 100 + side)], axis=1)
    return Detections(
        boxes.reshape(-1, 4), np.full(number, score), np.full(number, first_class, dtype=np.int16)
    )


def container(detections=None, estimated=0, polygon=(0, 0, 1000, 500), warnings=()):
    seen = detections or Detections.empty()
    return ContainerCount(
        container=rectangle("segment", *polygon),
        detections=seen,
        bands=(),
        detected=len(seen.plants),
        estimated=estimated,
        dead=len(seen.dead),
        empty=len(seen.empties),
        warnings=warnings,
    )


def photo(*parts, warnings=()):
    return PhotoCount(1000, 500, parts, warnings)


def terms_of(count, unexplained=0.0):
    itself = ScoreCalibrator()
    values = difficulty_terms(
        count, itself.of(count.detections), itself.of(count.suppressed_low_score), unexplained
    )
    return dict(zip(TERMS, values.tolist(), strict=True))


def weights(**given):
    return tuple(float(given.get(name, 0.0)) for name in TERMS)


def test_an_empty_picture_has_the_difficulty_of_any_picture_and_no_other():
    assert terms_of(photo()) == {name: float(name == "constant") for name in TERMS}


def test_the_terms_of_a_count_by_hand():
    # 12 plants of 18 px at 0.9, and 4 estimated: 16 in all; each plant is half tiny and 0.1 doubtful.
    terms = terms_of(photo(container(row_of_plants(12, side=18), estimated=4)), unexplained=7.5)
    expected = {
        "constant": 1,
        "chance": 4,
        "whole": 16,
        "expected_false": 1.2,
        "estimated": 4,
        "tiny": 6,
        "unmatched_leaf": 7.5,
    }
    assert terms == pytest.approx({name: expected.get(name, 0) for name in TERMS}, abs=1e-5)


def test_empty_pots_are_no_doubtful_plants():
    assert terms_of(photo(container(row_of_plants(5, score=0.3, first_class=2))))["expected_false"] == 0


@pytest.mark.parametrize("warning", ["blurry", "dark", "glare"])
def test_a_picture_that_is_unclear_makes_its_unsure_plants_harder(warning):
    """Plants that are seen surely all the same are as sure as elsewhere."""
    part = container(row_of_plants(10, side=40, score=0.6))
    count = replace(
        photo(part, warnings=(warning,)), suppressed_low_score=row_of_plants(5, side=40, score=0.2)
    )
    assert terms_of(count)["degraded"] == pytest.approx(10 * 0.4 + 5 * 0.2)
    assert terms_of(replace(count, warnings=()))["degraded"] == 0


@pytest.mark.parametrize(
    ("warning", "term"),
    [
        ("truncated", "truncated"),
        ("out_of_scale", "out_of_scale"),
        ("no_container", "unbounded"),
    ],
)
def test_a_warning_makes_all_plants_harder(warning, term):
    part = container(row_of_plants(9, side=40))
    with_it, without = terms_of(photo(part, warnings=(warning,))), terms_of(photo(part))
    assert {name for name in TERMS if with_it[name] != without[name]} == {term}
    assert with_it[term] == 9


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        pytest.param(20, 0.0, id="a fifth is covered"),
        pytest.param(75**0.5 * 5, 0.5, id="three quarters are covered"),
        pytest.param(50, 1.0, id="boxes cover as much as there is"),
        pytest.param(90, 1.5, id="they lie over each other"),
    ],
)
def test_a_canopy_is_the_more_closed_the_more_of_the_ground_is_covered(side, expected):
    part = container(row_of_plants(10, side=side), polygon=(0, 0, 250, 100))  # 25,000 px², 10 boxes
    assert canopy_closure(part) == pytest.approx(expected, abs=0.01)


def test_plants_are_tiny_by_their_longest_side():
    boxes = np.array([[0, 0, 5, 12], [0, 0, 18, 3], [0, 0, 24, 24], [0, 0, 90, 90]], np.float32)
    assert tininess(boxes).tolist() == [1.0, 0.5, 0.0, 0.0]


def test_the_area_of_a_polygon_whichever_way_round():
    triangle = np.array([[0, 0], [10, 0], [0, 6]], np.float32)
    assert polygon_area(triangle) == polygon_area(triangle[::-1]) == 30


def test_green_leaf_without_a_detection_is_unexplained():
    image = np.full((200, 300, 3), BROWN, np.uint8)
    image[50:100, 50:150] = GREEN  # 5,000 px², in the container
    image[150:, 250:] = GREEN  # outside
    inside = [rectangle("segment", 0, 0, 200, 140)]
    one = Detections(np.array([[50, 50, 70, 70]]), np.array([0.9]), np.array([0]))
    area = np.pi / 4 * 20**2
    assert unmatched_leaf_plants(analysis_image(image, inside, one), one) == pytest.approx(
        5000 / area - 1, rel=0.05
    )
    everything = Detections(np.array([[20, 0, 180, 150]]), np.array([0.9]), np.array([0]))
    assert unmatched_leaf_plants(analysis_image(image, inside, everything), everything) == 0


def test_bare_ground_explains_itself():
    image = np.full((100, 100, 3), BROWN, np.uint8)
    nothing = Detections.empty()
    assert unmatched_leaf_plants(analysis_image(image, [], nothing), nothing) == 0


def test_an_interval_by_hand():
    # 100 plants: too low by 1 + 0.02 · 100 = 3, too high by 0.5 · 5 = 2.5; twice that: 95 to 106.
    model = IntervalModel(weights(constant=1, whole=0.02), weights(expected_false=0.5), factor=2.0)
    terms = np.array(weights(constant=1, whole=100, expected_false=5))
    assert model.interval(100, 0, terms) == (95, 106)
    assert model.interval(100, 97, terms) == (97, 106), "what is surely there is the floor"


def test_of_nothing_there_may_be_a_few():
    model = IntervalModel(weights(constant=1.5), weights(constant=1.5), factor=2.0)
    assert model.interval(0, 0, np.array(weights(constant=1))) == (0, 3)


def test_bounds_are_rounded_to_the_whole_numbers_inside():
    model = IntervalModel(weights(constant=0.9), weights(constant=0.9), factor=1.0)
    assert model.interval(10, 0, np.array(weights(constant=1))) == (10, 10)


@given(
    total=st.integers(0, 5000),
    floor_share=st.floats(0, 1),
    terms=st.lists(st.floats(0, 5000), min_size=len(TERMS), max_size=len(TERMS)),
    up=st.lists(st.floats(0, 2), min_size=len(TERMS), max_size=len(TERMS)),
    down=st.lists(st.floats(0, 2), min_size=len(TERMS), max_size=len(TERMS)),
    factor=st.floats(0, 10),
)
def test_an_interval_always_holds_the_count_and_never_sinks_below_its_floor(
    total, floor_share, terms, up, down, factor
):
    floor = int(total * floor_share)
    model = IntervalModel(tuple(up), tuple(down), factor)
    low, high = model.interval(total, floor, np.array(terms))
    assert 0 <= floor <= low <= total <= high
    wider = IntervalModel(tuple(up), tuple(down), factor + 1).interval(total, floor, np.array(terms))
    assert wider[0] <= low
    assert wider[1] >= high


def test_an_interval_refuses_a_floor_above_the_count():
    with pytest.raises(InvalidInput):
        FALLBACK_MODEL.interval(5, 6, np.zeros(len(TERMS)))


@pytest.mark.parametrize(
    "model",
    [
        pytest.param((weights(whole=-0.1), weights(), 1.0), id="a weight below 0"),
        pytest.param((weights(), weights(), float("nan")), id="no number"),
        pytest.param(((1.0,), weights(), 1.0), id="a weight missing"),
    ],
)
def test_weights_are_one_a_term_and_not_negative(model):
    with pytest.raises(InvalidInput):
        IntervalModel(*model)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        pytest.param([], 0, id="nothing seen"),
        pytest.param([0.5] * 40, 0, id="nothing is sure"),
        pytest.param([1.0] * 40, 40, id="all is certain"),
        # 98 on average, deviation √(100 · 0.98 · 0.02) = 1.4: 98 − 4.2 = 93.8.
        pytest.param([0.98] * 100 + [0.4] * 50, 93, id="ninety-eight in a hundred"),
    ],
)
def test_sure_plants_by_hand(scores, expected):
    seen = row_of_plants(len(scores))
    seen = Detections(seen.boxes, np.array(scores), seen.classes)
    assert min_confident_count(photo(container(seen)), np.array(scores)) == expected


def test_empty_pots_are_no_sure_plants():
    count = photo(container(row_of_plants(30, score=1.0, first_class=2)))
    assert min_confident_count(count, np.ones(30, np.float32)) == 0


def reasons(count, unexplained=0.0, **calibrated):
    itself = ScoreCalibrator()
    values = difficulty_terms(
        count, itself.of(count.detections), itself.of(count.suppressed_low_score), unexplained
    )
    return reasons_for(count, values, **{"is_calibrated": True, **calibrated})


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        pytest.param(photo(), (), id="nothing to say"),
        pytest.param(photo(container(row_of_plants(17, side=40), 3)), ("much_estimated",), id="3 of 20 estimated"),
        pytest.param(photo(container(row_of_plants(18, side=40), 2)), (), id="2 of 20 estimated"),
        pytest.param(photo(container(row_of_plants(9, side=40, score=0.5))), ("doubtful_plants",), id="low scores"),
        pytest.param(photo(container(row_of_plants(9, side=12))), ("tiny_plants",), id="tiny plants"),
        pytest.param(
            photo(container(row_of_plants(10, side=50), polygon=(0, 0, 250, 100))), ("closed_canopy",), id="crowd"
        ),
        pytest.param(photo(warnings=("dark", "truncated")), ("truncated", "dark"), id="warnings, worst first"),
        pytest.param(photo(warnings=("partial_count",)), (), id="a warning that says nothing of the number"),
    ],
)  # fmt: skip
def test_what_makes_a_count_unsure_is_named(count, expected):
    assert reasons(count) == expected


def test_plants_too_unsure_to_count_are_a_reason_and_make_the_count_harder():
    count = replace(
        photo(container(row_of_plants(20, side=40))),
        suppressed_low_score=row_of_plants(10, side=40, score=0.3),
    )
    assert terms_of(count)["suppressed_low_score"] == pytest.approx(3.0)
    assert reasons(count) == ("doubtful_plants",)


def test_leaf_that_nobody_explains_is_a_reason():
    assert reasons(photo(), unexplained=12.0) == ("unexplained_leaf",)


def test_weights_that_nobody_measured_are_a_reason():
    assert reasons(photo(), is_calibrated=False) == ("uncalibrated",)
    assert REASONS[-1] == "uncalibrated"


def test_a_model_survives_the_way_through_json_and_refuses_another_list_of_terms():
    model = WeightsCalibration(ScoreCalibrator({"plant": (1.5, 0.2)}), FALLBACK_MODEL)
    values = model.as_json()
    assert WeightsCalibration.from_json(values) == model
    del values["interval"]["up"]["crowded"]
    with pytest.raises(InvalidInput):
        WeightsCalibration.from_json(values)


def test_an_assessed_count_keeps_its_numbers_and_gets_warnings_interval_and_reasons():
    image = np.full((500, 1000, 3), (20, 25, 20), np.uint8)
    part = replace(container(row_of_plants(10, side=40), 1), warnings=("out_of_scale",))
    containers = [part.container]
    assessment = assess_image(image, containers, part.detections)
    measured = WeightsCalibration(
        ScoreCalibrator(), IntervalModel(weights(constant=2), weights(constant=1), factor=1.0)
    )

    def assessed(calibration):
        return assess((500, 1000), containers, {0: part}, Detections.empty(), assessment, calibration)

    count = assessed(measured)
    assert count.total == part.total == 11
    assert count.interval == (10, 13)
    assert count.warnings == ("out_of_scale", "dark")
    assert count.reasons == ("out_of_scale", "dark")
    assert assessed(None).reasons == ("out_of_scale", "dark", "uncalibrated")


def test_a_sown_tray_that_was_taken_for_plants_is_not_said_to_hold_thousands():
    """Grains with low scores in a blurred photo once had an interval of 101 to 28,424."""
    grains = (
        np.stack(np.meshgrid(np.arange(40) * 90, np.arange(28) * 90), axis=-1)
        .reshape(-1, 2)
        .astype(np.float32)
    )
    seen = Detections(np.concatenate([grains, grains + 30], axis=1), np.full(1120, 0.4), np.zeros(1120))
    part = ContainerCount(rectangle("plug", 0, 0, 4000, 3000), seen, (), 1120, 0, 0, 0)
    count = PhotoCount(4000, 3000, (part,), ("blurry",), suppressed_low_score=seen)
    wild = WeightsCalibration(
        ScoreCalibrator(), IntervalModel(weights(degraded=25), weights(degraded=1), factor=2.5)
    )
    high = add_interval(count, 0.0, wild).interval[1]
    assert high == 3 * 1120 + 2
    cells = PlacePriors(max_plants={"plug": 1200})
    assert add_interval(count, 0.0, wild, cells).interval[1] == 1200
