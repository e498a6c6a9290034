import numpy as np
import pytest

from mlpipeline.vision.containers.cleaning import RIM_SHARE, whole_picture
from mlpipeline.vision.containers.sliced_detection import detect_in_containers, detect_in_picture
from mlpipeline.vision.errors import DetectorFault, InvalidInput
from mlpipeline.vision.results import OUT_OF_SCALE, TRUNCATED, Container, Detections
from mlpipeline.vision.rules import Rule
from mlpipeline.vision.tiling.scale_search import search_scale
from mlpipeline.vision.tiling.tile_runner import TileRunner
from tests.mlpipeline.vision.count_options import make_options
from tests.mlpipeline.vision.fake_detectors import TruthDetector, compass_picture

WIDTH, HEIGHT = 1600, 1200


def rows_of_plants(spacing, side, box=(0, 0, WIDTH, HEIGHT), jitter=0.08, seed=0):
    """Boxes of plants on a jittered grid, all middles inside `box`, all within the picture."""
    rng = np.random.default_rng(seed)
    x0, y0, x1, y1 = box
    x, y = np.meshgrid(np.arange(x0 + spacing / 2, x1, spacing), np.arange(y0 + spacing / 2, y1, spacing))
    middles = np.stack([x.ravel(), y.ravel()], axis=1)
    middles += rng.uniform(-jitter, jitter, middles.shape) * spacing
    halves = side / 2 * rng.uniform(0.93, 1.07, middles.shape)
    boxes = np.concatenate([middles - halves, middles + halves], axis=1)
    return np.clip(boxes, 0, [WIDTH, HEIGHT, WIDTH, HEIGHT]).astype(np.float32)


def container(kind, x0, y0, x1, y1, score=0.9):
    return Container(kind, np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32), score)


def detections(boxes, score):
    return Detections(np.asarray(boxes), np.full(len(boxes), score), np.zeros(len(boxes), dtype=int))


def count(boxes, containers=None, indices=None, **detector):
    truth = TruthDetector(WIDTH, HEIGHT, boxes, **detector)
    containers = containers or [whole_picture((HEIGHT, WIDTH))]
    chosen = range(len(containers)) if indices is None else indices
    found = detect_in_containers(compass_picture(WIDTH, HEIGHT), containers, chosen, truth, make_options())
    return found, truth


@pytest.mark.parametrize("ratio", [0.8, 0.95, 1.2, 1.5, 1.8])
@pytest.mark.parametrize("spacing", [24, 50, 90])
def test_a_perfect_detector_counts_within_half_a_percent_however_canopies_overlap(ratio, spacing):
    boxes = rows_of_plants(spacing, ratio * spacing)
    (found,), _ = count(boxes)
    assert abs(len(found) - len(boxes)) <= 0.005 * len(boxes)


@pytest.mark.parametrize("side", [14, 24, 60, 140, 300])
def test_plants_of_any_size_are_found_at_a_scale_that_the_weights_know(side):
    boxes = rows_of_plants(side * 1.3, side)
    (found,), _ = count(boxes, visible_px=(16.0, 120.0))
    assert abs(len(found) - len(boxes)) <= 0.01 * len(boxes)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 0.24])
@pytest.mark.parametrize("side", [24, 40, 60])
def test_plants_that_lean_over_the_rim_of_a_bed_count_where_no_other_tile_lies(side, share):
    """The outer plants have their middles outside of the outline by a share of their side, up to a quarter."""
    step, bed = 1.25 * side, (300, 200, 1300, 1000)
    inner = rows_of_plants(step, side, box=bed, jitter=0)
    inner = inner[inner[:, 0] > bed[0] + side]
    y = np.arange(bed[1] + step / 2, bed[3] - step / 2, step)
    x = np.full_like(y, bed[0] - share * side)
    outer = np.stack([x - side / 2, y - side / 2, x + side / 2, y + side / 2], axis=1).astype(np.float32)
    boxes = np.concatenate([inner, outer])
    (found,), _ = count(boxes, [container("segment", *bed)])
    assert len(found) == len(boxes)


def test_large_plants_cost_few_tiles_and_small_ones_in_proportion():
    (_, large), (_, small) = (count(rows_of_plants(1.2 * side, side)) for side in (120, 30))
    assert large.tiles_seen <= 10
    assert large.tiles_seen < small.tiles_seen <= 40  # a sixteenth of the area a plant


def test_a_container_of_well_sized_plants_costs_no_tile_but_the_probes_and_keeps_the_plants_on_its_rim():
    boxes = rows_of_plants(150, 125, box=(100, 100, WIDTH - 100, HEIGHT - 100))
    rim = container("box", 100, 100, WIDTH - 100, HEIGHT - 100)
    (found,), truth = count(boxes, [rim])
    search_scale(
        TileRunner(
            compass_picture(WIDTH, HEIGHT),
            probes := TruthDetector(WIDTH, HEIGHT, boxes),
            make_options(),
            None,
        )
    )
    assert truth.tiles_seen == probes.tiles_seen
    assert len(found) == len(boxes)


def tiles_over(kind, side, corner=100):
    """How many tiles a container in a bed of small plants costs beyond the probes; all of its plants are found."""
    boxes, rim = rows_of_plants(30, 24), 24 * RIM_SHARE
    (found,), truth = count(boxes, [container(kind, corner, corner, corner + side, corner + side)])
    probes = TruthDetector(WIDTH, HEIGHT, boxes)
    search_scale(TileRunner(compass_picture(WIDTH, HEIGHT), probes, make_options(), None))
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = int(((middles > corner - rim) & (middles < corner + side + rim)).all(axis=1).sum())
    assert len(found) == pytest.approx(inside, rel=0.02)
    return truth.tiles_seen - probes.tiles_seen


@pytest.mark.parametrize("kind", ["box", "plug"])
def test_a_box_that_fits_is_shown_in_one_tile_and_a_segment_of_its_size_in_several(kind):
    assert tiles_over(kind, 520) == 1
    assert tiles_over("segment", 520) > 1


@pytest.mark.parametrize("corner", [(0, 0), (WIDTH - 420, HEIGHT - 420)])
def test_a_box_in_a_corner_of_the_picture_may_hold_more_than_a_tile_answers(corner):
    x0, y0 = corner
    boxes = rows_of_plants(30, 24)
    corner_box = container("box", x0, y0, x0 + 420, y0 + 420)
    (found,), _ = count(boxes, [corner_box], max_det=60)
    assert len(found) == pytest.approx(14 * 14, rel=0.05)


def test_a_box_in_whose_tile_plants_would_be_too_small_is_sliced():
    assert tiles_over("box", 900) == tiles_over("segment", 900) > 1


def test_tiles_are_spent_only_on_containers():
    boxes = rows_of_plants(40, 32, box=(100, 100, 700, 500))
    (_,), alone = count(boxes, [container("segment", 90, 90, 710, 510)])
    (_,), everywhere = count(boxes)
    assert alone.tiles_seen < everywhere.tiles_seen


def test_far_small_and_near_large_plants_are_both_found():
    far = rows_of_plants(50, 40, box=(0, 0, WIDTH, 300))
    near = rows_of_plants(150, 130, box=(0, 400, WIDTH, HEIGHT))
    both = np.concatenate([far, near])
    (found,), _ = count(both)
    assert abs(len(found) - len(both)) <= 0.01 * len(both)


def test_a_plant_that_no_tile_shows_whole_comes_from_the_full_image():
    small = rows_of_plants(30, 24, box=(0, 0, WIDTH, 700))
    giants = np.array([[300, 800, 600, 1100], [1000, 800, 1300, 1100]], np.float32)
    both = np.concatenate([small, giants])
    (found,), _ = count(both)
    assert giants_in(found) == 2
    without = make_options(without=frozenset({Rule.LARGE_PLANTS}))
    picture, truth = compass_picture(WIDTH, HEIGHT), TruthDetector(WIDTH, HEIGHT, both)
    (found,) = detect_in_containers(picture, [whole_picture((HEIGHT, WIDTH))], [0], truth, without)
    assert giants_in(found) == 0


def giants_in(found):
    return int((found.boxes[:, 2] - found.boxes[:, 0] > 250).sum())


def test_places_are_in_pixels_of_the_full_picture():
    boxes = rows_of_plants(60, 48, box=(900, 600, 1500, 1080))
    (found,), _ = count(boxes, [container("box", 890, 590, 1510, 1090)])
    order = np.lexsort(found.boxes.round(-1).T)
    expected = boxes[np.lexsort(boxes.round(-1).T)]
    assert len(found) == len(boxes)
    nearest = np.abs(found.boxes[:, None] - expected[None]).max(axis=2).min(axis=1)
    assert nearest[order].max() < 2


def test_a_box_in_a_segment_is_counted_once_whoever_asks():
    boxes = rows_of_plants(40, 34, box=(200, 200, 1400, 1200))
    containers = [container("segment", 190, 190, 1410, 1210, 0.95), container("box", 500, 500, 900, 900, 0.5)]
    together, _ = count(boxes, containers)
    apart = [count(boxes, containers, [index])[0][0] for index in range(2)]
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    in_box = int(((middles > 500) & (middles < 900)).all(axis=1).sum())
    for segment, box in (together, apart):
        # A middle right on the outline may be measured on either side of it, so one plant of 750 is let go.
        assert len(segment) + len(box) == pytest.approx(len(boxes), abs=1)
        assert len(box) == pytest.approx(in_box, abs=1)


def test_no_container_asked_for_and_no_plants_are_answered_with_nothing():
    none = np.zeros((0, 4), np.float32)
    assert count(none, indices=[])[0] == []
    (found,), truth = count(none)
    assert len(found) == 0
    assert truth.tiles_seen < 30


def test_a_lone_plant_is_found():
    (found,), _ = count(np.array([[1000, 700, 1240, 930]], np.float32))
    assert found.boxes[0].tolist() == pytest.approx([1000, 700, 1240, 930], abs=8)


def test_classes_are_kept_and_a_bed_of_empty_pots_is_seen_as_such():
    boxes = rows_of_plants(60, 50, box=(300, 300, 1200, 900))
    (found,), _ = count(boxes, classes=np.full(len(boxes), 2, np.int16))
    assert len(found.empties) == len(boxes)
    assert len(found.plants) == 0


def test_a_container_outside_the_picture_holds_nothing():
    (found,), truth = count(rows_of_plants(60, 50), [container("box", 5000, 5000, 5100, 5100)])
    assert len(found) == 0
    assert truth.tiles_seen == 0


@pytest.mark.parametrize(("max_det", "depth"), [(110, 1), (40, 2)])
def test_a_detector_at_its_limit_is_asked_again_with_ever_smaller_tiles(max_det, depth):
    boxes = rows_of_plants(44, 40)
    (found,), truth = count(boxes, max_det=max_det)
    assert TRUNCATED not in found.warnings
    assert abs(len(found) - len(boxes)) <= 0.01 * len(boxes)
    assert max(truth.scales) / min(truth.scales) > 1.5**depth


@pytest.mark.parametrize("max_det", [3, 1])
def test_what_the_smallest_tiles_still_cut_off_is_said(max_det):
    boxes = rows_of_plants(44, 42, box=(600, 400, 820, 620))
    (found,), _ = count(boxes, [container("box", 590, 390, 830, 630)], max_det=max_det)
    assert TRUNCATED in found.warnings


def test_plants_that_cannot_be_brought_to_a_known_size_are_counted_with_a_warning():
    (found,), _ = count(rows_of_plants(30, 24), trained_plant_px=(110.0, 200.0), visible_px=(5.0, 300.0))
    assert OUT_OF_SCALE in found.warnings


@pytest.mark.parametrize("max_det", [3000, 40])
def test_progress_never_falls_and_ends_complete(max_det):
    seen = []
    boxes = rows_of_plants(44, 40)
    truth = TruthDetector(WIDTH, HEIGHT, boxes, max_det=max_det)
    containers = [whole_picture((HEIGHT, WIDTH))]
    detect_in_containers(
        compass_picture(WIDTH, HEIGHT),
        containers,
        [0],
        truth,
        make_options(),
        lambda *step: seen.append(step),
    )
    shares = [done / total for done, total in seen]
    assert len(shares) > 2
    assert shares == sorted(shares)
    assert seen[-1] == (truth.tiles_seen, truth.tiles_seen)


def test_the_picture_is_not_modified_and_the_same_count_comes_twice():
    picture = compass_picture(WIDTH, HEIGHT)
    before = picture.copy()
    truth = TruthDetector(WIDTH, HEIGHT, rows_of_plants(50, 60))
    first, second = (
        detect_in_containers(picture, [whole_picture((HEIGHT, WIDTH))], [0], truth, make_options())[0]
        for _ in range(2)
    )
    assert np.array_equal(first.boxes, second.boxes)
    assert np.array_equal(picture, before)


def test_a_detector_that_loses_a_tile_is_at_fault():
    class Forgetful(TruthDetector):
        def detect(self, tiles):
            return [Detections.empty() for _ in tiles[1:]]

    blind = Forgetful(WIDTH, HEIGHT, np.zeros((0, 4), np.float32))
    with pytest.raises(DetectorFault):
        detect_in_containers(
            compass_picture(WIDTH, HEIGHT), [whole_picture((HEIGHT, WIDTH))], [0], blind, make_options()
        )


def test_an_unknown_container_is_refused():
    with pytest.raises(InvalidInput):
        count(rows_of_plants(60, 50), indices=[3])


@pytest.mark.parametrize("chosen", [[0], [1], [1, 0]])
def test_what_is_detected_in_a_container_does_not_depend_on_which_others_are_asked_for(chosen):
    boxes = rows_of_plants(44, 40, box=(200, 200, 1400, 1000))
    containers = [container("box", 190, 190, 800, 1010), container("box", 800, 190, 1410, 1010)]
    together, _ = count(boxes, containers)
    some, _ = count(boxes, containers, chosen)
    for index, found in zip(chosen, some, strict=True):
        assert np.array_equal(found.boxes, together[index].boxes)
        assert np.array_equal(found.scores, together[index].scores)


def test_boxes_come_in_tenths_of_a_pixel_within_the_picture_and_scores_with_four_decimals():
    (found,), _ = count(rows_of_plants(44, 40))
    assert np.array_equal(found.boxes, np.round(found.boxes.astype(float), 1).astype(np.float32))
    assert np.array_equal(found.scores, np.round(found.scores.astype(float), 4).astype(np.float32))
    assert (found.boxes >= 0).all()
    assert (found.boxes <= [WIDTH, HEIGHT, WIDTH, HEIGHT]).all()


class WholePictures:
    """Sees two plants in a picture, one for each of two containers, and one with a low score."""

    def detect_image(self, image, min_score):
        found = detections([[100, 100, 150, 150], [900, 100, 950.04, 150]], 0.8)
        return Detections.concat([found, detections([[300, 300, 350, 350]], min_score)])


def test_a_detector_that_takes_whole_pictures_is_asked_for_the_floor_and_answers_container_by_container():
    containers = [container("box", 0, 0, 800, 1010), container("box", 800, 0, 1410, 1010)]
    told = []
    left, right = detect_in_picture(
        compass_picture(WIDTH, HEIGHT),
        containers,
        [0, 1],
        WholePictures(),
        make_options(confidence=0.2),
        lambda *step: told.append(step),
    )
    assert left.scores.tolist() == pytest.approx([0.8, 0.2])
    assert right.boxes.tolist() == [[900, 100, 950, 150]]
    assert told == [(1, 1)]
