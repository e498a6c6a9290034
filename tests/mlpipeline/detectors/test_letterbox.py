"""What a segmenting network is shown of a picture, and where that lies in the picture."""

import cv2
import numpy as np
import pytest

from mlpipeline.detectors.letterbox import STRIDE_PX, hflip, letterbox, rotated_letterbox
from mlpipeline.vision.imaging.tiles import PAD_VALUE


def picture_with(polygon, shape):
    picture = np.full((*shape, 3), 60, dtype=np.uint8)
    points = np.rint((polygon - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(picture, [points], (240, 240, 240), shift=4)
    return picture


def extent(view):
    """x0, y0, x1, y1 of what is bright on a canvas, edges of pixels."""
    x, y, width, height = cv2.boundingRect((view.canvas[:, :, 0] > 170).astype(np.uint8))
    return x, y, x + width, y + height


@pytest.mark.parametrize("shape", [(1200, 1600), (1600, 1200), (300, 400), (40, 60), (500, 16)])
@pytest.mark.parametrize("turn", [None, 0.0, -37.0, 20.0, 45.0])
def test_a_canvas_is_of_whole_strides_and_shows_all_of_the_picture(shape, turn):
    picture = np.full((*shape, 3), 200, dtype=np.uint8)
    view = letterbox(picture, 416) if turn is None else rotated_letterbox(picture, 416, turn)
    assert not any(side % STRIDE_PX for side in view.canvas.shape[:2])
    assert view.shown.shape == view.canvas.shape[:2]
    assert (view.canvas[~view.shown] < 201).all()
    scale = abs(np.linalg.det(view.to_picture[:, :2]))  # picture pixels a canvas pixel
    assert view.shown.sum() * scale == pytest.approx(shape[0] * shape[1], rel=0.06)


@pytest.mark.parametrize("shape", [(1200, 1600), (1600, 1200), (300, 400)])
@pytest.mark.parametrize("turn", [-40.0, -12.0, 17.0, 45.0])
def test_a_turned_box_stands_upright_and_its_corners_lead_back_to_the_picture(shape, turn):
    middle = (0.55 * shape[1], 0.45 * shape[0])
    size = (0.3 * min(shape), 0.2 * min(shape))
    corners = cv2.boxPoints((middle, size, turn)).astype(np.float32)
    view = rotated_letterbox(picture_with(corners, shape), 416, turn)
    x0, y0, x1, y1 = extent(view)
    upright = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float32)
    back = view.in_picture(upright)
    pixel = np.sqrt(abs(np.linalg.det(view.to_picture[:, :2])))
    nearest = np.linalg.norm(corners[:, None] - back[None], axis=2).min(axis=1)
    assert nearest.max() <= 1.5 * pixel + 0.5


def test_the_upright_view_leads_back_to_the_picture():
    corners = np.array([[400, 300], [1000, 300], [1000, 700], [400, 700]], dtype=np.float32)
    view = letterbox(picture_with(corners, (1200, 1600)), 416)
    x0, y0, x1, y1 = extent(view)
    assert view.in_picture(np.array([[x0, y0], [x1, y1]], dtype=np.float32)) == pytest.approx(
        np.array([[400, 300], [1000, 700]]), abs=4
    )


def test_what_the_picture_does_not_reach_is_grey():
    view = rotated_letterbox(np.full((1200, 1600, 3), 250, dtype=np.uint8), 416, 30.0)
    far = cv2.dilate(view.shown.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    assert far.any()
    assert (view.canvas[far] == PAD_VALUE).all()


def test_every_turn_takes_a_canvas_of_the_same_size():
    picture = np.zeros((1200, 1600, 3), dtype=np.uint8)
    assert {rotated_letterbox(picture, 416, turn).canvas.shape for turn in (-40, -10, 10, 30, 45)} == {
        (512, 512, 3)
    }


def test_a_mirrored_view_leads_back_to_the_same_place():
    corners = np.array([[400, 300], [700, 300], [700, 700], [400, 700]], dtype=np.float32)
    view = hflip(letterbox(picture_with(corners, (1200, 1600)), 416))
    x0, y0, x1, y1 = extent(view)
    assert x0 > view.canvas.shape[1] / 2
    assert view.in_picture(np.array([[x1, y0], [x0, y1]], dtype=np.float32)) == pytest.approx(
        np.array([[400, 300], [700, 700]]), abs=4
    )
