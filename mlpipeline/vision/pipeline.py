"""The pipeline: containers, then detections in them, then what was missed, then how sure the number is.

Each step can be called alone.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import cv2

from .arrays import Image, check_image
from .containers import container_mask, find_containers
from .cores import on_cores
from .density import DensityPrior
from .estimating import estimate_container
from .options import CountOptions
from .protocols import Detector, Progress, Segmenter
from .reliability import Reliability, impression_of, judge, judged
from .results import ContainerFound, Detections, PhotoCount, unite_warnings
from .scanning import detect_in_containers
from .verdicts import verdicts_on

__all__ = [
    "container_mask",
    "count_plants",
    "count_with",
    "detect_in_containers",
    "estimate_container",
    "find_containers",
    "judge",
]

DEFAULT_OPTIONS = CountOptions()

Finder = Callable[
    [Sequence[ContainerFound]], list[Detections]
]  # plants in each of all containers of a picture


def count_plants(
    image: Image,
    segmenter: Segmenter,
    detector: Detector,
    options: CountOptions = DEFAULT_OPTIONS,
    progress: Progress | None = None,
    density: DensityPrior | None = None,
) -> PhotoCount:
    """Count the plants of a photo.

    Args:
        image: (H, W, 3) uint8 RGB, turned as its EXIF says; it is not modified.
        progress: called with (tiles done, tiles in all).
        density: what is known of the plants of this place, for containers in which no plant was detected.

    Raises: InvalidInput for another picture; DetectorFault when a model breaks its protocol.
    """
    check_image(image)

    def find(containers: Sequence[ContainerFound]) -> list[Detections]:
        return detect_in_containers(image, containers, range(len(containers)), detector, options, progress)

    return count_with(image, segmenter, find, options, density, glancer=detector)


def count_with(
    image: Image,
    segmenter: Segmenter,
    find: Finder,
    options: CountOptions = DEFAULT_OPTIONS,
    density: DensityPrior | None = None,
    reliability: Reliability | None = None,
    glancer: Detector | None = None,
) -> PhotoCount:
    """The same with another way to find plants in containers.

    Args:
        glancer: tells whether most plants stand outside of the containers; see `find_containers`.
        reliability: of the weights behind `segmenter` and `find`; without it the interval is wide on purpose.

    Raises: InvalidInput for another picture, and what `segmenter` and `find` raise.
    """
    check_image(image)
    seconds: dict[str, float] = {}
    with _timed(seconds, "segment"):
        containers, warnings = find_containers(image, segmenter, options, glancer)
    with _timed(seconds, "detect"):
        found = find(containers)
        verdicts = verdicts_on(found, containers, options.iou)
    counting = verdicts.counting
    # What the picture looks like is told beside what was missed in it: neither needs the other.
    with _timed(seconds, "estimate"), ThreadPoolExecutor(1) as beside:
        impression = beside.submit(impression_of, image, containers, Detections.concat(counting))
        counts = on_cores(
            lambda index: estimate_container(image, containers, index, counting[index], options, density),
            range(len(containers)),
            cv2.getNumThreads(),
        )
    count = PhotoCount(
        width=int(image.shape[1]),
        height=int(image.shape[0]),
        containers=tuple(counts),
        warnings=unite_warnings([warnings, *(count.warnings for count in counts)]),
        seconds=seconds,
        doubted=verdicts.doubted,
    )
    with _timed(seconds, "judge"):
        return judged(count, impression.result(), reliability)


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        seconds[stage] = time.perf_counter() - start
