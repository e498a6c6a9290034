"""How the kinds of scenes after photos of real nurseries are staged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mlpipeline.training.scenes import distractors, fixtures
from mlpipeline.training.scenes.benches import add_thing, stage_assorted, stage_display
from mlpipeline.training.scenes.colours import grey
from mlpipeline.training.scenes.pots import coarse_loam, perlite_mix, substrate, top_dressing
from mlpipeline.training.scenes.rect_packing import Rect, grid_places, grid_size, grid_slots
from mlpipeline.training.scenes.scene_layout import (
    MAX_SEEDLINGS,
    MAX_SLOTS,
    SceneLayout,
    drawn_tray_side,
    inner_area,
)

#: Strings closer than this would cover what grows between them.
NARROWEST_NET_PX = 28


def _stage_netted(layout: SceneLayout) -> None:
    """A bed of cuttings in dark earth under a grid of strings, with drip lines, and boots at its end."""
    split_rng, pitch = layout.split_rng, layout.pitch
    inner = inner_area(layout, 0.7, 1.3)
    columns, rows = grid_size(inner.width, inner.depth, pitch, pitch, MAX_SLOTS)
    bed = layout.floor.take(Rect(inner.x, inner.y, columns * pitch, rows * pitch))
    slots = grid_slots(columns, rows, pitch, pitch)
    slots[:, :2] += split_rng.rng.normal(0, split_rng.between(0.03, 0.16), (len(slots), 2)) * pitch
    crop = replace(layout.crop("cuttings", 2), weeds=split_rng.pick((0.0, 0.04)))
    furnisher = layout.furnisher
    corners = np.array(((-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0))) * (bed.width / 2, bed.depth / 2, 0)
    world = furnisher.to_world(slots, bed, 0.0)
    number = furnisher.register("segment", furnisher.to_world(corners, bed, 0.0), world)
    furnisher.planter.fill(world, np.zeros(len(world)), pitch, crop, number, None)
    if split_rng.chance(0.85):
        _net(layout, bed, pitch * split_rng.pick((1.0, 0.5, 2.0), (8, 1, 1)))
    if split_rng.chance(0.7):
        _drip_lines(layout, bed)
    if split_rng.chance(0.35):
        _boots(layout)


def _pixel_cm(layout: SceneLayout) -> float:
    """Width of a pixel on the ground in the middle of the picture, in cm."""
    return 1.0 / layout.camera.pixels_per_cm(0, 0, 0)


def _net(layout: SceneLayout, bed: Rect, mesh_cm: float) -> None:
    """Strings in both directions over the bed; they sag and are not quite straight."""
    split_rng = layout.split_rng
    twine = fixtures.twine(split_rng)
    while mesh_cm < NARROWEST_NET_PX * _pixel_cm(layout):
        mesh_cm *= 2
    height = split_rng.between(0.5, 7.0)
    radius = max(split_rng.between(0.08, 0.2), 0.45 * _pixel_cm(layout))
    west, south = bed.x - bed.width / 2, bed.y - bed.depth / 2
    lines = [((x, south), (x, south + bed.depth)) for x in np.arange(west, west + bed.width + 0.1, mesh_cm)]
    lines += [((west, y), (west + bed.width, y)) for y in np.arange(south, south + bed.depth + 0.1, mesh_cm)]
    for start, end in lines:
        mesh = fixtures.string(split_rng, start, end, height, mesh_cm * 0.04, radius, twine)
        add_thing(layout, "string", mesh)


def _drip_lines(layout: SceneLayout, bed: Rect) -> None:
    """Irrigation tubes along or across the bed, every few rows."""
    split_rng = layout.split_rng
    material = fixtures.tube_material(split_rng)
    radius = max(split_rng.between(0.7, 1.3), 0.6 * _pixel_cm(layout))
    gap = layout.pitch * split_rng.pick((2, 3, 4))
    is_along = split_rng.chance(0.5)
    reach, span = (bed.width, bed.depth) if is_along else (bed.depth, bed.width)
    for offset in np.arange(-reach / 2 + gap / 2, reach / 2, gap):
        ends = ((bed.x + offset, bed.y - span / 2), (bed.x + offset, bed.y + span / 2))
        if not is_along:
            ends = ((bed.x - span / 2, bed.y + offset), (bed.x + span / 2, bed.y + offset))
        mesh = fixtures.string(split_rng, *ends, radius, layout.pitch * 0.05, radius, material)
        add_thing(layout, "hose", mesh)


def _boots(layout: SceneLayout) -> None:
    """The photographer's feet, at the lower border of the picture."""
    split_rng, camera = layout.split_rng, layout.camera
    x, y = camera.ground_at(
        camera.width_px * split_rng.between(0.25, 0.75), camera.height_px * split_rng.between(0.93, 1.0)
    )
    apart = split_rng.between(16, 26)
    for side in (-0.5, 0.5):
        place = np.array((x + side * apart, y, 0.0))
        yaw = np.pi / 2 + split_rng.rng.normal(0, 0.15)
        layout.furnisher.planter.put("boot", distractors.boot, 29.0, place, yaw)


def _stage_sown(layout: SceneLayout) -> None:
    """Trays that were sown: seeds in peat with perlite or in coarse loam, level or heaped, not one plant."""
    split_rng, tray = layout.split_rng, layout.measures.tray
    is_turned, wide, deep = drawn_tray_side(layout)
    most = max(1, min(MAX_SLOTS // (tray[0] * tray[1]), split_rng.whole(1, 6)))
    crop = replace(layout.crop("plugs", 1), fill=0.0, weeds=0.0)
    soil = (coarse_loam if split_rng.chance(0.4) else perlite_mix)(split_rng)
    # In pale trays the dark cells stand out like plants from their ground.
    colour = grey(split_rng, 0.7, 0.97) if split_rng.chance(0.4) else None
    is_heaped = split_rng.chance(0.4)
    for rect in grid_places(inner_area(layout, 0.8, 1.3), wide, deep, split_rng.between(0.3, 8), most):
        layout.floor.take(rect)
        cells = layout.furnisher.tray(rect, is_turned, tray[:2], tray[2], crop, soil, colour, is_heaped)
        near = layout.furnisher.planter.is_near_frame(cells, tray[2])
        if near.any() and split_rng.chance(0.7):
            layout.stage.add(fixtures.seeds(split_rng, cells[near], tray[2]))


def _stage_rows(layout: SceneLayout) -> None:
    """Rows of seedlings in a field, seen from high above: up to some thousands of a few pixels each."""
    split_rng, pitch = layout.split_rng, layout.pitch
    area = inner_area(layout, 0.9, 1.15)
    apart = pitch * split_rng.between(1.2, 3.0)
    slots = grid_slots(*grid_size(area.width, area.depth, pitch, apart, MAX_SEEDLINGS), pitch, apart)
    slots[:, :2] += split_rng.rng.normal(0, 1, (len(slots), 2)) * (0.12 * pitch, 0.04 * pitch)
    crop = replace(layout.crop("rows", 1), weeds=0.0)
    slots = layout.furnisher.to_world(slots, area, 0.0)
    layout.furnisher.planter.fill(slots, np.zeros(len(slots)), pitch, crop, None, None)


def _stage_half_planted(layout: SceneLayout) -> None:
    """Pots of one make side by side or on a table, some of them empty."""
    (stage_assorted if layout.split_rng.chance(0.6) else stage_display)(layout)


def _stage_low_contrast(layout: SceneLayout) -> None:
    """Trays or pots whose plants have nearly the colour of what they stand in."""
    split_rng, tray = layout.split_rng, layout.measures.tray
    if split_rng.chance(0.4):
        stage_assorted(layout)
        return
    is_turned, wide, deep = drawn_tray_side(layout)
    most = max(1, min(MAX_SLOTS // (tray[0] * tray[1]), split_rng.whole(1, 8)))
    for rect in grid_places(inner_area(layout, 0.85, 1.35), wide, deep, split_rng.between(0.3, 5), most):
        layout.floor.take(rect)
        soil = (top_dressing if split_rng.chance(0.3) else substrate)(split_rng)
        crop = layout.matched(layout.crop("plugs", 2), soil)
        layout.furnisher.tray(rect, is_turned, tray[:2], tray[2], crop, soil)


REAL_KIND_STAGERS: dict[str, Callable[[SceneLayout], None]] = {
    "netted": _stage_netted,
    "sown": _stage_sown,
    "assorted": stage_assorted,
    "display": stage_display,
    "rows": _stage_rows,
    "half_planted": _stage_half_planted,
    "low_contrast": _stage_low_contrast,
}
