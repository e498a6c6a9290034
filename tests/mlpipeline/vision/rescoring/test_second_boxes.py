import numpy as np

from mlpipeline.vision.pipeline import propose
from mlpipeline.vision.rescoring.second_boxes import without_second_boxes
from mlpipeline.vision.results import PLANT, Detections
from tests.mlpipeline.vision.count_options import make_options
from tests.mlpipeline.vision.fake_detectors import TruthDetector, compass_picture
from tests.mlpipeline.vision.synthetic_images import rectangle

BOXES = np.array(
    [[100, 100, 140, 140], [110, 100, 150, 140], [135, 100, 175, 140], [400, 100, 440, 140]], np.float32
)


def seen(scores):
    return Detections(BOXES, scores, np.full(len(BOXES), PLANT))


def test_what_scores_low_and_lies_on_a_better_box_is_left_out():
    left = without_second_boxes(seen([0.9, 0.1, 0.1, 0.1]), 0.2)
    assert left.boxes[:, 0].tolist() == [100, 135, 400], "a neighbour that is covered a little stays"


def test_what_scores_high_enough_to_count_stays_wherever_it_lies():
    assert len(without_second_boxes(seen([0.9, 0.3, 0.3, 0.3]), 0.2)) == len(BOXES)


def test_the_first_stage_does_not_propose_them():
    detector = TruthDetector(640, 480, BOXES, certainty=np.array([0.9, 0.2, 0.2, 0.2]))
    bed = [rectangle("segment", 10, 10, 630, 470)]
    options = make_options(confidence=0.3)
    (found,) = propose(compass_picture(640, 480), bed, [0], detector, options)
    assert sorted(found.boxes[:, 0].round().tolist()) == [100, 135, 400]
