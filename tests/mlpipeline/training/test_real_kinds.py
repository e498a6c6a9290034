"""The looks of real nurseries: their truth is exact, and they leave the kinds that are measured on alone."""

from dataclasses import replace

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from mlpipeline.training.datasets import DatasetRecipe, scene_spec
from mlpipeline.training.scenes import ALL_KINDS, KINDS, REAL_KINDS, SceneSpec, fixtures, render_scene
from mlpipeline.training.scenes.benches import Shelf
from mlpipeline.training.scenes.camera import Camera
from mlpipeline.training.scenes.containers import tray
from mlpipeline.training.scenes.ground import drawn_ground
from mlpipeline.training.scenes.layout import lay_out
from mlpipeline.training.scenes.real_kinds import NARROWEST_NET_PX
from mlpipeline.training.scenes.render import render_stage
from mlpipeline.training.scenes.scene_geometry import Instance, SceneGeometry
from mlpipeline.training.scenes.scene_layout import MAX_SEEDLINGS, RECIPES
from mlpipeline.training.scenes.species.catalogue import ASSORTMENT, SPECIES
from mlpipeline.training.scenes.split_rng import SplitRng
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


def evaluate_pattern(kind, seed=1005, width=480, height=360, plant_px=(24, 40)):
    return render_scene(SceneSpec(kind, seed, width, height, plant_px=plant_px))


@pytest.fixture(scope="module")
def scenes():
    """Two small scenes of each look."""
    return {kind: [evaluate_pattern(kind, seed) for seed in (1005, 1006)] for kind in REAL_KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_seeds_of_the_kinds_that_weights_are_measured_on_show_what_they_always_showed(kind):
    scene = render_scene(SceneSpec(kind, 700_123, 320, 240, split="held_out"))
    counts = (len(scene.plants), len(scene.containers), len(scene.empties), len(scene.distractors))
    assert counts == MEASURED[kind]


def test_real_kinds_come_after_the_kinds_that_weights_are_measured_on():
    assert ALL_KINDS[: len(KINDS)] == KINDS
    assert not set(KINDS) & set(REAL_KINDS)


@pytest.mark.parametrize("kind", REAL_KINDS)
def test_every_box_of_a_look_lies_in_the_picture(scenes, kind):
    for scene in scenes[kind]:
        boxes = np.array([plant.box for plant in scene.plants if plant.box], dtype=float).reshape(-1, 4)
        assert (boxes[:, :2] >= 0).all()
        assert (boxes[:, 2:] <= (480, 360)).all()
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        assert scene.image.std() > 5


@pytest.mark.parametrize("kind", REAL_KINDS)
def test_a_look_is_the_same_every_time(kind):
    first, again = evaluate_pattern(kind), evaluate_pattern(kind)
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
    scene = evaluate_pattern("sown", seed, 160, 120, (20, 30))
    assert not [thing for thing in scene.distractors if thing.type == "weed"]


@pytest.mark.parametrize("seed", range(7, 13))
def test_heaped_soil_fills_the_cells_and_lies_on_their_rims(seed):
    sunk, heaped = (
        tray(SplitRng(seed, "train"), 6, 4, 4.0, 60.0, is_heaped=is_heaped) for is_heaped in (False, True)
    )
    assert sunk.centres[:, 2].max() < sunk.height
    assert heaped.centres[:, 2].min() == heaped.height == sunk.height
    assert heaped.cell.span() > sunk.cell.span()


def test_plants_under_a_net_are_seen_small_and_large():
    recipe = DatasetRecipe(kinds={"netted": 1.0})
    middles = [np.mean(scene_spec(seed, recipe).plant_px) for seed in range(1000, 1200)]
    assert min(middles) < 20
    assert max(middles) > 280


def staged(kind, seed):
    """The stage of a small look before it is drawn."""
    spec = SceneSpec(kind, seed, 480, 360, plant_px=(30, 60))
    return lay_out(spec, SplitRng(seed, "train", ALL_KINDS.index(kind)))[0]


@pytest.mark.parametrize("seed", range(1010, 1018))
@pytest.mark.parametrize("kind", ["assorted", "display", "half_planted"])
def test_one_pot_is_one_plant_or_one_empty_place(kind, seed):
    stage = staged(kind, seed)
    places = [one.place for one in stage.instances if one.role in ("plant", "opening")]
    assert len(places) == len(set(places)) > 0
    (container,) = stage.containers
    assert len(places) <= len(container.slots)


def test_many_species_stand_side_by_side():
    species = [
        {one.species for one in staged("assorted", seed).instances if one.role == "plant"}
        for seed in range(1010, 1022)
    ]
    assert max(len(kinds) for kinds in species) >= 5
    assert set().union(*species) & {"clump", "white_globe", "powdery_rosette"}


def test_pots_with_and_without_a_plant_stand_side_by_side():
    shares = []
    for seed in range(1010, 1022):
        pots = [
            one.role for one in staged("half_planted", seed).instances if one.role in ("plant", "opening")
        ]
        shares.append(pots.count("plant") / len(pots))
    assert 0.3 < np.mean(shares) < 0.85
    assert sum(0 < share < 1 for share in shares) > 9


@pytest.mark.parametrize("kind", ["assorted", "display", "half_planted"])
def test_what_a_picture_shows_of_pots_is_labelled_plant_dead_or_empty(scenes, kind):
    for scene in scenes[kind]:
        seen = [plant for plant in scene.plants if plant.box and plant.occluded_fraction <= 0.75]
        assert len(seen) > 3
        assert len(scene_labels(scene)) == len(seen) + len(scene.empties)


def test_plants_of_low_contrast_come_nearer_to_the_colour_of_their_soil(monkeypatch):
    def differences(share):
        """How far the mean colours of plants and of empty places are apart, a scene that shows both."""
        recipe = replace(RECIPES["low_contrast"], match=(share, share))
        monkeypatch.setitem(RECIPES, "low_contrast", recipe)
        scenes = [evaluate_pattern("low_contrast", seed) for seed in range(1010, 1018)]
        return [
            np.abs(_mean_colour(scene, scene.plants) - _mean_colour(scene, scene.empties)).mean()
            for scene in scenes
            if scene.plants and scene.empties
        ]

    plain, matched = differences(0.0), differences(0.9)
    assert len(plain) > 4
    assert np.mean(matched) < 0.6 * np.mean(plain)


def _mean_colour(scene, things):
    boxes = [np.array(thing.box, dtype=int) for thing in things if thing.box]
    parts = [scene.image[y0 : y1 + 1, x0 : x1 + 1].reshape(-1, 3) for x0, y0, x1, y1 in boxes]
    return np.concatenate(parts).mean(axis=0)


@pytest.mark.parametrize("name", sorted(ASSORTMENT["collection"] | ASSORTMENT["dusky"]))
def test_a_plant_of_a_collection_is_one_plant_with_one_box_of_its_span(name):
    """Clumps, offsets, pads and grafts too: from above, 30 cm are 60 px."""
    split_rng = SplitRng(11, "train")
    stage = SceneGeometry()
    strain = SPECIES[name](split_rng)
    stage.add(strain.plant(np.random.default_rng(5), 30.0, 60.0), stage.add_instance(Instance("plant")))
    scene = render_stage(
        SceneSpec("display", 11, 320, 240),
        split_rng,
        stage,
        Camera(320, 240, 1200.0, 600.0, 0.0),
        drawn_ground(split_rng, 160.0, "table"),
    )
    (plant,) = scene.plants
    x0, y0, x1, y1 = plant.box
    assert 30 < max(x1 - x0, y1 - y0) < 110
    assert plant.occluded_fraction < 0.05


@pytest.mark.parametrize(
    ("build", "distance_cm"),
    [
        pytest.param(lambda split_rng: fixtures.hedge(split_rng, 90, 60), 300.0, id="a hedge"),
        pytest.param(lambda split_rng: fixtures.wall(split_rng, 90, 60), 300.0, id="a wall"),
        pytest.param(lambda split_rng: fixtures.sign(split_rng, 40), 300.0, id="a sign"),
        pytest.param(lambda split_rng: fixtures.bow(split_rng, 40), 300.0, id="a bow"),
        pytest.param(fixtures.hand, 300.0, id="a hand"),
        pytest.param(lambda split_rng: fixtures.seeds(split_rng, np.zeros((4, 3)), 6.0), 20.0, id="seeds"),
    ],
)
def test_what_is_no_plant_is_drawn_and_never_labelled(build, distance_cm):
    split_rng = SplitRng(12, "train")
    camera = Camera(320, 240, 600.0, distance_cm, 0.6)
    ground = drawn_ground(split_rng, 160.0, "table")
    stage = SceneGeometry()
    stage.add(build(split_rng))
    scene = render_stage(SceneSpec("sown", 12, 320, 240), SplitRng(13, "train"), stage, camera, ground)
    bare = render_stage(
        SceneSpec("sown", 12, 320, 240), SplitRng(13, "train"), SceneGeometry(), camera, ground
    )
    assert np.abs(scene.image.astype(int) - bare.image).max() > 30
    assert scene.plants == ()
    assert len(scene_labels(scene)) == 0


def test_smaller_scenes_can_be_asked_for(tmp_path):
    call_command(
        "train", "pictures", scenes=1, first_seed=1000, processes=1, kinds=["sown"], scene_px=[320, 336],
        folder=tmp_path,
    )  # fmt: skip
    (overview,) = (tmp_path / "pictures" / "segmentation" / "images").iterdir()
    assert len(list((tmp_path / "pictures" / "detection" / "images").iterdir())) >= 1
    assert overview.stem == "scene_1000"
    with pytest.raises(CommandError, match="scene-px"):
        call_command("train", "pictures", scenes=1, scene_px=[900, 400], folder=tmp_path)


def test_a_field_of_seedlings_holds_thousands_and_each_has_its_label():
    scene = render_scene(SceneSpec("rows", 1011, 640, 480, plant_px=(5, 8)))
    assert 1000 < len(scene.plants) <= MAX_SEEDLINGS
    assert {plant.container_id for plant in scene.plants} == {None}
    assert scene.empties == ()


def test_pots_on_a_shelf_stand_on_its_steps():
    heights = {
        round(one.place[2], 1)
        for seed in range(1010, 1040)
        for one in staged("display", seed).instances
        if one.role == "plant"
    }
    assert max(heights) > 12, "some stand higher than any pot is tall"
    shelf = Shelf(south=-10.0, deep=5.0, high=8.0, count=3)
    assert [shelf.level(y) for y in (-12.0, -9.0, -4.0, 1.0, 30.0)] == [0.0, 0.0, 8.0, 16.0, 16.0]


def test_strings_never_lie_closer_than_a_plant_between_them_needs():
    spec = SceneSpec("netted", 1010, 480, 360, plant_px=(5, 6))
    stage = lay_out(spec, SplitRng(1010, "train", ALL_KINDS.index("netted")))[0]
    strings = [thing.points for thing in stage.distractors if thing.type == "string"]
    assert len(strings) < 4 * 480 / NARROWEST_NET_PX


def test_no_view_of_a_table_reaches_the_horizon():
    tilts = []
    for seed in range(1010, 1040):
        for width, height in ((480, 360), (360, 480)):
            spec = SceneSpec("display", seed, width, height, plant_px=(30, 60))
            camera = lay_out(spec, SplitRng(seed, "train", ALL_KINDS.index("display")))[1]
            assert camera.ground_at(width / 2, 0.0)[1] > 0
            tilts.append(np.degrees(camera.tilt))
    assert max(tilts) > 45
