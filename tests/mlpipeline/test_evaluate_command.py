"""`manage.py evaluate`: what it prints and writes, and that one bad photo does not stop the others."""

import json
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from mlpipeline.detectors.manifest import read_manifest
from mlpipeline.management.commands import evaluate
from mlpipeline.services.count_settings import count_options
from mlpipeline.training.scenes import SceneSpec, render_scene
from mlpipeline.training.seed_ranges import HELD_OUT_SEEDS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A scene with its truth, a photo that nobody knows the truth of, and a file that is no picture."""
    folder = tmp_path_factory.mktemp("scenes")
    spec = SceneSpec("easy", HELD_OUT_SEEDS.start + 5, 640, 480, split="held_out", plant_px=(40, 60))
    render_scene(spec).save(folder, "easy_5")
    Image.new("RGB", (64, 48)).save(folder / "unknown.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 this is no picture")
    return folder


@pytest.fixture(scope="module")
def evaluated(folder, tmp_path_factory):
    """What the command prints, says on the side, and writes."""
    target = tmp_path_factory.mktemp("out")
    out, err = StringIO(), StringIO()
    arguments = ["--report", str(target / "out.html"), "--json", str(target / "out.json"), "--language", "en"]
    call_command("evaluate", str(folder), *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue(), json.loads((target / "out.json").read_text()), target / "out.html"


def test_the_photo_with_a_truth_is_measured_in_every_way(evaluated):
    (photo,) = evaluated[2]["photos"]
    assert photo["file"] == "easy_5.jpg"
    assert photo["true"] > 0
    assert {"detections", "bands", "ours", "sahi"} <= set(photo)
    found = photo["ours"]
    assert found["true_positives"] + found["false_negatives"] <= photo["true"]
    assert photo["interval"][0] <= found["total"] <= photo["interval"][1]


def test_photos_that_cannot_be_measured_are_named_and_the_others_go_on(evaluated):
    out, err, written, _ = evaluated
    assert [failure["file"] for failure in written["failures"]] == ["broken.jpg", "unknown.png"]
    assert "broken.jpg" in err
    assert "broken.jpg" not in out


def test_the_tables_are_printed_and_the_page_is_written(evaluated):
    out, _, _, page = evaluated
    assert "Counts beside the truth" in out
    assert "SAHI" in out
    assert page.read_text().startswith("<!doctype html>")


def test_the_estimators_are_measured_with_detections_taken_away_and_without_a_network(folder):
    out = StringIO()
    arguments = ["--drop", "0.2", "--perfect", "--markdown", "--language", "en"]
    call_command("evaluate", str(folder), *arguments, stdout=out, stderr=StringIO())
    assert "### Detections taken away at random" in out.getvalue()
    assert "| easy |" in out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--drop", "1.0"], "--drop", id="everything taken away"),
        pytest.param(["--model", "nowhere.pt"], "nowhere.pt", id="weights that are not there"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_words(folder, arguments, message):
    with pytest.raises(CommandError, match=message):
        call_command("evaluate", str(folder), *arguments, "--language", "en", stderr=StringIO())


def test_a_folder_without_photos_is_refused(tmp_path):
    with pytest.raises(CommandError, match=tmp_path.name):
        call_command("evaluate", str(tmp_path))


@pytest.fixture
def engine(monkeypatch):
    """The shipped weights, of which no network is loaded."""
    made = SimpleNamespace(weights=tuple(read_manifest().values()), prefers_batches=False)
    monkeypatch.setattr(evaluate, "load_engine", lambda name: made)
    return made


def test_photos_are_measured_as_this_installation_counts_them(settings, engine):
    settings.COUNT_BORDER_SHARE = 0.5
    setup = evaluate._setup({"model": None, "engine": "auto", "no_sahi": True})
    assert (setup.options, setup.options.border_share) == (count_options(engine), 0.5)


def test_settings_that_are_not_the_usual_ones_are_named_below_the_tables(settings, folder):
    arguments = ["--drop", "0.2", "--perfect", "--language", "en"]
    signed = []
    for share in (0.25, 0.5):
        settings.COUNT_BORDER_SHARE = share
        out = StringIO()
        call_command("evaluate", str(folder), *arguments, stdout=out, stderr=StringIO())
        signed.append(out.getvalue().strip().splitlines()[-1])
    assert "COUNT_BORDER_SHARE" not in signed[0]
    assert signed[1].endswith("; COUNT_BORDER_SHARE=0.5.")


def test_with_a_wrong_setting_nothing_is_measured(settings, engine, folder):
    settings.COUNT_BORDER_SHARE = 25.0
    for arguments in (["--no-sahi"], ["--drop", "0.2", "--perfect"]):
        with pytest.raises(CommandError, match="25"):
            call_command("evaluate", str(folder), *arguments, "--language", "en", stderr=StringIO())
