"""Scanning: the detector run over containers, at the scale that suits their plants, in tiles only where they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Image, check, check_image, shape_of
from .boxes import areas, centres, clip, inside, longest_sides
from .containers import Ownership, container_region
from .looking import Look, is_convincing, second_look
from .masks import Region
from .merging import EDGE_TOLERANCE_PX, merge, united
from .options import CountOptions
from .protocols import Detector, ImageDetector, Progress
from .results import OUT_OF_SCALE, ContainerFound, Detections
from .running import Runner, Seen
from .scales import Zone, best_scale, zones
from .tiling import Tile, even_side, plan_tiles

MAX_OVERLAP = 0.6  # of a tile's side; more would multiply the tiles
CLUMP = 2  # plants within a larger one that make it a clump of plants
ROUNDING_UP = (1.0, 1.15, 1.3)  # tiles may be this much larger where that needs fewer of them


def detect_in_containers(
    image: Image,
    containers: Sequence[ContainerFound],
    indices: Sequence[int],
    detector: Detector,
    options: CountOptions,
    progress: Progress | None = None,
) -> list[Detections]:
    """Detect plants, dead plants and empties in some containers of a picture, each without regard to the others.

    Args:
        image: (H, W, 3) uint8 RGB, the whole picture; it is not modified.
        containers: all containers of the picture, also those not asked for: they own pixels too.
        indices: which of them to look into.
        detector: finds plants and empties in tiles.
        options: the settings of the count.
        progress: called with (tiles done, tiles in all); the share never falls, the last call has both equal.

    Returns: one set for each index, in full-image pixels, rounded (`Detections.rounded`), scores from
        `options.confidence` on. Nothing is filtered: a plant on the line between two containers may be in both sets.
    Raises: InvalidInput for a wrong picture or index; DetectorFault when the detector breaks its protocol.
    """
    _check_indices(image, containers, indices)
    shape = shape_of(image)
    runner = Runner(image, detector, options, progress)
    looks = [Look(container_region(shape, containers, i), shape, detector, options) for i in indices]
    settle(looks, runner)
    seconds = {place: look for place, first in enumerate(looks) if (look := second_look(first)) is not None}
    settle(list(seconds.values()), runner)
    scans = [Scan(look, plan_scan(look)) for look in looks]
    further = {
        place: Scan(look, plan_scan(look)) for place, look in seconds.items() if is_convincing(look.best())
    }
    united = run_scans([*scans, *further.values()], runner)
    found, rest = united[: len(scans)], dict(zip(further, united[len(scans) :], strict=True))
    together = [
        merge([seen, rest.get(place, Detections.empty())], options.iou) for place, seen in enumerate(found)
    ]
    ownership = Ownership(shape, tuple(containers))
    return [_owned(seen, index, ownership) for seen, index in zip(together, indices, strict=True)]


def detect_in_picture(
    image: Image,
    containers: Sequence[ContainerFound],
    indices: Sequence[int],
    detector: ImageDetector,
    options: CountOptions,
    progress: Progress | None = None,
) -> list[Detections]:
    """The same by a detector that takes the whole picture at once. `progress` is told once, at the end."""
    _check_indices(image, containers, indices)
    seen = detector.detect_image(image, options.confidence)
    ownership = Ownership(shape_of(image), tuple(containers))
    if progress is not None:
        progress(1, 1)
    return [_owned(seen, index, ownership) for index in indices]


def _check_indices(image: Image, containers: Sequence[ContainerFound], indices: Sequence[int]) -> None:
    check_image(image)
    check(
        all(0 <= index < len(containers) for index in indices),
        f"indices {list(indices)} of {len(containers)}",
    )


def _owned(seen: Detections, index: int, ownership: Ownership) -> Detections:
    """What belongs to a container, cut at the edges of the picture, rounded; nothing without an area is left."""
    boxes = clip(seen.boxes, ownership.shape)
    kept = areas(boxes) > 0
    valid = Detections(boxes[kept], seen.scores[kept], seen.classes[kept], seen.warnings)
    return ownership.owned(valid, index).rounded()


def settle(looks: Sequence[Look], runner: Runner) -> None:
    """Glance at containers until the size of the plants in each is known; the glances of one round share batches."""
    while unsettled := [look for look in looks if not look.is_settled]:
        glances = [look.next_tiles() for look in unsettled]
        answers = iter(runner.run([tile for tiles in glances for tile in tiles]))
        for look, tiles in zip(unsettled, glances, strict=True):
            look.add(tiles, [next(answers) for _ in tiles])


@dataclass(frozen=True, slots=True)
class ScanZone:
    """The tiles for one zone of a container, how far they overlap, and what may be wrong with their scale."""

    tiles: tuple[Tile, ...]
    overlap_px: float
    warnings: tuple[str, ...]


def plan_scan(look: Look) -> tuple[ScanZone, ...]:
    """The tiles that a container still needs after a look; none where the look has already counted it."""
    best = look.best()
    if look.answer() is not None or best is None or best.sizes is None:
        return ()
    tight = look.region.tight()
    parts = zones(best.seen.plants, tight.y0, tight.y1, best.sizes)
    return tuple(_plan_zone(tight, zone, look) for zone in parts)


def needed_overlap_px(longest_px: float, scale: float, options: CountOptions) -> float:
    """Overlap of tiles in which plants up to `longest_px` are whole in one; `scale` is tile px per picture px."""
    return longest_px * options.overlap + 2 * EDGE_TOLERANCE_PX / scale


def _plan_zone(region: Region, zone: Zone, look: Look) -> ScanZone:
    trained, tile_px = look.detector.trained_plant_px, look.detector.tile_px
    scale = best_scale(zone.sizes, trained, look.options.max_enlargement)
    side_px = max(1, round(tile_px / scale))
    overlap_px = needed_overlap_px(zone.sizes.longest_px, scale, look.options)
    rows = Region(region.x0, zone.y0, region.mask[zone.y0 - region.y0 : zone.y1 - region.y0])
    # A somewhat larger tile often saves a whole row or column of them; plants stay well within the trained range.
    room = max(1.0, zone.sizes.low_px * scale / trained[0])
    factors = [factor for factor in ROUNDING_UP if factor <= room]
    even = [even_side(round(side_px * factor), tile_px) for factor in factors]
    sides = [
        side if side <= side_px * room else round(side_px * factor)
        for side, factor in zip(even, factors, strict=True)
    ]
    candidates = [
        (plan_tiles(rows, look.shape, side, min(overlap_px, MAX_OVERLAP * side)), side) for side in sides
    ]
    tiles, side_px = min(candidates, key=lambda candidate: len(candidate[0]))
    median_px = zone.sizes.median_px * tile_px / side_px
    warnings = () if trained[0] <= median_px <= trained[1] else (OUT_OF_SCALE,)
    return ScanZone(tiles, min(overlap_px, MAX_OVERLAP * side_px), warnings)


@dataclass(frozen=True, slots=True)
class Scan:
    """A container that was looked at, and the tiles that it still needs."""

    look: Look
    plan: tuple[ScanZone, ...]

    @property
    def planned(self) -> list[tuple[Tile, float]]:
        """The tiles with their overlaps in px."""
        return [(tile, zone.overlap_px) for zone in self.plan for tile in zone.tiles]


def run_scans(scans: Sequence[Scan], runner: Runner) -> list[Detections]:
    """Run the tiles of all scans in common batches; one merged set a scan, in full-image pixels."""
    planned = [pair for scan in scans for pair in scan.planned]
    runner.expect(len(planned))
    answers = iter(runner.run_whole(planned))
    united = [_united(scan, [next(answers) for _ in scan.planned], runner) for scan in scans]
    runner.finish()
    return united


def _united(scan: Scan, seen: Sequence[Seen], runner: Runner) -> Detections:
    """What the tiles of a scan saw, as one set; the look's own answer where none was needed."""
    if not scan.plan:
        return scan.look.answer() or Detections.empty()
    pairs = [pair for group in seen for pair in group]
    small = united(pairs, runner.shape, runner.detector.tile_px, runner.options.iou)
    largest = max(zone.overlap_px for zone in scan.plan)
    # Plants larger than the overlap are cut in every tile; the first complete glance had them whole.
    glance = next((sight.seen for sight in scan.look.sights if sight.is_complete), Detections.empty())
    whole = longest_sides(glance.boxes) > largest
    # Without the glance's warnings: what it could not see, the tiles have seen.
    large = without_clumps(
        Detections(glance.boxes[whole], glance.scores[whole], glance.classes[whole]), small
    )
    merged = merge([small, large], runner.options.iou)
    if scan.look.is_second:  # a finer look takes parts of the large plants around its region for plants
        region = scan.look.region
        merged = merged.select(inside(centres(merged.boxes), region.mask, (region.x0, region.y0)))
    return merged.warned(*(word for zone in scan.plan for word in zone.warnings))


def without_clumps(large: Detections, small: Detections) -> Detections:
    """The large plants of a glance without those in which finer tiles saw several: a crowd looks like one from afar."""
    middles = centres(small.plants.boxes)
    boxes = large.boxes
    held = [int(((middles >= box[:2]) & (middles <= box[2:])).all(axis=1).sum()) for box in boxes]
    return large.select(np.array(held, dtype=np.int64) < CLUMP)
