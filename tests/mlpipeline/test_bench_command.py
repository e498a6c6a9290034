"""`manage.py bench` on a small scene: both ways count it, and one JSON object says how they did."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from mlpipeline.training.scenes import SceneSpec, render_scene
from mlpipeline.training.seed_ranges import HELD_OUT_SEEDS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    spec = SceneSpec("easy", HELD_OUT_SEEDS.start + 5, 640, 480, split="held_out", plant_px=(40, 60))
    render_scene(spec).save(folder, "scene")
    return folder


def bench(*arguments):
    out = StringIO()
    call_command("bench", *map(str, arguments), stdout=out, stderr=StringIO())
    return out.getvalue()


def test_a_scene_is_counted_by_both_and_compared_with_its_truth(folder):
    found = json.loads(bench("--photos", folder, "--engines", "torch", "--repeat", "1", "--json"))
    (photo,) = found["photos"]
    true = len(json.loads((folder / "scene.json").read_text())["plants"])
    assert photo["file"].endswith("scene.jpg")
    assert photo["true"] == true > 0
    assert photo["ours"]["recall"] > 0.5
    assert photo["sahi"]["recall"] > 0.5
    assert photo["ours_s"] > 0
    assert photo["ratio"] == pytest.approx(photo["sahi_s"] / photo["ours_s"], rel=0.05)
    assert found["least"] == photo["ratio"]
    assert 0 < photo["stages"]["model"] < photo["stages"]["total"]
    assert list(photo["engines"]) == ["torch"]


def test_a_folder_without_photos_is_told(tmp_path):
    with pytest.raises(CommandError):
        bench("--photos", tmp_path / "none")


def test_no_round_is_no_benchmark(folder):
    with pytest.raises(CommandError):
        bench("--photos", folder, "--repeat", "0")
