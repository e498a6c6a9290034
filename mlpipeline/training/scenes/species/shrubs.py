"""Bushy succulents: sedum, jade, stacked crassula."""

from __future__ import annotations

import numpy as np

from mlpipeline.training.scenes import primitives
from mlpipeline.training.scenes.colours import foliage
from mlpipeline.training.scenes.mesh import Mesh
from mlpipeline.training.scenes.species.rosettes import GOLDEN_ANGLE, detail
from mlpipeline.training.scenes.species.strain import Strain, leaf_material, strain
from mlpipeline.training.scenes.split_rng import SplitRng

_TONES = {
    "green": 4,
    "light_green": 4,
    "bluegrey": 3,
    "yellowish": 2,
    "reddish": 1,
    "grey": 1,
    "dark_green": 2,
}


def sedum(split_rng: SplitRng) -> Strain:
    """A cushion of shoots, each a small rosette of bead-like leaves."""
    return _bush(
        split_rng, "sedum", shoots=(13, 34), leaves_each=(6, 13), leaf_cm=(0.2, 0.36), thickness=(0.45, 0.9)
    )


def jade(split_rng: SplitRng) -> Strain:
    """A small tree of round coin-like leaves."""
    return _bush(
        split_rng, "jade", shoots=(7, 16), leaves_each=(5, 10), leaf_cm=(0.36, 0.6), thickness=(0.14, 0.35)
    )


def _bush(
    split_rng: SplitRng,
    species: str,
    shoots: tuple[int, int],
    leaves_each: tuple[int, int],
    leaf_cm: tuple[float, float],
    thickness: tuple[float, float],
) -> Strain:
    material = leaf_material(
        split_rng,
        foliage(split_rng, _TONES),
        p1=split_rng.pick((0.0, 0.15, 0.25), (2, 1, 1)),
        p2=split_rng.pick((0.0, 0.2), (2, 1)),
        gloss=split_rng.between(0.05, 0.4),
        third=split_rng.pick(((0.75, 0.3, 0.25), (0.85, 0.85, 0.6), (0.6, 0.2, 0.35))),
    )
    shoot_count = split_rng.whole(*shoots)
    leaf_count = split_rng.whole(*leaves_each)
    leaf_length = split_rng.between(*leaf_cm)
    leaf_width = leaf_length * split_rng.between(0.45, 0.95)
    thick = split_rng.between(*thickness)
    dome = split_rng.between(0.3, 1.0)
    widest = split_rng.between(0.45, 0.7)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        number = max(3, int(shoot_count * rng.uniform(0.7, 1.25) * (0.7 if px < 30 else 1.0)))
        per_shoot = leaf_count if px > 40 else max(4, int(leaf_count * 0.65))
        angle = np.arange(number) * GOLDEN_ANGLE + rng.normal(0, 0.3, number)
        reach = np.sqrt((np.arange(number) + 0.3) / number) * 0.75 * rng.uniform(0.8, 1.2, number)
        tips = np.stack((reach * np.cos(angle), reach * np.sin(angle), dome * (1.05 - reach**2)), axis=1)
        tips[:, 2] *= rng.uniform(0.85, 1.15, number)
        order = np.tile(np.arange(per_shoot) / max(per_shoot - 1, 1), number)
        origin = np.repeat(tips, per_shoot, axis=0)
        origin[:, 2] -= (1 - order) * leaf_length * 0.9
        origin[:, :2] -= origin[:, :2] * ((1 - order) * 0.15)[:, None]
        azimuth = np.tile(np.arange(per_shoot) * GOLDEN_ANGLE, number) + np.repeat(
            rng.uniform(0, 6.3, number), per_shoot
        )
        elevation = 0.1 + order * 1.0 + rng.normal(0, 0.18, len(order))
        length = leaf_length * (1 - 0.45 * order) * rng.uniform(0.8, 1.15, len(order))
        shape = primitives.LeafShape(
            primitives.outline(detail(px, 2, 5), widest, 3.2), thickness=thick, sides=detail(px, 3, 6)
        )
        return primitives.leaves(
            azimuth,
            elevation,
            np.full(len(order), 0.35),
            length,
            length * leaf_width / leaf_length,
            origin,
            shape,
            material,
            rng,
        )

    return strain(species, split_rng, grow, split_rng.pick((0.0, 0.15), (2, 1)))


def crassula(split_rng: SplitRng) -> Strain:
    """Stacks of crossed leaf pairs, square from above."""
    material = leaf_material(
        split_rng,
        foliage(split_rng, _TONES),
        p1=split_rng.pick((0.0, 0.25), (1, 1)),
        third=(0.7, 0.25, 0.25),
        gloss=0.1,
    )
    stems = split_rng.whole(1, 9)
    pairs = split_rng.whole(4, 9)
    slender = split_rng.between(0.6, 1.1)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        parts = []
        for index in range(int(rng.integers(1, stems + 1))):
            layer = np.repeat(np.arange(pairs), 2)
            azimuth = layer * np.pi / 2 + np.tile((0.0, np.pi), pairs) + rng.normal(0, 0.06, 2 * pairs)
            order = layer / (pairs - 1)
            length = (0.55 - 0.4 * order) * rng.uniform(0.9, 1.1, 2 * pairs)
            origin = np.zeros((2 * pairs, 3))
            origin[:, 2] = 0.1 + layer * rng.uniform(0.12, 0.26)
            shape = primitives.LeafShape(
                primitives.outline(detail(px, 2, 4), 0.35, 1.8, base=0.8), thickness=0.3, sides=4
            )
            stem = primitives.leaves(
                azimuth,
                0.2 + 0.5 * order,
                np.full(2 * pairs, 0.2),
                length,
                length * slender,
                origin,
                shape,
                material,
                rng,
            )
            angle, reach = rng.uniform(0, 6.3), 0.0 if index == 0 else rng.uniform(0.35, 0.85)
            stem = stem.turned(angle, rng.uniform(0, 0.35) if index else 0.0, angle)
            parts.append(stem.moved(reach * np.cos(angle), reach * np.sin(angle), 0))
        return Mesh.joined(parts)

    return strain("crassula", split_rng, grow)
