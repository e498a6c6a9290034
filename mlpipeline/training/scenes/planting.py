"""Puts plants, empty pots and small things into slots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes import distractors
from mlpipeline.training.scenes.camera import Camera
from mlpipeline.training.scenes.mesh import Mesh
from mlpipeline.training.scenes.scene_geometry import Distractor, Instance, SceneGeometry
from mlpipeline.training.scenes.species.catalogue import drawn_strain
from mlpipeline.training.scenes.species.strain import Strain
from mlpipeline.training.scenes.split_rng import SplitRng


@dataclass(frozen=True, slots=True)
class Crop:
    """What grows in a set of slots: strains side by side, and how well they fill their places.

    `canopy` is a plant's span as a share of the slots' pitch; `fill` the share of slots that hold a
    plant; `dead` the share of the plants that died; `drift` how far stems stand from the middle; `weeds` the
    share of the empty slots in which a weed grows.
    """

    strains: tuple[Strain, ...]
    canopies: tuple[float, ...]
    spread: float
    fill: float
    dead: float
    drift: float
    weeds: float = 0.04


def drawn_crop(
    split_rng: SplitRng, assortment: str, canopy: tuple[float, float], fill: float, most_strains: int
) -> Crop:
    """A crop of one to `most_strains` strains; seedlings in large cells stand less exactly than potted plants."""
    count = split_rng.whole(1, most_strains)
    return Crop(
        strains=tuple(drawn_strain(split_rng, assortment) for _ in range(count)),
        canopies=tuple(split_rng.between(*canopy) for _ in range(count)),
        spread=split_rng.between(0.05, 0.28),
        fill=fill,
        dead=split_rng.pick((0.0, 0.02, 0.06, 0.25), (3, 3.5, 2.5, 1.2)),
        drift=split_rng.between(0.0, 0.16 if assortment == "flats" else 0.07),
    )


@dataclass(slots=True)
class Planter:
    """Fills slots on a stage, for a camera that decides the detail."""

    stage: SceneGeometry
    camera: Camera
    split_rng: SplitRng

    def is_near_frame(self, places: NDArray[np.float64], reach_cm: float) -> NDArray[np.bool_]:
        """Which places (N, 3) lie in the picture or within `reach_cm` of it."""
        x, y, depth = self.camera.seen(places)
        margin = reach_cm * self.camera.focal_px / depth
        inside_x = (x > -margin) & (x < self.camera.width_px + margin)
        return np.asarray(inside_x & (y > -margin) & (y < self.camera.height_px + margin))

    def fill(
        self,
        slots: NDArray[np.float64],
        turns: NDArray[np.float64],
        pitch: float,
        crop: Crop,
        container_id: int | None,
        opening: Mesh | None,
    ) -> None:
        """Plants the slots (S, 3), which hold the substrate's height; `opening` is copied to each, turned.

        Slots far outside the picture are left out. Openings that stay empty become instances.
        """
        rng = self.split_rng.rng
        near = self.is_near_frame(slots, 1.6 * pitch)
        slots, turns = slots[near], turns[near]
        if len(slots) == 0:
            return
        strain_of = self.blocks(slots, len(crop.strains))
        planted = rng.random(len(slots)) < crop.fill
        alive = rng.random(len(slots)) >= crop.dead
        if opening is not None:
            owners = np.zeros(len(slots), dtype=np.int64)
            for index in np.flatnonzero(~planted):
                x, y, z = slots[index]
                owners[index] = self.stage.add_instance(Instance("opening", container_id, place=(x, y, z)))
            self.stage.add_copies(opening, slots, turns, owners)
        for index in np.flatnonzero(planted):
            x, y = slots[index, :2] + rng.normal(0, crop.drift * pitch, 2)
            strain = crop.strains[strain_of[index]]
            span = pitch * crop.canopies[strain_of[index]] * max(0.35, rng.normal(1.0, crop.spread))
            self.plant(strain, span, (x, y, slots[index, 2]), container_id, bool(alive[index]))
        for index in np.flatnonzero(~planted & (rng.random(len(slots)) < crop.weeds)):
            self.put(
                "weed", distractors.weed, pitch * rng.uniform(0.15, 0.4), slots[index], rng.uniform(0, 6.3)
            )
        for index in np.flatnonzero(rng.random(len(slots)) < 0.012):
            place = slots[index] + (*rng.uniform(-0.4, 0.4, 2) * pitch, 0)
            self.put(
                "label",
                distractors.label,
                max(3.0, pitch * rng.uniform(0.4, 1.0)),
                place,
                rng.uniform(0, 6.3),
            )

    def plant(
        self,
        strain: Strain,
        span: float,
        place: tuple[float, float, float],
        container_id: int | None,
        is_alive: bool,
    ) -> None:
        """One plant of about `span` cm at the place."""
        rng = self.split_rng.rng
        px = span * self.camera.pixels_per_cm(*place)
        mesh = strain.plant(rng, span, px) if is_alive else strain.dead_plant(rng, span, px)
        number = self.stage.add_instance(Instance("plant", container_id, strain.species, is_alive, place))
        self.stage.add(mesh.moved(*place), number)

    def put(
        self, kind: str, maker: distractors.Maker, size: float, place: NDArray[np.float64], yaw: float
    ) -> None:
        """One thing of about `size` cm at the place."""
        x, y, z = (float(value) for value in place)
        px = size * self.camera.pixels_per_cm(x, y, z)
        mesh = maker(self.split_rng, size, px).turned(yaw).moved(x, y, z)
        self.stage.add(mesh)
        self.stage.distractors.append(Distractor(kind, mesh.vertices.astype(float)))

    def blocks(self, slots: NDArray[np.float64], count: int) -> NDArray[np.int64]:
        """Which strain stands where: blocks side by side along a direction, with a ragged border."""
        rng = self.split_rng.rng
        angle = rng.choice((0.0, np.pi / 2)) + rng.normal(0, 0.05)
        along = slots[:, 0] * np.cos(angle) + slots[:, 1] * np.sin(angle)
        extent = max(float(np.ptp(along)), 1e-6)
        share = (along - along.min()) / extent + rng.normal(0, 0.01, len(slots))
        cuts = np.sort(rng.uniform(0.15, 0.85, count - 1))
        return np.searchsorted(cuts, share)
