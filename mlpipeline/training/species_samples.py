"""Pictures of single plants cut out of rendered scenes, by genus: for a nursery that has no pictures of its own yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mlpipeline.classifier.picture_files import middle
from mlpipeline.training.classifier_head import Sample
from mlpipeline.training.scenes import SceneSpec, render_scene
from mlpipeline.training.scenes.split_rng import Split
from mlpipeline.training.scenes.truth import Plant

#: The genus that each species of the renderer is drawn after; those that are none of a succulent nursery are left out.
GENUS: Final = {
    "agave": "Agave",
    "aloe": "Aloe",
    "barrel": "Echinocactus",
    "column": "Cereus",
    "crassula": "Crassula",
    "dusky_haworthia": "Haworthia",
    "dusky_house_leek": "Sempervivum",
    "dusky_rosette": "Echeveria",
    "echeveria": "Echeveria",
    "haworthia": "Haworthia",
    "jade": "Crassula",
    "lithops": "Lithops",
    "mammillaria": "Mammillaria",
    "opuntia": "Opuntia",
    "powdery_rosette": "Echeveria",
    "sedum": "Sedum",
    "sempervivum": "Sempervivum",
    "spotted_pads": "Opuntia",
    "stone_plant": "Lithops",
    "white_globe": "Mammillaria",
}
_KINDS: Final = ("assorted", "open", "display", "easy")
_PLANT_PX: Final = (80.0, 220.0)
_SMALLEST_PX: Final = 60  # of a plant's box: smaller ones show no leaf
_MAX_HIDDEN: Final = 0.25
_MARGIN: Final = 0.15  # of the box, around it: people do not photograph plants to the pixel
_OF_A_SCENE: Final = 3  # of each genus, at most: plants of one scene look alike


def render_samples(
    scenes: int, *, seed: int, split: Split = "train", without: Collection[str] = ()
) -> Iterator[Sample]:
    """Samples from so many scenes, of all genera but those named. Equal arguments give equal samples."""
    for number in range(scenes):
        kind = _KINDS[number % len(_KINDS)]
        spec = SceneSpec(kind=kind, seed=seed + number, split=split, plant_px=_PLANT_PX)
        scene = render_scene(spec)
        taken: dict[str, int] = {}
        for plant in sorted(scene.plants, key=lambda plant: -plant.r):
            genus = GENUS.get(plant.species)
            if (
                genus is None
                or genus in without
                or not _is_clear(plant)
                or taken.get(genus, 0) >= _OF_A_SCENE
            ):
                continue
            taken[genus] = taken.get(genus, 0) + 1
            yield Sample(genus, cut_out(scene.image, plant), group=f"scene-{seed + number}")


def cut_out(image: NDArray[np.uint8], plant: Plant) -> NDArray[np.uint8]:
    """A plant with what is around it, as a classifier sees it."""
    if plant.box is None:
        raise ValueError("A hidden plant cannot be cut out.")
    x0, y0, x1, y1 = plant.box
    margin = _MARGIN * max(x1 - x0, y1 - y0)
    height, width = image.shape[:2]
    left, top = max(0, int(x0 - margin)), max(0, int(y0 - margin))
    right, bottom = min(width, int(x1 + margin) + 1), min(height, int(y1 + margin) + 1)
    return middle(Image.fromarray(np.ascontiguousarray(image[top:bottom, left:right])))


def _is_clear(plant: Plant) -> bool:
    if plant.box is None or not plant.alive or plant.occluded_fraction > _MAX_HIDDEN:
        return False
    x0, y0, x1, y1 = plant.box
    return bool(min(x1 - x0, y1 - y0) >= _SMALLEST_PX)
