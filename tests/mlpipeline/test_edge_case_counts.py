"""The oddest pictures through the shipped weights: a count whose parts agree, never an exception."""

import numpy as np
import pytest

from mlpipeline.detectors.engines import load_engine, tuned_options
from mlpipeline.imageio import read_rgb
from mlpipeline.photo_counter import count_as_json, count_image
from mlpipeline.vision.arrays import MIN_SIDE_PX
from mlpipeline.vision.errors import InvalidInput
from photos.errors import UnreadableImage
from photos.image_files import encode_jpeg, from_rgb

LEAF = (60, 140, 50)


@pytest.mark.parametrize(
    ("height", "width"),
    [
        pytest.param(MIN_SIDE_PX, MIN_SIDE_PX, id="a stamp"),
        pytest.param(5000, 40, id="a ribbon"),
    ],
)
def test_the_oddest_picture_is_counted_with_the_real_weights(height, width):
    engine = load_engine()
    count = count_image(np.full((height, width, 3), LEAF, np.uint8), engine, tuned_options(engine))
    assert (count.height, count.width) == (height, width)
    told = count_as_json("odd.png", count)
    assert told["total"] == told["detected"] + told["estimated"]
    assert told["detected"] == len(told["points"])


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 4000), (5000, MIN_SIDE_PX - 1)])
def test_a_strip_that_can_show_no_plant_is_refused_whether_as_a_file_or_as_an_array(height, width):
    noise = np.random.default_rng(3).integers(0, 255, (height, width, 3)).astype(np.uint8)
    engine = load_engine()
    with pytest.raises(InvalidInput, match=f"{width} × {height} px"):
        count_image(noise, engine, tuned_options(engine))
    with pytest.raises(UnreadableImage) as refused:
        read_rgb(encode_jpeg(from_rgb(noise)))
    assert str(MIN_SIDE_PX) in str(refused.value)
