"""`manage.py count`: what it prints, and that one bad photo does not stop the others."""

import json
from io import StringIO
from types import SimpleNamespace

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import translation
from PIL import Image

from inventory.choices import BinCategory
from inventory.models import StorageBinType
from mlpipeline import photo_counter
from mlpipeline.management.commands import count as count_command
from mlpipeline.photo_counter import SECONDS
from mlpipeline.training.scenes import SceneSpec, render_scene
from mlpipeline.training.seed_ranges import HELD_OUT_SEEDS
from mlpipeline.vision import pipeline
from mlpipeline.vision.results import PhotoCount
from tests.inventory.factories import StorageLocationConfigFactory


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    scene = render_scene(
        SceneSpec("easy", HELD_OUT_SEEDS.start + 5, 640, 480, split="held_out", plant_px=(40, 60))
    )
    path = folder / "scene.png"
    Image.fromarray(scene.image).save(path)
    return path


def counted(*arguments):
    out = StringIO()
    call_command("count", *map(str, arguments), stdout=out, stderr=StringIO())
    return out.getvalue()


def test_a_photo_is_one_line_of_json_with_everything_in_it(photo):
    (line,) = counted(photo, "--json").splitlines()
    count = json.loads(line)
    assert list(count) == [
        "file", "width", "height", "containers", "detected", "estimated", "dead", "total", "interval",
        "reasons", "points", "warnings", "seconds", "engine",
    ]  # fmt: skip
    assert count["file"] == str(photo)
    assert (count["width"], count["height"]) == (640, 480)
    assert len(count["containers"]) >= 1
    assert {frozenset(part) for part in count["containers"]} == {
        frozenset({"type", "polygon", "detected", "estimated", "empty"})
    }
    assert count["total"] == count["detected"] + count["estimated"]
    assert count["detected"] == len(count["points"])
    low, high = count["interval"]
    assert low <= count["total"] <= high
    assert list(count["seconds"]) == list(SECONDS)


def test_a_bad_photo_is_an_error_line_and_the_others_are_still_counted(photo, tmp_path, capsys):
    bad, missing = tmp_path / "bad.jpg", tmp_path / "missing.jpg"
    bad.write_bytes(b"\xff\xd8\xff\xe0 this is no picture")
    out = StringIO()
    with translation.override("en"), pytest.raises(SystemExit) as ended:
        call_command("count", str(bad), str(missing), str(photo), "--json", stdout=out, stderr=StringIO())
    assert ended.value.code == 1
    first, second, third = map(json.loads, out.getvalue().splitlines())
    assert first["error"]["code"] == "unreadable_image"
    assert second["error"] == {"code": "unreadable_file", "message": "There is no such file."}
    assert "error" not in third
    assert capsys.readouterr().out == "", "nothing but the counts is printed"


def test_without_json_a_table_is_printed(photo):
    lines = counted(photo).splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("scene.png")


def test_a_drawing_has_the_size_of_the_photo(photo, tmp_path):
    counted(photo, "--draw", tmp_path / "drawn")
    with Image.open(tmp_path / "drawn" / "scene_counted.jpg") as drawing:
        assert drawing.size == (640, 480)


def test_the_reference_engine_counts_too_and_leaves_the_guard_against_bombs(photo):
    limit = Image.MAX_IMAGE_PIXELS
    count = json.loads(counted(photo, "--json", "--engine", "sahi"))
    assert count["detected"] == len(count["points"])
    assert limit is not None
    assert limit == Image.MAX_IMAGE_PIXELS


@pytest.mark.django_db
def test_a_photo_is_counted_as_at_a_place_by_its_code(photo, monkeypatch):
    """The estimate stage is told what this very place is configured for; without a code it is told nothing."""
    config = StorageLocationConfigFactory(storage_location__area_m2=12.0)
    StorageBinType.objects.filter(category=BinCategory.BOX).update(capacity=10)
    told = []

    def count_photo(*args):
        told.append(args[4])
        return pipeline.count_photo(*args)

    monkeypatch.setattr(photo_counter, "count_photo", count_photo)
    here, anywhere = (
        json.loads(counted(photo, "--json", *location))
        for location in (["--location", config.storage_location.code], [])
    )
    assert [dict(priors.max_plants).get("box") for priors in told] == [10, None]
    assert here["total"] == anywhere["total"], "the scene is a bed of plants: no capacity limits it"


@pytest.mark.django_db
def test_a_code_that_no_place_has_is_refused(photo):
    with translation.override("en"), pytest.raises(CommandError, match="no place with the code NOWHERE"):
        counted(photo, "--location", "NOWHERE")


def test_without_an_engine_named_the_one_of_the_installation_counts(settings):
    settings.COUNT_ENGINE = "torch"
    parser = count_command.Command().create_parser("manage.py", "count")
    assert parser.parse_args(["a.jpg"]).engine == "torch"
    assert parser.parse_args(["a.jpg", "--engine", "sahi"]).engine == "sahi"


def test_photos_of_one_name_are_drawn_to_files_of_their_own(tmp_path, monkeypatch):
    def count_file(path, *_rest):
        picture = np.full((64, 64, 3), 250 if path.parent.name == "bright" else 0, np.uint8)
        return picture, PhotoCount(64, 64, (), seconds={"total": 0.0})

    monkeypatch.setattr(count_command, "count_file", count_file)
    monkeypatch.setattr(count_command, "load_engine", lambda name: SimpleNamespace(name=name))
    monkeypatch.setattr(count_command, "count_options", lambda engine: None)
    monkeypatch.setattr(count_command, "draw_count", lambda image, count, texts: image)
    folder = tmp_path / "drawn"
    counted("dark/1.jpg", "bright/1.png", "--draw", folder)
    drawn = {path.name: Image.open(path).getpixel((0, 0))[0] for path in folder.iterdir()}
    assert set(drawn) == {"1_counted.jpg", "1_counted_2.jpg"}
    assert drawn["1_counted.jpg"] < 10
    assert drawn["1_counted_2.jpg"] > 240
