"""The task that sums up a photo keeps the rules of counting, on the rows that other tasks left."""

import hashlib

import pytest

from inventory.models import StorageBinType
from mlpipeline.services.count_settings import estimate_options
from mlpipeline.tasks.counting_steps import aggregate_results
from photos import storage
from photos.choices import CountWarning, SessionStatus, StepKind
from photos.models import ProcessingSession
from photos.services.results.count_results import (
    FoundContainer,
    FoundPlants,
    save_containers,
    save_detections,
)
from photos.services.results.session_lifecycle import open_session
from photos.services.steps.claims import claim_step
from tests.photos.count_builders import store_photo
from tests.photos.factories import picture_bytes

pytestmark = pytest.mark.django_db

WIDTH, HEIGHT = 240, 160
MODEL = {"name": "test", "sha256": "d" * 64}
# Two crates that stand wall to wall at x = 120.
LEFT = [[2.0, 2.0], [120.0, 2.0], [120.0, 150.0], [2.0, 150.0]]
RIGHT = [[120.0, 2.0], [238.0, 2.0], [238.0, 150.0], [120.0, 150.0]]


def square(x, y, side=10.0):
    return [x - side / 2, y - side / 2, x + side / 2, y + side / 2]


def claimed(step):
    claim = claim_step(step.pk)
    assert claim is not None
    return claim


def summed_up(owner, *found, classes=None):
    """Count a photo in whose containers (type, polygon, boxes, scores) were found, each by a step of its own."""
    pixels = picture_bytes(size=(WIDTH, HEIGHT), kind="PNG")
    sha256 = hashlib.sha256(pixels).hexdigest()
    image = store_photo(owner, width_px=WIDTH, height_px=HEIGHT, sha256=sha256)
    storage.StorageService().upload_file(pixels, image.original_key)
    session = open_session(image=image, user=owner)
    save_containers(
        claimed(session.steps.get(kind=StepKind.SEGMENT)),
        [FoundContainer(kind, polygon, 0.9) for kind, polygon, _, _ in found],
        model_version=MODEL,
        warnings=[],
        seconds={},
    )
    for step in session.steps.detecting():
        plants = [
            FoundPlants(place, found[place][2], found[place][3], classes or ["plant"] * len(found[place][2]))
            for place in step.container_positions
        ]
        save_detections(claimed(step), plants, model_version=MODEL, seconds=0.1)
    aggregate_results(session.steps.get(kind=StepKind.AGGREGATE).pk)
    session = ProcessingSession.objects.get(pk=session.pk)
    assert session.status == SessionStatus.COMPLETED, session.error_message
    return session


def test_a_plant_that_two_steps_saw_on_their_side_of_a_line_is_counted_and_kept_once(worker):
    left = [square(30, 40), square(119, 80)]
    right = [square(121, 80), square(200, 40)]
    session = summed_up(worker, ("segment", LEFT, left, [0.9, 0.6]), ("box", RIGHT, right, [0.8, 0.9]))
    assert session.total_detected == 3
    assert list(session.containers.values_list("detected", flat=True)) == [1, 2]
    assert sorted(session.detections.values_list("center_x", flat=True)) == [30.0, 121.0, 200.0]


def test_crumbs_among_empty_pots_do_not_count_and_their_pots_stay_empty(worker):
    """Steps keep all they saw; what counts is decided when the whole photo is known, and the other rows go."""
    pots = [square(15 + 20 * column, 20 + 25 * row, 16) for row in range(5) for column in range(5)]
    crumbs = [square(15, 20, 12), square(75, 70, 12)]
    found = ("plug", LEFT, [*pots, *crumbs], [0.8] * 25 + [0.3, 0.25])
    session = summed_up(worker, found, classes=["empty"] * 25 + ["plant"] * 2)
    assert (session.total_detected, session.containers.get().empty) == (0, 25)
    assert set(session.detections.values_list("class_name", flat=True)) == {"empty"}


def test_a_pot_keeps_no_row_beside_its_plant(worker):
    found = ("plug", LEFT, [square(30, 40, 20), square(30, 40, 16)], [0.8, 0.9])
    session = summed_up(worker, found, classes=["empty", "plant"])
    assert list(session.detections.values_list("class_name", flat=True)) == ["plant"]


def test_a_box_that_shows_more_plants_than_it_holds_says_so_and_keeps_them(worker):
    StorageBinType.objects.filter(category="box").update(capacity=4)
    plants = [square(x, 20 + y) for x, y in ((130, 0), (150, 5), (172, 1), (190, 9), (214, 4))]
    session = summed_up(worker, ("segment", LEFT, [square(40, 40)], [0.9]), ("box", RIGHT, plants, [0.9] * 5))
    segment, box = session.containers.all()
    assert (box.detected, box.estimated, box.warnings) == (5, 0, [CountWarning.OVER_CAPACITY])
    assert CountWarning.OVER_CAPACITY not in segment.warnings
    assert CountWarning.OVER_CAPACITY in session.warnings


def test_living_plants_are_kept_by_size_with_the_estimated_ones_as_medium(worker):
    usual = [square(10 + 11 * step, 30, 8) for step in range(9)]
    boxes = [*usual, square(60, 90, 24), square(20, 120, 8)]
    classes = ["plant"] * 10 + ["dead"]
    session = summed_up(worker, ("segment", LEFT, boxes, [0.9] * 11), classes=classes)
    sizes = dict(session.classifications.values_list("product_size__code", "quantity"))
    assert sizes["XL"] == 1
    assert sum(sizes.values()) == session.total_living


def test_the_rules_are_those_of_the_settings(settings):
    settings.COUNT_WHOLE_CONTAINERS_ONLY, settings.COUNT_BORDER_SHARE = True, 0.5
    settings.COUNT_LARGEST_SEGMENT_ONLY, settings.COUNT_ESTIMATOR = True, "bands"
    options = estimate_options()
    assert options.estimator == "bands"
    assert (options.whole_containers_only, options.largest_segment_only, options.border_share) == (
        True,
        True,
        0.5,
    )
