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
from mlpipeline.training.scenes.ground import Ground, drawn_ground
from mlpipeline.training.scenes.mesh import rotation_z
from mlpipeline.training.scenes.planting import Crop, Planter
from mlpipeline.training.scenes.real_kinds import REAL_KIND_STAGERS
from mlpipeline.training.scenes.rect_packing import FreeArea, Rect, grid_places
from mlpipeline.training.scenes.scene_geometry import SceneGeometry
from mlpipeline.training.scenes.scene_layout import (
    MAX_SLOTS,
    RECIPES,
    Measures,
    Recipe,
    SceneLayout,
    drawn_tray_side,
    inner_area,
    seen_area,
    tray_cm,
)
from mlpipeline.training.scenes.scene_spec import SceneSpec
from mlpipeline.training.scenes.split_rng import SplitRng

#: How far from straight down a ray may point.
_LOWEST_RAY_DEG = 82.0


def lay_out(spec: SceneSpec, split_rng: SplitRng) -> tuple[SceneGeometry, Camera, Ground]:
    """The whole scene of the spec, before it is drawn."""
    recipe = RECIPES[spec.kind]
    measures = _drawn_measures(spec.kind, recipe, split_rng)
    focal_px = max(spec.width_px, spec.height_px) * split_rng.between(0.72, 0.98)
    camera = Camera(
        spec.width_px,
        spec.height_px,
        focal_px,
        focal_px / _pixels_per_cm(spec, recipe, measures, split_rng),
        min(float(np.radians(split_rng.between(*recipe.tilt_deg))), _most_tilt(spec, focal_px)),
        float(np.clip(split_rng.rng.normal(0, 0.04), -0.12, 0.12)),
    )
    yaw = split_rng.pick(
        (
            split_rng.rng.normal(0, 0.06),
            np.pi / 2 + split_rng.rng.normal(0, 0.06),
            split_rng.rng.uniform(0, 6.28),
        ),
        (5, 2, 1.5),
    )
    stage = SceneGeometry()
    layout = SceneLayout(
        spec,
        split_rng,
        stage,
        camera,
        FreeArea(seen_area(camera, yaw)),
        Furnisher(Planter(stage, camera, split_rng), yaw),
        measures,
    )
    {**_STAGERS, **REAL_KIND_STAGERS}[spec.kind](layout)
    frame_cm = spec.width_px / camera.pixels_per_cm(0, 0, 0)
    ground = drawn_ground(split_rng, frame_cm, recipe.ground)
    layout.scatter(split_rng.pick((0.15, 0.6, 1.2, 2.5), (2, 3, 2, 1)))
    if "soil" in ground.kinds and split_rng.chance(0.4):
        layout.stones()
    return stage, camera, ground


def _most_tilt(spec: SceneSpec, focal_px: float) -> float:
    """Radians at which the picture's upper border still shows ground, though far away."""
    return float(np.radians(_LOWEST_RAY_DEG) - np.arctan(spec.height_px / 2 / focal_px))


def _drawn_measures(kind: str, recipe: Recipe, split_rng: SplitRng) -> Measures:
    """The size of the containers of a kind of scene, and with them the pitch of the plants."""
    if kind == "plugs":
        tray = split_rng.pick(PLUG_GRIDS)
        return Measures(tray[2], tray, tray[0] * tray[2] + 3)
    pitch = split_rng.between(*recipe.pitch_cm)
    if kind == "flats":
        columns, rows = split_rng.pick(FLAT_GRIDS)
        return Measures(pitch, (columns, rows, pitch), columns * pitch + 3)
    if kind in ("sown", "low_contrast"):
        flats = [(*grid, pitch) for grid in FLAT_GRIDS]
        tray = split_rng.pick((split_rng.pick(PLUG_GRIDS), split_rng.pick(flats)), (3, 1))
        return Measures(tray[2], tray, tray[0] * tray[2] + 3)
    if kind in ("boxes", "empty"):
        pitch = CRATE_CM[0] / split_rng.pick(CRATE_GRIDS)[0]
        return Measures(pitch, split_rng.pick(PLUG_GRIDS), CRATE_CM[0] + 3)
    return Measures(pitch, split_rng.pick(PLUG_GRIDS), None)


def _pixels_per_cm(spec: SceneSpec, recipe: Recipe, measures: Measures, split_rng: SplitRng) -> float:
    """The picture's scale: from the plants' span, or so that one to four containers stand side by side."""
    low, high = spec.plant_range_px()
    span_px = low * (high / low) ** split_rng.between(0, 1)
    span_cm = measures.pitch * (recipe.canopy[0] + recipe.canopy[1]) / 2
    if measures.container_cm is not None and split_rng.chance(0.85):
        across = split_rng.pick((1, 2, 3, 4), (2, 4, 3, 1))
        frame_cm = across * (measures.container_cm + 3) * split_rng.between(0.85, 1.4)
        span_px = min(max(spec.width_px / frame_cm * span_cm, low), high)
    return span_px / span_cm


def _stage_beds(layout: SceneLayout) -> None:
    layout.beds(inner_area(layout, 0.6, 1.2), layout.split_rng.pick((1, 2, 3), (5, 3, 1)))


def _stage_mixed(layout: SceneLayout) -> None:
    """A bed in the middle, crates and now and then a tray around it."""
    split_rng, area = layout.split_rng, layout.floor.area
    inner = inner_area(layout, 0.42, 0.75)
    shift_x, shift_y = split_rng.rng.uniform(-0.1, 0.1, 2) * (area.width, area.depth)
    layout.beds(Rect(inner.x + shift_x, inner.y + shift_y, inner.width, inner.depth), 1)
    scale = min(1.0, area.width / 150)
    for _ in range(split_rng.whole(3, 14)):
        is_turned, is_tray = split_rng.chance(0.5), split_rng.chance(0.15)
        tray = layout.measures.tray
        wide, deep = CRATE_CM[0] * scale, CRATE_CM[1] * scale
        if is_tray:
            wide, deep = tray_cm(tray)
        if is_turned:
            wide, deep = deep, wide
        rect = layout.floor.find(split_rng.rng, wide, deep, 2.5 * scale, 0.25)
        if rect is not None and is_tray:
            layout.trays([rect], is_turned, tray, "plugs")
        elif rect is not None:
            layout.crates([rect], is_turned, scale)


def _stage_boxes(layout: SceneLayout) -> None:
    split_rng = layout.split_rng
    is_turned = split_rng.chance(0.3)
    wide, deep = CRATE_CM[::-1] if is_turned else CRATE_CM
    most = split_rng.pick((20, split_rng.whole(1, 8)), (4, 1))
    places = grid_places(inner_area(layout, 0.85, 1.3), wide, deep, split_rng.between(1.5, 9), most)
    layout.crates(places, is_turned, 1.0)


def _stage_trays(layout: SceneLayout, assortment: str) -> None:
    split_rng, tray = layout.split_rng, layout.measures.tray
    is_turned, wide, deep = drawn_tray_side(layout)
    most = max(1, min(MAX_SLOTS // (tray[0] * tray[1]), split_rng.pick((16, split_rng.whole(1, 4)), (4, 1))))
    layout.trays(
        grid_places(inner_area(layout, 0.9, 1.4), wide, deep, split_rng.between(0.3, 5), most),
        is_turned,
        tray,
        assortment,
    )


def _stage_plugs(layout: SceneLayout) -> None:
    _stage_trays(layout, "plugs")


def _stage_flats(layout: SceneLayout) -> None:
    _stage_trays(layout, "flats")


def _stage_empty(layout: SceneLayout) -> None:
    kind = layout.split_rng.pick(("boxes", "beds", "trays", "bare"), (4, 2, 2, 1))
    if kind == "boxes":
        _stage_boxes(layout)
    elif kind == "beds":
        _stage_beds(layout)
    elif kind == "trays":
        _stage_trays(layout, "plugs")


def _stage_open(layout: SceneLayout) -> None:
    """Rows, a loose grid or clumps of plants in the ground."""
    split_rng, area, pitch = layout.split_rng, layout.floor.area, layout.pitch
    manner = split_rng.pick(("rows", "grid", "loose"), (4, 2, 2))
    across = pitch * (split_rng.between(1.5, 5) if manner == "rows" else 1.0)
    columns, rows = int(1.2 * area.width // across) + 1, int(1.2 * area.depth // pitch) + 1
    while columns * rows > MAX_SLOTS:
        columns, rows = max(1, int(columns * 0.9)), max(1, int(rows * 0.9))
    x, y = np.meshgrid(np.arange(columns) - (columns - 1) / 2, np.arange(rows) - (rows - 1) / 2)
    slots = np.stack((x.ravel() * across + area.x, y.ravel() * pitch + area.y, np.zeros(x.size)), axis=1)
    spread = {"rows": (0.06, 0.12), "grid": (0.05, 0.05), "loose": (0.3, 0.3)}[manner]
    slots[:, :2] += split_rng.rng.normal(0, 1, (len(slots), 2)) * np.array(spread) * pitch
    crop = layout.crop("open", 1 if manner == "rows" else 2)
    if manner == "loose":
        crop = Crop(crop.strains, crop.canopies, 0.3, split_rng.between(0.5, 0.9), crop.dead, 0.1)
    slots = slots @ rotation_z(layout.furnisher.yaw).T
    layout.furnisher.planter.fill(slots, np.zeros(len(slots)), pitch, crop, None, None)


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
