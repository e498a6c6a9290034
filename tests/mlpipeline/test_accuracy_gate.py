"""A few small scenes through the real weights, with wide marks: a broken rule is seen at once, a worse one is measured.

What the counts are worth is told by `manage.py evaluate` and `docs/accuracy.md`.
"""

from functools import cache

import cv2
import numpy as np
import pytest

from mlpipeline.detectors.engines import load_engine, tuned_options
from mlpipeline.photo_counter import count_image
from mlpipeline.training.scenes import Scene, SceneSpec, render_scene
from mlpipeline.training.seed_ranges import HELD_OUT_SEEDS
from mlpipeline.vision.arrays import Image

FIRST_SEED = HELD_OUT_SEEDS.start + 72_000
MAX_ERROR = 0.15
MAX_ON_EMPTY = 12  # among 1,468 empty pots
MAX_DRIFT = 0.05  # of the total, between a photo and the same at half its size
MAX_DRIFT_OF_FLATS = (
    0.12  # weights of 2026-11-29 miss the smallest seedlings at half the size: 105 instead of 118
)


@cache
def scene_of(kind: str, seed: int, width_px: int = 1280) -> Scene:
    return render_scene(SceneSpec(kind, seed, width_px, width_px * 3 // 4, split="held_out"))


def total_of(image: Image) -> int:
    engine = load_engine()
    return count_image(image, engine, tuned_options(engine)).total


@pytest.mark.parametrize("kind", ["easy", "dense", "boxes", "oblique", "flats"])
def test_a_scene_is_counted_near_its_truth(kind: str) -> None:
    scene = scene_of(kind, FIRST_SEED)
    assert abs(total_of(scene.image) - len(scene.plants)) <= MAX_ERROR * len(scene.plants)


def test_boxes_without_a_plant_are_counted_as_empty() -> None:
    assert total_of(scene_of("empty", FIRST_SEED).image) <= MAX_ON_EMPTY


@pytest.mark.parametrize(
    ("kind", "max_drift"), [("easy", MAX_DRIFT), ("oblique", MAX_DRIFT), ("flats", MAX_DRIFT_OF_FLATS)]
)
def test_a_photo_at_half_its_size_has_the_same_count(kind: str, max_drift: float) -> None:
    image = scene_of(kind, FIRST_SEED).image
    half = cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA)
    whole = total_of(image)
    assert abs(total_of(np.asarray(half, dtype=np.uint8)) - whole) <= max_drift * whole


def test_a_close_up_is_no_crowd_of_leaves() -> None:
    """Before the scale of a photo was chosen by certainty, plants this large were counted twenty times over."""
    spec = SceneSpec("oblique", HELD_OUT_SEEDS.start + 69_004, 1600, 1200, "held_out", plant_px=(180, 450))
    scene = render_scene(spec)
    assert total_of(scene.image) <= 4 * len(scene.plants)
