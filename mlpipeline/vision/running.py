"""Running: tiles through the detector in batches, and the progress of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from .arrays import Image, Shape, shape_of
from .errors import DetectorFault
from .options import CountOptions
from .protocols import Detector, Progress
from .results import TRUNCATED, Detections
from .tiling import Tile, cut_tile

Seen = list[tuple[Tile, Detections]]  # what was seen of one planned tile: itself, or its four quarters


@dataclass(slots=True)
class Runner:
    """Runs tiles through the detector in batches, and tells how far the work is."""

    image: Image
    detector: Detector
    options: CountOptions
    progress: Progress | None
    _done: int = 0
    _expected: int | None = None

    @property
    def shape(self) -> Shape:
        return shape_of(self.image)

    def expect(self, tiles: int) -> None:
        """From here on the work that is left is known, so it can be told."""
        self._expected = self._done + tiles
        self._tell()

    def finish(self) -> None:
        """Tell that all is done."""
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
