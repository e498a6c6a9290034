"""The looks of real nurseries: their truth is exact, and they leave the kinds that are measured on alone."""

import numpy as np
import pytest

from mlpipeline.training.datasets import DatasetRecipe, scene_spec
from mlpipeline.training.scenes import ALL_KINDS, KINDS, LOOKS, SceneSpec, render_scene
from mlpipeline.training.tiles import scene_labels
from mlpipeline.vision.results import EMPTY

#: Kind → plants, containers, empty places, distractors of held-out seed 700123 at 320 × 240 px.
MEASURED = {
    "mixed": (241, 7, 12, 7),
    "dense": (519, 1, 13, 5),
    "oblique": (247, 1, 16, 7),
    "boxes": (189, 15, 29, 16),
    "plugs": (171, 1, 10, 12),
    "tiny": (172, 1, 10, 14),
    "easy": (39, 2, 6, 63),
    "empty": (0, 2, 286, 27),
    "open": (27, 0, 0, 19),
    "flats": (20, 1, 0, 9),
}


def look(kind, seed=1005, width=480, height=360, plant_px=(24, 40)):
    return render_scene(SceneSpec(kind, seed, width, height, plant_px=plant_px))


@pytest.fixture(scope="module")
def scenes():
    """Two small scenes of each look."""
    return {kind: [look(kind, seed) for seed in (1005, 1006)] for kind in LOOKS}


@pytest.mark.parametrize("kind", KINDS)
def test_seeds_of_the_kinds_that_weights_are_measured_on_show_what_they_always_showed(kind):
    scene = render_scene(SceneSpec(kind, 700_123, 320, 240, split="held_out"))
    counts = (len(scene.plants), len(scene.containers), len(scene.empties), len(scene.distractors))
    assert counts == MEASURED[kind]


def test_looks_come_after_the_kinds_that_weights_are_measured_on():
    assert ALL_KINDS[: len(KINDS)] == KINDS
    assert not set(KINDS) & set(LOOKS)


@pytest.mark.parametrize("kind", LOOKS)
def test_every_box_of_a_look_lies_in_the_picture(scenes, kind):
    for scene in scenes[kind]:
        boxes = np.array([plant.box for plant in scene.plants if plant.box], dtype=float).reshape(-1, 4)
        assert (boxes[:, :2] >= 0).all()
        assert (boxes[:, 2:] <= (480, 360)).all()
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        assert scene.image.std() > 5


@pytest.mark.parametrize("kind", LOOKS)
def test_a_look_is_the_same_every_time(kind):
    first, again = look(kind), look(kind)
    assert np.array_equal(first.image, again.image)
    assert first.truth() == again.truth()


def test_a_netted_bed_has_one_label_for_each_plant_and_none_for_strings_tubes_and_boots(scenes):
    for scene in scenes["netted"]:
        seen = [plant for plant in scene.plants if plant.box and plant.occluded_fraction <= 0.75]
        assert len(seen) > 5
        assert len(scene_labels(scene)) == len(seen)
        assert {found.type for found in scene.containers} == {"segment"}
    things = {thing.type for scene in scenes["netted"] for thing in scene.distractors}
    assert "string" in things


def test_sown_trays_hold_no_plant_and_all_their_cells_are_empty(scenes):
    for scene in scenes["sown"]:
        assert scene.plants == ()
        assert len(scene.empties) > 5
        assert set(scene_labels(scene).classes.tolist()) == {EMPTY}
        assert all(found.empty_cells == found.capacity for found in scene.containers)


@pytest.mark.parametrize("seed", range(2000, 2012))
def test_no_weed_grows_in_a_sown_tray(seed):
    scene = look("sown", seed, 160, 120, (20, 30))
    assert not [thing for thing in scene.distractors if thing.type == "weed"]


def test_plants_under_a_net_are_seen_small_and_large():
    recipe = DatasetRecipe(kinds={"netted": 1.0})
    middles = [np.mean(scene_spec(seed, recipe).plant_px) for seed in range(1000, 1200)]
    assert min(middles) < 20
    assert max(middles) > 280
