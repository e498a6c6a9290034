"""Containers of a photo: cleaned, without duplicates, and which pixels and plants belong to each."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Image, Mask, Polygon, Shape, check, check_image, shape_of
from mlpipeline.vision.containers.outside_plants import many_plants_outside
from mlpipeline.vision.containers.place_filters import drop_side_truncated
from mlpipeline.vision.errors import DetectorFault, model_to_blame
from mlpipeline.vision.geometry.boxes import box_centers, points_in_mask, sides
from mlpipeline.vision.geometry.masks import Region, polygon_region, subtract_region
from mlpipeline.vision.geometry.polygons import polygon_area
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.protocols import Detector, Segmenter
from mlpipeline.vision.results import Container, Detections
from mlpipeline.vision.rules import Rule
from mlpipeline.vision.tiling.scale_search import search_scale
from mlpipeline.vision.tiling.tile_runner import TileRunner

# Masks are compared at this size: an outline is no more exact than that, and 12 MP are slow.
WORK_SIDE_PX = 1024
CONVEX_TYPES = ("box", "plug")
MIN_COVERED_SHARE = 0.6  # share of the smaller container that a better one covers, from which they are one
RIM_SHARE = 0.25  # a plant may lean out of its container by this share of its side


def find_containers(
    image: Image, segmenter: Segmenter, options: CountOptions, detector: Detector | None = None
) -> list[Container]:
    """The containers to count in a picture, outlines in tenths of a pixel.

    Outlines are cut at the picture's edge, those of boxes and trays made convex; noise, duplicates and, as the options
    say, the neighbours' containers are removed.
    Where nothing is left the whole picture is one inferred `segment`; where `detector` finds many plants outside of
    what was found, the rest of the picture is, and only trusted outlines stay; not where a neighbour's container was
    left out, because the rest of the picture would hold it. See `container_warnings`.
    Raises: InvalidInput for another picture than (H, W, 3) uint8; DetectorFault for an impossible answer.
    """
    check_image(image)
    with model_to_blame():
        answer = _checked(segmenter.segment(image))
    shape = shape_of(image)
    confident = [found for found in answer if found.score >= options.container_confidence]
    distinct = [
        clean for found in confident if (clean := cleaned_container(found, shape, options)) is not None
    ]
    if options.has(Rule.CONTAINER_NMS):
        distinct = container_nms(distinct, shape)
    outlined = len(distinct)
    if options.whole_containers_only:
        distinct = drop_side_truncated(distinct, shape)
    if options.largest_segment_only:
        distinct = with_largest_segment(distinct, shape)
    none_left_out = len(distinct) == outlined
    if distinct and none_left_out and detector is not None and options.has(Rule.OUTSIDE_PLANTS):
        search = search_scale(TileRunner(image, detector, options, None))
        min_score = options.plant_thresholds.min_outside_score
        if many_plants_outside(search.best.detected, distinct, shape, min_score):
            trusted = options.container_thresholds.min_trusted_score
            distinct = [found for found in distinct if found.score >= trusted]
            distinct.append(whole_picture(shape))
    return [found.rounded() for found in distinct or [whole_picture(shape)]]


def _checked(answer: object) -> Sequence[Container]:
    if isinstance(answer, Sequence) and all(isinstance(found, Container) for found in answer):
        return answer
    raise DetectorFault("a segmenter answers with Container objects")


def whole_picture(shape: Shape) -> Container:
    """The container that is inferred where none was found."""
    height, width = shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    return Container("segment", corners, 0.0)


def cleaned_container(found: Container, shape: Shape, options: CountOptions) -> Container | None:
    """A container with its outline inside the picture; None where nothing worth counting is left of it.

    A crate or tray is convex from wherever it is seen: plants that lean over its rim do not dent it.
    """
    height, width = shape
    outline = found.polygon
    if found.type in CONVEX_TYPES and options.has(Rule.CONVEX_BOXES):
        if len(np.unique(outline, axis=0)) < 3:  # a point or a line, of which OpenCV makes no hull
            return None
        hull = cv2.convexHull(outline, clockwise=False, returnPoints=True)
        if len(hull) < 3:
            return None
        outline = hull.reshape(-1, 2).astype(np.float32, copy=False)
    inside = np.asarray(np.clip(outline, 0, [width, height]), dtype=np.float32)
    clean = Container(found.type, inside, found.score)
    return clean if polygon_area(inside) >= options.min_container_share * height * width else None


def container_nms(containers: Sequence[Container], shape: Shape) -> list[Container]:
    """The containers without those that a better one of the same kind mostly covers, in their order.

    Boxes and plugs are one kind here (a tray seen as both is one tray); a segment is never the double of a box.
    """
    scale = min(1.0, WORK_SIDE_PX / max(shape))
    small = (max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale)))
    regions = [polygon_region(found.polygon * np.float32(scale), small) for found in containers]
    kept: list[int] = []
    for index in sorted(range(len(containers)), key=lambda place: -containers[place].score):
        rivals = (k for k in kept if _rank(containers[k]) == _rank(containers[index]))
        if all(_covered(regions[index], regions[rival]) < MIN_COVERED_SHARE for rival in rivals):
            kept.append(index)
    return [containers[index] for index in sorted(kept)]


def with_largest_segment(containers: Sequence[Container], shape: Shape) -> list[Container]:
    """Only the segment with the largest area in px; boxes and plugs all stay."""
    segments = [index for index, found in enumerate(containers) if found.type == "segment"]
    if len(segments) < 2:
        return list(containers)
    largest = max(segments, key=lambda index: container_region(shape, containers, index).area_px)
    return [found for index, found in enumerate(containers) if found.type != "segment" or index == largest]


def container_region(shape: Shape, containers: Sequence[Container], index: int) -> Region:
    """The pixels that belong to one container and to no other.

    A box or plug takes its pixels from a segment; of two that rank alike the higher score takes them, of equal
    scores the first. So every pixel has one owner and nothing is counted twice.
    Raises: InvalidInput for an index out of range.
    """
    check(0 <= index < len(containers), f"container {index} of {len(containers)}")
    region = polygon_region(containers[index].polygon, shape)
    for other, found in enumerate(containers):
        if _precedence(containers, other) < _precedence(containers, index):
            region = subtract_region(region, polygon_region(found.polygon, shape))
    return region


@dataclass(frozen=True, slots=True)
class PlantAssignment:
    """Decides which container a plant belongs to, the same from every container's point of view.

    It belongs where its middle lies. A middle outside all containers (a plant that leans over the rim) belongs to
    the nearest one within `rim_share` of its side.
    """

    shape: Shape
    containers: tuple[Container, ...]
    rim_share: float = RIM_SHARE

    def assign(self, detections: Detections, index: int) -> Detections:
        """Those of the detections, in full-image pixels, that belong to container `index`."""
        points = box_centers(detections.boxes)
        mine = self._lies_in(points, index)
        reach = sides(detections.boxes) * self.rim_share
        for place in np.flatnonzero(~mine).tolist():
            x, y = points[place].tolist()
            mine[place] = self._within_rim(x, y, float(reach[place]), index)
        return detections.select(mine)

    def _lies_in(self, points: NDArray[np.float32], index: int) -> Mask:
        region = container_region(self.shape, self.containers, index)
        return points_in_mask(points, region.mask, (region.x0, region.y0))

    def _within_rim(self, x: float, y: float, reach_px: float, index: int) -> bool:
        distance = _distance(self.containers[index].polygon, x, y)
        if (
            not 0 < distance <= reach_px
        ):  # 0 or less: inside its outline, so another container has taken the pixel
            return False
        others = (
            (_distance(found.polygon, x, y), other)
            for other, found in enumerate(self.containers)
            if other != index
        )
        return all((distance, index) < rival for rival in others)


def _rank(found: Container) -> int:
    return 1 if found.type == "segment" else 0


def _precedence(containers: Sequence[Container], index: int) -> tuple[int, float, int]:
    return _rank(containers[index]), -containers[index].score, index


def _covered(region: Region, by: Region) -> float:
    """Share of the smaller of two regions that lies in the other; 0 if either is empty."""
    smaller = min(region.area_px, by.area_px)
    if smaller == 0:
        return 0.0
    return (region.area_px - subtract_region(region, by).area_px) / smaller


def _distance(polygon: Polygon, x: float, y: float) -> float:
    """Pixels from a point to a polygon's outline: positive outside, negative inside."""
    return -float(cv2.pointPolygonTest(polygon.reshape(-1, 1, 2), (x, y), True))
