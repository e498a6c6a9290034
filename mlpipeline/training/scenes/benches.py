"""Benches and tables: pots of many species side by side, and potted plants on show before a hedge or a wall."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlpipeline.training.scenes import fixtures
from mlpipeline.training.scenes.containers import crate, outline_of
from mlpipeline.training.scenes.directing import MOST_SLOTS, Director, inner_area, seen_area
from mlpipeline.training.scenes.mesh import Mesh
from mlpipeline.training.scenes.placing import Floor, Rect
from mlpipeline.training.scenes.pots import Pot, PotStyle, nursery_style, pot
from mlpipeline.training.scenes.stage import Distractor, Instance

#: Widths of the pots on a table, in cm: thimbles, usual ones, large ones. Source: sizes pots are sold in.
_TABLE_POTS = ((5.0, 8.0), (8.0, 13.0), (13.0, 20.0))
_MOST_ON_TABLE = 110
_WALL_CM = 4.0


def _model(director: Director, style: PotStyle, width: float) -> Pot:
    px = width * director.camera.pixels_per_cm(0, 0, 0)
    return pot(director.dice, width, px, style)


def add_thing(director: Director, kind: str, mesh: Mesh) -> None:
    """Put a thing that is no plant on the stage; it is built in the stage's own, turned, directions."""
    placed = mesh.turned(director.furnisher.yaw)
    director.stage.add(placed)
    director.stage.distractors.append(Distractor(kind, placed.vertices.astype(float)))


def stage_assorted(director: Director) -> None:
    """Pots edge to edge, one species a row or all mixed, in a crate or on a bench."""
    dice, pitch = director.dice, director.pitch
    inner = inner_area(director, 0.75, 1.25)
    columns, rows = max(2, round(inner.width / pitch)), max(2, round(inner.depth / pitch))
    while columns * rows > MOST_SLOTS // 2:
        columns, rows = max(2, int(columns * 0.9)), max(2, int(rows * 0.9))
    rect = director.floor.take(Rect(inner.x, inner.y, columns * pitch, rows * pitch))
    furnisher = director.furnisher
    x, y = np.meshgrid(np.arange(columns) - (columns - 1) / 2, np.arange(rows) - (rows - 1) / 2)
    local = np.stack((x.ravel() * pitch, y.ravel() * pitch, np.zeros(x.size)), axis=1)
    local[:, :2] += dice.rng.normal(0, 0.012 * pitch, (len(local), 2))
    feet = furnisher.to_world(local, rect, 0.0)
    crop = replace(
        director.crop("collection", dice.pick((3, 6, 10))), drift=dice.between(0, 0.04), weeds=0.01
    )
    row_of = furnisher.planter.blocks(feet, len(crop.strains))
    if dice.chance(0.35):
        row_of = dice.rng.integers(0, len(crop.strains), len(feet))
    height = pitch * dice.between(0.3, 0.9)
    outline = outline_of(rect.width + 2, rect.depth + 2, height)
    is_crate = dice.chance(0.4)
    if is_crate:
        body = crate(dice, rect.width + _WALL_CM, rect.depth + _WALL_CM, height)
        add_thing(director, "crate", body.moved(rect.x, rect.y, 0))
        outline = outline_of(rect.width + _WALL_CM, rect.depth + _WALL_CM, height)
    number = furnisher.register(
        "box" if is_crate else "segment",
        furnisher.to_world(outline, rect, 0.0),
        feet + np.array((0, 0, height)),
    )
    shared = nursery_style(dice)
    for index, (kind, canopy) in enumerate(zip(crop.strains, crop.canopies, strict=True)):
        style = shared if dice.chance(0.6) else nursery_style(dice)
        model = _model(director, style, pitch * dice.between(*director.recipe.room))
        own = feet[row_of == index]
        own = own[furnisher.planter.is_near_frame(own, 1.6 * pitch)]
        yaws = furnisher.yaw + dice.rng.normal(0, 0.04, len(own))
        director.stage.add_copies(model.body, own, yaws)
        furnisher.planter.fill(
            own + np.array((0, 0, model.substrate_cm)),
            yaws,
            pitch,
            replace(crop, strains=(kind,), canopies=(canopy,)),
            number,
            model.opening.moved(0, 0, -model.substrate_cm),
        )


def stage_display(director: Director) -> None:
    """A table with pots of several sizes, signs and ribbons; a hedge or a wall behind it where the view is oblique."""
    dice, camera = director.dice, director.camera
    is_oblique = camera.tilt > np.radians(22)
    if is_oblique:
        director.furnisher.yaw = dice.rng.normal(0, 0.05)
    area = seen_area(camera, director.furnisher.yaw)
    if is_oblique:
        # The table ends where things look half as large as in the middle of the picture.
        north = min(
            area.y + area.depth / 2, dice.between(0.15, 0.75) * camera.distance_cm / np.sin(camera.tilt)
        )
        south = area.y - area.depth / 2
        area = Rect(area.x, (north + south) / 2, area.width, north - south)
        _backdrop(director, north)
    director.floor = Floor(area)
    styles = [nursery_style(dice) for _ in range(dice.whole(1, 4))]
    spots = _spots(director, area)
    if not spots:
        return
    corners = [
        (s.x + dx * s.width / 2, s.y + dy * s.depth / 2, 0.0)
        for s in spots
        for dx in (-1, 1)
        for dy in (-1, 1)
    ]
    slots = director.furnisher.to_world(np.array([(s.x, s.y, 0.0) for s in spots]), Rect(0, 0, 0, 0), 0.0)
    outline = director.furnisher.to_world(np.array(corners), Rect(0, 0, 0, 0), 0.0)
    number = director.furnisher.register("segment", outline, slots)
    crop = director.crop("collection", dice.pick((1, 4, 9)))
    gap = dice.between(1.02, 1.25)
    for place, spot in zip(slots, spots, strict=True):
        model = _model(director, dice.pick(styles), spot.width / gap)
        turn = dice.rng.uniform(0, 6.3)
        director.stage.add(model.body.turned(turn).moved(*place))
        if dice.rng.random() < crop.fill:
            kind = int(dice.rng.integers(len(crop.strains)))
            span = spot.width / gap * crop.canopies[kind] * max(0.4, dice.rng.normal(1.0, crop.spread))
            foot = (float(place[0]), float(place[1]), model.substrate_cm)
            is_alive = bool(dice.rng.random() >= crop.dead)
            director.furnisher.planter.plant(crop.strains[kind], span, foot, number, is_alive)
            director.stage.add(model.opening.turned(turn).moved(*place))
        else:
            empty = Instance("opening", number, place=(float(place[0]), float(place[1]), model.substrate_cm))
            director.stage.add(model.opening.turned(turn).moved(*place), director.stage.add_instance(empty))
        _adorn(director, spot, model, spot.width / gap)
    if dice.chance(0.1):
        _hand(director, area)


def _spots(director: Director, area: Rect) -> list[Rect]:
    """Free places for pots (with the room around them), large ones first; in loose rows or anyhow."""
    dice, pitch = director.dice, director.pitch
    scale = pitch / 10.0
    spots: list[Rect] = []
    sizes = dice.pick((_TABLE_POTS, _TABLE_POTS[1:2], _TABLE_POTS[:2]), (3, 3, 2))
    share = dice.between(0.25, 0.9)
    for low, high in sorted(sizes, reverse=True):
        wanted = int(share * area.width * area.depth / len(sizes) / ((low + high) / 2 * scale) ** 2)
        for _ in range(min(wanted, _MOST_ON_TABLE // len(sizes))):
            width = dice.between(low, high) * scale
            spot = director.floor.find(dice.rng, width, width, 0.1, 0.3)
            if spot is None:
                break
            spots.append(director.floor.take(spot))
    return spots


def _adorn(director: Director, spot: Rect, model: Pot, width: float) -> None:
    """A sign in some pots, a bow around some others."""
    dice = director.dice
    if dice.chance(0.12):
        at = (spot.x + dice.rng.uniform(-0.25, 0.25) * width, spot.y + 0.3 * width, model.substrate_cm)
        add_thing(director, "sign", fixtures.sign(dice, width * dice.between(0.5, 1.1)).moved(*at))
    if dice.chance(0.15):
        at = (spot.x, spot.y - 0.45 * width, model.substrate_cm * dice.between(0.1, 0.5))
        add_thing(director, "ribbon", fixtures.bow(dice, width * dice.between(0.35, 0.7)).moved(*at))


def _hand(director: Director, area: Rect) -> None:
    """A hand that reaches in from the side."""
    dice = director.dice
    side = dice.pick((-1, 1))
    mesh = fixtures.hand(dice).turned(np.pi if side > 0 else 0.0, 0.0)
    x = area.x + side * area.width * dice.between(0.25, 0.5)
    add_thing(
        director, "hand", mesh.moved(x, area.y - area.depth * dice.between(-0.1, 0.4), dice.between(4, 14))
    )


def _backdrop(director: Director, north: float) -> None:
    """What stands behind the table: a hedge, or a wall of one colour. It hides all that is farther away."""
    dice, camera = director.dice, director.camera
    at = north + dice.between(3, 40)
    depth = camera.distance_cm + at * np.sin(camera.tilt)
    wide = 1.6 * camera.width_px / camera.focal_px * depth
    # As high as the ray through the middle of the picture's upper border passes over it, and some more.
    far = camera.ground_at(camera.width_px / 2, 0.0)[1]
    passes = camera.position[2] * max(0.0, far - at) / (far - camera.position[1])
    tall = float(np.clip(1.5 * passes + 25, 25, 400))
    kind = dice.pick(("hedge", "wall"), (3, 2))
    mesh = fixtures.hedge(dice, wide, tall) if kind == "hedge" else fixtures.wall(dice, wide, tall)
    add_thing(director, kind, mesh.moved(0.0, at, -20.0))
