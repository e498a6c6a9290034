"""Tiles and their labels: what is shown to the detector is what it is told."""

import numpy as np
import pytest

from mlpipeline.training.labels import box_lines, polygon_line, read_boxes
from mlpipeline.training.scenes import SceneSpec, render_scene
from mlpipeline.training.seed_ranges import TRAINING_SEEDS
from mlpipeline.training.tiles import (
    HIDDEN_SHARE,
    MAX_LABELS,
    Labelled,
    cut_tile,
    draw_tiles,
    scene_labels,
    window_labels,
)
from mlpipeline.vision.imaging.tiles import PAD_VALUE
from mlpipeline.vision.results import CLASS_NAMES, DEAD, EMPTY, PLANT


def labelled(*boxes, label=PLANT):
    return Labelled(np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), label, np.int16))


@pytest.fixture(scope="module")
def scene():
    return render_scene(
        SceneSpec("boxes", TRAINING_SEEDS.start + 7, width_px=480, height_px=360, plant_px=(30, 50))
    )


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([[110, 60, 130, 100]], [[20, 20, 60, 100]], id="inside: moved and doubled"),
        pytest.param([[90, 60, 120, 80]], [[0, 20, 40, 60]], id="two thirds inside: cut at the edge"),
        pytest.param([[80, 60, 108, 80]], [], id="under a third inside: the next tile's"),
        pytest.param([[300, 300, 320, 320]], [], id="outside"),
        pytest.param([[110, 60, 112, 90]], [], id="thinner than can be seen"),
    ],
)
def test_a_tile_labels_the_boxes_it_shows_enough_of(boxes, expected):
    found = window_labels(labelled(*boxes), 100, 50, 2.0, 256)
    np.testing.assert_allclose(found.boxes, np.array(expected, np.float32).reshape(-1, 4), atol=1e-4)
    assert len(found.classes) == len(expected)


def test_a_tile_shows_its_window_at_its_scale_and_grey_beyond_the_picture():
    image = np.zeros((100, 120, 3), np.uint8)
    image[40:60, 80:100] = 255
    tile = cut_tile(image, labelled([80, 40, 100, 60]), 60, 20, 2.0, 128)
    np.testing.assert_allclose(tile.labels.boxes, [[40, 40, 80, 80]])
    assert tile.image[60, 60].tolist() == [255, 255, 255]
    assert tile.image[60, 20].tolist() == [0, 0, 0]
    assert tile.image[60, 125].tolist() == [PAD_VALUE] * 3
    assert tile.image.shape == (128, 128, 3)


def test_a_scene_is_labelled_with_living_and_dead_plants_and_empty_places(scene):
    labels = scene_labels(scene)
    seen = [p for p in scene.plants if p.box is not None and p.occluded_fraction <= HIDDEN_SHARE]
    assert (labels.classes == PLANT).sum() == sum(plant.alive for plant in seen) > 0
    assert (labels.classes == DEAD).sum() == sum(not plant.alive for plant in seen)
    assert (labels.classes == EMPTY).sum() == len(scene.empties)
    assert CLASS_NAMES == ("plant", "dead", "empty")


def test_tiles_of_a_seed_are_always_the_same_and_never_too_crowded(scene):
    def drawn():
        rng = np.random.default_rng(3)
        return draw_tiles(scene.image, scene_labels(scene), rng, count=3, tile_px=128, plant_px=(14, 60))

    first, second = drawn(), drawn()
    assert len(first) >= 2
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.labels.boxes, other.labels.boxes)
    crowd = labelled(*[[x, y, x + 8, y + 8] for x in range(0, 320, 10) for y in range(0, 320, 10)])
    assert len(crowd) > MAX_LABELS
    image = np.zeros((320, 320, 3), np.uint8)
    rng = np.random.default_rng(3)
    kept = draw_tiles(image, crowd, rng, count=6, tile_px=320, plant_px=(4, 8))
    assert [tile for tile in kept if len(tile.labels) > MAX_LABELS] == []


def test_box_labels_survive_the_way_to_text_and_back():
    boxes = np.array([[10, 20, 30, 60], [0, 0, 200, 100]], np.float32)
    lines = box_lines(boxes, [0, 2], 200, 100)
    assert lines[0] == "0 0.100000 0.400000 0.100000 0.400000"
    read, classes = read_boxes("\n".join(lines), 200, 100)
    np.testing.assert_allclose(read, boxes, atol=1e-3)
    assert classes.tolist() == [0, 2]


def test_an_empty_label_file_holds_no_box():
    boxes, classes = read_boxes("", 100, 100)
    assert boxes.shape == (0, 4)
    assert classes.shape == (0,)


def test_a_malformed_label_line_is_refused():
    with pytest.raises(ValueError, match="class cx cy w h"):
        read_boxes("0 0.5 0.5 0.1", 100, 100)


def test_an_outline_is_written_as_shares_of_the_picture_and_stays_inside_it():
    line = polygon_line([(0, 0), (100, 0), (250, 50)], 1, 200, 100)
    assert line == "1 0.000000 0.000000 0.500000 0.000000 1.000000 0.500000"
