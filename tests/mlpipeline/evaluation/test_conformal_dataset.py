"""The scenes that intervals are fitted on."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from mlpipeline.detectors.manifest import read_manifest
from mlpipeline.evaluation import conformal_dataset
from mlpipeline.evaluation.conformal_dataset import (
    SmallScene,
    count_scene,
    degraded,
    examples_of,
    read_counted,
    real_photos,
    small_scenes,
)
from mlpipeline.training.scenes import ALL_KINDS
from mlpipeline.training.seed_ranges import HELD_OUT_SEEDS
from mlpipeline.vision.pipeline import count_photo
from mlpipeline.vision.results import Container, Detections, PhotoCount
from mlpipeline.vision.uncertainty.score_calibration import ScoreCalibrator


def test_every_kind_is_fitted_on_and_tested_on_as_often():
    scenes = [scene for scene in small_scenes(8 * len(ALL_KINDS)) if not scene.degradation]
    for kind in ALL_KINDS:
        own = [scene.is_for_test for scene in scenes if scene.kind == kind]
        assert (own.count(True), own.count(False)) == (4, 4)


def test_all_degradations_are_met_on_both_halves():
    bad = [scene for scene in small_scenes(400) if scene.degradation]
    assert len({(scene.degradation, scene.is_for_test) for scene in bad}) == 6
    assert len({scene.kind for scene in bad}) == len(ALL_KINDS)


def test_seeds_are_held_out_and_each_scene_is_another():
    specs = [SmallScene(place).spec for place in range(1000)]
    assert {spec.seed in HELD_OUT_SEEDS for spec in specs} == {True}
    assert len({spec.seed for spec in specs}) == 1000
    assert {spec.split for spec in specs} == {"held_out"}
    assert max(spec.width_px for spec in specs) <= 1024


@pytest.mark.parametrize(
    ("degradation", "check"),
    [
        pytest.param("", np.array_equal, id="as it is"),
        pytest.param("dark", lambda before, after: after.mean() < 0.4 * before.mean(), id="dark"),
        pytest.param("glare", lambda before, after: (after == 255).mean() > 0.1, id="glare"),
        pytest.param("blur", lambda before, after: after.std() < 0.8 * before.std(), id="blur"),
    ],
)
def test_pictures_are_degraded(degradation, check):
    pixels = np.random.default_rng(1).integers(40, 200, (60, 80, 3), dtype=np.uint8)
    assert check(pixels, degraded(Image.fromarray(pixels), SmallScene(3, degradation)))


class OneBed:
    """Sees the whole picture as a bed."""

    def segment(self, image):
        height, width = image.shape[:2]
        return [Container("segment", np.array([[0, 0], [width, 0], [width, height], [0, height]]), 0.9)]


def test_a_scene_is_counted_once_and_read_back_as_it_was(tmp_path, monkeypatch):
    calls = []

    class Three:
        """Sees a plant, a dead one and an empty pot."""

        def detect_image(self, image, min_score):
            boxes = np.array([[5.0, 5, 25, 25], [40, 5, 60, 25], [80, 5, 100, 25]])
            return Detections(boxes, np.array([0.9, 0.6, 0.5]), np.array([0, 1, 2]))

    def count_image(image, engine, options):
        calls.append(image.shape)
        counted = count_photo(image, OneBed(), Three(), options)
        return replace(counted, containers=(replace(counted.containers[0], capacity=4),))

    monkeypatch.setattr(conformal_dataset, "count_image", count_image)
    scene = SmallScene(ALL_KINDS.index("flats"))

    path = count_scene(scene, tmp_path, "auto")
    assert count_scene(scene, tmp_path, "auto") == path
    counted = read_counted(scene, path)

    width, height = scene.spec.width_px, scene.spec.height_px
    assert calls == [(height, width, 3)]
    assert (counted.count.width, counted.count.height) == (width, height)
    assert (counted.count.detected, counted.count.dead, counted.count.empty) == (2, 1, 1)
    assert counted.count.containers[0].capacity == 4, "it caps the interval, as in the product"
    assert counted.true > 0
    assert len(counted.is_right) == 3
    assert not counted.is_right[2], "an empty pot is no plant"
    measured = counted.measured(ScoreCalibrator())
    assert (measured.kind, measured.total, measured.is_degraded) == ("flats", counted.count.total, False)
    assert {name: len(known[0]) for name, known in examples_of([counted]).items()} == {"plant": 1, "dead": 1}
    assert list(tmp_path.rglob("*.part")) == []


@pytest.fixture
def sets(tmp_path):
    """Two sets of real pictures, one of two series, and one whose labels lack plants."""
    for name, stems in {
        "beds": [f"north_{n:02d}" for n in range(20)],
        "pots": [f"{series}_{n}" for series in "abcdefghij" for n in range(4)],
        "cauliflower_cwf788": [f"walk_{n:02d}" for n in range(20)],
    }.items():
        for part in ("images", "labels"):
            (tmp_path / name / part).mkdir(parents=True)
        (tmp_path / name / "SOURCE.txt").write_text("ours")
        for stem in stems:
            Image.new("RGB", (64, 48)).save(tmp_path / name / "images" / f"{stem}.jpg")
            (tmp_path / name / "labels" / f"{stem}.txt").write_text("0 0.5 0.5 0.2 0.2\n2 0.1 0.1 0.1 0.1\n")
    return tmp_path


def test_real_photos_are_held_out_and_split_by_their_source(sets):
    photos = real_photos(sets)
    assert {photo.kind for photo in photos} == {"beds", "pots"}
    fitted, tested = (
        {photo.picture.picture.stem for photo in photos if photo.is_for_test is for_test}
        for for_test in (False, True)
    )
    assert fitted == {"north_16", "north_17", *(f"i_{n}" for n in range(4))}
    assert tested == {"north_18", "north_19", *(f"j_{n}" for n in range(4))}


def test_a_folder_without_sets_has_no_real_photos(tmp_path):
    assert real_photos(tmp_path / "nowhere") == []


def test_a_real_photo_is_counted_beside_its_labels(sets, tmp_path, monkeypatch):
    def count_image(image, engine, options):
        return count_photo(image, OneBed(), TwoPlants(), options)

    class TwoPlants:
        def detect_image(self, image, min_score):
            return Detections(
                np.array([[28.0, 20, 36, 28], [2, 40, 8, 46]]), np.array([0.9, 0.8]), np.zeros(2)
            )

    monkeypatch.setattr(conformal_dataset, "count_image", count_image)
    [photo, *_] = real_photos(sets)
    counted = read_counted(photo, count_scene(photo, tmp_path / "kept", "auto"))
    assert (counted.true, counted.count.total, counted.is_right.tolist()) == (1, 2, [True, False])
    measured = counted.measured(ScoreCalibrator())
    assert (measured.kind, measured.is_real, measured.is_degraded) == ("beds", True, False)
    assert measured.total <= measured.room < 100


def test_pictures_are_counted_as_this_installation_is_set_and_kept_apart_from_other_settings(
    sets, tmp_path, monkeypatch, settings
):
    engine = SimpleNamespace(name="none", weights=tuple(read_manifest().values()), prefers_batches=False)
    shares = []

    def count_image(image, engine, options):
        shares.append(options.border_share)
        return PhotoCount(64, 48, ())

    monkeypatch.setattr(conformal_dataset, "load_engine", lambda name: engine)
    monkeypatch.setattr(conformal_dataset, "count_image", count_image)
    [photo, *_] = real_photos(sets)
    kept = [count_scene(photo, tmp_path / "kept", "auto")]
    settings.COUNT_BORDER_SHARE = 0.5
    kept.append(count_scene(photo, tmp_path / "kept", "auto"))
    assert shares == [0.25, 0.5]
    assert kept[0] != kept[1]
