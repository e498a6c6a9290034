"""Sliced detection: the detector run on tiles of containers, at the scale of the photo."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlpipeline.vision.arrays import Image, check, check_image, shape_of
from mlpipeline.vision.containers.cleaning import RIM_SHARE, PlantAssignment, container_region
from mlpipeline.vision.errors import model_to_blame
from mlpipeline.vision.geometry.boxes import areas, box_centers, clip, longest_sides, points_in_mask
from mlpipeline.vision.geometry.masks import Region
from mlpipeline.vision.imaging.tiles import Tile, integer_ratio_side, plan_tiles, tile_starts
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.protocols import Detector, ImageDetector, Progress
from mlpipeline.vision.results import OUT_OF_SCALE, TRUNCATED, Container, Detections
from mlpipeline.vision.rules import Rule
from mlpipeline.vision.tiling.plant_scale import MIN_SIZED_COUNT, PlantSizes, measure_sizes
from mlpipeline.vision.tiling.scale_search import ScaleSearch, search_scale
from mlpipeline.vision.tiling.tile_merging import EDGE_TOLERANCE_PX, cross_tile_nms, merge_tiles
from mlpipeline.vision.tiling.tile_runner import TileAnswers, TileRunner

# Half a step between two probes: how much smaller one tile may show the plants of a box.
MAX_DIRECT_SHRINK = 2**0.5
MAX_OVERLAP = 0.6  # of a tile's side; more would multiply the tiles
MIN_PLANTS_IN_MERGED_BOX = 2  # plants within a larger box from which it is a crowd
SIDE_FACTORS = (1.0, 1.15, 1.3)  # tiles may be this much larger where that needs fewer of them


def detect_in_containers(
    image: Image,
    containers: Sequence[Container],
    indices: Sequence[int],
    detector: Detector,
    options: CountOptions,
    progress: Progress | None = None,
) -> list[Detections]:
    """Detect plants, dead plants and empties in some containers of a picture, each without regard to the others.

    Args:
        image: (H, W, 3) uint8 RGB, the whole picture; it is not modified.
        containers: all containers of the picture, also those without an index: they own pixels too.
        indices: which of them to run the detector on.
        detector: finds plants and empties in tiles.
        options: the settings of the count.
        progress: called with (tiles done, tiles in all); the share never falls, the last call has both equal.

    Returns: one set for each index, in full-image pixels, rounded (`Detections.rounded`), from `options.proposal_score`
        on. Nothing is filtered: a plant on the line between two containers may be in both sets.
    Raises: InvalidInput for a wrong picture or index; DetectorFault when the detector breaks its protocol.
    """
    _check_indices(image, containers, indices)
    shape = shape_of(image)
    runner = TileRunner(image, detector, options, progress)
    regions = {index: container_region(shape, containers, index).cropped() for index in indices}
    shown = [index for index in indices if not regions[index].is_empty]
    detected = dict.fromkeys(indices, Detections.empty())
    if shown:
        search = search_scale(runner)
        plans = [plan_container(containers[index], regions[index], search, runner) for index in shown]
        detected |= zip(shown, run_plans(plans, search, runner), strict=True)
    assignment = _assignment(image, containers, options)
    return [_assigned(detected[index], index, assignment) for index in indices]


def detect_in_picture(
    image: Image,
    containers: Sequence[Container],
    indices: Sequence[int],
    detector: ImageDetector,
    options: CountOptions,
    progress: Progress | None = None,
) -> list[Detections]:
    """The same by a detector that takes the whole picture at once. `progress` is called once, at the end.

    It is asked from the floor of the count on: SAHI merges what it finds, so lower scores would move its boxes.
    """
    _check_indices(image, containers, indices)
    with model_to_blame():
        seen = detector.detect_image(image, options.confidence)
    assignment = _assignment(image, containers, options)
    if progress is not None:
        progress(1, 1)
    return [_assigned(seen, index, assignment) for index in indices]


def _assignment(image: Image, containers: Sequence[Container], options: CountOptions) -> PlantAssignment:
    return PlantAssignment(shape_of(image), tuple(containers), _rim_share(options))


def _rim_share(options: CountOptions) -> float:
    return RIM_SHARE if options.has(Rule.LEANING_PLANTS) else 0.0


def _check_indices(image: Image, containers: Sequence[Container], indices: Sequence[int]) -> None:
    check_image(image)
    check(
        all(0 <= index < len(containers) for index in indices),
        f"indices {list(indices)} of {len(containers)}",
    )


def _assigned(seen: Detections, index: int, assignment: PlantAssignment) -> Detections:
    """What belongs to a container, cut at the edges of the picture, rounded; nothing without an area is left."""
    boxes = clip(seen.boxes, assignment.shape)
    kept = areas(boxes) > 0
    valid = Detections(boxes[kept], seen.scores[kept], seen.classes[kept], seen.warnings)
    return assignment.assign(valid, index).rounded()


@dataclass(frozen=True, slots=True)
class SlicePlan:
    """The tiles that a container still needs after the scale search: none where the best probe shows all of it.

    overlap_px: how far they overlap. warnings: of their scale.
    """

    tiles: tuple[Tile, ...] = ()
    overlap_px: float = 0.0
    warnings: tuple[str, ...] = ()

    @property
    def planned(self) -> list[tuple[Tile, float]]:
        """The tiles with their overlaps in px."""
        return [(tile, self.overlap_px) for tile in self.tiles]


def plan_container(
    container: Container, region: Region, search: ScaleSearch, runner: TileRunner
) -> SlicePlan:
    """The tiles for a container of which `region` is left, at the scale of the photo.

    A segment is sliced. A box or tray is shown in one tile where its plants stay large enough in it, and sliced where
    they do not. Nothing is run where the best probe has shown the whole picture.
    """
    probe = search.best
    is_shown = probe.is_complete and TRUNCATED not in probe.detected.warnings
    plants = _within(probe.confident, region).plants
    sizes = (measure_sizes(plants) if len(plants) >= MIN_SIZED_COUNT else None) or probe.sizes
    if is_shown or sizes is None:
        return SlicePlan()
    if container.type != "segment" and runner.options.has(Rule.DIRECT_BOXES):
        direct = plan_direct(region, sizes, probe.tile_px_per_px, runner)
        if direct is not None:
            return direct
    return plan_slices(region, sizes, probe.tile_px_per_px, runner)


def _within(seen: Detections, region: Region) -> Detections:
    return seen.select(points_in_mask(box_centers(seen.boxes), region.mask, (region.x0, region.y0)))


def plan_direct(region: Region, sizes: PlantSizes, scale: float, runner: TileRunner) -> SlicePlan | None:
    """One tile over a whole region, so that no plant is cut and nothing merged; None where plants are too small in it.

    They are where they show smaller than any in training, or by more than MAX_DIRECT_SHRINK smaller than at `scale`.
    """
    tile_px, trained = runner.detector.tile_px, runner.detector.trained_plant_px
    margin = math.ceil(sizes.longest_px / 2)  # a plant belongs to the region by its middle
    height, width = region.mask.shape
    least_px = max(height, width) + 2 * margin
    side_px = max(integer_ratio_side(least_px, tile_px), round(tile_px / scale))
    shown = tile_px / side_px
    if shown < scale / MAX_DIRECT_SHRINK or sizes.low_px * shown < trained[0]:
        return None
    # Within the picture, as tiles of a plan are: one at the limit of the detector is cut in four that each show some.
    (x0,) = tile_starts(region.x0, region.x0 + width, side_px, 0, runner.shape[1])
    (y0,) = tile_starts(region.y0, region.y0 + height, side_px, 0, runner.shape[0])
    tile = Tile(x0, y0, side_px)
    overlap_px = needed_overlap_px(sizes.longest_px, shown, runner.options.overlap)
    return SlicePlan((tile,), overlap_px, _scale_warnings(sizes, shown, runner))


def plan_slices(region: Region, sizes: PlantSizes, scale: float, runner: TileRunner) -> SlicePlan:
    """Tiles over a region at `scale`, in tile px per picture px, that overlap by the largest plant."""
    trained, tile_px, options = runner.detector.trained_plant_px, runner.detector.tile_px, runner.options
    side_px = max(1, round(tile_px / scale))
    overlap_px = needed_overlap_px(sizes.longest_px, scale, options.overlap)
    # A somewhat larger tile often saves a whole row or column of them; plants stay well within the trained range.
    room = max(1.0, sizes.low_px * scale / trained[0])
    factors = [factor for factor in SIDE_FACTORS if factor <= room]
    even = [integer_ratio_side(round(side_px * factor), tile_px) for factor in factors]
    sides = [
        side if side <= side_px * room else round(side_px * factor)
        for side, factor in zip(even, factors, strict=True)
    ]
    reach = 0.5 + _rim_share(options)
    candidates = [
        (plan_tiles(region, runner.shape, side, min(overlap_px, MAX_OVERLAP * side), reach), side)
        for side in sides
    ]
    tiles, side_px = min(candidates, key=lambda candidate: len(candidate[0]))
    warnings = _scale_warnings(sizes, tile_px / side_px, runner)
    return SlicePlan(tiles, min(overlap_px, MAX_OVERLAP * side_px), warnings)


def needed_overlap_px(longest_px: float, scale: float, overlap: float) -> float:
    """Overlap of tiles in which plants up to `longest_px` are whole in one, with `overlap` times their size.

    scale: tile px per picture px.
    """
    return longest_px * overlap + 2 * EDGE_TOLERANCE_PX / scale


def _scale_warnings(sizes: PlantSizes, scale: float, runner: TileRunner) -> tuple[str, ...]:
    low, high = runner.detector.trained_plant_px
    return () if low <= sizes.median_px * scale <= high else (OUT_OF_SCALE,)


def run_plans(plans: Sequence[SlicePlan], search: ScaleSearch, runner: TileRunner) -> list[Detections]:
    """The detections of the containers of some plans, which share batches."""
    planned = [pair for plan in plans for pair in plan.planned]
    runner.expect(len(planned))
    answers = iter(runner.run_with_splitting(planned))
    detected = [_merge_plan(plan, [next(answers) for _ in plan.planned], search, runner) for plan in plans]
    runner.finish()
    return detected


def _merge_plan(
    plan: SlicePlan, answers: Sequence[TileAnswers], search: ScaleSearch, runner: TileRunner
) -> Detections:
    """The detections of the tiles of a container, as one set; those of the best probe where no tile was needed."""
    if not plan.tiles:
        return search.best.detected
    pairs = [pair for group in answers for pair in group]
    small = merge_tiles(pairs, runner.shape, runner.detector.tile_px, runner.options.iou)
    if not runner.options.has(Rule.LARGE_PLANTS):
        return small.warned(*plan.warnings)
    # Plants larger than the overlap are cut in every tile; the full image has them whole.
    seen = search.full_image.detected
    whole = longest_sides(seen.boxes) > plan.overlap_px
    # Without the probe's warnings: the tiles cover what it could not resolve.
    large = Detections(seen.boxes[whole], seen.scores[whole], seen.classes[whole])
    if runner.options.has(Rule.MERGED_BOXES):
        counted = small.select(small.scores >= runner.options.confidence)
        large = drop_merged_boxes(large, counted)
    return cross_tile_nms([large, small], runner.options.iou).warned(*plan.warnings)


def drop_merged_boxes(large: Detections, small: Detections) -> Detections:
    """The large plants of the full image without those in which finer tiles found several: crowds seen as one."""
    middles = box_centers(small.plants.boxes)
    boxes = large.boxes
    held = [int(((middles >= box[:2]) & (middles <= box[2:])).all(axis=1).sum()) for box in boxes]
    return large.select(np.array(held, dtype=np.int64) < MIN_PLANTS_IN_MERGED_BOX)
