"""What a strain is, and what every plant has in common whatever its species."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mlpipeline.training.scenes import primitives
from mlpipeline.training.scenes.colours import dry, flower
from mlpipeline.training.scenes.materials import Colour, Material, Pattern
from mlpipeline.training.scenes.mesh import Mesh
from mlpipeline.training.scenes.split_rng import SplitRng

#: Grows one plant from random numbers, for a picture in which it spans about `px` pixels.
Grower = Callable[[np.random.Generator, float], Mesh]


@dataclass(frozen=True, slots=True)
class Strain:
    """Plants of one species and variety, as a nursery grows them side by side.

    `tint` is a colour, and by how much of the way living plants are moved towards it.
    """

    species: str
    grow: Grower
    blossom: Material | None
    blossom_share: float
    husk: Colour
    tint: tuple[Colour, float] | None = None

    def plant(self, rng: np.random.Generator, span_cm: float, px: float) -> Mesh:
        """One living plant, its stem at the origin, about `span_cm` wide (or long, if it is tall)."""
        body = _sized(self.grow(rng, px), span_cm, rng)
        body = _jittered(body, rng)
        if self.tint is not None:
            body = replace(body, materials=tuple(own.tinted(*self.tint) for own in body.materials))
        if self.blossom is not None and rng.random() < self.blossom_share:
            body = Mesh.joined((body, _flowers(rng, body, span_cm, self.blossom)))
        return body.turned(rng.uniform(0, 2 * np.pi), abs(rng.normal(0.0, 0.06)), rng.uniform(0, 6.3))

    def dead_plant(self, rng: np.random.Generator, span_cm: float, px: float) -> Mesh:
        """One dead plant: dried in its form, shrunken or collapsed."""
        body = _sized(self.grow(rng, px), span_cm * rng.uniform(0.6, 1.0), rng)
        collapse = rng.choice((1.0, 0.75, 0.4), p=(0.45, 0.3, 0.25))
        points = body.vertices.copy()
        points[:, 2] *= collapse
        points += rng.normal(0.0, 0.012 * span_cm, points.shape).astype(np.float32)
        # A body that lost its sap hangs to one side.
        lean = rng.normal(0.0, 0.25, 2).astype(np.float32)
        points[:, :2] += points[:, 2:3] * lean
        points[:, 2] = np.maximum(points[:, 2], 0.02)
        tint = float(rng.uniform(-0.12, 0.12))
        husk = (self.husk[0] + tint, self.husk[1] + tint * 0.8, self.husk[2] + tint * 0.6)
        share = float(rng.uniform(0.78, 0.97))
        materials = tuple(
            replace(material.tinted(husk, share), translucency=0.1, gloss=0.0, noise=material.noise + 0.35)
            for material in body.materials
        )
        return replace(body, vertices=points, materials=materials).turned(rng.uniform(0, 6.3))


def strain(species: str, split_rng: SplitRng, grow: Grower, blossom_share: float = 0.0) -> Strain:
    """A strain with its own flower and its own brown."""
    blossom = None
    if blossom_share > 0:
        colour = flower(split_rng)
        blossom = Material(
            Pattern.LEAF,
            colour,
            (0.9, 0.8, 0.3),
            colour,
            noise=0.1,
            translucency=0.35,
            p0=0.25,
            p1=0.0,
            p2=0.0,
        )
    return Strain(species, grow, blossom, blossom_share, dry(split_rng))


def leaf_material(split_rng: SplitRng, colour: Colour, **changes: float | Colour | Pattern) -> Material:
    """A leaf's surface: its base paler, its margin or tip sometimes of another colour."""
    from_base = split_rng.pick(((0.75, 0.82, 0.6), (0.45, 0.3, 0.3), (0.9, 0.9, 0.85), (0.3, 0.42, 0.2)))
    material = Material(
        Pattern.LEAF,
        colour,
        _between(colour, from_base, split_rng.between(0.1, 0.5)),
        _between(colour, (0.75, 0.25, 0.25), 0.4),
        frequency=split_rng.between(18, 60),
        amount=split_rng.between(0.0, 0.12),
        noise=split_rng.between(0.05, 0.3),
        gloss=split_rng.between(0.0, 0.25),
        shine=split_rng.between(8, 45),
        translucency=split_rng.between(0.1, 0.45),
        salt=split_rng.texture_salt,
        p0=split_rng.between(0.15, 0.7),
    )
    return replace(material, **changes)  # type: ignore[arg-type]


def _between(first: Colour, second: Colour, share: float) -> Colour:
    return (
        first[0] + (second[0] - first[0]) * share,
        first[1] + (second[1] - first[1]) * share,
        first[2] + (second[2] - first[2]) * share,
    )


def _sized(body: Mesh, span_cm: float, rng: np.random.Generator) -> Mesh:
    """The body scaled to its span; what is much taller than wide is scaled by a mean of both."""
    natural = max(body.span(), 0.55 * body.height(), 1e-3)
    factor = span_cm / natural
    return body.scaled(factor, factor, factor * float(rng.uniform(0.88, 1.12)))


def _jittered(body: Mesh, rng: np.random.Generator) -> Mesh:
    """Every plant has a tone of its own: a little yellower, paler or darker than its neighbour."""
    value, warmth = float(rng.normal(0.0, 0.09)), float(rng.normal(0.0, 0.03))
    target: Colour = (1.0, 1.0, 0.6) if value > 0 else (0.02, 0.05, 0.02)
    offset = float(rng.integers(0, 65_000))
    materials = tuple(
        replace(
            material.tinted(target, min(abs(value), 0.2)).tinted((0.8, 0.6, 0.1), max(0.0, warmth)),
            salt=material.salt + int(offset),
        )
        for material in body.materials
    )
    return replace(body, materials=materials)


def _flowers(rng: np.random.Generator, body: Mesh, span_cm: float, material: Material) -> Mesh:
    """One to five flowers on the upper side of the body."""
    tops = body.vertices[body.vertices[:, 2] > 0.75 * body.height()]
    sites = tops[rng.integers(0, len(tops), rng.integers(1, 6))].astype(float)
    size = span_cm * rng.uniform(0.06, 0.2)
    petals = int(rng.integers(5, 9))
    parts = []
    for site in sites:
        azimuth = np.arange(petals) * 2 * np.pi / petals + rng.random()
        parts.append(
            primitives.leaves(
                azimuth,
                np.full(petals, rng.uniform(0.3, 1.0)),
                np.full(petals, -0.5),
                np.full(petals, size),
                np.full(petals, size * 0.8),
                np.repeat(site[None] + (0, 0, 0.02 * span_cm), petals, axis=0),
                primitives.LeafShape(primitives.outline(2, 0.6, 2.0), cup=0.3, sides=2),
                material,
                rng,
            )
        )
    return Mesh.joined(parts)
