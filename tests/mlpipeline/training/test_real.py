"""Real pictures: split by their source, mixed in by weight, and never without labels and a licence."""

from collections import Counter

import pytest
import torch
from django.core.management import call_command
from django.core.management.base import CommandError
from PIL import Image

from mlpipeline.training.real import (
    HELD_OUT,
    SET_WEIGHTS,
    TRAIN,
    UnusableRealSet,
    read_sets,
    sampled,
    split_set,
)
from mlpipeline.training.scenes import SceneSpec, render_scene
from mlpipeline.training.seed_ranges import TRAINING_SEEDS
from mlpipeline.training.training_job import CHECKPOINT, TrainingJob, gather_pictures, train

PLANT = "0 0.5 0.5 0.25 0.25\n"


def make_set(folder, name, stems, labels=PLANT):
    """A set of small grey pictures, each with the same labels."""
    for part in ("images", "labels"):
        (folder / name / part).mkdir(parents=True, exist_ok=True)
    (folder / name / "SOURCE.txt").write_text("Licence: CC0.\n")
    for stem in stems:
        Image.new("RGB", (64, 64), "grey").save(folder / name / "images" / f"{stem}.jpg")
        (folder / name / "labels" / f"{stem}.txt").write_text(labels)
    return folder


@pytest.fixture
def real(tmp_path):
    """A walk of 40 pictures, three videos without plants, and rows with weeds."""
    folder = make_set(tmp_path / "real", "oilpalm_lampung", [f"walk_{number:03}" for number in range(40)])
    make_set(folder, "pots_grey_maejo", [f"{video}_{number}" for video in "abc" for number in range(5)], "")
    return make_set(folder, "cauliflower_cwf788", [f"row_{number}" for number in range(30)])


def job_with_a_scene(folder, **options):
    job = TrainingJob("detection", folder, minutes=0.005, image_px=64, **options)
    seed = TRAINING_SEEDS.start
    job.writer.add_scene(render_scene(SceneSpec("easy", seed, 128, 128, plant_px=(16, 24))))
    return job


def stems(pictures):
    return [picture.picture.stem for picture in pictures]


def test_whole_series_are_held_out_where_a_set_has_several(real):
    pots = read_sets(real)["pots_grey_maejo"]
    assert {picture.series for picture in split_set(pots, TRAIN)} == {"a_", "b_"}
    assert {picture.series for picture in split_set(pots, HELD_OUT)} == {"c_"}


def test_the_end_of_a_single_series_is_held_out_and_its_neighbours_are_dropped(real):
    walk = read_sets(real)["oilpalm_lampung"]
    assert stems(split_set(walk, TRAIN)) == [f"walk_{number:03}" for number in range(28)]
    assert stems(split_set(walk, HELD_OUT)) == [f"walk_{number:03}" for number in range(32, 40)]


def test_nothing_is_held_out_of_a_set_that_shows_the_same_plants_again(tmp_path):
    folder = make_set(tmp_path / "real", "aarhus_seedlings", [f"grid_{number}" for number in range(10)])
    grids = read_sets(folder)["aarhus_seedlings"]
    assert (len(split_set(grids, TRAIN)), split_set(grids, HELD_OUT)) == (10, [])


def test_pictures_follow_their_numbers_and_not_the_letters_of_their_names(real):
    row = read_sets(real)["cauliflower_cwf788"]
    assert stems(row)[:3] == ["row_0", "row_1", "row_2"]
    assert stems(split_set(row, HELD_OUT))[0] == "row_24"


def test_an_epoch_shows_each_set_by_its_weight_and_small_sets_several_times(tmp_path):
    sets = {"aarhus_seedlings": [tmp_path / "a"] * 40, "cauliflower_cwf788": [tmp_path / "c"] * 3, "new": []}
    shown = Counter(path.name for path in sampled(sets, 70))
    assert shown == {"a": 60, "c": 10}


def test_rows_with_unlabelled_weeds_stay_below_a_tenth_of_the_real_pictures():
    assert SET_WEIGHTS["cauliflower_cwf788"] / sum(SET_WEIGHTS.values()) < 0.1


def test_training_pictures_hold_their_share_of_real_ones_and_none_that_are_held_out(real, tmp_path):
    job = job_with_a_scene(tmp_path / "training", real=real, real_share=0.5)
    rendered = job.writer.pictures("detection")
    shown = gather_pictures(job)[len(rendered) :]
    assert len(shown) == pytest.approx(len(rendered), abs=2)
    held_out = {path.name for path in (job.writer.folder / "real_held_out" / "images").iterdir()}
    assert "pots_grey_maejo__c_0.jpg" in held_out
    assert not held_out & {path.name for path in shown}
    assert all((path.parent.parent / "labels" / f"{path.stem}.txt").is_file() for path in shown)


def test_outlines_are_trained_without_real_pictures(real, tmp_path):
    job_with_a_scene(tmp_path / "training")
    job = TrainingJob("segmentation", tmp_path / "training", minutes=0.005, real=real)
    assert gather_pictures(job) == job.writer.pictures("segmentation")


def test_a_training_goes_through_real_pictures_and_leaves_their_folder_as_it_was(real, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in real.rglob("*")}
    job = job_with_a_scene(tmp_path / "training", real=real, real_share=0.8)
    (last,) = list(train(job))[-1:]
    assert last["progress"] >= 1
    assert {path: path.stat().st_mtime_ns for path in real.rglob("*")} == before
    begun = torch.load(job.run_folder / CHECKPOINT, weights_only=True)["weights"]
    assert all(torch.isfinite(value).all() for value in begun.values())


def test_default_weights_are_a_start_as_a_checkpoint_is(tmp_path):
    job = job_with_a_scene(tmp_path / "training")
    list(train(job))
    saved = torch.load(job.run_folder / CHECKPOINT, weights_only=True)["weights"]
    halves = {name: value.half() if value.is_floating_point() else value for name, value in saved.items()}
    torch.save({"weights": halves, "classes": ["plant", "dead", "empty"]}, tmp_path / "default.pt")
    again = job_with_a_scene(tmp_path / "again", start=tmp_path / "default.pt", learning_rate=0.0)
    list(train(again))
    kept = torch.load(again.run_folder / CHECKPOINT, weights_only=True)["weights"]
    name = "model.0.conv.weight"
    assert torch.equal(kept[name], halves[name].float())


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        pytest.param(
            lambda one: (one / "SOURCE.txt").unlink(), "SOURCE.txt", id="nobody says whose pictures they are"
        ),
        pytest.param(
            lambda one: (one / "labels" / "a_0.txt").unlink(), "is missing", id="a picture without labels"
        ),
        pytest.param(
            lambda one: (one / "labels" / "a_0.txt").write_text("0 0.5 0.5"), "class cx cy w h", id="a short line"
        ),
        pytest.param(
            lambda one: (one / "labels" / "a_0.txt").write_text("7 0.5 0.5 0.1 0.1"),
            "classes are 0 to 2",
            id="an unknown class",
        ),
    ],
)  # fmt: skip
def test_a_set_that_cannot_be_trusted_is_refused_with_the_file_named(real, tmp_path, harm, said):
    harm(real / "pots_grey_maejo")
    with pytest.raises(UnusableRealSet, match=said):
        read_sets(real)


def test_a_missing_folder_of_real_pictures_holds_no_sets_but_one_asked_for_must_be_there(tmp_path):
    assert read_sets(tmp_path / "nowhere") == {}
    with pytest.raises(CommandError, match="nowhere"):
        call_command("train", "detection", scenes=0, real=tmp_path / "nowhere", folder=tmp_path)


def test_the_command_says_which_set_is_unusable(real, tmp_path):
    job_with_a_scene(tmp_path / "training")
    (real / "pots_grey_maejo" / "SOURCE.txt").unlink()
    with pytest.raises(CommandError, match="pots_grey_maejo"):
        call_command("train", "detection", scenes=0, minutes=0.005, real=real, folder=tmp_path / "training")
