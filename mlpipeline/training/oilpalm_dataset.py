"""The real pictures of the training: drone tiles of oil palms, split by where they lie on the ground.

Tiles of 512 px overlap each other, so a random split would measure on ground that was trained on. The two numbers of
a name are x and y of the tile in the mosaic.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

TILE_PX = 512
SPLIT_X = 5120  # tiles left of it train, tiles right of it measure, tiles across it are dropped
_NAME = re.compile(r"tile_(\d+)_(\d+)\.jpg")


@dataclass(frozen=True, slots=True)
class OilPalmTile:
    """One tile: picture, YOLO labels (one class), and the checksum of the picture."""

    picture: Path
    labels: Path
    x: int
    y: int

    @property
    def split(self) -> str | None:
        """`train`, `held_out`, or None for a tile that lies across the line."""
        if self.x + TILE_PX <= SPLIT_X:
            return "train"
        return "held_out" if self.x >= SPLIT_X else None

    def sha256(self) -> str:
        """Checksum of the picture's bytes."""
        return hashlib.sha256(self.picture.read_bytes()).hexdigest()


def list_tiles(folder: Path, split: str) -> list[OilPalmTile]:
    """The tiles of a split below a folder with `images` and `labels`, by name; [] where there is no such folder."""
    tiles = []
    for picture in sorted((folder / "images").glob("tile_*.jpg")):
        found = _NAME.fullmatch(picture.name)
        labels = folder / "labels" / f"{picture.stem}.txt"
        if found and labels.is_file():
            tiles.append(OilPalmTile(picture, labels, int(found[1]), int(found[2])))
    return [tile for tile in tiles if tile.split == split]
