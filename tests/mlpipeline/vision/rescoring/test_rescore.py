from dataclasses import replace

import numpy as np
import pytest

from mlpipeline.vision.errors import DetectorFault
from mlpipeline.vision.pipeline import count_photo, detect
from mlpipeline.vision.rescoring.neighbourhoods import neighbourhoods
from mlpipeline.vision.rescoring.rescore import pooled, rescore
from mlpipeline.vision.results import DEAD, EMPTY, PLANT, TRUNCATED, Detections
from mlpipeline.vision.rules import Rule
from tests.mlpipeline.vision.count_options import make_options
from tests.mlpipeline.vision.fake_detectors import TruthDetector, TruthSegmenter, compass_picture
from tests.mlpipeline.vision.synthetic_images import rectangle

WIDTH, HEIGHT = 640, 480
PICTURE = compass_picture(WIDTH, HEIGHT)


class Says:
    """Answers for each detection as a function of it says: (crop, score, class) → four probabilities."""

    crop_px, contexts = 16, (2.0, 6.0)

    def __init__(self, answer):
        self.answer = answer
        self.crops, self.neighbourhoods = [], []

    def classify(self, crops, detections, neighbourhoods):
        self.crops.append(crops[:, 0])
        self.neighbourhoods.append(neighbourhoods)
        rows = zip(crops[:, 0], detections.scores, detections.classes, strict=True)
        return np.array([self.answer(*row) for row in rows], np.float32).reshape(-1, 4)


def some(count, score=0.5, kind=PLANT):
    x = 40 * np.arange(count)
    boxes = np.stack([x, np.full(count, 100), x + 30, np.full(count, 130)], axis=1)
    return Detections(boxes, np.full(count, score), np.full(count, kind))


def test_of_two_stages_that_agree_the_score_is_theirs_and_else_the_weighted_mean_of_their_log_odds():
    answers = np.array([[0.3, 0.1, 0.0, 0.6], [0.9, 0.0, 0.0, 0.1]], np.float32)
    scores, classes = pooled(some(2, score=0.4), answers)
    assert classes.tolist() == [PLANT, PLANT]
    assert scores[0] == pytest.approx(0.4, abs=1e-3)
    expected = 0.4 * np.log(0.4 / 0.6) + 0.6 * np.log(9)
    assert np.log(scores[1] / (1 - scores[1])) == pytest.approx(expected, abs=1e-3)


def test_a_dead_plant_is_a_plant_and_which_it_is_the_second_stage_says():
    _, classes = pooled(
        some(2, score=0.4), np.array([[0.2, 0.4, 0.3, 0.1], [0.4, 0.2, 0.3, 0.1]], np.float32)
    )
    assert classes.tolist() == [DEAD, PLANT]


def test_what_the_first_stage_took_for_an_empty_pot_is_a_plant_where_the_second_one_is_surer():
    answers = np.array([[0.97, 0, 0.01, 0.02], [0.5, 0, 0.4, 0.1]], np.float32)
    _, classes = pooled(some(2, score=0.4, kind=EMPTY), answers)
    assert classes.tolist() == [PLANT, EMPTY]


def test_certainty_of_one_stage_does_not_silence_the_other():
    certain = np.array([[1, 0, 0, 0]], np.float32)
    doubted, agreed = (pooled(some(1, score=score), certain)[0][0] for score in (0.05, 0.55))
    assert 0.9 < doubted < 0.985 < agreed < 0.995


def test_boxes_order_and_warnings_stay():
    first, second = some(2).warned(TRUNCATED), some(3, kind=EMPTY)
    options = make_options(confidence=0.2)
    says = Says(lambda *_: (0.97, 0, 0.02, 0.01))
    one, none, two = rescore(PICTURE, [first, Detections.empty(), second], says, options)
    np.testing.assert_array_equal(one.boxes, first.boxes)
    np.testing.assert_array_equal(two.boxes, second.boxes)
    assert (one.warnings, two.warnings, len(none)) == ((TRUNCATED,), (), 0)
    assert two.classes.tolist() == [PLANT] * 3


def test_each_unsure_detection_is_shown_what_stands_around_it():
    says = Says(lambda *_: (1, 0, 0, 0))
    rescore(PICTURE, [some(4, score=0.3)], says, make_options())
    (crops,) = says.crops
    reds = crops[:, 8, 8, 0].astype(float) * WIDTH / 255
    np.testing.assert_allclose(reds, 15 + 40 * np.arange(4), atol=8)


def test_it_is_told_what_stands_around_in_the_same_container():
    says = Says(lambda *_: (1, 0, 0, 0))
    sure, unsure, pots = some(3, score=0.9), some(1, score=0.3), some(2, kind=EMPTY)
    beside = Detections.concat([unsure, sure])
    rescore(PICTURE, [sure, beside, pots], says, make_options())
    np.testing.assert_array_equal(
        says.neighbourhoods[0], np.concatenate([neighbourhoods(beside, 0.1)[:1], neighbourhoods(pots, 0.1)])
    )


def test_plants_that_the_first_stage_is_sure_of_are_not_asked_about():
    says = Says(lambda *_: (0, 0, 0, 1))
    (left,) = rescore(PICTURE, [some(4, score=0.9)], says, make_options())
    assert (len(left), says.crops) == (4, [])
    rescore(PICTURE, [some(4, score=0.9, kind=EMPTY)], says, make_options())
    assert len(says.crops[0]) == 4, "an empty pot may hold a plant, however sure the first stage is"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(np.zeros((2, 3), np.float32), id="three classes"),
        pytest.param(np.full((1, 4), 0.25, np.float32), id="one too few"),
        pytest.param(np.full((2, 4), 0.5, np.float32), id="they add up to two"),
        pytest.param(np.array([[1.5, -0.5, 0, 0]] * 2, np.float32), id="a negative one"),
        pytest.param(np.full((2, 4), np.nan, np.float32), id="no numbers"),
        pytest.param(None, id="nothing"),
    ],
)
def test_an_answer_that_is_no_probability_is_a_fault_of_the_model(answer):
    class Broken(Says):
        def classify(self, crops, detections, neighbourhoods):
            return answer

    with pytest.raises(DetectorFault):
        rescore(PICTURE, [some(2, score=0.3)], Broken(None), make_options())


def plants_on_a_bed(certainty=0.45):
    x, y = np.meshgrid(np.arange(40, 600, 60), np.arange(40, 440, 60))
    boxes = np.stack([x, y, x + 40, y + 40], axis=-1).reshape(-1, 4).astype(np.float32)
    detector = TruthDetector(WIDTH, HEIGHT, boxes, certainty=np.full(len(boxes), certainty))
    return boxes, detector, [rectangle("segment", 10, 10, 630, 470)]


def test_the_second_stage_decides_what_counts_where_the_first_is_unsure():
    boxes, detector, bed = plants_on_a_bed()
    left = Says(lambda crop, *_: (0.95, 0, 0, 0.05) if crop[8, 8, 0] < 128 else (0.01, 0, 0, 0.99))
    count = count_photo(PICTURE, TruthSegmenter(bed), detector, make_options(), rescorer=left)
    assert count.total == int(((boxes[:, 0] + boxes[:, 2]) / 2 < WIDTH / 2).sum())


def test_plants_that_are_empty_pots_are_counted_as_such():
    boxes, detector, bed = plants_on_a_bed()
    pots = Says(lambda *_: (0.02, 0, 0.98, 0))
    count = count_photo(PICTURE, TruthSegmenter(bed), detector, make_options(), rescorer=pots)
    assert (count.total, count.empty) == (0, len(boxes))


def test_what_both_stages_make_less_than_the_floor_is_left_out():
    _, detector, bed = plants_on_a_bed(certainty=0.3)
    none = Says(lambda *_: (0.05, 0, 0, 0.95))
    (left,) = detect(PICTURE, bed, [0], detector, make_options(confidence=0.2), rescorer=none).values()
    assert len(left) == 0


def test_it_may_know_better_of_what_the_first_stage_scores_below_the_floor():
    boxes, detector, bed = plants_on_a_bed(certainty=0.2)
    options, sure = make_options(confidence=0.3), Says(lambda *_: (0.95, 0, 0, 0.05))
    (found,) = detect(PICTURE, bed, [0], detector, options, rescorer=sure).values()
    assert len(found) == len(boxes)
    for without, rescorer in ((frozenset(), None), (frozenset({Rule.RESCORING}), sure)):
        bare = replace(options, without=without)
        (left,) = detect(PICTURE, bed, [0], detector, bare, rescorer=rescorer).values()
        assert len(left) == 0, "without a second stage the floor holds"


def test_switched_off_it_is_not_asked():
    boxes, detector, bed = plants_on_a_bed()
    nothing = Says(lambda *_: (0, 0, 0, 1))
    options = make_options(without=frozenset({Rule.RESCORING}))
    assert count_photo(PICTURE, TruthSegmenter(bed), detector, options, rescorer=nothing).total == len(boxes)
    assert not nothing.crops


def test_a_container_is_scored_alike_whichever_others_are_asked_for():
    _, detector, _ = plants_on_a_bed()
    halves = [rectangle("segment", 10, 10, 320, 470), rectangle("segment", 321, 10, 630, 470)]
    says = Says(lambda crop, score, _: (score, 0, 0, 1 - score))
    options = make_options()
    both = detect(PICTURE, halves, [0, 1], detector, options, rescorer=says)
    for index in (0, 1):
        alone = detect(PICTURE, halves, [index], detector, options, rescorer=says)[index]
        np.testing.assert_array_equal(alone.scores, both[index].scores)
        np.testing.assert_array_equal(alone.boxes, both[index].boxes)
