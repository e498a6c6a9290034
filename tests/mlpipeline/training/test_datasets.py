"""Training sets: right labels on disk, and nothing in them that weights are measured on."""

import numpy as np
import pytest
from PIL import Image

from mlpipeline.training.datasets import (
    DETECTION,
    KIND_SHARES,
    SEGMENTATION,
    DatasetRecipe,
    DatasetWriter,
    ForbiddenSeed,
    scene_spec,
)
from mlpipeline.training.labels import read_boxes
from mlpipeline.training.oilpalm_dataset import list_tiles
from mlpipeline.training.scenes import SceneSpec, render_scene
from mlpipeline.training.seed_ranges import DEMO_SEEDS, HELD_OUT_SEEDS, TRAINING_SEEDS

SMALL = DatasetRecipe(tile_px=128, plant_px=(14.0, 40.0), tiles_per_scene=3, overview_px=160)


@pytest.fixture
def writer(tmp_path):
    return DatasetWriter(tmp_path / "set", SMALL)


@pytest.fixture
def palms(tmp_path):
    """A folder of oil-palm tiles left of, across and right of the line at x = 5120."""
    folder = tmp_path / "oilpalm"
    for name in ("tile_0_384", "tile_4608_0", "tile_4992_1152", "tile_5120_0", "tile_6656_4963"):
        for part in ("images", "labels"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (512, 512), "green").save(folder / "images" / f"{name}.jpg")
        (folder / "labels" / f"{name}.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    return folder


def test_a_scene_becomes_tiles_and_an_overview_with_its_labels(writer):
    scene = render_scene(SceneSpec("boxes", TRAINING_SEEDS.start, 320, 240, plant_px=(20, 34)))
    assert not writer.has_scene(scene.spec.seed)
    writer.add_scene(scene)
    assert writer.has_scene(scene.spec.seed)
    (overview,) = writer.pictures(SEGMENTATION)
    with Image.open(overview) as picture:
        assert picture.size == (160, 120)
    outlines = (writer.folder / SEGMENTATION / "labels" / f"{overview.stem}.txt").read_text().splitlines()
    assert len(outlines) == len(scene.containers) > 0
    tiles = writer.pictures(DETECTION)
    assert 2 <= len(tiles) <= 3
    boxes = [
        read_boxes((writer.folder / DETECTION / "labels" / f"{tile.stem}.txt").read_text(), 128, 128)[0]
        for tile in tiles
    ]
    together = np.concatenate(boxes)
    assert len(together) > 0
    assert together.min() >= -0.01
    assert together.max() <= 128.01


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(min(DEMO_SEEDS), id="a demo scene"),
        pytest.param(max(DEMO_SEEDS), id="the last demo scene"),
        pytest.param(HELD_OUT_SEEDS.start, id="a held-out scene"),
        pytest.param(TRAINING_SEEDS.stop, id="the first seed after the training's"),
    ],
)
def test_scenes_that_weights_are_measured_on_are_refused(writer, seed):
    with pytest.raises(ForbiddenSeed):
        list(writer.add_scenes([seed]))
    with pytest.raises(ForbiddenSeed):
        writer.add_scene(render_scene(SceneSpec("easy", seed, 96, 96)))
    assert writer.pictures(DETECTION) == writer.pictures(SEGMENTATION) == []


def test_a_seed_always_asks_for_the_same_scene_and_seeds_for_many_kinds():
    recipe = DatasetRecipe()
    assert scene_spec(1234, recipe) == scene_spec(1234, recipe)
    assert {scene_spec(seed, recipe).kind for seed in range(1000, 1400)} == set(KIND_SHARES)


def test_only_the_kinds_that_were_asked_for_are_rendered_also_as_close_ups():
    seeds = range(TRAINING_SEEDS.start, TRAINING_SEEDS.start + 60)
    near = DatasetRecipe(kinds={"empty": 1.0, "tiny": 1.0}, close_ups=True)
    assert {scene_spec(seed, near).kind for seed in seeds} == {"empty", "tiny"}
    usual = {scene_spec(seed, DatasetRecipe(close_ups=True)).kind for seed in seeds}
    assert not usual & {"empty", "tiny"}


def test_training_scenes_never_use_the_held_out_look():
    assert {scene_spec(seed, DatasetRecipe()).split for seed in range(1000, 1050)} == {"train"}


def test_oil_palms_are_split_by_where_they_lie_and_those_across_the_line_are_dropped(palms):
    assert [tile.picture.stem for tile in list_tiles(palms, "train")] == ["tile_0_384", "tile_4608_0"]
    assert [tile.picture.stem for tile in list_tiles(palms, "held_out")] == ["tile_5120_0", "tile_6656_4963"]


def test_oil_palms_of_the_training_ground_are_copied_with_their_labels(writer, palms):
    assert writer.add_oil_palms(list_tiles(palms, "train")) == 2
    assert [path.stem for path in writer.pictures(DETECTION)] == ["oilpalm_tile_0_384", "oilpalm_tile_4608_0"]
    labels = writer.folder / DETECTION / "labels" / "oilpalm_tile_0_384.txt"
    assert labels.read_text() == "0 0.5 0.5 0.1 0.1\n"


def test_held_out_oil_palms_are_refused(writer, palms):
    with pytest.raises(ForbiddenSeed):
        writer.add_oil_palms(list_tiles(palms, "held_out"))
    assert writer.pictures(DETECTION) == []


def test_a_missing_folder_of_oil_palms_holds_none(tmp_path):
    assert list_tiles(tmp_path / "nowhere", "train") == []
