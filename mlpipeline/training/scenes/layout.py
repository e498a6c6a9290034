"""What stands where: one recipe a kind of scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpipeline.training.scenes import distractors
from mlpipeline.training.scenes.camera import Camera
from mlpipeline.training.scenes.dice import Dice
from mlpipeline.training.scenes.furnishing import CRATE_CM, CRATE_GRIDS, FLAT_GRIDS, PLUG_GRIDS, Furnisher
from mlpipeline.training.scenes.ground import Ground, drawn_ground
from mlpipeline.training.scenes.mesh import rotation_z
from mlpipeline.training.scenes.placing import Floor, Rect, grid_places
from mlpipeline.training.scenes.planting import Crop, Planter, drawn_crop
from mlpipeline.training.scenes.spec import SceneSpec
from mlpipeline.training.scenes.stage import Stage

Range = tuple[float, float]
TrayGrid = tuple[int, int, float]

#: More slots than this are not planted; a bed is cut down instead.
MOST_SLOTS = 2600


@dataclass(frozen=True, slots=True)
class Recipe:
    """Ranges of a kind of scene: tilt in degrees, pitch of the slots in cm, canopy as a share of the pitch."""

    tilt_deg: Range
    pitch_cm: Range
    canopy: Range
    room: Range = (0.8, 1.0)
    fill: Range = (0.75, 1.0)


RECIPES = {
    "mixed": Recipe((4, 32), (7, 15), (0.55, 1.2)),
    "dense": Recipe((0, 28), (6, 14), (0.95, 1.5), fill=(0.88, 1.0)),
    "oblique": Recipe((24, 36), (7, 15), (0.6, 1.25)),
    "boxes": Recipe((0, 30), (6.2, 19), (0.5, 1.2), fill=(0.45, 1.0)),
    "plugs": Recipe((0, 24), (2.2, 6.5), (0.3, 1.15), fill=(0.6, 1.0)),
    "tiny": Recipe((0, 25), (6, 12), (0.55, 1.1)),
    "easy": Recipe((0, 25), (10, 22), (0.4, 0.75), room=(0.45, 0.75)),
    "empty": Recipe((0, 32), (6.2, 17), (0.6, 1.0), fill=(0.0, 0.0)),
    "open": Recipe((0, 30), (7, 30), (0.25, 0.95), fill=(0.8, 1.0)),
    "flats": Recipe((0, 18), (4.5, 11), (0.2, 0.95), fill=(0.7, 1.0)),
}


@dataclass(frozen=True, slots=True)
class Measures:
    """What a scene's containers measure: pitch of the plants (cm), tray (columns, rows, pitch), width (cm)."""

    pitch: float
    tray: TrayGrid
    container_cm: float | None


@dataclass(slots=True)
class Director:
    """Draws one scene onto a stage."""

    spec: SceneSpec
    dice: Dice
    stage: Stage
    camera: Camera
    floor: Floor
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
            self.dice, assortment, self.recipe.canopy, self.dice.between(*self.recipe.fill), most_strains
        )

    def assortment(self) -> str:
        """Mostly the nursery's succulents and some others; one container in five holds leafy plants alone."""
        return self.dice.pick(("pots", "leafy"), (4, 1))

    def beds(self, area: Rect, count: int) -> None:
        """`count` beds side by side over the area, with paths between."""
        dice = self.dice
        path = 0.0 if count == 1 else self.pitch * dice.between(0.8, 4)
        is_beside = dice.chance(0.6)
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
            shrink = min(1.0, (MOST_SLOTS / count / max(slots, 1.0)) ** 0.5)
            rect = self.floor.take(Rect(rect.x, rect.y, rect.width * shrink, rect.depth * shrink))
            self.furnisher.bed(
                rect, self.pitch, dice.between(*self.recipe.room), self.crop(self.assortment(), 4)
            )

    def crates(self, places: list[Rect], is_turned: bool, scale: float) -> None:
        grids = [
            dice_grid for dice_grid in CRATE_GRIDS if CRATE_CM[0] * scale / dice_grid[0] > 0.75 * self.pitch
        ] or [CRATE_GRIDS[-1]]
        for rect in places:
            self.floor.take(rect)
            self.furnisher.crate(
                rect, is_turned, self.dice.pick(grids), self.crop(self.assortment(), 2), scale
            )

    def trays(self, places: list[Rect], is_turned: bool, grid: TrayGrid, assortment: str) -> None:
        for rect in places:
            self.floor.take(rect)
            self.furnisher.tray(rect, is_turned, grid[:2], grid[2], self.crop(assortment, 2))

    def scatter(self, density: float) -> None:
        """Small things on the free ground, the more the larger the density; and one hose in three scenes."""
        dice, area = self.dice, self.floor.area
        kinds = [kind for kind in distractors.LOOSE if self.spec.kind != "open" or kind in ("leaf", "stone")]
        shares = [distractors.LOOSE[kind][2] for kind in kinds]
        frame_cm = self.spec.width_px / self.camera.pixels_per_cm(0, 0, 0)
        for _ in range(dice.rng.poisson(26 * density * min(1.0, frame_cm / 140))):
            kind = dice.pick(kinds, shares)
            maker, sizes, _ = distractors.LOOSE[kind]
            size = min(dice.between(*sizes), frame_cm * 0.35)
            spot = self.floor.find(dice.rng, size * 0.7, size * 0.7, 0.0, 0.5)
            if spot is not None:
                self._put(kind, maker, size, spot)
        hose_cm = area.width * dice.between(0.4, 1.3)
        hose_spot = self.floor.find(dice.rng, hose_cm * 0.9, hose_cm * 0.2, 0.0, 0.4)
        if dice.chance(0.45) and hose_spot is not None:
            place = rotation_z(self.furnisher.yaw) @ np.array((hose_spot.x, hose_spot.y, 0.0))
            self.furnisher.planter.put("hose", distractors.hose, hose_cm, place, self.furnisher.yaw)
        if dice.chance(0.12):
            spot = Rect(
                area.x + area.width * dice.pick((-0.5, 0.5)),
                area.y + dice.rng.normal(0, area.depth / 4),
                1,
                1,
            )
            self._put("boot", distractors.boot, 29.0, spot)

    def _put(self, kind: str, maker: distractors.Maker, size: float, spot: Rect) -> None:
        place = rotation_z(self.furnisher.yaw) @ np.array((spot.x, spot.y, 0.0))
        self.furnisher.planter.put(kind, maker, size, place, self.dice.rng.uniform(0, 2 * np.pi))

    def stones(self) -> None:
        """A stony field: many small stones, as meshes with shadows of their own."""
        dice, area = self.dice, self.floor.area
        for _ in range(dice.rng.poisson(dice.pick((100, 500, 900), (3, 3, 1)))):
            spot = Rect(
                area.x + dice.rng.uniform(-0.6, 0.6) * area.width,
                area.y + dice.rng.uniform(-0.6, 0.6) * area.depth,
                1,
                1,
            )
            self._put("stone", distractors.stone, self.pitch * dice.rng.lognormal(-2.5, 0.55), spot)


def lay_out(spec: SceneSpec, dice: Dice) -> tuple[Stage, Camera, Ground]:
    """The whole scene of the spec, before it is drawn."""
    recipe = RECIPES[spec.kind]
    measures = _drawn_measures(spec.kind, recipe, dice)
    focal_px = max(spec.width_px, spec.height_px) * dice.between(0.72, 0.98)
    camera = Camera(
        spec.width_px,
        spec.height_px,
        focal_px,
        focal_px / _pixels_per_cm(spec, recipe, measures, dice),
        float(np.radians(dice.between(*recipe.tilt_deg))),
        float(np.clip(dice.rng.normal(0, 0.04), -0.12, 0.12)),
    )
    yaw = dice.pick(
        (dice.rng.normal(0, 0.06), np.pi / 2 + dice.rng.normal(0, 0.06), dice.rng.uniform(0, 6.28)),
        (5, 2, 1.5),
    )
    stage = Stage()
    director = Director(
        spec,
        dice,
        stage,
        camera,
        Floor(_area(camera, yaw)),
        Furnisher(Planter(stage, camera, dice), yaw),
        measures,
    )
    _STAGERS[spec.kind](director)
    frame_cm = spec.width_px / camera.pixels_per_cm(0, 0, 0)
    ground = drawn_ground(dice, frame_cm, spec.kind == "open")
    director.scatter(dice.pick((0.15, 0.6, 1.2, 2.5), (2, 3, 2, 1)))
    if "soil" in ground.kinds and dice.chance(0.4):
        director.stones()
    return stage, camera, ground


def _drawn_measures(kind: str, recipe: Recipe, dice: Dice) -> Measures:
    """The size of the containers of a kind of scene, and with them the pitch of the plants."""
    if kind == "plugs":
        tray = dice.pick(PLUG_GRIDS)
        return Measures(tray[2], tray, tray[0] * tray[2] + 3)
    pitch = dice.between(*recipe.pitch_cm)
    if kind == "flats":
        columns, rows = dice.pick(FLAT_GRIDS)
        return Measures(pitch, (columns, rows, pitch), columns * pitch + 3)
    if kind in ("boxes", "empty"):
        pitch = CRATE_CM[0] / dice.pick(CRATE_GRIDS)[0]
        return Measures(pitch, dice.pick(PLUG_GRIDS), CRATE_CM[0] + 3)
    return Measures(pitch, dice.pick(PLUG_GRIDS), None)


def _pixels_per_cm(spec: SceneSpec, recipe: Recipe, measures: Measures, dice: Dice) -> float:
    """The picture's scale: from the plants' span, or so that one to four containers stand side by side."""
    low, high = spec.plant_range_px()
    span_px = low * (high / low) ** dice.between(0, 1)
    span_cm = measures.pitch * (recipe.canopy[0] + recipe.canopy[1]) / 2
    if measures.container_cm is not None and dice.chance(0.85):
        across = dice.pick((1, 2, 3, 4), (2, 4, 3, 1))
        frame_cm = across * (measures.container_cm + 3) * dice.between(0.85, 1.4)
        span_px = min(max(spec.width_px / frame_cm * span_cm, low), high)
    return span_px / span_cm


def _area(camera: Camera, yaw: float) -> Rect:
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


def _inner(director: Director, low: float, high: float) -> Rect:
    """The area times a factor; above 1 the border of the picture cuts what stands there."""
    area, dice = director.floor.area, director.dice
    factor_x, factor_y = dice.between(low, high), dice.between(low, high)
    return Rect(
        area.x + dice.rng.normal(0, 0.02) * area.width,
        area.y + dice.rng.normal(0, 0.02) * area.depth,
        area.width * factor_x,
        area.depth * factor_y,
    )


def _stage_beds(director: Director) -> None:
    director.beds(_inner(director, 0.6, 1.2), director.dice.pick((1, 2, 3), (5, 3, 1)))


def _stage_mixed(director: Director) -> None:
    """A bed in the middle, crates and now and then a tray around it."""
    dice, area = director.dice, director.floor.area
    inner = _inner(director, 0.42, 0.75)
    shift_x, shift_y = dice.rng.uniform(-0.1, 0.1, 2) * (area.width, area.depth)
    director.beds(Rect(inner.x + shift_x, inner.y + shift_y, inner.width, inner.depth), 1)
    scale = min(1.0, area.width / 150)
    for _ in range(dice.whole(3, 14)):
        is_turned, is_tray = dice.chance(0.5), dice.chance(0.15)
        tray = director.measures.tray
        wide, deep = CRATE_CM[0] * scale, CRATE_CM[1] * scale
        if is_tray:
            wide, deep = _tray_cm(tray)
        if is_turned:
            wide, deep = deep, wide
        rect = director.floor.find(dice.rng, wide, deep, 2.5 * scale, 0.25)
        if rect is not None and is_tray:
            director.trays([rect], is_turned, tray, "plugs")
        elif rect is not None:
            director.crates([rect], is_turned, scale)


def _stage_boxes(director: Director) -> None:
    dice = director.dice
    is_turned = dice.chance(0.3)
    wide, deep = CRATE_CM[::-1] if is_turned else CRATE_CM
    most = dice.pick((20, dice.whole(1, 8)), (4, 1))
    places = grid_places(_inner(director, 0.85, 1.3), wide, deep, dice.between(1.5, 9), most)
    director.crates(places, is_turned, 1.0)


def _tray_cm(tray: TrayGrid) -> tuple[float, float]:
    return tray[0] * tray[2] + 4.2, tray[1] * tray[2] + 4.2


def _stage_trays(director: Director, assortment: str) -> None:
    dice, tray = director.dice, director.measures.tray
    is_turned = dice.chance(0.3)
    wide, deep = _tray_cm(tray)
    if is_turned:
        wide, deep = deep, wide
    most = max(1, min(MOST_SLOTS // (tray[0] * tray[1]), dice.pick((16, dice.whole(1, 4)), (4, 1))))
    director.trays(
        grid_places(_inner(director, 0.9, 1.4), wide, deep, dice.between(0.3, 5), most),
        is_turned,
        tray,
        assortment,
    )


def _stage_plugs(director: Director) -> None:
    _stage_trays(director, "plugs")


def _stage_flats(director: Director) -> None:
    _stage_trays(director, "flats")


def _stage_empty(director: Director) -> None:
    kind = director.dice.pick(("boxes", "beds", "trays", "bare"), (4, 2, 2, 1))
    if kind == "boxes":
        _stage_boxes(director)
    elif kind == "beds":
        _stage_beds(director)
    elif kind == "trays":
        _stage_trays(director, "plugs")


def _stage_open(director: Director) -> None:
    """Rows, a loose grid or clumps of plants in the ground."""
    dice, area, pitch = director.dice, director.floor.area, director.pitch
    manner = dice.pick(("rows", "grid", "loose"), (4, 2, 2))
    across = pitch * (dice.between(1.5, 5) if manner == "rows" else 1.0)
    columns, rows = int(1.2 * area.width // across) + 1, int(1.2 * area.depth // pitch) + 1
    while columns * rows > MOST_SLOTS:
        columns, rows = max(1, int(columns * 0.9)), max(1, int(rows * 0.9))
    x, y = np.meshgrid(np.arange(columns) - (columns - 1) / 2, np.arange(rows) - (rows - 1) / 2)
    slots = np.stack((x.ravel() * across + area.x, y.ravel() * pitch + area.y, np.zeros(x.size)), axis=1)
    stray = {"rows": (0.06, 0.12), "grid": (0.05, 0.05), "loose": (0.3, 0.3)}[manner]
    slots[:, :2] += dice.rng.normal(0, 1, (len(slots), 2)) * np.array(stray) * pitch
    crop = director.crop("open", 1 if manner == "rows" else 2)
    if manner == "loose":
        crop = Crop(crop.strains, crop.canopies, 0.3, dice.between(0.5, 0.9), crop.dead, 0.1)
    slots = slots @ rotation_z(director.furnisher.yaw).T
    director.furnisher.planter.fill(slots, np.zeros(len(slots)), pitch, crop, None, None)


_STAGERS = {
    "mixed": _stage_mixed,
    "dense": _stage_beds,
    "oblique": _stage_beds,
    "tiny": _stage_beds,
    "easy": _stage_beds,
    "boxes": _stage_boxes,
    "plugs": _stage_plugs,
    "flats": _stage_flats,
    "empty": _stage_empty,
    "open": _stage_open,
}
