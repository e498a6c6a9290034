"""What of a mask lies under a disc that lies in it."""

import cv2
import numpy as np
import pytest

from mlpipeline.vision.geometry.masks import LARGE_DISC_PX, morphological_open
from mlpipeline.vision.geometry.morphology import disc_kernel, open_with_disc


def blotches(seed, shape, grain):
    noise = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), grain) > -0.01


def opened_by_opencv(mask, radius):
    bordered = cv2.copyMakeBorder(
        mask.astype(np.uint8), radius, radius, radius, radius, cv2.BORDER_CONSTANT, value=0
    )
    inner = (slice(radius, -radius),) * 2
    return cv2.morphologyEx(bordered, cv2.MORPH_OPEN, disc_kernel(radius))[inner].astype(np.bool_)


@pytest.mark.parametrize("radius", [1, 2, 7, 19, 40])
@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(blotches(1, (211, 160), 4), id="fine"),
        pytest.param(blotches(2, (160, 211), 25), id="coarse"),
        pytest.param(np.ones((120, 90), np.bool_), id="all"),
        pytest.param(np.ones((30, 200), np.bool_), id="a strip"),
        pytest.param(np.zeros((50, 50), np.bool_), id="nothing"),
    ],
)
def test_it_is_what_opencv_leaves(mask, radius):
    assert np.array_equal(open_with_disc(mask, radius), opened_by_opencv(mask, radius))


def test_small_and_large_discs_open_alike():
    mask = blotches(3, (150, 150), 12)
    for radius in (LARGE_DISC_PX - 1, LARGE_DISC_PX):
        assert np.array_equal(morphological_open(mask, radius), opened_by_opencv(mask, radius))
