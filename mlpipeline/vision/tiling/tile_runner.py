"""Running: tiles through the detector in batches, and the progress of it."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mlpipeline.vision.arrays import Image, Shape, shape_of
from mlpipeline.vision.errors import DetectorFault, model_to_blame
from mlpipeline.vision.imaging.pyramid import Pyramid, pyramid_of
from mlpipeline.vision.imaging.tiles import Tile
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.protocols import Detector, Progress
from mlpipeline.vision.results import TRUNCATED, Detections

TileAnswers = list[tuple[Tile, Detections]]  # of one planned tile: itself, or the smaller ones in its place
MAX_QUARTER_SHARE = 0.9  # of a tile's side: quarters larger than that would be run for ever
MAX_OVERSIZE = 1.5  # of the largest trained plant: weights generalise a little beyond their training
ROUNDING = 1e-6  # of a tile: a share times its total is not exactly the number it was made of


@dataclass(slots=True)
class TileRunner:
    """Runs tiles through the detector in batches, and reports progress."""

    image: Image
    detector: Detector
    options: CountOptions
    progress: Progress | None
    _done: int = 0
    _expected: int | None = None
    _reported_share: float = 0.0
    _pyramid: Pyramid = field(init=False)

    def __post_init__(self) -> None:
        self._pyramid = pyramid_of(self.image)

    @property
    def shape(self) -> Shape:
        """(H, W) of the picture."""
        return shape_of(self.image)

    def expect(self, tiles: int) -> None:
        """From here on the work that is left is known, so it is reported."""
        self._expected = self._done + tiles
        self._report()

    def finish(self) -> None:
        """Report that all is done."""
        self._expected = self._done
        self._report()

    def run(self, tiles: Sequence[Tile]) -> list[Detections]:
        """One answer a tile, in full-image pixels, with `truncated` where the detector's limit was reached."""
        answers: list[Detections] = []
        for start in range(0, len(tiles), self.options.batch_tiles):
            answers += self._run_batch(tiles[start : start + self.options.batch_tiles])
            self._report()
        return answers

    def run_with_splitting(self, planned: Sequence[tuple[Tile, float]]) -> list[TileAnswers]:
        """Run tiles with their overlaps in px; one that reaches the detector's limit is run again as four smaller.

        So is each of the four, down to the floor of `_shrinks`: no limit of the detector cuts a count silently. What
        is still cut there keeps its warning `truncated`.
        """
        results: list[TileAnswers] = [[] for _ in planned]
        todo = deque((place, tile, overlap_px) for place, (tile, overlap_px) in enumerate(planned))
        while todo:
            batch = [todo.popleft() for _ in range(min(self.options.batch_tiles, len(todo)))]
            answers = self._run_batch([tile for _, tile, _ in batch])
            for (place, tile, overlap_px), answer in zip(batch, answers, strict=True):
                if TRUNCATED in answer.warnings and self._shrinks(tile, overlap_px):
                    quarters = tile.quarters(overlap_px)
                    todo.extend((place, quarter, overlap_px) for quarter in quarters)
                    if self._expected is not None:
                        self._expected += len(quarters)
                else:
                    results[place].append((tile, answer))
            self._report()
        return results

    def _run_batch(self, batch: Sequence[Tile]) -> list[Detections]:
        tile_px = self.detector.tile_px
        cuts = self._pyramid.cut_all(batch, tile_px)
        with model_to_blame():
            raw = self.detector.detect([picture for picture, _ in cuts])
        _check_answers(raw, len(batch), tile_px)
        self._done += len(batch)
        return [self._to_image_frame(answer, shown) for answer, (_, shown) in zip(raw, cuts, strict=True)]

    def _shrinks(self, tile: Tile, overlap_px: float) -> bool:
        """Whether quarters of a tile would each show fewer plants, and show them as the weights know them.

        Quarters overlap by the largest plant, so those of a tile that is hardly larger than its overlap are no smaller
        than it; and a plant much larger in a tile than any in training would be missed without a warning.
        """
        side_px = tile.quarters(overlap_px)[0].side_px
        largest_in_tile_px = overlap_px / self.options.overlap * self.detector.tile_px / side_px
        floor_px = MAX_OVERSIZE * self.detector.trained_plant_px[1]
        return side_px <= MAX_QUARTER_SHARE * tile.side_px and largest_in_tile_px <= floor_px

    def _to_image_frame(self, answer: Detections, tile: Tile) -> Detections:
        capped = len(answer) >= self.detector.max_det
        proposed = answer.select(answer.scores >= self.options.proposal_score)
        placed = proposed.scaled(tile.side_px / self.detector.tile_px).shifted(tile.x0, tile.y0)
        return placed.warned(TRUNCATED) if capped else placed

    def _report(self) -> None:
        if self.progress is None or self._expected is None:
            return
        total = max(self._expected, self._done, 1)
        # Tiles that turn out to need smaller ones add to the work; the reported share never falls.
        done = max(self._done, math.ceil(self._reported_share * total - ROUNDING))
        self._reported_share = done / total
        self.progress(done, total)


def _check_answers(answers: object, tiles: int, tile_px: int) -> None:
    """Raise DetectorFault unless there is one set of detections a tile, whose boxes lie in it or beside it."""
    if not isinstance(answers, Sequence) or len(answers) != tiles:
        raise DetectorFault(f"{tiles} tiles get {tiles} answers, got {answers!r:.100}")
    if not all(isinstance(answer, Detections) for answer in answers):
        raise DetectorFault("a detector answers with Detections objects")
    # A regressed edge may lie somewhat outside; what lies a whole tile away was never seen in this one.
    if any(len(answer) and np.abs(answer.boxes - tile_px / 2).max() > 1.5 * tile_px for answer in answers):
        raise DetectorFault("a detector answers with boxes in the pixels of its tile")
