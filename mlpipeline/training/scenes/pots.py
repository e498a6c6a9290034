"""Pots and what fills them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes import primitives
from mlpipeline.training.scenes.colours import drawn, grey
from mlpipeline.training.scenes.materials import Colour, Material, Pattern
from mlpipeline.training.scenes.mesh import Mesh
from mlpipeline.training.scenes.split_rng import SplitRng


@dataclass(frozen=True, slots=True)
class Pot:
    """`body` is the outside; `opening` the rim, the inner wall and the substrate. Both stand at the origin."""

    body: Mesh
    opening: Mesh
    substrate_cm: float
    is_square: bool


def plastic(split_rng: SplitRng, colour: Colour) -> Material:
    """Plastic or clay of the colour, more or less dusty and glossy."""
    return Material(
        Pattern.PLAIN,
        colour,
        (0.55, 0.48, 0.4),
        colour,
        amount=split_rng.between(0.0, 0.55),
        noise=split_rng.between(0.03, 0.25),
        gloss=split_rng.between(0.0, 0.35),
        shine=split_rng.between(6, 40),
        salt=split_rng.texture_salt,
    )


def pot_colour(split_rng: SplitRng) -> Colour:
    """Black, terracotta, grey, brown, white or a bright colour."""
    kind = split_rng.pick(("black", "clay", "grey", "brown", "white", "bright"), (5, 4, 2, 1, 0.7, 0.7))
    if kind == "black":
        return grey(split_rng, 0.08, 0.22)
    if kind == "grey":
        return grey(split_rng, 0.35, 0.6)
    if kind == "white":
        return grey(split_rng, 0.8, 0.93)
    if kind == "clay":
        return drawn(split_rng, ((12, 26), (0.5, 0.78), (0.55, 0.82)))
    if kind == "brown":
        return drawn(split_rng, ((14, 32), (0.3, 0.55), (0.25, 0.45)))
    return drawn(split_rng, ((0, 360), (0.4, 0.8), (0.4, 0.8)))


def substrate(split_rng: SplitRng, grains_per_cm: float | None = None) -> Material:
    """Peat, bark, coir, pumice, sand or grit, often with perlite; sometimes a knitted cover or white pebbles."""
    kind = split_rng.pick(("peat", "coir", "grit", "pumice", "sand", "cover"), (5, 3, 2, 1.5, 1, 0.6))
    base = {
        "peat": drawn(split_rng, ((18, 32), (0.25, 0.5), (0.13, 0.28))),
        "coir": drawn(split_rng, ((20, 34), (0.35, 0.6), (0.3, 0.5))),
        "grit": drawn(split_rng, ((20, 45), (0.05, 0.2), (0.35, 0.6))),
        "pumice": drawn(split_rng, ((25, 45), (0.05, 0.18), (0.6, 0.82))),
        "sand": drawn(split_rng, ((26, 42), (0.2, 0.42), (0.5, 0.75))),
        "cover": drawn(split_rng, ((195, 235), (0.3, 0.6), (0.3, 0.55))),
    }[kind]
    if kind == "cover":
        return Material(
            Pattern.MESH,
            base,
            (0.1, 0.1, 0.12),
            base,
            frequency=split_rng.between(1.2, 3.0),
            amount=0.7,
            salt=split_rng.texture_salt,
        )
    pale = split_rng.pick(
        ((0.88, 0.86, 0.8), (0.82, 0.66, 0.42), (0.72, 0.7, 0.66), (0.35, 0.42, 0.2)), (4, 2, 2, 0.6)
    )
    return Material(
        Pattern.SUBSTRATE,
        base,
        (base[0] * 0.55, base[1] * 0.55, base[2] * 0.55),
        pale,
        frequency=grains_per_cm or split_rng.between(1.4, 4.5),
        amount=split_rng.between(0.35, 1.0),
        noise=split_rng.between(0.1, 0.7),
        salt=split_rng.texture_salt,
        p0=split_rng.pick((0.02, 0.12, 0.3, 0.5), (3, 3, 2, 1)) * split_rng.between(0.6, 1.2),
    )


def perlite_mix(split_rng: SplitRng) -> Material:
    """What seeds are sown in: peat or coir with crumbs of perlite, vermiculite or sand."""
    base = drawn(split_rng, ((18, 36), (0.2, 0.55), (0.14, 0.5)))
    return Material(
        Pattern.SUBSTRATE,
        base,
        (base[0] * 0.55, base[1] * 0.55, base[2] * 0.55),
        split_rng.pick(((0.93, 0.92, 0.88), (0.8, 0.68, 0.45), (0.6, 0.6, 0.58)), (5, 1.5, 1)),
        frequency=split_rng.between(1.2, 4.0),
        amount=split_rng.between(0.4, 1.1),
        noise=split_rng.between(0.1, 0.8),
        salt=split_rng.texture_salt,
        p0=split_rng.between(0.05, 0.5),
    )


def coarse_loam(split_rng: SplitRng) -> Material:
    """Greyish to reddish earth in clods of some millimetres, with shadow between them."""
    base = drawn(split_rng, ((16, 58), (0.08, 0.42), (0.22, 0.55)))
    return _stones(split_rng, base, (0.75, 0.74, 0.72), (1.25, 1.22, 1.15), (1.5, 6.0), (0.1, 0.5))


def _stones(
    split_rng: SplitRng,
    base: Colour,
    dark: Colour,
    light: Colour,
    stones_per_cm: tuple[float, float],
    noise: tuple[float, float],
) -> Material:
    """Stones or clods of a colour; dark, light: what the darkest and the lightest are, times it."""
    return Material(
        Pattern.GRAVEL,
        base,
        (base[0] * dark[0], base[1] * dark[1], base[2] * dark[2]),
        (min(base[0] * light[0], 1.0), min(base[1] * light[1], 1.0), min(base[2] * light[2], 1.0)),
        frequency=split_rng.between(*stones_per_cm),
        noise=split_rng.between(*noise),
        salt=split_rng.texture_salt,
    )


def ring(segments: int, is_square: bool) -> NDArray[np.float64]:
    """Radius by angle of a round (1) or rounded square outline whose half side is 1."""
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    if not is_square:
        return np.ones(segments + 1)
    c, s = np.abs(np.cos(angle)), np.abs(np.sin(angle))
    return np.asarray((c**9 + s**9) ** (-1 / 9))


def top_dressing(split_rng: SplitRng) -> Material:
    """Stones on the substrate: white pebbles, lava, grit."""
    base = split_rng.pick(
        (
            grey(split_rng, 0.8, 0.95),
            drawn(split_rng, ((30, 48), (0.1, 0.3), (0.7, 0.9))),
            drawn(split_rng, ((8, 24), (0.25, 0.5), (0.25, 0.45))),
            grey(split_rng, 0.3, 0.6),
        ),
        (4, 1.5, 2, 1),
    )
    return _stones(split_rng, base, (0.85, 0.83, 0.8), (1.2, 1.2, 1.2), (0.9, 3.5), (0.05, 0.4))


@dataclass(frozen=True, slots=True)
class PotStyle:
    """What the pots of a scene, or of a row in it, have in common."""

    is_square: bool
    colour: Colour
    filling: Material


def nursery_style(split_rng: SplitRng, clay: float = 3.0) -> PotStyle:
    """Square black pots, round plastic ones, terracotta (`clay` is its weight), white and gaily coloured ones."""
    kind = split_rng.pick(("square", "round", "clay", "white", "gay"), (5, 3, clay, 1.5, 1))
    colour = {
        "square": grey(split_rng, 0.07, 0.2),
        "round": grey(split_rng, 0.08, 0.45),
        "clay": drawn(split_rng, ((10, 24), (0.5, 0.8), (0.55, 0.85))),
        "white": grey(split_rng, 0.8, 0.95),
        "gay": drawn(split_rng, ((0, 360), (0.4, 0.85), (0.4, 0.9))),
    }[kind]
    manner = split_rng.pick(("stones", "perlite", "any"), (4, 2, 4))
    makers = {"stones": top_dressing, "perlite": perlite_mix, "any": substrate}
    return PotStyle(
        kind == "square" or (kind == "gay" and split_rng.chance(0.2)), colour, makers[manner](split_rng)
    )


def pot(split_rng: SplitRng, width_cm: float, px: float, style: PotStyle | None = None) -> Pot:
    """A pot of the width at its rim, for a picture in which it spans `px` pixels; without a style any."""
    is_square = style.is_square if style else split_rng.chance(0.45)
    segments = 24 if px > 60 else 16 if px > 24 or is_square else 10
    if style and px > 140:
        segments = 48
    outer = width_cm / 2
    height = width_cm * split_rng.between(0.55, 1.05)
    taper = split_rng.between(0.68, 0.88)
    lip = width_cm * split_rng.between(0.0, 0.03)
    wall = max(width_cm * split_rng.between(0.02, 0.05), 0.8 / max(px / width_cm, 0.1))
    depth = height * split_rng.between(0.05, 0.22)
    material = plastic(split_rng, style.colour if style else pot_colour(split_rng))
    swell = ring(segments, is_square)[None, :]
    body = primitives.revolved(
        np.array((outer * taper, outer - lip * 2, outer - lip, outer)),
        np.array((0.0, height * 0.8, height * 0.8, height)),
        segments,
        material,
        swell,
    )
    rim = primitives.revolved(
        np.array((outer, outer - wall)), np.array((height, height)), segments, material, swell
    )
    inner = primitives.revolved(
        np.array((outer - wall, (outer - wall) * 0.97)),
        np.array((height, height - depth)),
        segments,
        material,
        swell,
    )
    mound = depth * split_rng.between(-0.15, 0.35)
    filling = primitives.revolved(
        np.array(((outer - wall) * 0.97, outer * 0.5, 0.0)),
        np.array((height - depth, height - depth + mound * 0.8, height - depth + mound)),
        segments,
        style.filling if style else substrate(split_rng),
        swell,
    )
    return Pot(body, Mesh.joined((rim, inner, filling)), height - depth + mound, is_square)
