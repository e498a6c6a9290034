"""A picture made smaller, each pixel the mean of the area that it shows."""

import cv2
import numpy as np
import pytest

from mlpipeline.vision.imaging.area_resize import _areas, resize_area


def noise(height, width):
    return np.random.default_rng(5).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        pytest.param((101, 103), (50, 50), id="parts of pixels"),
        pytest.param((64, 64), (32, 32), id="halves"),
        pytest.param((96, 96), (32, 32), id="thirds"),
        pytest.param((97, 61), (61, 12), id="one way only"),
        pytest.param((40, 40), (40, 40), id="as it is"),
        pytest.param((700, 11), (1, 1), id="one pixel"),
    ],
)
def test_each_pixel_is_the_mean_of_its_area(shape, size):
    picture = noise(*shape)
    small = resize_area(picture, size)
    reference = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    assert small.shape == reference.shape
    assert np.abs(small.astype(int) - reference).max() <= 1  # a mean of n + ½ may be rounded either way
    assert np.mean(small != reference) <= 0.01


@pytest.mark.parametrize("part", [np.s_[5:76, 11:90], np.s_[::2, ::2], np.s_[::-1], np.s_[:, ::-1]], ids=repr)
def test_a_part_of_a_picture_is_read_where_it_lies(part):
    picture = noise(160, 180)
    picture.flags.writeable = False
    assert np.array_equal(resize_area(picture[part], (31, 29)), resize_area(picture[part].copy(), (31, 29)))


@pytest.mark.parametrize("length", [97, 1200, 1600, 3000, 4000])
def test_no_pixel_beyond_the_picture_has_a_share_however_small(length):
    """What lies beyond is memory of somebody else: of 1600 px at 586 the last edge was once 1600 + 2e-13."""
    for parts in range(1, length + 1, 3 if length > 1000 else 1):
        first, shares = _areas(length, parts)
        pixels = first[:, None] + np.arange(shares.shape[1])
        assert pixels[shares > 0].max() == length - 1
        assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)
