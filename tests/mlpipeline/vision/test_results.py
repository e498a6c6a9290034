import pickle

import numpy as np
import pytest

from mlpipeline.vision.errors import InvalidInput, UnreadableImage
from mlpipeline.vision.results import Container, ContainerCount, Detections, PhotoCount

SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10]]


def detections(*scores_and_classes):
    boxes = [[10 * place, 0, 10 * place + 8, 8] for place in range(len(scores_and_classes))]
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([score for score, _ in scores_and_classes], np.float32),
        np.array([kind for _, kind in scores_and_classes], np.int16),
    )


def container_count(found, detected=0, estimated=0, dead=0, empty=0):
    return ContainerCount(Container("box", SQUARE, 0.9), found, (), detected, estimated, dead, empty)


def test_no_detections_are_an_empty_set_that_can_be_used_like_any_other():
    none = Detections.empty()
    assert len(none) == 0
    assert len(none.plants) == len(none.dead) == len(none.empties) == 0
    assert len(none.shifted(3, 4).scaled(2)) == 0
    assert len(Detections.concat([])) == len(Detections.concat([none, none])) == 0


def test_detections_are_told_apart_by_class():
    found = detections((0.9, 0), (0.8, 1), (0.7, 2), (0.6, 0))
    assert found.plants.scores.tolist() == pytest.approx([0.9, 0.8, 0.6])
    assert found.dead.scores.tolist() == pytest.approx([0.8])
    assert found.empties.scores.tolist() == pytest.approx([0.7])


def test_shifting_and_scaling_there_and_back_lands_on_the_start():
    found = detections((0.9, 0), (0.8, 1))
    there = found.scaled(4).shifted(100, -50)
    assert there.boxes.tolist() == [[100, -50, 132, -18], [140, -50, 172, -18]]
    assert np.array_equal(there.shifted(-100, 50).scaled(0.25).boxes, found.boxes)


def test_results_cannot_be_written_to_and_do_not_follow_the_arrays_they_came_from():
    boxes = np.array([[0, 0, 8, 8]], np.float32)
    found = Detections(boxes, np.array([0.5], np.float32), np.array([0], np.int16))
    boxes[:] = 99
    assert found.boxes.tolist() == [[0, 0, 8, 8]]
    with pytest.raises(ValueError, match="read-only"):
        found.boxes[0, 0] = 1


@pytest.mark.parametrize(
    ("scores", "classes"),
    [
        pytest.param([0.5], [0], id="fewer scores than boxes"),
        pytest.param([0.5, 1.5], [0, 0], id="a score above 1"),
        pytest.param([0.5, np.nan], [0, 0], id="a score that is no number"),
        pytest.param([0.5, 0.5], [0, 3], id="a class that is not known"),
    ],
)
def test_detections_that_do_not_fit_together_are_refused(scores, classes):
    with pytest.raises(InvalidInput):
        Detections(np.zeros((2, 4), np.float32), np.array(scores), np.array(classes))


def test_warnings_survive_selection_and_union_once_each():
    cut = detections((0.9, 0)).warned("truncated")
    both = Detections.concat([cut, detections((0.8, 0)), cut.warned("out_of_scale", "truncated")])
    assert both.select(np.zeros(3, np.bool_)).warnings == ("truncated", "out_of_scale")


@pytest.mark.parametrize(
    ("kind", "polygon", "score"),
    [
        pytest.param("crate", SQUARE, 0.5, id="an unknown type"),
        pytest.param("box", SQUARE[:2], 0.5, id="two points"),
        pytest.param("box", SQUARE, 1.2, id="a score above 1"),
    ],
)
def test_a_container_that_cannot_be_is_refused(kind, polygon, score):
    with pytest.raises(InvalidInput):
        Container(kind, polygon, score)


def test_a_photo_adds_up_its_containers_and_books_only_the_living():
    first = container_count(
        detections((0.9, 0), (0.7, 1), (0.2, 2)), detected=2, estimated=3, dead=1, empty=1
    )
    second = container_count(detections((0.5, 0)), detected=1, estimated=0)
    photo = PhotoCount(100, 80, (first, second))
    assert (photo.detected, photo.estimated, photo.total) == (3, 3, 6)
    assert (photo.dead, photo.living, photo.empty) == (1, 5, 1)
    assert photo.category_counts == {"plant": 5, "dead": 1, "empty": 1}


def test_mean_confidence_weighs_every_plant_alike_and_no_empty():
    many = container_count(detections((0.9, 0), (0.9, 0), (0.9, 1), (0.1, 2)))
    few = container_count(detections((0.5, 0)))
    assert PhotoCount(100, 80, (many, few)).mean_confidence == pytest.approx((3 * 0.9 + 0.5) / 4)
    assert PhotoCount(100, 80, ()).mean_confidence == 0


def test_results_and_errors_travel_between_processes():
    found = pickle.loads(pickle.dumps(container_count(detections((0.9, 0)), detected=1)))  # noqa: S301 — our own bytes
    assert found.detections.boxes.tolist() == [[0, 0, 8, 8]]
    for error in (InvalidInput("a"), UnreadableImage("b")):
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301 — our own bytes
        assert (type(copy), copy.message, copy.code) == (type(error), error.message, error.code)
