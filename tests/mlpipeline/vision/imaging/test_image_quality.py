"""How pictures are judged: blur, darkness and glare, where plants stand."""

import cv2
import numpy as np
import pytest

from mlpipeline.vision.imaging.analysis_image import PICTURE_PX, analysis_image
from mlpipeline.vision.imaging.image_quality import Quality, blur_of, measure_quality
from mlpipeline.vision.results import Detections
from tests.mlpipeline.vision.synthetic_images import rectangle

EVERYWHERE = np.ones((120, 160), dtype=np.bool_)


def gravel(height=120, width=160, low=60, high=200, grain_px=6):
    """(H, W, 3) grains of several shades, sharply cut."""
    rng = np.random.default_rng(7)
    cells = rng.integers(low, high, (-(-height // grain_px), -(-width // grain_px)), dtype=np.uint8)
    grey = np.kron(cells, np.ones((grain_px, grain_px), np.uint8))[:height, :width]
    return np.stack([grey] * 3, axis=2)


def quality_of(image, containers=(), plants=None):
    return measure_quality(analysis_image(image, containers, plants or Detections.empty()))


def test_a_step_from_black_to_white_keeps_a_tenth_of_its_contrast_when_blurred_again():
    # One edge of 90: a mean over 9 pixels spreads it over 9 steps of 10, so 10 of the 90 are left where it was.
    image = np.zeros((40, 40), np.uint8)
    image[:, 20:] = 90
    assert blur_of(image, np.ones((40, 40), np.bool_)) == pytest.approx(1 / 9, abs=1e-3)


def test_a_slope_is_wholly_blurred():
    image = np.tile(np.arange(0, 120, dtype=np.uint8), (40, 1))
    assert blur_of(image, np.ones((40, 120), np.bool_)) > 0.9


def test_a_picture_of_one_colour_is_not_called_blurred():
    assert blur_of(np.full((30, 30), 90, np.uint8), np.ones((30, 30), np.bool_)) == 0


def test_blur_grows_with_the_radius_and_does_not_depend_on_contrast():
    sharp = gravel()[..., 0]
    blurs = [blur_of(sharp, EVERYWHERE)] + [
        blur_of(cv2.GaussianBlur(sharp, (0, 0), sigma), EVERYWHERE) for sigma in (1, 2, 4)
    ]
    assert blurs == sorted(blurs)
    assert blurs[-1] - blurs[0] > 0.3
    faint = (sharp // 4 + 90).astype(np.uint8)
    assert blur_of(faint, EVERYWHERE) == pytest.approx(blurs[0], abs=0.03)


def test_a_shaken_hand_is_seen_although_one_direction_stays_sharp():
    shaken = cv2.blur(gravel()[..., 0], (9, 1))
    assert blur_of(shaken, EVERYWHERE) > blur_of(gravel()[..., 0], EVERYWHERE) + 0.2


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        pytest.param(gravel(), (), id="a good picture"),
        pytest.param(cv2.GaussianBlur(gravel(), (0, 0), 5), ("blurry",), id="out of focus"),
        pytest.param(gravel(low=5, high=60), ("dark",), id="at night"),
        pytest.param(np.maximum(gravel(), (gravel() > 150) * np.uint8(255)), ("glare",), id="burnt out"),
    ],
)
def test_what_is_wrong_with_a_picture_is_named(image, expected):
    assert quality_of(image).warnings == expected


def test_the_limits_themselves_are_named():
    assert Quality(blur=0.55, brightness=80, glare=0.0599).warnings == ("blurry",)
    assert Quality(blur=0.549, brightness=79.9, glare=0.06).warnings == ("dark", "glare")


def test_only_what_is_inside_containers_counts():
    image = gravel()
    image[:, 80:] = 255
    left = [rectangle("box", 0, 0, 79, 119)]
    assert quality_of(image, left).glare == 0
    assert quality_of(image).glare == pytest.approx(0.5, abs=0.01)


def test_a_blur_that_is_small_against_the_plants_does_no_harm():
    image = cv2.GaussianBlur(gravel(480, 640, grain_px=40), (0, 0), 4)
    small = Detections(np.array([[0, 0, 20, 20]]), np.array([0.9]), np.array([0]))
    large = Detections(np.array([[0, 0, 320, 320]]), np.array([0.9]), np.array([0]))
    assert "blurry" in quality_of(image, plants=small).warnings
    assert quality_of(image, plants=large).warnings == ()


def test_a_survey_of_a_large_picture_is_bounded_and_leaves_it_alone():
    image = gravel(1500, 2400)
    before = image.copy()
    survey = analysis_image(image, [rectangle("segment", 600, 0, 1200, 1500)], Detections.empty())
    assert survey.image.shape == (750, PICTURE_PX, 3)
    assert survey.mask.mean() == pytest.approx(0.25, abs=0.01)
    assert np.array_equal(image, before)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 900), (3000, 1)])
def test_pictures_of_odd_sizes_are_judged(height, width):
    assert quality_of(np.full((height, width, 3), 120, np.uint8)).warnings == ()


def test_a_container_outside_the_picture_is_as_good_as_none():
    survey = analysis_image(gravel(), [rectangle("box", 900, 900, 950, 950)], Detections.empty())
    assert survey.mask.all()
