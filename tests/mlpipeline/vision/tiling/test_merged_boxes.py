"""A crowd that a coarse glance takes for one plant is not counted beside its plants."""

from __future__ import annotations

import numpy as np

from mlpipeline.vision.containers.sliced_detection import drop_merged_boxes
from mlpipeline.vision.results import EMPTY, PLANT, Detections


def _plants(*boxes: tuple[float, float, float, float], kind: int = PLANT) -> Detections:
    return Detections(
        np.array(boxes, dtype=np.float32).reshape(-1, 4),
        np.full(len(boxes), 0.8, dtype=np.float32),
        np.full(len(boxes), kind, dtype=np.int16),
    )


LARGE = _plants((0, 0, 100, 100), (200, 0, 300, 100))


def test_a_large_plant_in_which_finer_tiles_saw_two_is_a_clump() -> None:
    small = _plants((10, 10, 40, 40), (60, 60, 90, 90))
    assert drop_merged_boxes(LARGE, small).boxes.tolist() == [[200, 0, 300, 100]]


def test_a_large_plant_with_one_plant_at_its_foot_stays() -> None:
    assert len(drop_merged_boxes(LARGE, _plants((10, 10, 40, 40)))) == 2


def test_empty_pots_make_no_clump() -> None:
    assert len(drop_merged_boxes(LARGE, _plants((10, 10, 40, 40), (60, 60, 90, 90), kind=EMPTY))) == 2
