import numpy as np

from mlpipeline.vision.imaging.pyramid import shared_pyramid
from mlpipeline.vision.imaging.tiles import PAD_VALUE
from mlpipeline.vision.rescoring.crops import MIN_CROP_SIDE_PX, crop_tiles, cut_crops
from tests.mlpipeline.vision.fake_detectors import compass_picture


def test_a_crop_is_a_square_around_the_middle_of_its_box():
    (tile,) = crop_tiles(np.array([[100, 200, 140, 220]], np.float32), context=2.0)
    assert (tile.x0, tile.y0, tile.side_px) == (80, 170, 80)


def test_a_tiny_box_still_has_pixels():
    (tile,) = crop_tiles(np.array([[10, 10, 11, 11]], np.float32), context=2.0)
    assert tile.side_px == MIN_CROP_SIDE_PX


def test_crops_show_the_photo_around_their_boxes_at_one_size():
    picture = compass_picture(256, 256)  # red is x, green is y
    boxes = np.array([[40, 60, 60, 80], [120, 120, 200, 200]], np.float32)
    crops = cut_crops(picture, boxes, crop_px=32, contexts=[2.0])[:, 0]
    assert crops.shape == (2, 32, 32, 3)
    middles = crops[:, 15:17, 15:17, :2].mean(axis=(1, 2))
    np.testing.assert_allclose(middles, [[50, 70], [160, 160]], atol=1.5)
    spans = crops[:, 16, -1, 0].astype(int) - crops[:, 16, 0, 0].astype(int)
    np.testing.assert_allclose(spans, [40 * 31 / 32, 160 * 31 / 32], atol=3)


def test_what_lies_beyond_the_photo_is_grey():
    crops = cut_crops(compass_picture(64, 64), np.array([[0, 0, 20, 20]], np.float32), 32, [2.0])
    assert (crops[0, 0, 0, 0] == PAD_VALUE).all()
    assert (crops[0, 0, -1, -1] != PAD_VALUE).any()


def test_no_boxes_make_no_crops():
    crops = cut_crops(compass_picture(64, 64), np.zeros((0, 4), np.float32), 32, [2.0, 6.0])
    assert crops.shape == (0, 2, 32, 32, 3)


def test_each_detection_has_its_own_windows_side_by_side():
    picture = compass_picture(512, 512)
    boxes = np.array([[150, 200, 170, 220], [300, 250, 340, 290]], np.float32)
    both = cut_crops(picture, boxes, 16, [2.0, 6.0])
    np.testing.assert_array_equal(both[:, 0], cut_crops(picture, boxes, 16, [2.0])[:, 0])
    np.testing.assert_array_equal(both[:, 1], cut_crops(picture, boxes, 16, [6.0])[:, 0])
    spans = both[:, :, 8, -1, 0].astype(int) - both[:, :, 8, 0, 0].astype(int)
    np.testing.assert_allclose(2 * spans, np.outer([20, 40], [2, 6]) * 15 / 16, atol=8)


def test_a_shared_pyramid_makes_the_same_crops():
    picture = compass_picture(512, 512)
    boxes = np.array([[10, 20, 400, 420]], np.float32)
    alone = cut_crops(picture, boxes, 16, [2.0])
    with shared_pyramid(picture):
        np.testing.assert_array_equal(cut_crops(picture, boxes, 16, [2.0]), alone)
