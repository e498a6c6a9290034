"""What stands in a cactus grower's pots: pale and dark rosettes, clumps, white globes, grafted and painted cacti."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlpipeline.training.scenes import primitives
from mlpipeline.training.scenes.colours import drawn, of_families, shifted
from mlpipeline.training.scenes.materials import Colour, Material, Pattern
from mlpipeline.training.scenes.mesh import Mesh
from mlpipeline.training.scenes.species.cacti import (
    barrel,
    column,
    flesh,
    mammillaria,
    pads,
    ribbed,
    spine_material,
    spine_mesh,
)
from mlpipeline.training.scenes.species.rosettes import (
    GOLDEN_ANGLE,
    aloid,
    detail,
    echeveria,
    house_leek,
    spoon_rosette,
)
from mlpipeline.training.scenes.species.strain import Strain, strain
from mlpipeline.training.scenes.split_rng import SplitRng

_POWDERY = {
    "grey": 2,
    "bluegrey": 3,
    "mint": 3,
    "rose": 2,
    "mauve": 2,
    "pink": 2,
    "cream": 1,
    "brown": 1.5,
    "wine": 1.5,
}
_DUSKY = {"brown": 3, "wine": 2, "reddish": 2, "purple": 2, "mauve": 1, "dark_green": 1}


def powdery_rosette(split_rng: SplitRng) -> Strain:
    """Echeveria or Graptopetalum under a bloom of wax: grey, mint, pink, brown or purple."""
    return spoon_rosette(split_rng, "powdery_rosette", of_families(split_rng, _POWDERY))


def dusky_house_leek(split_rng: SplitRng) -> Strain:
    """Sempervivum in brown, wine and purple."""
    return house_leek(split_rng, "dusky_house_leek", of_families(split_rng, _DUSKY))


def dusky_rosette(split_rng: SplitRng) -> Strain:
    """Echeveria in brown, wine and purple."""
    return spoon_rosette(split_rng, "dusky_rosette", of_families(split_rng, _DUSKY))


def dusky_haworthia(split_rng: SplitRng) -> Strain:
    """Haworthia or Gasteria in brown and olive, many with white bands."""
    return aloid(
        split_rng, "dusky_haworthia", (8, 26), (0.18, 0.4), (0.0, 0.7), split_rng.chance(0.6), _DUSKY
    )


def stone_plant(split_rng: SplitRng) -> Strain:
    """Lithops as they are sold: one to six bodies with a flat patterned top and a slit, one plant together."""
    colour = of_families(
        split_rng, {"grey": 2, "rose": 2, "mauve": 2, "cream": 2, "brown": 2, "mint": 2, "green": 1}
    )
    material = Material(
        Pattern.DOTS,
        colour,
        shifted(colour, split_rng.between(-15, 15), 1.2, split_rng.between(0.7, 1.2)),
        shifted(colour, 10, 1.3, split_rng.between(0.5, 0.8)),
        frequency=split_rng.between(3, 9),
        amount=split_rng.between(0.2, 0.9),
        noise=split_rng.between(0.1, 0.4),
        gloss=split_rng.between(0.0, 0.2),
        salt=split_rng.texture_salt,
    )
    most = split_rng.pick((1, 1, 3, 6))
    slit = split_rng.between(0.0, 0.08)
    tall = split_rng.between(0.5, 1.0)
    flat = split_rng.between(0.15, 0.6)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        bodies = int(rng.integers(1, most + 1))
        parts = []
        for index in range(bodies):
            place, reach = rng.uniform(0, 6.3), 0.0 if index == 0 else rng.uniform(0.9, 1.15)
            size = rng.uniform(0.65, 1.1)
            centres = np.array(((-0.24 - slit, 0, 0.5 * tall), (0.24 + slit, 0, 0.5 * tall)))
            frames = np.repeat(np.diag((0.3, 0.5, 0.5 * tall))[None], 2, axis=0)
            body = primitives.ellipsoids(centres, frames, detail(px, 6, 14), detail(px, 8, 20), material)
            points = body.vertices.copy()
            top = 0.72 * tall
            points[:, 2] = np.where(points[:, 2] > top, top + (points[:, 2] - top) * flat, points[:, 2])
            body = replace(body, vertices=points).turned(rng.uniform(0, 6.3)).scaled(size, size, size)
            parts.append(body.moved(reach * np.cos(place), reach * np.sin(place), 0))
        return Mesh.joined(parts)

    return strain("stone_plant", split_rng, grow, split_rng.pick((0.0, 0.1), (3, 1)))


def _globe_skin(split_rng: SplitRng) -> Material:
    colour = of_families(
        split_rng, {"green": 4, "dark_green": 2, "bluegrey": 2, "cream": 2, "mint": 1, "brown": 4}
    )
    return Material(
        Pattern.DOTS,
        colour,
        shifted(colour, 0, 1.1, 0.75),
        split_rng.pick(((0.95, 0.93, 0.86), (0.85, 0.72, 0.4))),
        frequency=split_rng.between(3, 7),
        amount=split_rng.between(0.4, 1.0),
        noise=split_rng.between(0.05, 0.3),
        salt=split_rng.texture_salt,
    )


def _white(split_rng: SplitRng) -> Material:
    level = split_rng.between(0.82, 0.97)
    colour = (level, level * split_rng.between(0.93, 1.0), level * split_rng.between(0.8, 0.98))
    return Material(Pattern.PLAIN, colour, colour, colour, noise=0.0, translucency=0.4)


def clump(split_rng: SplitRng) -> Strain:
    """A cushion of eight to forty heads (Mammillaria, Rebutia) that fills its pot: one plant."""
    material = _globe_skin(split_rng)
    spine = _white(split_rng) if split_rng.chance(0.6) else spine_material(split_rng)
    most = split_rng.whole(8, 40)
    dome = split_rng.between(0.1, 0.6)
    tall = split_rng.between(0.8, 1.7)
    each = split_rng.whole(6, 26)
    length = split_rng.between(0.15, 0.4)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        heads = int(rng.integers(max(5, most // 2), most + 1))
        order = (np.arange(heads) + 0.5) / heads
        around = np.arange(heads) * GOLDEN_ANGLE + rng.normal(0, 0.25, heads)
        reach = np.sqrt(order) * rng.uniform(0.9, 1.1, heads)
        size = 1.05 / np.sqrt(heads) * rng.uniform(0.6, 1.15, heads)
        centre = np.stack(
            (reach * np.cos(around), reach * np.sin(around), dome * (1.1 - reach**2) + size * 0.5), axis=1
        )
        frames = np.eye(3)[None] * size[:, None, None]
        frames[:, 2, 2] *= tall
        small = px / np.sqrt(heads)
        body = primitives.ellipsoids(centre, frames, detail(small, 5, 9), detail(small, 8, 14), material)
        if small < 8:
            return body
        out = rng.normal(0, 1, (heads, each, 3)) + np.array((0, 0, 0.9))
        out /= np.linalg.norm(out, axis=2, keepdims=True)
        at = centre[:, None, :] + out * size[:, None, None] * np.array((1, 1, tall))
        return Mesh.joined(
            (
                body,
                spine_mesh(
                    rng,
                    at.reshape(-1, 3),
                    out.reshape(-1, 3),
                    3,
                    length * float(size.mean()) * 2,
                    px * 2,
                    spine,
                ),
            )
        )

    return strain("clump", split_rng, grow, split_rng.pick((0.0, 0.25), (2, 1)))


def white_globe(split_rng: SplitRng) -> Strain:
    """A globe or short column so full of white spines or wool that little green shows."""
    material = _globe_skin(split_rng)
    spine = _white(split_rng)
    tall = split_rng.between(0.7, 1.6)
    areoles = split_rng.whole(130, 260)
    each = split_rng.whole(5, 10)
    length = split_rng.between(0.1, 0.3)
    is_woolly = split_rng.chance(0.3)
    skin = material.tinted((0.95, 0.94, 0.9), split_rng.between(0.3, 0.75) if is_woolly else 0.1)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        number = areoles if px > 60 else areoles // 2
        z = np.linspace(-0.4, 1.0, number)
        around = np.arange(number) * GOLDEN_ANGLE
        ring = np.sqrt(np.clip(1 - z**2, 0, 1))
        out = np.stack((ring * np.cos(around), ring * np.sin(around), z), axis=1)
        lift = np.array((0, 0, 0.45 * tall))
        body = primitives.ellipsoids(
            lift[None], np.diag((1.0, 1.0, tall))[None], detail(px, 8, 16), detail(px, 12, 28), skin
        )
        return Mesh.joined(
            (body, spine_mesh(rng, out * (1, 1, tall) + lift, out, each, length, px * 1.3, spine))
        )

    return strain("white_globe", split_rng, grow, split_rng.pick((0.0, 0.25), (2, 1)))


def grafted(split_rng: SplitRng) -> Strain:
    """A coloured globe without green of its own on a three-sided green stem."""
    stem = flesh(split_rng, Pattern.RIBS, split_rng.between(8, 16), (0.8, 0.78, 0.6))
    colour = drawn(
        split_rng,
        split_rng.pick(
            (
                ((345, 385), (0.6, 0.9), (0.55, 0.9)),
                ((35, 60), (0.6, 0.9), (0.75, 0.95)),
                ((300, 345), (0.4, 0.8), (0.5, 0.85)),
            )
        ),
    )
    top = Material(
        Pattern.RIBS,
        colour,
        shifted(colour, 8, 1.0, 0.7),
        (0.9, 0.85, 0.7),
        frequency=split_rng.between(6, 12),
        amount=0.6,
        noise=0.15,
        gloss=0.1,
        salt=split_rng.texture_salt,
    )
    ribs = split_rng.whole(8, 14)
    offsets = split_rng.pick((0, 3, 9))
    height = split_rng.between(0.6, 2.2)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        foot, _, _ = ribbed(rng, px * 0.5, 3, 0.45, height / 0.45, 6.0, stem)
        head, _, _ = ribbed(rng, px, ribs, 0.3, 1.3, 2.2, top)
        parts = [foot.scaled(0.45, 0.45, 0.45), head.moved(0, 0, height * 0.92)]
        for _ in range(int(rng.integers(0, offsets + 1))):
            place, size = rng.uniform(0, 6.3), rng.uniform(0.2, 0.4)
            small, _, _ = ribbed(rng, px * size, ribs, 0.3, 1.3, 2.2, top)
            level = height * 0.92 + rng.uniform(0.2, 0.9)
            parts.append(
                small.scaled(size, size, size).moved(0.85 * np.cos(place), 0.85 * np.sin(place), level)
            )
        return Mesh.joined(parts)

    return strain("grafted", split_rng, grow)


def painted(split_rng: SplitRng) -> Strain:
    """A plant whose upper part was sprayed in a colour that no plant has."""
    base = split_rng.pick((barrel, column, mammillaria, echeveria))(split_rng)
    colour: Colour = drawn(split_rng, ((0, 360), (0.6, 0.95), (0.5, 0.95)))
    share = split_rng.between(0.75, 0.95)
    line = split_rng.between(0.1, 0.6)

    def grow(rng: np.random.Generator, px: float) -> Mesh:
        body = base.grow(rng, px)
        level = body.vertices[body.faces].mean(axis=1)[:, 2]
        is_sprayed = level > line * body.height()
        return replace(
            body,
            face_material=(body.face_material + is_sprayed * len(body.materials)).astype(np.int32),
            materials=(*body.materials, *(material.tinted(colour, share) for material in body.materials)),
        )

    return strain("painted", split_rng, grow)


def spotted_pads(split_rng: SplitRng) -> Strain:
    """Opuntia with dense tufts of white, golden or brown bristles, as if dotted."""
    colour = of_families(split_rng, {"green": 5, "light_green": 3, "bluegrey": 2, "cream": 1})
    material = Material(
        Pattern.DOTS,
        colour,
        shifted(colour, 0, 1.1, 0.85),
        split_rng.pick(((0.96, 0.94, 0.88), (0.9, 0.75, 0.3), (0.6, 0.3, 0.15)), (3, 2, 1)),
        frequency=split_rng.between(4, 9),
        amount=split_rng.between(0.7, 1.0),
        noise=split_rng.between(0.05, 0.2),
        salt=split_rng.texture_salt,
    )
    return pads(split_rng, "spotted_pads", material)
