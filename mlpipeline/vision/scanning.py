"""Scanning: the detector run over containers, at the scale that suits their plants, in tiles only where they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .arrays import Image, check, check_image, shape_of
from .boxes import areas, clip, longest_sides
from .containers import Ownership, container_region
from .errors import DetectorFault
from .looking import Look
from .masks import Region
from .merging import EDGE_TOLERANCE_PX, is_cut, merge
from .options import CountOptions
from .protocols import Detector, Progress
from .results import OUT_OF_SCALE, TRUNCATED, ContainerFound, Detections
from .scales import Zone, best_scale, zones
from .tiling import Tile, cut_tile, plan_tiles

MAX_OVERLAP = 0.6  # of a tile's side; more would multiply the tiles
ROUNDING_UP = (1.0, 1.15, 1.3)  # tiles may be this much larger where that needs fewer of them


def detect_in_containers(
    image: Image,
    containers: Sequence[ContainerFound],
    indices: Sequence[int],
    detector: Detector,
    options: CountOptions,
    progress: Progress | None = None,
) -> list[Detections]:
    """Detect plants, dead plants and empties in some containers of a picture.

    Args:
        image: (H, W, 3) uint8 RGB, the whole picture; it is not modified.
        containers: all containers of the picture, also those not asked for: they own pixels too.
        indices: which of them to look into.
        progress: called with (tiles done, tiles in all); the share never falls, the last call has both equal.

    Returns: one set for each index, in full-image pixels, each plant in one container only.
    Raises: InvalidInput for a wrong picture or index; DetectorFault when the detector breaks its protocol.
    """
    check_image(image)
    check(
        all(0 <= index < len(containers) for index in indices),
        f"indices {list(indices)} of {len(containers)}",
    )
    shape = shape_of(image)
    runner = _Runner(image, detector, options, progress)
    looks = [Look(container_region(shape, containers, i), shape, detector, options) for i in indices]
    while unsettled := [look for look in looks if not look.is_settled]:
        glances = [look.next_tiles() for look in unsettled]
        answers = iter(runner.run([tile for tiles in glances for tile in tiles]))
        for look, tiles in zip(unsettled, glances, strict=True):
            look.add(tiles, [next(answers) for _ in tiles])
    plans = [plan_scan(look) for look in looks]
    planned = [(tile, zone.overlap_px) for plan in plans for zone in plan for tile in zone.tiles]
    runner.expect(len(planned))
    answers_of = iter(runner.run_whole(planned))
    found = [
        _united(look, plan, [next(answers_of) for zone in plan for _ in zone.tiles], runner)
        for look, plan in zip(looks, plans, strict=True)
    ]
    runner.finish()
    ownership = Ownership(shape, tuple(containers))
    return [
        ownership.owned(_valid(seen, shape, options), index)
        for seen, index in zip(found, indices, strict=True)
    ]


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


def _plan_zone(region: Region, zone: Zone, look: Look) -> ScanZone:
    trained, tile_px = look.detector.trained_plant_px, look.detector.tile_px
    scale = best_scale(zone.sizes, trained, look.options.max_enlargement)
    side_px = max(1, round(tile_px / scale))
    overlap_px = zone.sizes.longest_px * look.options.overlap + 2 * EDGE_TOLERANCE_PX / scale
    rows = Region(region.x0, zone.y0, region.mask[zone.y0 - region.y0 : zone.y1 - region.y0])
    # A somewhat larger tile often saves a whole row or column of them; plants stay well within the trained range.
    room = max(1.0, zone.sizes.low_px * scale / trained[0])
    sides = [round(side_px * factor) for factor in ROUNDING_UP if factor <= room]
    candidates = [
        (plan_tiles(rows, look.shape, side, min(overlap_px, MAX_OVERLAP * side)), side) for side in sides
    ]
    tiles, side_px = min(candidates, key=lambda candidate: len(candidate[0]))
    median_px = zone.sizes.median_px * tile_px / side_px
    warnings = () if trained[0] <= median_px <= trained[1] else (OUT_OF_SCALE,)
    return ScanZone(tiles, min(overlap_px, MAX_OVERLAP * side_px), warnings)


Seen = list[tuple[Tile, Detections]]  # what was seen of one planned tile: itself, or its four quarters


def _united(look: Look, plan: Sequence[ScanZone], seen: Sequence[Seen], runner: "_Runner") -> Detections:
    """What the tiles of a plan saw, as one set in full-image pixels; the look's own answer where none was needed."""
    if not plan:
        return look.answer() or Detections.empty()
    parts: list[Detections] = []
    for tile, answer in (pair for pairs in seen for pair in pairs):
        tolerance = EDGE_TOLERANCE_PX * tile.side_px / runner.detector.tile_px
        parts.append(answer.select(~is_cut(answer.boxes, tile, runner.shape, tolerance)))
    largest = max(zone.overlap_px for zone in plan)
    # Plants larger than the overlap are cut in every tile; the first complete glance had them whole.
    glance = next((sight.seen for sight in look.sights if sight.is_complete), Detections.empty())
    parts.append(glance.select(longest_sides(glance.boxes) > largest))
    return merge(parts, runner.options.iou).warned(*(word for zone in plan for word in zone.warnings))


def _valid(seen: Detections, shape: tuple[int, int], options: CountOptions) -> Detections:
    """Detections with the least score, cut at the picture's edges; nothing without an area is left."""
    boxes = clip(seen.boxes, shape)
    kept = (seen.scores >= options.confidence) & (areas(boxes) > 0)
    return Detections(boxes[kept], seen.scores[kept], seen.classes[kept], seen.warnings)


@dataclass(slots=True)
class _Runner:
    """Runs tiles through the detector in batches, and tells how far the work is."""

    image: Image
    detector: Detector
    options: CountOptions
    progress: Progress | None
    _done: int = 0
    _expected: int | None = field(default=None)

    @property
    def shape(self) -> tuple[int, int]:
        return shape_of(self.image)

    def expect(self, tiles: int) -> None:
        """From here on the work that is left is known, so it can be told."""
        self._expected = self._done + tiles
        self._tell()

    def finish(self) -> None:
        self._expected = self._done
        self._tell()

    def run(self, tiles: Sequence[Tile]) -> list[Detections]:
        """One answer a tile, in full-image pixels, with `truncated` where the detector's limit was reached."""
        answers: list[Detections] = []
        for start in range(0, len(tiles), self.options.batch_tiles):
            batch = tiles[start : start + self.options.batch_tiles]
            tile_px = self.detector.tile_px
            raw = self.detector.detect([cut_tile(self.image, tile, tile_px) for tile in batch])
            if len(raw) != len(batch):
                raise DetectorFault(f"{len(batch)} tiles got {len(raw)} answers")
            answers += [self._placed(answer, tile) for answer, tile in zip(raw, batch, strict=True)]
            self._done += len(batch)
            self._tell()
        return answers

    def run_whole(self, planned: Sequence[tuple[Tile, float]]) -> list[Seen]:
        """Run tiles with their overlaps in px; one that reached the detector's limit is run again as four smaller."""
        results: list[Seen] = []
        answers = self.run([tile for tile, _ in planned])
        for (tile, overlap_px), answer in zip(planned, answers, strict=True):
            if TRUNCATED not in answer.warnings:
                results.append([(tile, answer)])
                continue
            quarters = tile.quarters(overlap_px)
            if self._expected is not None:
                self._expected += len(quarters)
            results.append(list(zip(quarters, self.run(quarters), strict=True)))
        return results

    def _placed(self, answer: Detections, tile: Tile) -> Detections:
        capped = len(answer) >= self.detector.max_det
        sure = answer.select(answer.scores >= self.options.confidence)
        placed = sure.scaled(tile.side_px / self.detector.tile_px).shifted(tile.x0, tile.y0)
        return placed.warned(TRUNCATED) if capped else placed

    def _tell(self) -> None:
        if self.progress is not None and self._expected is not None:
            self.progress(self._done, max(self._expected, self._done, 1))
