"""Pictures to count in several ways: every kind of scene, small, at 1600 × 1200 px and at 12 megapixels.

Rendering a scene costs more than counting it, so each kind is rendered once, small; the large pictures are enlarged
ones and mosaics of several kinds, which also have many containers of different plants beside each other.
"""

from functools import cache

import cv2
import numpy as np

from mlpipeline.training.scenes import KINDS, SceneSpec, render_scene
from mlpipeline.training.seed_ranges import HELD_OUT_SEEDS
from mlpipeline.vision.arrays import Image

SMALL, LARGE, HUGE = (480, 360), (1600, 1200), (4000, 3000)
MOSAICS = (
    ("boxes", "plugs", "empty", "easy"),
    ("open", "flats", "dense", "boxes"),
    ("easy", "tiny", "empty", "oblique"),
)
HUGE_KINDS = ("dense", "oblique", "flats", "empty")


@cache
def rendered(kind: str) -> Image:
    """A small scene of a kind, rendered once a run."""
    seed = HELD_OUT_SEEDS.start + 4000 + KINDS.index(kind)
    return render_scene(SceneSpec(kind, seed, *SMALL, split="held_out")).image


def enlarged(image: Image, size: tuple[int, int]) -> Image:
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def mosaic(kinds: tuple[str, ...]) -> Image:
    """Four scenes, two beside two."""
    half = (LARGE[0] // 2, LARGE[1] // 2)
    parts = [enlarged(rendered(kind), half) for kind in kinds]
    return np.vstack([np.hstack(parts[:2]), np.hstack(parts[2:])])


def gravel(size: tuple[int, int]) -> Image:
    """Grains in which nothing stands."""
    grains = np.random.default_rng(4).integers(60, 200, (size[1] // 4, size[0] // 4, 3), dtype=np.uint8)
    return enlarged(grains, size)


def picture(name: str) -> Image:
    """The picture of a name of NAMES."""
    way, _, what = name.partition(" ")
    match way:
        case "small":
            return rendered(what)
        case "large":
            return enlarged(rendered(what), LARGE)
        case "mosaic":
            return mosaic(MOSAICS[int(what)])
        case "huge":
            return enlarged(rendered(what), HUGE)
        case "dark":
            return (enlarged(rendered(what), LARGE) * 0.18).astype(np.uint8)
        case "blurred":
            return np.asarray(cv2.GaussianBlur(enlarged(rendered(what), LARGE), (0, 0), 9), dtype=np.uint8)
        case _:
            return gravel(LARGE)


NAMES = (
    *(f"small {kind}" for kind in KINDS),
    *(f"large {kind}" for kind in KINDS),
    *(f"mosaic {place}" for place in range(len(MOSAICS))),
    *(f"huge {kind}" for kind in HUGE_KINDS),
    "dark boxes",
    "blurred easy",
    "gravel",
)
