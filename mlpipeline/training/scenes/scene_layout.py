"""The recipes of the kinds of scenes, and the layout of a scene by one of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mlpipeline.training.scenes import distractors
from mlpipeline.training.scenes.bench_placement import CRATE_CM, CRATE_GRIDS, Furnisher
from mlpipeline.training.scenes.camera import Camera
from mlpipeline.training.scenes.materials import Material
from mlpipeline.training.scenes.mesh import rotation_z
from mlpipeline.training.scenes.planting import Crop, drawn_crop
from mlpipeline.training.scenes.rect_packing import FreeArea, Rect
from mlpipeline.training.scenes.scene_geometry import SceneGeometry
from mlpipeline.training.scenes.scene_spec import SceneSpec
from mlpipeline.training.scenes.split_rng import SplitRng

Range = tuple[float, float]
TrayGrid = tuple[int, int, float]

#: More slots than this are not planted; a bed, or a field of seedlings, is cut down instead.
MAX_SLOTS = 2600
MAX_SEEDLINGS = 3400


@dataclass(frozen=True, slots=True)
class Recipe:
    """Ranges of a kind of scene: tilt in degrees, pitch of the slots in cm, canopy as a share of the pitch.

    `ground` names its grounds, `loose` the things that lie about, `clutter` how many of them. `assortment`, `clay` and
    `match` are of kinds after real nurseries: the species in their pots, the weight of terracotta among pots, and by
    how much of the way the colours of plants are moved towards that of their substrate.
    """

    tilt_deg: Range
    pitch_cm: Range
    canopy: Range
    room: Range = (0.8, 1.0)
    fill: Range = (0.75, 1.0)
    ground: str = "yard"
    loose: tuple[str, ...] = tuple(distractors.LOOSE)
    clutter: float = 1.0
    assortment: str = "collection"
    clay: float = 3.0
    match: Range | None = None


RECIPES = {
    "mixed": Recipe((4, 32), (7, 15), (0.55, 1.2)),
    "dense": Recipe((0, 28), (6, 14), (0.95, 1.5), fill=(0.88, 1.0)),
    "oblique": Recipe((24, 36), (7, 15), (0.6, 1.25)),
    "boxes": Recipe((0, 30), (6.2, 19), (0.5, 1.2), fill=(0.45, 1.0)),
    "plugs": Recipe((0, 24), (2.2, 6.5), (0.3, 1.15), fill=(0.6, 1.0)),
    "tiny": Recipe((0, 25), (6, 12), (0.55, 1.1)),
    "easy": Recipe((0, 25), (10, 22), (0.4, 0.75), room=(0.45, 0.75)),
    "empty": Recipe((0, 32), (6.2, 17), (0.6, 1.0), fill=(0.0, 0.0)),
    "open": Recipe((0, 30), (7, 30), (0.25, 0.95), fill=(0.8, 1.0), ground="open", loose=("leaf", "stone")),
    "flats": Recipe((0, 18), (4.5, 11), (0.2, 0.95), fill=(0.7, 1.0)),
    "netted": Recipe(
        (0, 30), (9, 34), (0.35, 0.95), fill=(0.8, 1.0), ground="bed", loose=("leaf", "stone", "label")
    ),
    "sown": Recipe(
        (0, 25), (2.2, 11), (0.5, 0.9), fill=(0.0, 0.0), ground="table", loose=("label", "sheet"), clutter=0.3
    ),
    "assorted": Recipe(
        (0, 30),
        (5, 12),
        (0.45, 1.1),
        room=(0.92, 1.0),
        fill=(0.85, 1.0),
        ground="table",
        loose=("label",),
        clutter=0.2,
    ),
    "rows": Recipe(
        (0, 18), (8, 22), (0.35, 0.95), fill=(0.8, 1.0), ground="field", loose=("stone",), clutter=0.3
    ),
    "display": Recipe(
        (0, 56),
        (7, 14),
        (0.5, 1.05),
        fill=(0.9, 1.0),
        ground="table",
        loose=("label", "sheet"),
        clutter=0.1,
    ),
    "half_planted": Recipe(
        (0, 40),
        (5, 14),
        (0.4, 1.0),
        room=(0.9, 1.0),
        fill=(0.3, 0.85),
        ground="table",
        loose=("label",),
        clutter=0.1,
        assortment="dusky",
        clay=9.0,
    ),
    "low_contrast": Recipe(
        (0, 28),
        (2.2, 11),
        (0.4, 1.05),
        room=(0.9, 1.0),
        fill=(0.4, 1.0),
        ground="table",
        loose=("label",),
        clutter=0.2,
        match=(0.3, 0.85),
    ),
}


@dataclass(frozen=True, slots=True)
class Measures:
    """What a scene's containers measure: pitch of the plants (cm), tray (columns, rows, pitch), width (cm)."""

    pitch: float
    tray: TrayGrid
    container_cm: float | None


@dataclass(slots=True)
class SceneLayout:
    """Draws one scene onto a stage."""

    spec: SceneSpec
    split_rng: SplitRng
    stage: SceneGeometry
    camera: Camera
    floor: FreeArea
    furnisher: Furnisher
    measures: Measures

    @property
    def pitch(self) -> float:
        return self.measures.pitch

    @property
    def recipe(self) -> Recipe:
        return RECIPES[self.spec.kind]

    def crop(self, assortment: str, most_strains: int) -> Crop:
        return drawn_crop(
            self.split_rng,
            assortment,
            self.recipe.canopy,
            self.split_rng.between(*self.recipe.fill),
            most_strains,
        )

    def matched(self, crop: Crop, soil: Material) -> Crop:
        """The crop in colours nearer to those of its soil, where the recipe says so."""
        if self.recipe.match is None:
            return crop
        strains = [
            replace(strain, tint=(soil.base, self.split_rng.between(*self.recipe.match)))
            for strain in crop.strains
        ]
        return replace(crop, strains=tuple(strains))

    def assortment(self) -> str:
        """Mostly the nursery's succulents and some others; one container in five holds leafy plants alone."""
        return self.split_rng.pick(("pots", "leafy"), (4, 1))

    def beds(self, area: Rect, count: int) -> None:
        """`count` beds side by side over the area, with paths between."""
        split_rng = self.split_rng
        path = 0.0 if count == 1 else self.pitch * split_rng.between(0.8, 4)
        is_beside = split_rng.chance(0.6)
        extent = area.width if is_beside else area.depth
        share = (extent - path * (count - 1)) / count
        for index in range(count):
            offset = (index - (count - 1) / 2) * (share + path)
            rect = (
                Rect(area.x + offset, area.y, share, area.depth)
                if is_beside
                else Rect(area.x, area.y + offset, area.width, share)
            )
            # Too large a bed is cut down evenly on both sides.
            slots = rect.width * rect.depth / self.pitch**2
            shrink = min(1.0, (MAX_SLOTS / count / max(slots, 1.0)) ** 0.5)
            rect = self.floor.take(Rect(rect.x, rect.y, rect.width * shrink, rect.depth * shrink))
            self.furnisher.bed(
                rect, self.pitch, split_rng.between(*self.recipe.room), self.crop(self.assortment(), 4)
            )

    def crates(self, places: list[Rect], is_turned: bool, scale: float) -> None:
        grids = [grid for grid in CRATE_GRIDS if CRATE_CM[0] * scale / grid[0] > 0.75 * self.pitch] or [
            CRATE_GRIDS[-1]
        ]
        for rect in places:
            self.floor.take(rect)
            self.furnisher.crate(
                rect, is_turned, self.split_rng.pick(grids), self.crop(self.assortment(), 2), scale
            )

    def trays(self, places: list[Rect], is_turned: bool, grid: TrayGrid, assortment: str) -> None:
        for rect in places:
            self.floor.take(rect)
            self.furnisher.tray(rect, is_turned, grid[:2], grid[2], self.crop(assortment, 2))

    def scatter(self, density: float) -> None:
        """Small things on the free ground, the more the larger the density; and one hose in three scenes."""
        split_rng, area = self.split_rng, self.floor.area
        kinds = self.recipe.loose
        shares = [distractors.LOOSE[kind][2] for kind in kinds]
        frame_cm = self.spec.width_px / self.camera.pixels_per_cm(0, 0, 0)
        for _ in range(split_rng.rng.poisson(26 * self.recipe.clutter * density * min(1.0, frame_cm / 140))):
            kind = split_rng.pick(kinds, shares)
            maker, sizes, _ = distractors.LOOSE[kind]
            size = min(split_rng.between(*sizes), frame_cm * 0.35)
            spot = self.floor.find(split_rng.rng, size * 0.7, size * 0.7, 0.0, 0.5)
            if spot is not None:
                self.put(kind, maker, size, spot)
        hose_cm = area.width * split_rng.between(0.4, 1.3)
        hose_spot = self.floor.find(split_rng.rng, hose_cm * 0.9, hose_cm * 0.2, 0.0, 0.4)
        if split_rng.chance(0.45) and hose_spot is not None:
            place = rotation_z(self.furnisher.yaw) @ np.array((hose_spot.x, hose_spot.y, 0.0))
            self.furnisher.planter.put("hose", distractors.hose, hose_cm, place, self.furnisher.yaw)
        if split_rng.chance(0.12):
            spot = Rect(
                area.x + area.width * split_rng.pick((-0.5, 0.5)),
                area.y + split_rng.rng.normal(0, area.depth / 4),
                1,
                1,
            )
            self.put("boot", distractors.boot, 29.0, spot)

    def put(self, kind: str, maker: distractors.Maker, size: float, spot: Rect) -> None:
        place = rotation_z(self.furnisher.yaw) @ np.array((spot.x, spot.y, 0.0))
        self.furnisher.planter.put(kind, maker, size, place, self.split_rng.rng.uniform(0, 2 * np.pi))

    def stones(self) -> None:
        """A stony field: many small stones, as meshes with shadows of their own."""
        split_rng, area = self.split_rng, self.floor.area
        for _ in range(split_rng.rng.poisson(split_rng.pick((100, 500, 900), (3, 3, 1)))):
            spot = Rect(
                area.x + split_rng.rng.uniform(-0.6, 0.6) * area.width,
                area.y + split_rng.rng.uniform(-0.6, 0.6) * area.depth,
                1,
                1,
            )
            self.put("stone", distractors.stone, self.pitch * split_rng.rng.lognormal(-2.5, 0.55), spot)


def inner_area(layout: SceneLayout, low: float, high: float) -> Rect:
    """The area times a factor; above 1 the border of the picture cuts what stands there."""
    area, split_rng = layout.floor.area, layout.split_rng
    factor_x, factor_y = split_rng.between(low, high), split_rng.between(low, high)
    return Rect(
        area.x + split_rng.rng.normal(0, 0.02) * area.width,
        area.y + split_rng.rng.normal(0, 0.02) * area.depth,
        area.width * factor_x,
        area.depth * factor_y,
    )


def drawn_tray_side(layout: SceneLayout) -> tuple[bool, float, float]:
    """Whether the trays of a scene stand across, and their width and depth as they stand, in cm."""
    is_turned = layout.split_rng.chance(0.3)
    wide, deep = tray_cm(layout.measures.tray)
    return (True, deep, wide) if is_turned else (False, wide, deep)


def tray_cm(tray: TrayGrid) -> tuple[float, float]:
    """Width and depth of a tray with its rim."""
    return tray[0] * tray[2] + 4.2, tray[1] * tray[2] + 4.2


def seen_area(camera: Camera, yaw: float) -> Rect:
    """The ground in the picture as a rectangle in the stage's own, turned, directions."""
    corners = [
        camera.ground_at(x * camera.width_px, y * camera.height_px)
        for x, y in ((0, 0.5), (1, 0.5), (0.5, 0), (0.5, 1))
    ]
    wide = abs(corners[1][0] - corners[0][0])
    deep = abs(corners[2][1] - corners[3][1])
    middle = np.array((0.0, (corners[2][1] + corners[3][1]) / 2, 0.0)) @ rotation_z(yaw)
    if abs(np.sin(yaw)) > 0.7:
        wide, deep = deep, wide
    return Rect(float(middle[0]), float(middle[1]), wide, deep)
