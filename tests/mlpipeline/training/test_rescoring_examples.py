import numpy as np
import pytest

from mlpipeline.detectors.engines import load_engine, tuned_options
from mlpipeline.detectors.rescoring_network import CONTEXTS, CROP_PX
from mlpipeline.training.datasets import ForbiddenSeed
from mlpipeline.training.rescoring_examples import (
    EXAMPLE_SHARES,
    MAX_EXAMPLES,
    NO_CLASS,
    STORED_PX,
    Examples,
    ExampleWriter,
    examples_of,
    label_detections,
)
from mlpipeline.training.scenes import ALL_KINDS, SceneSpec, render_scene
from mlpipeline.training.seed_ranges import HELD_OUT_SEEDS, TRAINING_SEEDS
from mlpipeline.training.tiles import Labelled, scene_labels
from mlpipeline.vision.rescoring.neighbourhoods import neighbourhoods
from mlpipeline.vision.results import DEAD, EMPTY, PLANT, Detections


def seen(*boxes, scores=None, kind=PLANT):
    count = len(boxes)
    return Detections(np.array(boxes, np.float32), scores or np.full(count, 0.5), np.full(count, kind))


def truth(*things):
    boxes = np.array([box for box, _ in things], np.float32).reshape(-1, 4)
    return Labelled(boxes, np.array([label for _, label in things], np.int16))


def test_a_detection_is_what_it_shows():
    labels = label_detections(
        seen((0, 0, 20, 20), (100, 0, 120, 20), (200, 0, 220, 20), (300, 0, 320, 20)),
        truth(((1, 1, 21, 21), PLANT), ((100, 0, 118, 20), DEAD), ((201, 0, 221, 20), EMPTY)),
    )
    assert labels.tolist() == [PLANT, DEAD, EMPTY, NO_CLASS]


@pytest.mark.parametrize(
    ("scores", "labels"),
    [
        pytest.param([0.9, 0.3], [PLANT, NO_CLASS], id="the surer one counts anyway"),
        pytest.param([0.4, 0.35], [NO_CLASS, PLANT], id="of two alike the one that lies better"),
    ],
)
def test_of_two_boxes_on_one_plant_one_is_the_plant(scores, labels):
    both = seen((0, 0, 30, 20), (1, 0, 21, 20), scores=scores)
    assert label_detections(both, truth(((0, 0, 20, 20), PLANT))).tolist() == labels


def test_a_box_that_fits_badly_is_the_plant_its_middle_lies_in():
    labels = label_detections(
        seen((6, 6, 14, 14), (300, 300, 310, 310)), truth(((0, 0, 20, 20), PLANT), ((40, 0, 60, 20), PLANT))
    )
    assert labels.tolist() == [PLANT, NO_CLASS], (
        "a leaf is its plant where nothing better was seen, nothing is none"
    )


def test_in_a_picture_without_plants_nothing_is_one():
    assert label_detections(seen((0, 0, 9, 9)), truth()).tolist() == [NO_CLASS]
    assert label_detections(Detections.empty(), truth(((0, 0, 9, 9), PLANT))).tolist() == []


def test_examples_are_read_as_they_were_saved(tmp_path):
    crops = np.random.default_rng(0).integers(0, 255, (2, 2, 8, 8, 3)).astype(np.uint8)
    things = seen((0, 0, 9, 9), (5, 5, 9, 9))
    around = neighbourhoods(things, 0.17)
    examples = Examples(things, around, crops, np.array([PLANT, NO_CLASS], np.int8))
    examples.save(tmp_path / "some" / "one.npz")
    again = Examples.read(tmp_path / "some" / "one.npz")
    np.testing.assert_array_equal(again.crops, crops)
    np.testing.assert_array_equal(again.neighbourhoods, around)
    np.testing.assert_array_equal(again.detections.boxes, examples.detections.boxes)
    assert again.labels.tolist() == [PLANT, NO_CLASS]


def test_every_kind_of_scene_gives_examples():
    assert set(EXAMPLE_SHARES) == set(ALL_KINDS)
    assert min(EXAMPLE_SHARES.values()) > 0


@pytest.fixture(scope="module")
def scene():
    return render_scene(SceneSpec("easy", TRAINING_SEEDS.start + 3, 640, 480, plant_px=(30, 45)))


def test_a_scene_is_detected_as_a_count_does_and_most_of_its_plants_are_examples(scene):
    image, labels, engine = np.ascontiguousarray(scene.image), scene_labels(scene), load_engine()
    examples = examples_of(image, labels, engine, np.random.default_rng(0))
    assert examples.detections.scores.min() < tuned_options(engine).confidence, "what it would be asked about"
    assert examples.crops.shape == (len(examples.labels), len(CONTEXTS), STORED_PX, STORED_PX, 3)
    assert STORED_PX > CROP_PX, "so that a training can move them"
    plants = int(np.isin(labels.classes, (PLANT, DEAD)).sum())
    assert int(np.isin(examples.labels, (PLANT, DEAD)).sum()) >= 0.8 * min(plants, MAX_EXAMPLES)


def test_what_is_there_is_not_rendered_again_and_the_models_are_not_loaded_for_it(tmp_path, scene):
    writer = ExampleWriter(tmp_path, load_engine)
    (name,) = writer.add_scenes([TRAINING_SEEDS.start + 3])
    assert [path.stem for path in writer.files()] == [name]

    def unavailable():
        raise AssertionError("nothing is missing, so no model is needed")

    assert list(ExampleWriter(tmp_path, unavailable).add_scenes([TRAINING_SEEDS.start + 3])) == []


def test_examples_of_one_kind_of_scene_can_be_added(tmp_path):
    (name,) = ExampleWriter(tmp_path, load_engine).add_scenes([TRAINING_SEEDS.start + 5], kinds=["empty"])
    assert name == f"empty_{TRAINING_SEEDS.start + 5}"
    assert PLANT not in Examples.read(tmp_path / f"{name}.npz").labels


def test_held_out_scenes_are_refused(tmp_path):
    with pytest.raises(ForbiddenSeed):
        list(ExampleWriter(tmp_path, load_engine).add_scenes([HELD_OUT_SEEDS.start]))
