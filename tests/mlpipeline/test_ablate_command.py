"""`manage.py ablate`: what it prints and writes, through the real weights."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from mlpipeline.detectors.engines import load_engine, tuned_options
from mlpipeline.imageio import read_rgb
from mlpipeline.photo_counter import count_image
from mlpipeline.training.scenes import SceneSpec, render_scene
from mlpipeline.training.seed_ranges import HELD_OUT_SEEDS
from mlpipeline.vision.rules import Rule


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A scene with its truth, one with a number alone, and a photo that nobody knows the truth of."""
    folder = tmp_path_factory.mktemp("scenes")
    spec = SceneSpec("boxes", HELD_OUT_SEEDS.start + 5, 640, 480, split="held_out")
    path = render_scene(spec).save(folder, "boxes_5")
    path.with_suffix(".txt").unlink()
    (folder / "counted.jpg").write_bytes(path.read_bytes())
    (folder / "truth.json").write_text(json.dumps({"counted": {"true": 30, "group": "eye"}}))
    Image.new("RGB", (64, 48)).save(folder / "unknown.png")
    return folder


@pytest.fixture(scope="module")
def ablated(folder, tmp_path_factory):
    """What the command prints, says on the side, and writes; run twice, the second time from its memory."""
    target = tmp_path_factory.mktemp("out")
    runs = []
    for number in range(2):
        out, err = StringIO(), StringIO()
        file = target / f"{number}.json"
        arguments = ["--cache", str(target / "cache"), "--json", str(file), "--markdown", "--language", "en"]
        call_command("ablate", str(folder), *arguments, stdout=out, stderr=err)
        runs.append((out.getvalue(), err.getvalue(), json.loads(file.read_text())))
    assert runs[0] == runs[1]
    return runs[0]


def test_with_all_rules_a_photo_is_counted_as_ever(folder, ablated):
    engine = load_engine()
    total = count_image(read_rgb(folder / "boxes_5.jpg"), engine, tuned_options(engine)).total
    assert {photo["file"]: photo["whole"]["total"] for photo in ablated[2]} == {
        "boxes_5.jpg": total,
        "counted.jpg": total,
    }


def test_every_rule_is_off_once(ablated):
    assert [set(photo["without"]) for photo in ablated[2]] == [{rule.value for rule in Rule}] * 2
    assert {name for name in Rule if f"| {name.value} |" in ablated[0]} == set(Rule)


def test_a_photo_of_which_only_the_number_is_known_has_no_right_or_wrong_points(ablated):
    scene, counted = ablated[2]
    assert scene["whole"]["true_positives"] > 0
    assert counted["true"] == 30
    assert (counted["whole"]["true_positives"], counted["whole"]["false_positives"]) == (0, 0)


def test_a_photo_without_a_truth_is_named(ablated):
    assert "unknown.png: no truth beside it" in ablated[1]


def test_a_folder_without_photos_is_refused(tmp_path):
    with pytest.raises(CommandError, match=tmp_path.name):
        call_command("ablate", str(tmp_path))
