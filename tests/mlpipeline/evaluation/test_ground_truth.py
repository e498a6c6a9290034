import json
import math

import numpy as np
import pytest

from mlpipeline.evaluation.ground_truth import (
    TruthUnreadable,
    find_pictures,
    kind_of,
    label_truth,
    read_truth,
    scene_truth,
)

SHAPE = (100, 200)
PLANT = {"box": [10, 10, 30, 30], "alive": True, "occluded_fraction": 0.1}
TRAY = {"type": "plug", "polygon": [[0, 0], [100, 0], [100, 80], [0, 80]], "capacity": 12, "empty_cells": 3}

OTHER_TRAY = {"type": "plug", "polygon": TRAY["polygon"], "capacity": 12, "empty": 4}


def scene(**values):
    return {"width": 200, "height": 100, "kind": "plugs", "plants": [PLANT], "containers": [TRAY], **values}


@pytest.fixture
def picture(tmp_path):
    return tmp_path / "dense_7002.jpg"


def test_a_scene_tells_its_plants_dead_ones_and_containers():
    dead = {**PLANT, "alive": False, "box": [50, 10, 60, 20]}
    truth = scene_truth(scene(plants=[PLANT, dead]), "photo", SHAPE)
    assert (truth.kind, truth.total, truth.dead) == ("plugs", 2, 1)
    assert truth.is_dead.tolist() == [False, True]
    assert [found.type for found in truth.containers] == ["plug"]


def test_a_plant_of_which_nothing_shows_counts_without_a_box():
    hidden = {**PLANT, "box": None, "occluded_fraction": 1.0}
    truth = scene_truth(scene(plants=[PLANT, hidden]), "photo", SHAPE)
    assert truth.total == 2
    assert truth.boxes.tolist() == [[10, 10, 30, 30]]


def test_a_plant_hidden_by_more_than_sixty_percent_is_marked():
    much = {**PLANT, "occluded_fraction": 0.7}
    assert scene_truth(scene(plants=[PLANT, much]), "photo", SHAPE).is_hidden.tolist() == [False, True]


def test_a_scene_of_another_size_than_its_picture_is_scaled():
    truth = scene_truth(scene(), "photo", (50, 100))
    assert truth.boxes.tolist() == [[5, 5, 15, 15]]
    assert truth.containers[0].polygon.max(axis=0).tolist() == [50, 40]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({"empties": [{"box": [0, 0, 5, 5]}]}, 1, id="listed"),
        pytest.param({}, 3, id="a number for each container"),
        pytest.param({"containers": [{**TRAY, "empty_cells": None}]}, None, id="not told"),
        pytest.param({"containers": [OTHER_TRAY]}, 4, id="by its other name"),
    ],
)  # fmt: skip
def test_empty_places_are_listed_or_given_as_numbers(values, expected):
    assert scene_truth(scene(**values), "photo", SHAPE).empty == expected


def test_labels_that_name_plants_only_say_nothing_of_the_dead():
    truth = label_truth("0 .5 .5 .1 .2\n", "easy", SHAPE)
    assert truth.boxes.tolist() == [pytest.approx([90, 40, 110, 60])]
    assert (truth.total, truth.dead, truth.empty, truth.containers) == (1, None, None, None)


def test_labels_with_all_classes_tell_the_dead_and_the_empty():
    truth = label_truth("0 .5 .5 .1 .2\n1 .2 .2 .1 .1\n2 .8 .8 .1 .1\n", "easy", SHAPE)
    assert (truth.total, truth.dead, truth.empty) == (2, 1, 1)


def test_empty_labels_are_a_photo_without_plants():
    truth = label_truth("", "empty", SHAPE)
    assert truth.total == 0
    assert math.isnan(truth.plant_px)
    assert math.isnan(truth.crowding)


@pytest.mark.parametrize("place", ["dense_7002.txt", "labels/dense_7002.txt", "../labels/dense_7002.txt"])
def test_labels_lie_beside_the_picture_or_in_a_folder_of_labels(picture, place):
    picture = picture.parent / "images" / picture.name
    target = picture.parent / place
    picture.parent.mkdir()
    target.parent.mkdir(exist_ok=True)
    target.write_text("0 .5 .5 .1 .2\n")
    truth = read_truth(picture, SHAPE)
    assert (truth.kind, truth.total) == ("dense", 1)


def test_a_scene_is_preferred_to_labels_and_other_json_is_not_taken_for_one(picture):
    picture.with_suffix(".txt").write_text("0 .5 .5 .1 .2\n0 .2 .2 .1 .1\n")
    picture.with_suffix(".json").write_text(json.dumps({"camera": "phone"}))
    assert read_truth(picture, SHAPE).total == 2
    picture.with_suffix(".json").write_text(json.dumps(scene()))
    assert read_truth(picture, SHAPE).total == 1


def test_a_photo_without_a_file_beside_it_has_no_truth(picture):
    assert read_truth(picture, SHAPE) is None


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        pytest.param(".json", "{", id="no JSON"),
        pytest.param(".json", '{"plants": [{"alive": true, "box": [1, 2]}]}', id="a box of two numbers"),
        pytest.param(".json", json.dumps(scene(containers=[{**TRAY, "type": "bath"}])), id="a strange container"),
        pytest.param(".txt", "0 .5 .5\n", id="a short line"),
        pytest.param(".txt", "7 .5 .5 .1 .1\n", id="an unknown class"),
    ],
)  # fmt: skip
def test_a_broken_truth_is_an_error_that_names_the_photo(picture, suffix, text):
    picture.with_suffix(suffix).write_text(text)
    with pytest.raises(TruthUnreadable, match=r"dense_7002\.jpg"):
        read_truth(picture, SHAPE)


def test_crowding_is_the_side_of_a_plant_over_the_distance_to_its_neighbour():
    boxes = np.array([[x, 0, x + 20, 20] for x in range(0, 1200, 25)])
    plants = [{**PLANT, "box": box} for box in boxes.tolist()]
    truth = scene_truth(scene(plants=plants), "photo", SHAPE)
    assert truth.crowding == pytest.approx(20 / 25)
    assert truth.plant_px == pytest.approx(20)


@pytest.mark.parametrize(
    ("name", "kind"), [("boxes_7004", "boxes"), ("IMG_2024", "IMG"), ("bed", "bed"), ("0012", "photo")]
)
def test_the_kind_is_the_name_without_its_number(name, kind):
    assert kind_of(name) == kind


def test_pictures_are_found_in_folders_below_and_nothing_else_is(tmp_path):
    (tmp_path / "images").mkdir()
    for name in ("b.JPG", "images/a.png", "b.txt", "b.json"):
        (tmp_path / name).touch()
    assert [str(path.relative_to(tmp_path)) for path in find_pictures(tmp_path)] == ["b.JPG", "images/a.png"]


def test_a_file_of_counts_tells_the_number_of_a_photo_and_its_group(picture):
    counts = {"dense_7002": {"true": 12, "group": "beds"}, "other": {"true": 3.5, "boxes": [[1, 2, 3, 4]]}}
    picture.with_name("truth.json").write_text(json.dumps(counts))
    truth = read_truth(picture, SHAPE)
    assert (truth.kind, truth.total, truth.hidden, truth.has_boxes) == ("beds", 12, 0, False)
    assert (truth.dead, truth.empty, truth.containers) == (None, None, None)
    other = read_truth(picture.with_name("other.jpg"), SHAPE)
    assert (other.kind, other.total, other.boxes.tolist()) == ("other", 4, [[1, 2, 3, 4]])
    assert other.has_boxes
    assert read_truth(picture.with_name("unknown.jpg"), SHAPE) is None


def test_a_photo_without_plants_has_all_its_boxes_though_none_is_named(picture):
    picture.with_name("truth.json").write_text(json.dumps({"dense_7002": {"true": 0}}))
    assert read_truth(picture, SHAPE).has_boxes


@pytest.mark.parametrize("entry", [{}, {"true": "many"}, {"true": -1}, {"true": 3, "boxes": [[1, 2]]}])
def test_a_broken_file_of_counts_is_an_error_that_names_the_photo(picture, entry):
    picture.with_name("truth.json").write_text(json.dumps({"dense_7002": entry}))
    with pytest.raises(TruthUnreadable, match=picture.name):
        read_truth(picture, SHAPE)
