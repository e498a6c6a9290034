"""The scene renderer: what it promises about its truth."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import piexif
import pytest
from PIL import Image

from mlpipeline.training.scenes import KINDS, ExifFacts, SceneError, SceneSpec, render_scene
from mlpipeline.training.scenes.camera import Camera
from mlpipeline.training.scenes.ground import drawn_ground
from mlpipeline.training.scenes.materials import Material, Pattern
from mlpipeline.training.scenes.primitives import block
from mlpipeline.training.scenes.render import render_stage
from mlpipeline.training.scenes.scene_geometry import Geometry, Instance, SceneGeometry
from mlpipeline.training.scenes.split_rng import SplitRng
from mlpipeline.training.scenes.truth import Buffers, shares_in_picture
from mlpipeline.training.seed_ranges import DEMO_SEEDS, HELD_OUT_SEEDS, TRAINING_SEEDS

GREEN = Material(Pattern.PLAIN, (0.2, 0.6, 0.2), (0.2, 0.6, 0.2), (0.2, 0.6, 0.2))
#: From 100 cm straight above with a focal length of 200 px, 1 cm on the ground is 2 px.
CAMERA = Camera(200, 160, 200.0, 100.0, 0.0)
SMALL = {"width_px": 320, "height_px": 240}


def rendered(stage, camera=CAMERA, supersample=1):
    split_rng = SplitRng(1, "train")
    spec = SceneSpec("open", 1, camera.width_px, camera.height_px, supersample=supersample)
    return render_stage(spec, split_rng, stage, camera, drawn_ground(split_rng, 100.0, "open"))


def sheet(x0, y0, x1, y1, z):
    """A flat thing at the height z (cm)."""
    return block((x0, x1), (y0, y1), (z - 0.001, z), GREEN)


def planted(*sheets):
    """A stage with one plant for each flat thing."""
    stage = SceneGeometry()
    for mesh in sheets:
        stage.add(mesh, stage.add_instance(Instance("plant", None, "test")))
    return stage


@pytest.fixture(scope="module")
def small_scenes():
    return {kind: render_scene(SceneSpec(kind, 1003, **SMALL)) for kind in KINDS}


def test_a_lone_plant_has_the_box_that_perspective_gives_it():
    # 10 x 20 cm on the ground, its corner at the middle of the picture: 20 x 40 px to the right and up.
    scene = rendered(planted(sheet(0, 0, 10, 20, 0.002)))
    (plant,) = scene.plants
    assert plant.box == pytest.approx((100, 40, 120, 80), abs=1)
    assert (plant.x, plant.y) == pytest.approx((110, 60), abs=1)
    assert plant.r == pytest.approx(15, abs=1)
    assert plant.occluded_fraction == 0


def test_a_plant_twice_as_near_spans_twice_as_many_pixels():
    scene = rendered(planted(sheet(0, 0, 10, 10, 50)))
    assert scene.plants[0].box == pytest.approx((100, 40, 140, 80), abs=1)


def test_supersampling_keeps_boxes_in_pixels_of_the_picture():
    scene = rendered(planted(sheet(0, 0, 10, 20, 0.002)), supersample=2)
    assert scene.plants[0].box == pytest.approx((100, 40, 120, 80), abs=0.5)
    assert scene.image.shape == (160, 200, 3)


def test_what_lies_above_hides_its_share_and_cuts_the_box():
    # A board over the right quarter of a plant of 40 x 40 px.
    stage = planted(sheet(0, 0, 20, 20, 0.002))
    stage.add(sheet(15, -5, 30, 25, 0.05))
    (plant,) = rendered(stage).plants
    assert plant.occluded_fraction == pytest.approx(0.25, abs=0.02)
    assert plant.box == pytest.approx((100, 40, 130, 80), abs=1)


def test_a_plant_under_a_board_counts_but_has_no_box():
    stage = planted(sheet(0, 0, 10, 10, 0.002))
    stage.add(sheet(-5, -5, 15, 15, 0.05))
    scene = rendered(stage)
    (plant,) = scene.plants
    assert plant.box is None
    assert plant.occluded_fraction == 1
    assert scene.yolo_lines() == []


@pytest.mark.parametrize(("inside_cm", "counted"), [(4, 1), (3, 0)])
def test_a_plant_counts_when_35_percent_of_it_lie_in_the_picture(inside_cm, counted):
    # The right border lies at x = 50 cm; the plant is 10 cm long.
    scene = rendered(planted(sheet(50 - inside_cm, 0, 60 - inside_cm, 10, 0.002)))
    assert len(scene.plants) == counted


def test_a_plant_cut_by_the_border_is_not_called_hidden():
    scene = rendered(planted(sheet(45, 0, 55, 10, 0.002)))
    assert scene.plants[0].occluded_fraction == 0
    assert scene.plants[0].box[2] == 200


def test_equal_specs_give_equal_pictures_and_truths(small_scenes):
    again = render_scene(SceneSpec("mixed", 1003, **SMALL, threads=2))
    assert np.array_equal(again.image, small_scenes["mixed"].image)
    assert again.truth() == small_scenes["mixed"].truth()


def test_another_seed_gives_another_picture(small_scenes):
    other = render_scene(SceneSpec("mixed", 1004, **SMALL))
    assert not np.array_equal(other.image, small_scenes["mixed"].image)


def test_held_out_scenes_draw_other_traits_than_training_scenes():
    def strata(split):
        split_rng = SplitRng(7, split)
        return {int(split_rng.between(0, 8)) for _ in range(400)}

    assert strata("train") == {0, 1, 2, 4, 5, 7}
    assert strata("held_out") == {3, 6}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_a_picture_whose_labels_lie_in_it(small_scenes, kind):
    scene = small_scenes[kind]
    assert scene.image.shape == (240, 320, 3)
    assert scene.image.dtype == np.uint8
    assert scene.image.std() > 5
    boxes = [plant.box for plant in scene.plants if plant.box] + [place.box for place in scene.empties]
    boxes = np.array(boxes, dtype=float).reshape(-1, 4)
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2] <= 320).all()
    assert (boxes[:, 3] <= 240).all()
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    corners = np.array([corner for found in scene.containers for corner in found.polygon]).reshape(-1, 2)
    assert ((corners >= 0) & (corners <= (320, 240))).all()


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        ("dense", {"segment"}),
        ("easy", {"segment"}),
        ("boxes", {"box"}),
        ("plugs", {"plug"}),
        ("flats", {"plug"}),
        ("open", set()),
    ],
)
def test_a_kind_of_scene_has_its_kind_of_container(small_scenes, kind, types):
    assert {found.type for found in small_scenes[kind].containers} == types


def test_plants_outside_any_container_say_so(small_scenes):
    plants = small_scenes["open"].plants
    assert len(plants) > 0
    assert {plant.container_id for plant in plants} == {None}


def test_an_empty_scene_has_no_plants_and_all_its_places_empty(small_scenes):
    scene = small_scenes["empty"]
    assert scene.plants == ()
    assert len(scene.containers) > 0
    assert all(found.empty_cells == found.capacity for found in scene.containers)
    assert len(scene.empties) > 0


def test_plants_have_about_the_span_that_was_asked_for():
    scene = render_scene(SceneSpec("easy", 1005, 800, 600, plant_px=(40, 60)))
    spans = [2 * plant.r for plant in scene.plants if plant.box and plant.occluded_fraction < 0.1]
    assert len(spans) > 10
    assert 20 < np.median(spans) < 90


def test_a_saved_scene_is_a_jpeg_with_exif_its_truth_and_its_labels(small_scenes, tmp_path):
    scene = small_scenes["boxes"]
    facts = ExifFacts(
        datetime(2026, 3, 9, 17, 13, 3, tzinfo=UTC),
        "Apple",
        "iPhone 13",
        1,
        -33.0412345,
        -68.7039876,
        error_m=4.5,
    )
    path = scene.save(tmp_path, "photo", facts)
    with Image.open(path) as picture:
        assert picture.size == (320, 240)
        tags = piexif.load(picture.info["exif"])
    assert tags["0th"][piexif.ImageIFD.Model] == b"iPhone 13"
    assert tags["Exif"][piexif.ExifIFD.DateTimeOriginal] == b"2026:03:09 17:13:03"
    assert tags["GPS"][piexif.GPSIFD.GPSLatitudeRef] == b"S"
    # 33.0412345 degrees are 33 degrees, 2 minutes and 28.4442 seconds.
    assert tags["GPS"][piexif.GPSIFD.GPSLatitude] == ((33, 1), (2, 1), (284442, 10000))
    assert tags["GPS"][piexif.GPSIFD.GPSHPositioningError] == (450, 100)
    truth = json.loads((tmp_path / "photo.json").read_text())
    assert truth["total"] == len(truth["plants"]) == len(scene.plants)
    assert set(truth["plants"][0]) == {
        "x", "y", "r", "box", "container_id", "occluded_fraction", "species", "alive",
    }  # fmt: skip
    assert set(truth["containers"][0]) == {"id", "type", "polygon", "capacity", "empty_cells"}
    lines = (tmp_path / "photo.txt").read_text().splitlines()
    assert len(lines) == sum(plant.box is not None for plant in scene.plants)
    shares = np.array([[float(number) for number in line.split()[1:]] for line in lines])
    assert {line.split()[0] for line in lines} == {"0"}
    assert ((shares > 0) & (shares < 1)).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "jungle"},
        {"width_px": 10},
        {"supersample": 0},
        {"threads": 0},
        {"plant_px": (60, 40)},
    ],
)
def test_an_impossible_scene_is_refused(wrong):
    with pytest.raises(SceneError):
        SceneSpec(**({"kind": "mixed", "seed": 1} | wrong))


def test_training_held_out_and_demo_seeds_are_disjoint():
    assert not set(TRAINING_SEEDS) & set(HELD_OUT_SEEDS)
    assert not DEMO_SEEDS & set(TRAINING_SEEDS)
    assert not DEMO_SEEDS & set(HELD_OUT_SEEDS)


def test_the_renderer_needs_neither_django_nor_torch():
    code = (
        "import sys, mlpipeline.training.scenes\n"
        "print([name for name in ('django', 'torch', 'celery') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("side", [400.0, 1e6])
def test_the_share_of_an_outline_in_the_picture_needs_no_canvas_of_its_size(side: float) -> None:
    """A plant that nearly touches the camera spans a million px: its outline would fill hundreds of gigabytes."""
    corners = np.array([[0, 0], [side, 0], [0, side], [side, side]], dtype=np.float32) - 100
    faces = np.array([[0, 1, 2], [1, 3, 2]], dtype=np.int32)
    geometry = Geometry(
        vertices=np.zeros((4, 3), np.float32),
        uv=np.zeros((4, 2), np.float32),
        faces=faces,
        face_material=np.zeros(2, np.int32),
        face_instance=np.zeros(2, np.int32),
        materials=np.zeros((1, 1), np.float32),
    )
    in_picture = np.array([100 * 100], dtype=np.int32)
    buffers = Buffers(
        own=in_picture,
        seen=in_picture,
        boxes=np.zeros((1, 4), np.int32),
        x=corners[:, 0].copy(),
        y=corners[:, 1].copy(),
        near=np.ones(4, np.float32),
    )
    share = shares_in_picture(geometry, buffers, [0], 100, 100)[0]
    assert share == pytest.approx(100 * 100 / side**2, rel=0.05)
