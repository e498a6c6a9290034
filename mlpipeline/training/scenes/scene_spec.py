"""What is asked of the renderer: the kind of scene, its seed and its size."""

from __future__ import annotations

from dataclasses import dataclass

from mlpipeline.training.scenes.split_rng import Split

#: The kinds that weights are measured on; their number and order decide which seed shows what.
KINDS = ("mixed", "dense", "oblique", "boxes", "plugs", "tiny", "easy", "empty", "open", "flats")
#: Kinds after photos of real nurseries: beds under a string grid, sown trays, pots of many
#: species side by side, tables of potted plants, rows of seedlings from high above, pots of one make of which some are
#: empty and the others hold plants of the colours of pots and substrate, trays and pots whose plants have nearly the
#: colour of what they stand in.
REAL_KINDS = ("netted", "sown", "assorted", "display", "rows", "half_planted", "low_contrast")
ALL_KINDS = KINDS + REAL_KINDS

#: Span of a plant in pixels of a 4032 px wide picture, by kind of scene.
PLANT_PX = {
    "mixed": (60.0, 170.0),
    "dense": (55.0, 170.0),
    "oblique": (55.0, 170.0),
    "boxes": (70.0, 230.0),
    "plugs": (24.0, 100.0),
    "tiny": (13.0, 30.0),
    "easy": (80.0, 250.0),
    "empty": (70.0, 200.0),
    "open": (50.0, 250.0),
    "flats": (90.0, 330.0),
    "netted": (90.0, 900.0),
    "sown": (24.0, 330.0),
    "assorted": (90.0, 900.0),
    "display": (90.0, 900.0),
    "rows": (24.0, 70.0),
    "half_planted": (90.0, 900.0),
    "low_contrast": (40.0, 600.0),
}
_FULL_WIDTH_PX = 4032.0
_SMALLEST_PLANT_PX = 12.0


class SceneError(ValueError):
    """The scene asked for cannot be rendered (unknown kind, impossible size)."""


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """One scene to render; equal specs give equal pictures.

    `plant_px` is the range of the plants' span in pixels of the rendered picture; without it the
    range of the kind is scaled with the picture's width (and kept above 12 px). `supersample` is
    the number of samples along a pixel's side. `threads` changes the speed only.
    """

    kind: str
    seed: int
    width_px: int = 1280
    height_px: int = 960
    split: Split = "train"
    plant_px: tuple[float, float] | None = None
    supersample: int = 1
    threads: int = 1

    def __post_init__(self) -> None:
        if self.kind not in ALL_KINDS:
            raise SceneError(f"unknown scene kind {self.kind!r}; known: {', '.join(ALL_KINDS)}")
        if min(self.width_px, self.height_px) < 64 or max(self.width_px, self.height_px) > 8192:
            raise SceneError("a scene is 64 to 8192 px wide and high")
        if not 1 <= self.supersample <= 4:
            raise SceneError("supersample is 1 to 4")
        if self.threads < 1:
            raise SceneError("threads is at least 1")
        if self.plant_px is not None and not 4 <= self.plant_px[0] <= self.plant_px[1]:
            raise SceneError("plant_px is (low, high) with 4 <= low <= high")

    def plant_range_px(self) -> tuple[float, float]:
        """Smallest and largest typical plant span of this scene, in pixels of its picture."""
        if self.plant_px is not None:
            return self.plant_px
        scale = max(self.width_px, self.height_px) / _FULL_WIDTH_PX
        low, high = PLANT_PX[self.kind]
        low = max(low * scale, min(low, _SMALLEST_PLANT_PX))
        return low, max(high * scale, low * 1.35)
