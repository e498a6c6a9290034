"""The oddest pictures through the shipped weights: a count whose parts agree, never an exception."""

import numpy as np
import pytest

from mlpipeline.counting import count_as_json, count_image
from mlpipeline.detectors.engines import load_engine, tuned_options

LEAF = (60, 140, 50)


@pytest.mark.parametrize(
    ("height", "width"),
    [
        pytest.param(3, 3, id="nine pixels"),
        pytest.param(1, 4000, id="a single row"),
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
