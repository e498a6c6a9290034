"""A doubtful box or tray is believed among its like, and nowhere else."""

from __future__ import annotations

import numpy as np

from mlpipeline.vision.containers.low_score_recovery import recover_similar
from mlpipeline.vision.results import Container
from tests.mlpipeline.vision.count_options import make_options

OPTIONS = make_options(container_confidence=0.3)


def _square(x: float, y: float, side: float, score: float, kind: str = "box") -> Container:
    corners = np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]], dtype=np.float32)
    return Container(kind, corners, score)


SURE = [_square(0, 0, 100, 0.9), _square(120, 0, 100, 0.8), _square(0, 120, 100, 0.7, "plug")]


def test_a_doubtful_box_beside_three_sure_ones_of_its_size_is_believed() -> None:
    doubtful = _square(120, 120, 95, 0.1)
    assert recover_similar([doubtful], SURE, OPTIONS) == [doubtful]


def test_two_sure_boxes_are_no_company() -> None:
    assert not recover_similar([_square(120, 120, 95, 0.1)], SURE[:2], OPTIONS)


def test_a_doubtful_box_of_another_size_is_left_out() -> None:
    small, large = _square(240, 0, 60, 0.29), _square(240, 240, 150, 0.29)
    assert not recover_similar([small, large], SURE, OPTIONS)


def test_a_box_less_than_doubtful_is_left_out() -> None:
    assert not recover_similar([_square(120, 120, 95, 0.08)], SURE, OPTIONS)


def test_a_doubtful_box_on_a_sure_one_or_in_a_bed_is_left_out() -> None:
    on_another = _square(30, 20, 100, 0.25)
    bed = _square(300, 0, 400, 0.9, "segment")
    pot_in_bed = _square(400, 100, 100, 0.25)
    assert not recover_similar([on_another, pot_in_bed], [*SURE, bed], OPTIONS)


def test_a_doubtful_bed_is_never_believed() -> None:
    assert not recover_similar([_square(120, 120, 100, 0.25, "segment")], SURE, OPTIONS)
