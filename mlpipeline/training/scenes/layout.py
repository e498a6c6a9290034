"""What stands where: how each kind of scene is staged."""

from __future__ import annotations

import numpy as np

from mlpipeline.training.scenes.bench_placement import (
    CRATE_CM,
    CRATE_GRIDS,
    FLAT_GRIDS,
    PLUG_GRIDS,
    Furnisher,
)
from mlpipeline.training.scenes.camera import Camera
from mlpipeline.training.scenes.directing import (
    MOST_SLOTS,
    RECIPES,
    Director,
    Measures,
    Recipe,
    inner_area,
    seen_area,
    tray_cm,
)
from mlpipeline.training.scenes.ground import Ground, drawn_ground
from mlpipeline.training.scenes.looks import LOOK_STAGERS
from mlpipeline.training.scenes.mesh import rotation_z
from mlpipeline.training.scenes.planting import Crop, Planter
from mlpipeline.training.scenes.rect_packing import FreeArea, Rect, grid_places
from mlpipeline.training.scenes.scene_geometry import SceneGeometry
from mlpipeline.training.scenes.scene_spec import SceneSpec
from mlpipeline.training.scenes.split_rng import SplitRng

#: How far from straight down a ray may point.
_LOWEST_RAY_DEG = 82.0


def lay_out(spec: SceneSpec, dice: SplitRng) -> tuple[SceneGeometry, Camera, Ground]:
    """The whole scene of the spec, before it is drawn."""
    recipe = RECIPES[spec.kind]
    measures = _drawn_measures(spec.kind, recipe, dice)
    focal_px = max(spec.width_px, spec.height_px) * dice.between(0.72, 0.98)
    camera = Camera(
        spec.width_px,
        spec.height_px,
        focal_px,
        focal_px / _pixels_per_cm(spec, recipe, measures, dice),
        min(float(np.radians(dice.between(*recipe.tilt_deg))), _most_tilt(spec, focal_px)),
        float(np.clip(dice.rng.normal(0, 0.04), -0.12, 0.12)),
    )
    yaw = dice.pick(
        (dice.rng.normal(0, 0.06), np.pi / 2 + dice.rng.normal(0, 0.06), dice.rng.uniform(0, 6.28)),
        (5, 2, 1.5),
    )
    stage = SceneGeometry()
    director = Director(
        spec,
        dice,
        stage,
        camera,
        FreeArea(seen_area(camera, yaw)),
        Furnisher(Planter(stage, camera, dice), yaw),
        measures,
    )
    {**_STAGERS, **LOOK_STAGERS}[spec.kind](director)
    frame_cm = spec.width_px / camera.pixels_per_cm(0, 0, 0)
    ground = drawn_ground(dice, frame_cm, recipe.ground)
    director.scatter(dice.pick((0.15, 0.6, 1.2, 2.5), (2, 3, 2, 1)))
    if "soil" in ground.kinds and dice.chance(0.4):
        director.stones()
    return stage, camera, ground


def _most_tilt(spec: SceneSpec, focal_px: float) -> float:
    """Radians at which the picture's upper border still shows ground, though far away."""
    return float(np.radians(_LOWEST_RAY_DEG) - np.arctan(spec.height_px / 2 / focal_px))


def _drawn_measures(kind: str, recipe: Recipe, dice: SplitRng) -> Measures:
    """The size of the containers of a kind of scene, and with them the pitch of the plants."""
    if kind == "plugs":
        tray = dice.pick(PLUG_GRIDS)
        return Measures(tray[2], tray, tray[0] * tray[2] + 3)
    pitch = dice.between(*recipe.pitch_cm)
    if kind == "flats":
        columns, rows = dice.pick(FLAT_GRIDS)
        return Measures(pitch, (columns, rows, pitch), columns * pitch + 3)
    if kind == "sown":
        flats = [(*grid, pitch) for grid in FLAT_GRIDS]
        tray = dice.pick((dice.pick(PLUG_GRIDS), dice.pick(flats)), (3, 1))
        return Measures(tray[2], tray, tray[0] * tray[2] + 3)
    if kind in ("boxes", "empty"):
        pitch = CRATE_CM[0] / dice.pick(CRATE_GRIDS)[0]
        return Measures(pitch, dice.pick(PLUG_GRIDS), CRATE_CM[0] + 3)
    return Measures(pitch, dice.pick(PLUG_GRIDS), None)


def _pixels_per_cm(spec: SceneSpec, recipe: Recipe, measures: Measures, dice: SplitRng) -> float:
    """The picture's scale: from the plants' span, or so that one to four containers stand side by side."""
    low, high = spec.plant_range_px()
    span_px = low * (high / low) ** dice.between(0, 1)
    span_cm = measures.pitch * (recipe.canopy[0] + recipe.canopy[1]) / 2
    if measures.container_cm is not None and dice.chance(0.85):
        across = dice.pick((1, 2, 3, 4), (2, 4, 3, 1))
        frame_cm = across * (measures.container_cm + 3) * dice.between(0.85, 1.4)
        span_px = min(max(spec.width_px / frame_cm * span_cm, low), high)
    return span_px / span_cm


def _stage_beds(director: Director) -> None:
    director.beds(inner_area(director, 0.6, 1.2), director.dice.pick((1, 2, 3), (5, 3, 1)))


def _stage_mixed(director: Director) -> None:
    """A bed in the middle, crates and now and then a tray around it."""
    dice, area = director.dice, director.floor.area
    inner = inner_area(director, 0.42, 0.75)
    shift_x, shift_y = dice.rng.uniform(-0.1, 0.1, 2) * (area.width, area.depth)
    director.beds(Rect(inner.x + shift_x, inner.y + shift_y, inner.width, inner.depth), 1)
    scale = min(1.0, area.width / 150)
    for _ in range(dice.whole(3, 14)):
        is_turned, is_tray = dice.chance(0.5), dice.chance(0.15)
        tray = director.measures.tray
        wide, deep = CRATE_CM[0] * scale, CRATE_CM[1] * scale
        if is_tray:
            wide, deep = tray_cm(tray)
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
    places = grid_places(inner_area(director, 0.85, 1.3), wide, deep, dice.between(1.5, 9), most)
    director.crates(places, is_turned, 1.0)


def _stage_trays(director: Director, assortment: str) -> None:
    dice, tray = director.dice, director.measures.tray
    is_turned = dice.chance(0.3)
    wide, deep = tray_cm(tray)
    if is_turned:
        wide, deep = deep, wide
    most = max(1, min(MOST_SLOTS // (tray[0] * tray[1]), dice.pick((16, dice.whole(1, 4)), (4, 1))))
    director.trays(
        grid_places(inner_area(director, 0.9, 1.4), wide, deep, dice.between(0.3, 5), most),
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
