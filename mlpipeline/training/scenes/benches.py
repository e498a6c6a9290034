"""Benches and tables: pots of many species side by side, and potted plants on show before a hedge or a wall."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes import fixtures, primitives
from mlpipeline.training.scenes.containers import crate, outline_of
from mlpipeline.training.scenes.ground import board
from mlpipeline.training.scenes.mesh import Mesh
from mlpipeline.training.scenes.planting import Crop
from mlpipeline.training.scenes.pots import Pot, PotStyle, nursery_style, pot
from mlpipeline.training.scenes.rect_packing import FreeArea, Rect, grid_size, grid_slots
from mlpipeline.training.scenes.scene_geometry import Distractor, Instance
from mlpipeline.training.scenes.scene_layout import MAX_SLOTS, SceneLayout, inner_area, seen_area

#: Widths of the pots on a table, in cm: thimbles, usual ones, large ones. Source: sizes pots are sold in.
_TABLE_POTS = ((5.0, 8.0), (8.0, 13.0), (13.0, 20.0))
_MAX_ON_TABLE = 110
_WALL_CM = 4.0


def _model(layout: SceneLayout, style: PotStyle, width: float) -> Pot:
    px = width * layout.camera.pixels_per_cm(0, 0, 0)
    return pot(layout.split_rng, width, px, style)


def add_thing(layout: SceneLayout, kind: str, mesh: Mesh) -> None:
    """Put a thing that is no plant on the stage; it is built in the stage's own, turned, directions."""
    placed = mesh.turned(layout.furnisher.yaw)
    layout.stage.add(placed)
    layout.stage.distractors.append(Distractor(kind, placed.vertices.astype(float)))


def stage_assorted(layout: SceneLayout) -> None:
    """Pots edge to edge, one species a row or all mixed, in a crate or on a bench."""
    split_rng, pitch = layout.split_rng, layout.pitch
    inner = inner_area(layout, 0.75, 1.25)
    columns, rows = grid_size(inner.width, inner.depth, pitch, pitch, MAX_SLOTS // 2)
    rect = layout.floor.take(Rect(inner.x, inner.y, columns * pitch, rows * pitch))
    local = grid_slots(columns, rows, pitch, pitch)
    local[:, :2] += split_rng.rng.normal(0, 0.012 * pitch, (len(local), 2))
    feet = layout.furnisher.to_world(local, rect, 0.0)
    crop = replace(
        layout.crop(layout.recipe.assortment, split_rng.pick((3, 6, 10))),
        drift=split_rng.between(0, 0.04),
        weeds=0.01,
    )
    row_of = layout.furnisher.planter.blocks(feet, len(crop.strains))
    if split_rng.chance(0.35):
        row_of = split_rng.rng.integers(0, len(crop.strains), len(feet))
    number = _bench(layout, rect, feet)
    clay = layout.recipe.clay
    shared = nursery_style(split_rng, clay)
    for index, (kind, canopy) in enumerate(zip(crop.strains, crop.canopies, strict=True)):
        style = shared if split_rng.chance(0.6) else nursery_style(split_rng, clay)
        own = layout.matched(replace(crop, strains=(kind,), canopies=(canopy,)), style.filling)
        _stand_row(layout, feet[row_of == index], style, own, number)


def _bench(layout: SceneLayout, rect: Rect, feet: NDArray[np.float64]) -> int:
    """The number of the container of pots at `feet` (S, 3): a crate around them, or the bench's segment."""
    split_rng, furnisher = layout.split_rng, layout.furnisher
    height = layout.pitch * split_rng.between(0.3, 0.9)
    is_crate = split_rng.chance(0.4)
    wall = _WALL_CM if is_crate else 2.0
    if is_crate:
        body = crate(split_rng, rect.width + wall, rect.depth + wall, height)
        add_thing(layout, "crate", body.moved(rect.x, rect.y, 0))
    outline = furnisher.to_world(outline_of(rect.width + wall, rect.depth + wall, height), rect, 0.0)
    return furnisher.register("box" if is_crate else "segment", outline, feet + np.array((0, 0, height)))


def _stand_row(
    layout: SceneLayout, feet: NDArray[np.float64], style: PotStyle, crop: Crop, number: int
) -> None:
    """Equal pots at `feet` (S, 3), planted with the crop; those far outside the picture are left out."""
    split_rng, pitch, planter = layout.split_rng, layout.pitch, layout.furnisher.planter
    model = _model(layout, style, pitch * split_rng.between(*layout.recipe.room))
    near = feet[planter.is_near_frame(feet, 1.6 * pitch)]
    yaws = layout.furnisher.yaw + split_rng.rng.normal(0, 0.04, len(near))
    layout.stage.add_copies(model.body, near, yaws)
    level = np.array((0, 0, model.substrate_cm))
    planter.fill(near + level, yaws, pitch, crop, number, model.opening.moved(*-level))


@dataclass(frozen=True, slots=True)
class Shelf:
    """Steps that rise to the back: the first begins at `south`, each is `deep` cm and `high` cm above the last."""

    south: float
    deep: float
    high: float
    count: int

    def level(self, y: float) -> float:
        """Height of what stands at y, in cm."""
        return self.high * float(np.clip((y - self.south) // self.deep, 0, self.count - 1))


def stage_display(layout: SceneLayout) -> None:
    """Potted plants on a table or a stepped shelf, before a hedge or a wall where the view is oblique."""
    split_rng, camera = layout.split_rng, layout.camera
    is_oblique = camera.tilt > np.radians(22)
    if is_oblique:
        layout.furnisher.yaw = split_rng.rng.normal(0, 0.05)
    area = seen_area(camera, layout.furnisher.yaw)
    if is_oblique:
        # The table ends where things look half as large as in the middle of the picture.
        farthest = split_rng.between(0.15, 0.75) * camera.distance_cm / np.sin(camera.tilt)
        south, north = area.y - area.depth / 2, min(area.y + area.depth / 2, farthest)
        area = Rect(area.x, (north + south) / 2, area.width, north - south)
        _backdrop(layout, north)
    layout.floor = FreeArea(area)
    shelf = _shelf(layout, area) if is_oblique and split_rng.chance(0.4) else Shelf(0.0, 1.0, 0.0, 1)
    spots = _spots(layout, area)
    if spots:
        _stand_pots(layout, spots, shelf)
    if split_rng.chance(0.1):
        _hand(layout, area)


def _shelf(layout: SceneLayout, area: Rect) -> Shelf:
    """Builds the steps; pots keep off their edges."""
    split_rng = layout.split_rng
    count = split_rng.whole(2, 4)
    deep = area.depth / count
    shelf = Shelf(area.y - area.depth / 2, deep, min(split_rng.between(0.2, 0.7) * deep, 25.0), count)
    surface = board(split_rng)
    for step in range(1, count):
        edge = shelf.south + step * deep
        body = primitives.block(
            (area.x - area.width, area.x + area.width), (edge, edge + deep), (0, step * shelf.high), surface
        )
        add_thing(layout, "shelf", body)
        layout.floor.take(Rect(area.x, edge, 2 * area.width, 0.5))
    return shelf


def _stand_pots(layout: SceneLayout, spots: list[Rect], shelf: Shelf) -> None:
    """A pot in each spot, most of them with one plant; together they are a segment."""
    split_rng = layout.split_rng
    styles = [nursery_style(split_rng, layout.recipe.clay) for _ in range(split_rng.whole(1, 4))]
    feet = np.array([(spot.x, spot.y, shelf.level(spot.y)) for spot in spots])
    around = np.array(
        [(dx * s.width / 2, dy * s.depth / 2, 0.0) for s in spots for dx in (-1, 1) for dy in (-1, 1)]
    )
    whole = Rect(0, 0, 0, 0)  # the places are those of the stage already
    outline = layout.furnisher.to_world(np.repeat(feet, 4, axis=0) + around, whole, 0.0)
    places = layout.furnisher.to_world(feet, whole, 0.0)
    number = layout.furnisher.register("segment", outline, places)
    crop = layout.crop(layout.recipe.assortment, split_rng.pick((1, 4, 9)))
    gap = split_rng.between(1.02, 1.25)
    for spot, place in zip(spots, places, strict=True):
        width = spot.width / gap
        model = _model(layout, split_rng.pick(styles), width)
        _stand_pot(layout, model, place, width, crop, number)
        _adorn(layout, Rect(spot.x, spot.y, width, width), shelf.level(spot.y), model.substrate_cm)


def _stand_pot(
    layout: SceneLayout, model: Pot, place: NDArray[np.float64], width: float, crop: Crop, number: int
) -> None:
    """One pot at a place (3,), with a plant of the crop or empty."""
    rng, stage = layout.split_rng.rng, layout.stage
    turn = rng.uniform(0, 6.3)
    x, y, z = (float(value) for value in place)
    stem = (x, y, z + model.substrate_cm)
    stage.add(model.body.turned(turn).moved(x, y, z))
    opening = model.opening.turned(turn).moved(x, y, z)
    if rng.random() >= crop.fill:
        stage.add(opening, stage.add_instance(Instance("opening", number, place=stem)))
        return
    kind = int(rng.integers(len(crop.strains)))
    span = width * crop.canopies[kind] * max(0.4, rng.normal(1.0, crop.spread))
    stage.add(opening)
    is_alive = bool(rng.random() >= crop.dead)
    layout.furnisher.planter.plant(crop.strains[kind], span, stem, number, is_alive)


def _spots(layout: SceneLayout, area: Rect) -> list[Rect]:
    """Free places for pots (with the room around them), large ones first; in loose rows or anyhow."""
    split_rng, pitch = layout.split_rng, layout.pitch
    scale = pitch / 10.0
    spots: list[Rect] = []
    sizes = split_rng.pick((_TABLE_POTS, _TABLE_POTS[1:2], _TABLE_POTS[:2]), (3, 3, 2))
    share = split_rng.between(0.25, 0.9)
    for low, high in sorted(sizes, reverse=True):
        wanted = int(share * area.width * area.depth / len(sizes) / ((low + high) / 2 * scale) ** 2)
        for _ in range(min(wanted, _MAX_ON_TABLE // len(sizes))):
            width = split_rng.between(low, high) * scale
            spot = layout.floor.find(split_rng.rng, width, width, 0.1, 0.3)
            if spot is None:
                break
            spots.append(layout.floor.take(spot))
    return spots


def _adorn(layout: SceneLayout, pot_at: Rect, level: float, tall: float) -> None:
    """A sign in some pots, a bow around some others, a sticker on some."""
    split_rng, width = layout.split_rng, pot_at.width
    front = pot_at.y - 0.45 * width
    if split_rng.chance(0.12):
        at = (pot_at.x + split_rng.rng.uniform(-0.25, 0.25) * width, pot_at.y + 0.3 * width, level + tall)
        add_thing(layout, "sign", fixtures.sign(split_rng, width * split_rng.between(0.5, 1.1)).moved(*at))
    if split_rng.chance(0.15):
        at = (pot_at.x, front, level + tall * split_rng.between(0.1, 0.5))
        add_thing(layout, "ribbon", fixtures.bow(split_rng, width * split_rng.between(0.35, 0.7)).moved(*at))
    elif split_rng.chance(0.1):
        at = (pot_at.x + split_rng.rng.uniform(-0.15, 0.15) * width, front, level + tall * 0.55)
        add_thing(
            layout, "sticker", fixtures.sticker(split_rng, width * split_rng.between(0.2, 0.4)).moved(*at)
        )


def _hand(layout: SceneLayout, area: Rect) -> None:
    """A hand that reaches in from the side."""
    split_rng = layout.split_rng
    side = split_rng.pick((-1, 1))
    mesh = fixtures.hand(split_rng).turned(np.pi if side > 0 else 0.0, 0.0)
    x = area.x + side * area.width * split_rng.between(0.25, 0.5)
    add_thing(
        layout,
        "hand",
        mesh.moved(x, area.y - area.depth * split_rng.between(-0.1, 0.4), split_rng.between(4, 14)),
    )


def _backdrop(layout: SceneLayout, north: float) -> None:
    """What stands behind the table: a hedge, or a wall of one colour. It hides all that is farther away."""
    split_rng, camera = layout.split_rng, layout.camera
    at = north + split_rng.between(3, 40)
    depth = camera.distance_cm + at * np.sin(camera.tilt)
    wide = 1.6 * camera.width_px / camera.focal_px * depth
    # As high as the ray through the middle of the picture's upper border passes over it, and some more.
    far = camera.ground_at(camera.width_px / 2, 0.0)[1]
    passes = camera.position[2] * max(0.0, far - at) / (far - camera.position[1])
    tall = float(np.clip(1.5 * passes + 25, 25, 400))
    kind = split_rng.pick(("hedge", "wall"), (3, 2))
    mesh = fixtures.hedge(split_rng, wide, tall) if kind == "hedge" else fixtures.wall(split_rng, wide, tall)
    add_thing(layout, kind, mesh.moved(0.0, at, -20.0))
