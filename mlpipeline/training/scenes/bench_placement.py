"""Sets beds, crates and trays on the stage and has them planted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes.containers import crate, outline_of, tray
from mlpipeline.training.scenes.materials import Colour, Material
from mlpipeline.training.scenes.mesh import rotation_z
from mlpipeline.training.scenes.planting import Crop, Planter
from mlpipeline.training.scenes.pots import Pot, pot
from mlpipeline.training.scenes.rect_packing import Rect
from mlpipeline.training.scenes.scene_geometry import Container, ContainerType

#: Pots in a crate of 60 × 40 cm: columns × rows. Source: units per box of the nursery's price list.
CRATE_GRIDS = ((9, 5), (8, 5), (7, 4), (6, 4), (4, 3), (3, 2))
#: Plug trays of about 54 × 27.5 cm: columns × rows, and pitch in cm.
PLUG_GRIDS = (
    (24, 12, 2.2),
    (18, 16, 2.2),
    (16, 8, 3.3),
    (12, 6, 4.4),
    (10, 5, 5.2),
    (13, 8, 4.0),
    (8, 4, 6.5),
)
#: Trays of large cells: columns × rows.
FLAT_GRIDS = ((5, 4), (5, 3), (6, 4), (4, 3), (8, 4), (6, 3), (3, 2))
CRATE_CM = (60.0, 40.0)


@dataclass(slots=True)
class Furnisher:
    """Places containers whose local frame is turned by `yaw` about the stage's origin."""

    planter: Planter
    yaw: float

    def to_world(self, local: NDArray[np.float64], rect: Rect, turn: float) -> NDArray[np.float64]:
        placed = local @ rotation_z(turn).T + (rect.x, rect.y, 0.0)
        return np.asarray(placed @ rotation_z(self.yaw).T)

    def register(self, kind: ContainerType, outline: NDArray[np.float64], slots: NDArray[np.float64]) -> int:
        containers = self.planter.stage.containers
        containers.append(Container(len(containers), kind, outline, slots))
        return len(containers) - 1

    def bed(self, rect: Rect, pitch: float, room: float, crop: Crop) -> None:
        """Pots side by side on the floor; `room` is a pot's width as a share of the pitch."""
        split_rng = self.planter.split_rng
        is_offset = split_rng.chance(0.4)
        row_pitch = pitch * (0.88 if is_offset else 1.0)
        columns = max(1, int(rect.width // pitch))
        rows = max(1, int(rect.depth // row_pitch))
        x, y = np.meshgrid(np.arange(columns) - (columns - 1) / 2, np.arange(rows) - (rows - 1) / 2)
        x = x * pitch + (np.arange(rows) % 2)[:, None] * (0.5 * pitch if is_offset else 0.0)
        slots = np.stack((x.ravel(), y.ravel() * row_pitch, np.zeros(x.size)), axis=1)
        slots[:, :2] += split_rng.rng.normal(0, 0.025 * pitch, (len(slots), 2))
        model = self._pot_for(pitch * room, rect)
        self._pots("segment", slots, model, rect, split_rng.rng.normal(0, 0.01), pitch, crop, None)

    def crate(self, rect: Rect, is_turned: bool, grid: tuple[int, int], crop: Crop, scale: float) -> None:
        """A crate with a grid of equal pots."""
        split_rng = self.planter.split_rng
        long, short = CRATE_CM[0] * scale, CRATE_CM[1] * scale
        height = split_rng.between(9, 24) * scale
        turn = (np.pi / 2 if is_turned else 0.0) + split_rng.rng.normal(0, 0.03)
        inner = 4.0 * scale
        columns, rows = grid
        pitch = min((long - inner) / columns, (short - inner) / rows)
        x, y = np.meshgrid(np.arange(columns) - (columns - 1) / 2, np.arange(rows) - (rows - 1) / 2)
        slots = np.stack(
            (x.ravel() * (long - inner) / columns, y.ravel() * (short - inner) / rows, np.full(x.size, 1.0)),
            axis=1,
        )
        slots[:, :2] += split_rng.rng.normal(0, 0.02 * pitch, (len(slots), 2))
        body = crate(split_rng, long, short, height).turned(turn).moved(rect.x, rect.y, 0).turned(self.yaw)
        self.planter.stage.add(body)
        model = self._pot_for(pitch * split_rng.between(0.82, 0.96), rect)
        self._pots("box", slots, model, rect, turn, pitch, crop, outline_of(long, short, height))

    def tray(
        self,
        rect: Rect,
        is_turned: bool,
        grid: tuple[int, int],
        pitch: float,
        crop: Crop,
        filling: Material | None = None,
        colour: Colour | None = None,
        is_heaped: bool = False,
    ) -> NDArray[np.float64]:
        """A moulded tray with a grid of cells, see `tray`; returns the places of their substrate (S, 3) cm."""
        planter = self.planter
        px = pitch * planter.camera.pixels_per_cm(0, 0, 0)
        model = tray(planter.split_rng, *grid, pitch, px, filling, colour, is_heaped)
        turn = (np.pi / 2 if is_turned else 0.0) + planter.split_rng.rng.normal(0, 0.025)
        planter.stage.add(model.body.turned(turn).moved(rect.x, rect.y, 0).turned(self.yaw))
        slots = self.to_world(model.centres, rect, turn)
        outline = self.to_world(outline_of(model.width, model.depth, model.height), rect, turn)
        number = self.register("plug", outline, slots)
        planter.fill(slots, np.full(len(slots), turn + self.yaw), pitch, crop, number, model.cell)
        return slots

    def _pot_for(self, width: float, rect: Rect) -> Pot:
        return pot(self.planter.split_rng, width, width * self.planter.camera.pixels_per_cm(0, 0, 0))

    def _pots(
        self,
        kind: ContainerType,
        slots: NDArray[np.float64],
        model: Pot,
        rect: Rect,
        turn: float,
        pitch: float,
        crop: Crop,
        outline: NDArray[np.float64] | None,
    ) -> None:
        """Stands pots in the slots (local, at their feet) and plants them; without `outline` theirs is taken."""
        planter = self.planter
        feet = self.to_world(slots, rect, turn)
        reach = model.body.span() / 2
        if outline is None:
            corners = reach * np.array(((-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)))
            levels = np.array(((0, 0, 0), (0, 0, model.body.height())))
            points = (slots[:, None, None, :] + corners[None, :, None, :] + levels[None, None, :, :]).reshape(
                -1, 3
            )
            world = self.to_world(points, rect, turn)
        else:
            world = self.to_world(outline, rect, turn)
        substrate = feet + np.array((0.0, 0.0, model.substrate_cm))
        number = self.register(kind, world, substrate)
        near = planter.is_near_frame(feet, 1.6 * pitch)
        yaws = turn + self.yaw + planter.split_rng.rng.normal(0, 0.05, len(feet))
        planter.stage.add_copies(model.body, feet[near], yaws[near])
        planter.fill(substrate, yaws, pitch, crop, number, model.opening.moved(0, 0, -model.substrate_cm))
