"""Looking: a coarse glance at a container that finds out how large its plants are, before the real work.

The first glance shows the whole container in one tile. While plants are too small to be seen well, the next glance
is twice as fine; a glance of many tiles is cut to a sample, so that looking stays cheap however large the picture is.
Where large plants were seen, a second look goes finer over the stretches that seem bare: perspective or another
species may have put plants there that are too small for the first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from .arrays import Mask, Shape
from .boxes import areas, centres, inside
from .masks import Region, opened
from .merging import united
from .options import CountOptions
from .protocols import Detector
from .results import TRUNCATED, Detections, merge_warnings
from .scales import ENOUGH, PlantSizes, is_comfortable, sizes_of
from .tiling import Tile, even_side, plan_tiles, whole_tile

GLANCE_OVERLAP = 0.15  # of a tile's side
# A tile that shows a whole container is larger than it by the margin that tiles keep for plants that lean out of it,
# half an overlap on either side.
GLANCE_MARGIN = 1 / (1 - GLANCE_OVERLAP)
SAMPLE_TILES = 4
FINEST_ENLARGEMENT = 2.0  # looking stops there: plants too small at twice their size hold no detail to detect
# How much finer the second look is: it sees plants that are a sixth to a half of the first's.
SECOND_STEP = 2.5
BARE_SHARE = 0.08  # of what was looked at: smaller bare stretches are not worth a second look
BARE_WORK_PX = 512  # bare stretches are found at this size
CONVINCING = 3  # plants that a second look must see, with SURE_SCORE on average, else false positives win
CERTAINTY_POWER = 4
FIRST_GLANCE_SCALE = 0.8  # tile px per picture px at most: the plants of a small picture may be large in it
FADED = 0.25  # of the best sight's evidence: where a finer glance shows less, plants are too large for still finer ones
SURE_SCORE = 0.55  # mean score from which a sight is believed without a finer look


@dataclass(frozen=True, slots=True)
class Sight:
    """What one glance saw: plants in full-image pixels, and how.

    `tiles` were looked at, `share` is their part of the container; `tile_px_per_px` the scale; `sizes` in image px.
    """

    seen: Detections
    tiles: tuple[Tile, ...]
    share: float
    tile_px_per_px: float
    sizes: PlantSizes | None

    @property
    def is_complete(self) -> bool:
        return self.share >= 1.0

    @property
    def evidence(self) -> float:
        """Area in px² of the whole container that the sight explains, each object weighing a power of its score.

        Area and not number: the leaves of one plant, taken for plants by a glance too fine, are many but cover less
        than the plant; plants too small for a glance too coarse leave their area unexplained. A high power, because
        a clump of plants taken for one covers as much as they do, and the crumbs of a substrate, taken for seedlings,
        cover all of it: both with less certainty (measured: 0.35 for crumbs, 0.75 for the plants among them).
        """
        weights = self.seen.scores**CERTAINTY_POWER * areas(self.seen.boxes)
        return float(weights.sum()) / self.share if self.share else 0.0

    @property
    def is_believed(self) -> bool:
        """Whether what was seen is seen surely."""
        return bool(len(self.seen)) and float(np.mean(self.seen.scores)) >= SURE_SCORE

    @property
    def tile_sizes(self) -> PlantSizes | None:
        """Sizes as the detector saw them, in tile pixels."""
        return self.sizes * self.tile_px_per_px if self.sizes else None


@dataclass(slots=True)
class Look:
    """The glances at one container, coarse to fine, until the size of its plants is known.

    Ask `next_tiles` for the tiles of the next glance, hand what the detector saw to `add`, until `is_settled`.
    """

    region: Region
    shape: Shape
    detector: Detector
    options: CountOptions
    second_side_px: int | None = (
        None  # tile side of a second look, which is one glance; None for a first look
    )
    sights: list[Sight] = field(default_factory=list)
    is_settled: bool = False
    _side_px: int = 0
    _first_px: int = 0
    _share: float = 1.0

    def __post_init__(self) -> None:
        tight = self.region.tight()
        whole_px = max(1, math.ceil(max(tight.mask.shape) * GLANCE_MARGIN) + 2)
        self._first_px = max(
            whole_px,
            first_glance(self.shape, self.detector.tile_px).side_px,
        )
        self._side_px = self.second_side_px or self._first_px
        self.is_settled = tight.is_empty

    @property
    def is_second(self) -> bool:
        return self.second_side_px is not None

    def next_tiles(self) -> tuple[Tile, ...]:
        """The tiles of the next glance; the first is the same for all containers of a picture."""
        if not self.is_second and not self.sights:
            return (first_glance(self.shape, self.detector.tile_px),)
        tiles = plan_tiles(self.region, self.shape, self._side_px, GLANCE_OVERLAP * self._side_px)
        self._share = 1.0
        if len(tiles) > SAMPLE_TILES:
            # One from the middle of each quarter of the list: spread from the far to the near end of the container.
            chosen = [tiles[(2 * k + 1) * len(tiles) // (2 * SAMPLE_TILES)] for k in range(SAMPLE_TILES)]
            self._share = min(
                1.0, np.count_nonzero(self.region.mask & _under(self.region, chosen)) / self.region.area_px
            )
            tiles = tuple(chosen)
        return tiles

    def add(self, tiles: Sequence[Tile], answers: Sequence[Detections]) -> None:
        """Take in what the detector saw on the tiles of a glance, in full-image pixels."""
        seen = united(
            list(zip(tiles, answers, strict=True)), self.shape, self.detector.tile_px, self.options.iou
        )
        seen = seen.select(inside(centres(seen.boxes), self.region.mask, (self.region.x0, self.region.y0)))
        scale = self.detector.tile_px / tiles[0].side_px
        self.sights.append(Sight(seen, tuple(tiles), self._share, scale, sizes_of(seen)))
        self.is_settled = self.is_second or self._is_enough()
        if not self.is_settled:
            self._advance()

    def best(self) -> Sight | None:
        """The sight to plan with: the one with the most evidence; None where nothing was seen.

        A sample that saw fewer than three objects is chance, and multiplied by what it did not see a large one.
        """
        seeing = [
            sight
            for sight in self.sights
            if len(sight.seen) >= (1 if sight.is_complete else 3) and sight.sizes
        ]
        return max(seeing, key=lambda sight: sight.evidence, default=None)

    def answer(self) -> Detections | None:
        """The count itself, where the best sight already saw the whole container well; None where it did not."""
        best = self.best()
        if best is None:
            # Nothing to go by; but where a glance was cut off, that is no proof that nothing is there.
            return Detections.empty().warned(*merge_warnings(sight.seen.warnings for sight in self.sights))
        if not best.is_complete or TRUNCATED in best.seen.warnings or best.tile_sizes is None:
            return None
        is_seen_well = is_comfortable(best.tile_sizes, self.detector.trained_plant_px)
        return best.seen if is_seen_well or self._are_few_seen_well(best) else None

    def _are_few_seen_well(self, sight: Sight) -> bool:
        """Whether a sight shows surely the few plants of a pot or a small box, at a size that the weights know."""
        sizes, (smallest, largest) = sight.tile_sizes, self.detector.trained_plant_px
        if sizes is None or sizes.count >= ENOUGH or not sight.is_believed:
            return False
        return smallest <= sizes.low_px and sizes.high_px <= largest

    def _is_enough(self) -> bool:
        """Whether a finer glance could tell nothing new about the size of the plants."""
        sight = self.sights[-1]
        sizes = sight.tile_sizes
        if sizes is None:
            return False
        if self._are_few_seen_well(sight):
            return True
        if is_comfortable(sizes, self.detector.trained_plant_px) and sizes.count >= ENOUGH:
            return sight.is_believed
        # Small, but as the weights know them: their size is measured even if some are missed.
        return (
            sight.is_believed and sizes.count >= ENOUGH and sizes.low_px >= self.detector.trained_plant_px[0]
        )

    def _has_faded(self, best: Sight) -> bool:
        """Whether the last glance shows little of what a coarser one, if unsurely, showed at a size that suits."""
        sizes = best.tile_sizes
        if sizes is None or sizes.count < ENOUGH or self.sights[-1].evidence >= FADED * best.evidence:
            return False
        return is_comfortable(sizes, self.detector.trained_plant_px)

    def _advance(self) -> None:
        """Go twice as fine; after the finest glance saw nothing, once twice as coarse: a plant may fill the tile."""
        finest_px = self.detector.tile_px / min(FINEST_ENLARGEMENT, self.options.max_enlargement)
        best = self.best()
        if self._side_px > self._first_px or (best is not None and self._has_faded(best)):
            self.is_settled = True
        elif self._side_px / 2 >= max(finest_px, 1.0):
            self._side_px = math.ceil(self._side_px / 2)
        elif best is None:
            self._side_px = 2 * self._first_px
        else:
            self.is_settled = True


def first_glance(shape: Shape, tile_px: int) -> Tile:
    """The tile that the first glance at a picture of `shape` shows: all of it.

    For a single container too: a pot that fills the tile shows its crumbs, not its plant, and where this is too small,
    finer glances follow.
    """
    return whole_tile(shape, even_side(max(*shape, math.ceil(tile_px / FIRST_GLANCE_SCALE)), tile_px))


def second_look(look: Look) -> Look | None:
    """A finer look at the stretches in which a settled look saw nothing, though it saw plants beside them.

    None where there are no such stretches, nothing was seen at all (then the look has gone to its finest already),
    or the picture would have to be enlarged too far.
    """
    best = look.best()
    if best is None or best.sizes is None:
        return None
    side_px = math.ceil(look.detector.tile_px / best.tile_px_per_px / SECOND_STEP)
    finest_px = look.detector.tile_px / min(FINEST_ENLARGEMENT, look.options.max_enlargement)
    if side_px < max(finest_px, 1.0):
        return None
    bare = bare_region(look.region, best)
    if bare.area_px < BARE_SHARE * best.share * look.region.area_px:
        return None
    return Look(bare, look.shape, look.detector, look.options, side_px)


def is_convincing(sight: Sight | None) -> bool:
    """Whether a second look has surely seen plants."""
    if sight is None or len(sight.seen) < CONVINCING:
        return False
    return float(np.mean(sight.seen.scores)) >= SURE_SCORE


def bare_region(region: Region, sight: Sight) -> Region:
    """The part of what was looked at that lies farther than half a plant's side from everything seen.

    Stretches into which no disc of a plant's radius fits are left out: they are the gaps in a row.
    """
    height, width = region.mask.shape
    scale = min(1.0, BARE_WORK_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Plants that a tile's edge cuts were dropped, so a rim of each tile seems bare.
    rim = round(sight.tiles[0].side_px * GLANCE_OVERLAP / 2) if len(sight.tiles) > 1 else 0
    looked_at = [Tile(tile.x0 + rim, tile.y0 + rim, tile.side_px - 2 * rim) for tile in sight.tiles]
    bare = cv2.resize((region.mask & _under(region, looked_at)).view(np.uint8), size)
    boxes = sight.seen.shifted(-region.x0, -region.y0).boxes
    half = (boxes[:, 2:] - boxes[:, :2]) / 2
    reach = np.concatenate([-half, half], axis=1)
    for x0, y0, x1, y1 in np.rint((boxes + reach) * scale).clip(0).astype(int).tolist():
        bare[y0:y1, x0:x1] = 0
    radius = sight.sizes.median_px * scale / 2 if sight.sizes else 0.0
    wide = opened(bare.astype(np.bool_), radius).view(np.uint8)
    if not wide.any():
        return Region(region.x0, region.y0, np.zeros((0, 0), dtype=np.bool_))
    full = cv2.resize(wide, (width, height), interpolation=cv2.INTER_NEAREST)
    return Region(region.x0, region.y0, full.view(np.bool_) & region.mask)


def _under(region: Region, tiles: Sequence[Tile]) -> Mask:
    """The pixels of a region's rectangle that lie under any of the tiles."""
    covered = np.zeros_like(region.mask)
    for tile in tiles:
        rows = slice(max(tile.y0 - region.y0, 0), max(tile.y1 - region.y0, 0))
        columns = slice(max(tile.x0 - region.x0, 0), max(tile.x1 - region.x0, 0))
        covered[rows, columns] = True
    return covered
