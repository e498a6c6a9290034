"""Counting a photo: segment → detect → filter → estimate → assess. Each stage is one call, pure, and may run alone.

`count_photo` runs them one below the other. Celery's tasks call the same functions, with rows of the database between
them: `segment` in one task, `detect` in one for some containers each, `aggregate` (filter, estimate, assess) in a last
one. What a stage needs comes in its arguments, so both ways give the same numbers.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

import cv2

from mlpipeline.vision.arrays import Image, Mask, Shape, check_image, shape_of
from mlpipeline.vision.containers.cleaning import find_containers
from mlpipeline.vision.containers.sliced_detection import detect_in_containers, detect_in_picture
from mlpipeline.vision.estimation.container_count import estimate_container
from mlpipeline.vision.estimation.place_priors import NO_PRIORS, PlacePriors
from mlpipeline.vision.filtering.filter_detections import filter_detections
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.protocols import (
    Detector,
    ImageDetector,
    Progress,
    Rescorer,
    Segmenter,
    tile_detector,
)
from mlpipeline.vision.rescoring.rescore import rescore
from mlpipeline.vision.rescoring.second_boxes import without_second_boxes
from mlpipeline.vision.results import (
    Container,
    ContainerCount,
    Detections,
    PhotoCount,
    container_warnings,
    merge_warnings,
    occupancy_warnings,
)
from mlpipeline.vision.rules import Rule
from mlpipeline.vision.runtime.parallel import parallel_map
from mlpipeline.vision.uncertainty.assessment import (
    ImageAssessment,
    WeightsCalibration,
    add_interval,
    assess_image,
)

__all__ = ["aggregate", "assess", "count_photo", "detect", "estimate", "filter_detections", "segment"]

STAGES = ("segment", "detect", "filter", "estimate", "assess")  # keys of `PhotoCount.seconds`


def count_photo(
    image: Image,
    segmenter: Segmenter,
    detector: Detector | ImageDetector,
    options: CountOptions,
    priors: PlacePriors = NO_PRIORS,
    calibration: WeightsCalibration | None = None,
    progress: Progress | None = None,
    rescorer: Rescorer | None = None,
) -> PhotoCount:
    """Count the plants of a photo.

    Args:
        image: (H, W, 3) uint8 RGB, turned as its EXIF says; it is not modified.
        segmenter: finds the containers.
        detector: finds plants and empties in tiles, or in whole pictures.
        options: the settings of the count.
        priors: what is known of the place.
        calibration: of the weights behind `segmenter` and `detector`; without it the interval is wide on purpose.
        progress: called with (tiles done, tiles in all).
        rescorer: the second stage of the detector, if it has one.

    Raises: InvalidInput for another picture; DetectorFault when a model breaks its protocol.
    """
    seconds: dict[str, float] = {}
    with _timed(seconds, "segment"):
        containers = segment(image, segmenter, detector, options)
    with _timed(seconds, "detect"):
        detected = detect(image, containers, range(len(containers)), detector, options, progress, rescorer)
    counted = aggregate(image, containers, detected, options, priors, calibration).count
    return replace(counted, seconds={**seconds, **counted.seconds})


def segment(
    image: Image, segmenter: Segmenter, detector: Detector | ImageDetector | None, options: CountOptions
) -> list[Container]:
    """The containers of a photo; see `find_containers`. Their index is their identity in all later stages.

    If `detector` takes tiles, it is run to find out whether containers were missed.
    """
    return find_containers(image, segmenter, options, tile_detector(detector))


def detect(
    image: Image,
    containers: Sequence[Container],
    indices: Sequence[int],
    detector: Detector | ImageDetector,
    options: CountOptions,
    progress: Progress | None = None,
    rescorer: Rescorer | None = None,
) -> dict[int, Detections]:
    """All detections in some of the containers, by index, from the floor of the count on; see `propose` and `rescore`.

    The answer for one container does not depend on which others are asked for.
    """
    found = propose(image, containers, indices, detector, options, progress)
    if rescorer is not None and options.has(Rule.RESCORING):
        found = rescore(image, found, rescorer, options)
    found = [one.select(one.scores >= options.confidence) for one in found]
    return dict(zip(indices, found, strict=True))


def propose(
    image: Image,
    containers: Sequence[Container],
    indices: Sequence[int],
    detector: Detector | ImageDetector,
    options: CountOptions,
    progress: Progress | None = None,
) -> list[Detections]:
    """What the first stage answers in some of the containers, one set an index; the second stage may think otherwise.

    See `detect_in_containers` and `detect_in_picture`. Of a plant whose box has a better one only that is proposed.
    """
    if isinstance(detector, ImageDetector):
        return detect_in_picture(image, containers, indices, detector, options, progress)
    found = detect_in_containers(image, containers, indices, detector, options, progress)
    return [without_second_boxes(part, options.confidence) for part in found]


def estimate(
    image: Image,
    containers: Sequence[Container],
    kept: Mapping[int, Detections],
    options: CountOptions,
    priors: PlacePriors = NO_PRIORS,
) -> dict[int, ContainerCount]:
    """The count of each container from its detections that count, with what was missed; see `estimate_container`."""
    indices = sorted(kept)
    counts = parallel_map(
        lambda index: estimate_container(image, containers, index, kept[index], options, priors),
        indices,
        cv2.getNumThreads(),
    )
    return dict(zip(indices, counts, strict=True))


def assess(
    shape: Shape,
    containers: Sequence[Container],
    counts: Mapping[int, ContainerCount],
    suppressed_low_score: Detections,
    image_assessment: ImageAssessment,
    calibration: WeightsCalibration | None,
    priors: PlacePriors = NO_PRIORS,
) -> PhotoCount:
    """The count of the photo, of `shape`: the sum of its containers, all warnings, the interval and its reasons."""
    parts = tuple(counts[index] for index in sorted(counts))
    count = PhotoCount(
        width=shape[1],
        height=shape[0],
        containers=parts,
        warnings=merge_warnings(
            [
                container_warnings(containers),
                occupancy_warnings(parts),
                *(part.warnings for part in parts),
                image_assessment.warnings,
            ]
        ),
        suppressed_low_score=suppressed_low_score,
    )
    return add_interval(count, image_assessment.unmatched_leaf, calibration, priors)


@dataclass(frozen=True, slots=True, eq=False)
class Aggregation:
    """The count of a photo, and for each container index (N,) True for the detections that do not count."""

    count: PhotoCount
    removed: Mapping[int, Mask]


def aggregate(
    image: Image,
    containers: Sequence[Container],
    detected: Mapping[int, Detections],
    options: CountOptions,
    priors: PlacePriors = NO_PRIORS,
    calibration: WeightsCalibration | None = None,
) -> Aggregation:
    """From what was detected to the count: the stages that need the whole photo.

    `detected` lacks the containers whose detection failed; the count is that of the others then, in the order
    of their indices. Raises InvalidInput for another picture than (H, W, 3) uint8.
    """
    check_image(image)
    shape, seconds = shape_of(image), dict[str, float]()
    with _timed(seconds, "filter"):
        filtered = filter_detections(detected, shape, options)
    # The quality of the picture needs no estimates, so another core measures it meanwhile.
    with _timed(seconds, "estimate"), ThreadPoolExecutor(1) as other_core:
        own = [containers[index] for index in filtered.kept]
        assessment = other_core.submit(assess_image, image, own, Detections.concat(filtered.kept.values()))
        counts = estimate(image, containers, filtered.kept, options, priors)
    with _timed(seconds, "assess"):
        suppressed = filtered.suppressed_low_score
        count = assess(shape, containers, counts, suppressed, assessment.result(), calibration, priors)
    return Aggregation(replace(count, seconds=seconds), filtered.removed)


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        seconds[stage] = time.perf_counter() - start
