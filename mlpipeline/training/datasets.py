"""Training sets on disk, outside the repository: pictures and YOLO labels from rendered scenes and oil-palm tiles.

    <folder>/detection/{images,labels}/      tiles of 512 px: classes plant, dead, empty
    <folder>/segmentation/{images,labels}/   whole scenes of 640 px: classes segment, box, plug (outlines)

Every file is named by the seed of its scene, and the same seed always makes the same files: a set can be enlarged
later, by several processes at once, and a training may start before it is complete.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from mlpipeline.training.labels import box_lines, polygon_line
from mlpipeline.training.oilpalm_dataset import OilPalmTile
from mlpipeline.training.seed_ranges import TRAINING_SEEDS
from mlpipeline.training.tiles import draw_tiles, scene_labels
from mlpipeline.vision.results import CONTAINER_TYPES

if TYPE_CHECKING:
    from mlpipeline.training.scenes import Scene, SceneSpec

DETECTION, SEGMENTATION = "detection", "segmentation"
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 92]

#: How often each kind of scene is rendered.
KIND_SHARES = {
    "mixed": 0.17,
    "dense": 0.15,
    "oblique": 0.12,
    "boxes": 0.13,
    "plugs": 0.13,
    "tiny": 0.06,
    "easy": 0.06,
    "empty": 0.07,
    "open": 0.05,
    "flats": 0.06,
}
#: The same for close-ups: speckled substrate seen from near must not look like tiny plants.
CLOSE_UP_SHARES = {"flats": 0.3, "open": 0.2, "boxes": 0.2, "easy": 0.1, "plugs": 0.1, "dense": 0.1}
CLOSE_UP_PX = (100.0, 260.0)
#: Typical span of a plant in a scene, in px, by kind; USUAL_PX where a kind isn't named.
USUAL_PX = (16.0, 100.0)
SPAN_PX = {
    "tiny": (16.0, 24.0),
    "netted": (16.0, 330.0),
    "sown": (20.0, 160.0),
    "assorted": (36.0, 330.0),
    "display": (36.0, 330.0),
    "rows": (13.0, 32.0),
    "half_planted": (36.0, 330.0),
    "low_contrast": (18.0, 200.0),
}


class ForbiddenSeed(ValueError):
    """A scene that weights are measured on, or shown with, may not be trained on."""


@dataclass(frozen=True, slots=True)
class DatasetRecipe:
    """What is cut from a scene. `plant_px`: the side a plant spans in a tile, as trained.

    kinds: how often each kind of scene is rendered; None for the shares above.
    close_ups: plants of CLOSE_UP_PX in the scene instead, larger in its tiles than `plant_px` too.
    """

    tile_px: int = 512
    plant_px: tuple[float, float] = (14.0, 120.0)
    tiles_per_scene: int = 4
    overview_px: int = 640
    scene_px: tuple[int, int] = (1280, 1536)
    kinds: Mapping[str, float] | None = None
    close_ups: bool = False


def check_seed(seed: int) -> None:
    """Raise ForbiddenSeed unless scenes of this seed may be trained on: neither held-out scenes nor the demo's."""
    if seed not in TRAINING_SEEDS:
        raise ForbiddenSeed(
            f"Seed {seed} is not for training: use {TRAINING_SEEDS.start} to {TRAINING_SEEDS.stop - 1}."
        )


def scene_spec(seed: int, recipe: DatasetRecipe) -> SceneSpec:
    """The training scene of a seed: kind, size and plant size drawn by the seed. Raises ForbiddenSeed."""
    from mlpipeline.training.scenes import SceneSpec

    check_seed(seed)
    rng = np.random.default_rng(seed)
    weights = recipe.kinds or (CLOSE_UP_SHARES if recipe.close_ups else KIND_SHARES)
    kinds, shares = list(weights), np.array(list(weights.values()))
    kind = str(rng.choice(kinds, p=shares / shares.sum()))
    long_px = int(rng.integers(recipe.scene_px[0], recipe.scene_px[1] + 1)) // 8 * 8
    short_px = int(long_px * rng.choice([0.75, 0.75, 0.5625, 1.0])) // 8 * 8
    width, height = (long_px, short_px) if rng.random() < 0.75 else (short_px, long_px)
    sizes = CLOSE_UP_PX if recipe.close_ups else SPAN_PX.get(kind, USUAL_PX)
    middle_px = float(np.exp(rng.uniform(*np.log(sizes))))
    spread = rng.uniform(1.05, 1.5)
    return SceneSpec(
        kind=kind,
        seed=seed,
        width_px=width,
        height_px=height,
        plant_px=(middle_px / spread, middle_px * spread),
    )


class DatasetWriter:
    """Writes the training pictures of scenes and of oil-palm tiles below a folder."""

    def __init__(self, folder: Path, recipe: DatasetRecipe) -> None:
        self.folder = folder
        self.recipe = recipe
        for kind in (DETECTION, SEGMENTATION):
            for part in ("images", "labels"):
                (folder / kind / part).mkdir(parents=True, exist_ok=True)

    def has_scene(self, seed: int) -> bool:
        """Whether the pictures of a scene are complete: its overview is written last."""
        return (self.folder / SEGMENTATION / "images" / f"scene_{seed}.jpg").is_file()

    def add_scenes(self, seeds: Iterable[int]) -> Iterator[int]:
        """Render the scenes that are missing; yields each seed once it is written. Raises ForbiddenSeed."""
        from mlpipeline.training.scenes import render_scene

        for seed in seeds:
            spec = scene_spec(seed, self.recipe)
            if not self.has_scene(seed):
                self.add_scene(render_scene(spec))
                yield seed

    def add_scene(self, scene: Scene) -> None:
        """Write the tiles and the overview of a rendered scene. Raises ForbiddenSeed."""
        seed = scene.spec.seed
        check_seed(seed)
        recipe = self.recipe
        rng = np.random.default_rng([seed, 1])
        tiles = draw_tiles(
            scene.image,
            scene_labels(scene),
            rng,
            count=recipe.tiles_per_scene,
            tile_px=recipe.tile_px,
            plant_px=recipe.plant_px,
        )
        for number, tile in enumerate(tiles):
            lines = box_lines(tile.labels.boxes, tile.labels.classes.tolist(), recipe.tile_px, recipe.tile_px)
            self._write(DETECTION, f"scene_{seed}_{number}", tile.image, lines)
        height, width = scene.image.shape[:2]
        scale = recipe.overview_px / max(height, width)
        overview = cv2.resize(
            scene.image, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA
        )
        outlines = [
            polygon_line(container.polygon, CONTAINER_TYPES.index(container.type), width, height)
            for container in scene.containers
        ]
        self._write(SEGMENTATION, f"scene_{seed}", overview, outlines)

    def add_oil_palms(self, tiles: Iterable[OilPalmTile]) -> int:
        """Copy oil-palm tiles of the training split with their labels; returns how many there are.

        Raises ForbiddenSeed for a tile of another split.
        """
        count = 0
        for tile in tiles:
            if tile.split != "train":
                raise ForbiddenSeed(f"{tile.picture.name} lies outside the ground that may be trained on.")
            shutil.copyfile(
                tile.labels, self.folder / DETECTION / "labels" / f"oilpalm_{tile.picture.stem}.txt"
            )
            shutil.copyfile(
                tile.picture, self.folder / DETECTION / "images" / f"oilpalm_{tile.picture.stem}.jpg"
            )
            count += 1
        return count

    def pictures(self, kind: str) -> list[Path]:
        """All training pictures of a kind that are there now, by name."""
        return sorted((self.folder / kind / "images").glob("*.jpg"))

    def _write(self, kind: str, name: str, image: np.ndarray, lines: list[str]) -> None:
        """Labels first, picture last: a picture that is there has its labels."""
        (self.folder / kind / "labels" / f"{name}.txt").write_text("\n".join(lines))
        cv2.imwrite(str(self.folder / kind / "images" / f"{name}.jpg"), image[:, :, ::-1], _JPEG)
