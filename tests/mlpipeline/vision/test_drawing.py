from dataclasses import asdict

import numpy as np
import pytest

from mlpipeline.tasks.drawing import drawing_legend
from mlpipeline.vision.arrays import as_polygon
from mlpipeline.vision.drawing import BLUE, LegendTexts, draw_count
from mlpipeline.vision.errors import InvalidInput
from mlpipeline.vision.results import BandEstimate, ContainerCount, Detections, PhotoCount
from tests.mlpipeline.vision.synthetic_images import detections_of, rectangle

HEIGHT, WIDTH = 600, 800


def grey(height=HEIGHT, width=WIDTH):
    return np.full((height, width, 3), 128, np.uint8)


def photo(seen=None, rings=(), width=WIDTH, height=HEIGHT, estimated=1.0):
    seen = seen if seen is not None else Detections.empty()
    band = BandEstimate(
        1, 0, height, estimated, 1.0, 1.0, 1.0, tuple(map(as_polygon, rings)), "band_based", 0.5
    )
    container = rectangle("segment", 0, 0, width, height)
    found = ContainerCount(container, seen, (band,), len(seen.plants), 1, len(seen.dead), len(seen.empties))
    return PhotoCount(width, height, (found,))


def test_living_dead_and_empty_are_marked_apart_at_their_places():
    places = [(400, 300, 40), (550, 300, 40), (700, 300, 40)]
    seen = Detections.concat([detections_of([disc], kind) for kind, disc in enumerate(places)])
    drawn = draw_count(grey(), photo(seen)).astype(int)
    living, dead, empty = (drawn[y, x] for x, y, _ in places)
    assert living[2] > living[0] + 60  # cyan
    assert dead[0] > dead[2] + 40  # amber
    assert empty.tolist() == [128, 128, 128]  # hollow
    assert drawn[300, 700 - 30].min() > 200  # its ring
    assert drawn[300, 475].tolist() == [128, 128, 128]  # nothing between


def test_discs_are_translucent():
    picture = grey()
    picture[290:310, 390:410] = 30
    drawn = draw_count(picture, photo(detections_of([(400, 300, 40)]))).astype(int)
    assert not np.array_equal(drawn[300, 400], drawn[275, 400])


def test_estimated_areas_are_blue_within_their_true_outline_and_their_holes_stay_open():
    ring = [[400, 200], [700, 200], [550, 500]]
    hole = [[530, 280], [570, 280], [550, 320]]
    drawn = draw_count(grey(), photo(rings=[ring, hole])).astype(int)
    assert drawn[220, 550, 2] > drawn[220, 550, 0] + 30
    assert drawn[480, 450].tolist() == [128, 128, 128]
    assert drawn[292, 550].tolist() == [128, 128, 128]
    assert np.abs(drawn[200, 500] - BLUE).max() < 60


def test_areas_in_which_nothing_was_estimated_are_not_drawn():
    ring = [[400, 200], [700, 200], [550, 500]]
    assert np.array_equal(draw_count(grey(), photo(rings=[ring], estimated=0.0)), draw_count(grey(), photo()))


def test_the_legend_writes_accents_and_grows_with_its_words():
    short = draw_count(grey(), photo(), LegendTexts(detected="A", estimated="B", confidence="C"))
    accented = draw_count(grey(), photo(), LegendTexts(detected="Á", estimated="B", confidence="C"))
    long = draw_count(grey(), photo(), LegendTexts(confidence="Confianza media de las detecciones"))
    darkened = [int((drawn[50, 12:] < 100).all(axis=1).sum()) for drawn in (short, long)]
    assert not np.array_equal(short, accented)
    assert darkened[1] > darkened[0]


def test_a_large_picture_is_drawn_at_most_2560_px_long_with_marks_at_the_same_places():
    seen = detections_of([(3000, 2000, 150)])
    drawn = draw_count(grey(3024, 4032), photo(seen, width=4032, height=3024)).astype(int)
    assert drawn.shape == (1920, 2560, 3)
    x, y = round(3000 * 2560 / 4032), round(2000 * 2560 / 4032)
    assert drawn[y, x, 2] > drawn[y, x, 0] + 60
    assert drawn[y, x + 110].tolist() == [128, 128, 128]


def test_nothing_given_is_modified():
    picture, count = grey(), photo(detections_of([(400, 300, 40)]))
    draw_count(picture, count)
    assert np.array_equal(picture, grey())
    assert count.detections.boxes.tolist() == [[360, 260, 440, 340]]


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (20, 20)])
def test_the_smallest_pictures_are_drawn(size):
    assert draw_count(grey(*size), photo(width=size[1], height=size[0])).shape == (*size, 3)


def test_a_count_of_another_picture_is_refused():
    with pytest.raises(InvalidInput):
        draw_count(grey(100, 100), photo())


def test_every_word_of_the_legend_is_in_the_language_of_the_installation(settings):
    settings.LANGUAGE_CODE = "es"
    assert asdict(drawing_legend()) == {
        "detected": "detectadas",
        "estimated": "estimadas",
        "confidence": "confianza media",
        "dead": "muertas",
        "empty": "vacías",
    }
