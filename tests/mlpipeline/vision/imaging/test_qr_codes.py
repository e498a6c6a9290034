"""QR codes in photos: labels as they are printed are read, however they hang; nothing else is."""

import io

import cv2
import numpy as np
import pytest
import segno
from PIL import Image as Picture

from mlpipeline.vision.imaging.qr_codes import read_qr_codes

WIDTH, HEIGHT = 1200, 900


@pytest.fixture
def gravel():
    rng = np.random.default_rng(7)
    coarse = rng.integers(60, 200, (HEIGHT // 6, WIDTH // 6, 3), dtype=np.uint8)
    return cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def hang(photo, text, corners):
    """The photo with a label whose corners lie there, clockwise from the upper left."""
    buffer = io.BytesIO()
    segno.make_qr(text, error="q").save(buffer, kind="png", scale=12, border=4)
    label = np.asarray(Picture.open(buffer).convert("RGB"))
    side = label.shape[0]
    edges = np.array([[0, 0], [side, 0], [side, side], [0, side]], dtype=np.float32)
    turn = cv2.getPerspectiveTransform(edges, np.array(corners, dtype=np.float32))
    drawn = cv2.warpPerspective(label, turn, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)
    where = cv2.warpPerspective(np.full((side, side), 255, np.uint8), turn, (WIDTH, HEIGHT)) > 127
    found = photo.copy()
    found[where] = drawn[where]
    return cv2.GaussianBlur(found, (0, 0), 0.8)


@pytest.mark.parametrize(
    "corners",
    [
        [(100, 100), (260, 100), (260, 260), (100, 260)],
        [(500, 300), (640, 380), (560, 520), (420, 440)],
        [(300, 700), (300, 540), (460, 540), (460, 700)],
        [(800, 200), (960, 225), (960, 335), (800, 360)],
    ],
    ids=["straight", "turned", "on its side", "from the side"],
)
def test_a_label_is_read_however_it_hangs(gravel, corners):
    before = gravel.copy()
    assert read_qr_codes(hang(gravel, "CLARO-N4-S-03", corners)) == ["CLARO-N4-S-03"]
    assert np.array_equal(before, gravel)


def test_all_labels_in_view_are_read_and_the_same_one_once(gravel):
    photo = hang(gravel, "CLARO-N4-S-03", [(100, 100), (260, 100), (260, 260), (100, 260)])
    photo = hang(photo, "CLARO-N4-S-02", [(500, 100), (660, 100), (660, 260), (500, 260)])
    photo = hang(photo, "CLARO-N4-S-03", [(800, 500), (960, 500), (960, 660), (800, 660)])
    assert read_qr_codes(photo) == ["CLARO-N4-S-02", "CLARO-N4-S-03"]


def test_where_there_is_no_code_nothing_is_read(gravel):
    assert read_qr_codes(gravel) == []


def test_other_kinds_of_codes_are_left_alone(gravel):
    for row in range(300, 500):  # the bars of a seed bag
        gravel[row, 200:600] = np.repeat(np.random.default_rng(1).integers(0, 2, 100) * 255, 4)[:, None]
    assert read_qr_codes(gravel) == []
