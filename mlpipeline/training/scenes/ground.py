"""The ground: one or two materials that meet along a wavy line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlpipeline.training.scenes.colours import drawn, grey
from mlpipeline.training.scenes.materials import Material, Pattern
from mlpipeline.training.scenes.mesh import Floats
from mlpipeline.training.scenes.split_rng import SplitRng

KINDS = ("gravel", "cloth", "soil", "concrete", "tiles", "wood", "mesh", "plastic", "grass")
#: How often each ground is seen, by the name that a recipe gives to its grounds.
SHARES: dict[str, dict[str, float]] = {
    "yard": {
        "gravel": 4,
        "cloth": 5,
        "soil": 4,
        "concrete": 4,
        "tiles": 1.5,
        "wood": 1.2,
        "mesh": 0.8,
        "plastic": 1.5,
        "grass": 1,
    },
    "open": {"gravel": 1, "soil": 7, "grass": 0.7, "cloth": 1, "mesh": 1, "concrete": 0.4},
    "bed": {"humus": 6, "mulch": 2, "soil": 2},
    "field": {"mud": 6, "soil": 2, "humus": 2},
    "table": {
        "board": 5,
        "wood": 3,
        "foil": 3,
        "grit": 2,
        "concrete": 2,
        "plastic": 2,
        "cloth": 1,
        "tiles": 1,
    },
}


@dataclass(frozen=True, slots=True)
class Ground:
    """Names and materials of the ground, and the line where they meet."""

    kinds: tuple[str, ...]
    materials: tuple[Material, Material]
    line: tuple[float, float, float, float, float]
    """Direction x, y and offset (cm), size (cm) and frequency (per cm) of the wobble."""

    def row(self, first_material: int, salt: int) -> Floats:
        return np.array((*self.line, first_material, first_material + 1, salt % 65_521), dtype=np.float32)


def drawn_ground(split_rng: SplitRng, frame_cm: float, place: str) -> Ground:
    """The ground of a place (see SHARES) under a frame `frame_cm` wide."""
    shares = SHARES[place]
    first = split_rng.pick(list(shares), list(shares.values()))
    second = split_rng.pick([kind for kind in KINDS if kind != first])
    has_two = split_rng.chance(0.4 if place == "yard" else 0.15)
    angle = split_rng.between(0, 2 * np.pi)
    offset = frame_cm * split_rng.between(0.2, 0.5) if has_two else 1e6
    wobble = (
        frame_cm * split_rng.pick((0.0, 0.05, 0.12)) * (place != "table")
    )  # a table ends along a straight line
    line = (float(np.cos(angle)), float(np.sin(angle)), offset, wobble, split_rng.between(4, 12) / frame_cm)
    kinds = (first, second) if has_two else (first,)
    return Ground(kinds, (material(split_rng, first), material(split_rng, second)), line)


def material(split_rng: SplitRng, kind: str) -> Material:
    """A surface of the kind, with its own colours and scale."""
    salt = split_rng.texture_salt + split_rng.whole(0, 9999) * 2
    if kind in _MAKERS:
        return _MAKERS[kind](split_rng, salt)
    if kind == "gravel":
        base = drawn(split_rng, ((15, 60), (0.03, 0.25), (0.4, 0.72)))
        return Material(
            Pattern.GRAVEL,
            base,
            drawn(split_rng, ((15, 45), (0.05, 0.4), (0.3, 0.6))),
            grey(split_rng, 0.5, 0.92),
            frequency=split_rng.between(0.28, 1.6),
            noise=split_rng.between(0.1, 0.5),
            salt=salt,
        )
    if kind == "cloth":
        base = (
            grey(split_rng, 0.08, 0.26)
            if split_rng.chance(0.75)
            else drawn(split_rng, ((90, 150), (0.2, 0.5), (0.15, 0.35)))
        )
        line = split_rng.pick(((0.2, 0.55, 0.35), (0.8, 0.8, 0.78), (0.6, 0.6, 0.15), (0.2, 0.35, 0.7)))
        return Material(
            Pattern.CLOTH,
            base,
            drawn(split_rng, ((20, 40), (0.15, 0.4), (0.35, 0.6))),
            line,
            frequency=split_rng.between(1.5, 5.0),
            amount=split_rng.between(0.1, 0.8),
            noise=split_rng.between(0.1, 0.6),
            gloss=0.1,
            shine=8,
            salt=salt,
            p0=split_rng.pick((0.0, 1.0), (1, 3)) * split_rng.between(12, 45),
            p1=split_rng.between(0.15, 0.5),
        )
    if kind == "soil":
        base = drawn(split_rng, ((14, 38), (0.2, 0.55), (0.28, 0.62)))
        return Material(
            Pattern.SOIL,
            base,
            (base[0] * 0.6, base[1] * 0.58, base[2] * 0.55),
            drawn(split_rng, ((15, 50), (0.03, 0.3), (0.4, 0.75))),
            frequency=split_rng.between(0.15, 0.7),
            amount=split_rng.between(0.4, 1.2),
            salt=salt,
            p0=split_rng.between(0.0, 0.3),
        )
    if kind in ("concrete", "plastic"):
        base = grey(split_rng, 0.45, 0.78) if kind == "concrete" else grey(split_rng, 0.72, 0.95)
        return Material(
            Pattern.CONCRETE,
            base,
            (base[0] * 0.7, base[1] * 0.68, base[2] * 0.62),
            (0.2, 0.19, 0.18),
            frequency=split_rng.between(0.4, 1.6),
            amount=split_rng.between(0.2, 0.9) * (1.0 if kind == "concrete" else 0.25),
            noise=split_rng.between(0.03, 0.2) * (1.0 if kind == "concrete" else 0.3),
            gloss=0.05 if kind == "concrete" else 0.3,
            salt=salt,
            p0=split_rng.pick((0.0, 0.8)) if kind == "concrete" else 0.0,
        )
    if kind == "tiles":
        base = drawn(split_rng, ((5, 45), (0.05, 0.5), (0.45, 0.78)))
        return Material(
            Pattern.TILES,
            base,
            (base[0] * 0.7, base[1] * 0.7, base[2] * 0.68),
            grey(split_rng, 0.25, 0.6),
            frequency=1 / split_rng.between(8, 40),
            amount=0.6,
            noise=split_rng.between(0.05, 0.3),
            salt=salt,
            p0=split_rng.pick((1.0, 2.0)),
            p1=split_rng.between(0.3, 1.2),
            p2=split_rng.pick((0.0, 1.0)),
        )
    if kind == "wood":
        base = drawn(split_rng, ((20, 38), (0.15, 0.55), (0.4, 0.75)))
        return Material(
            Pattern.WOOD,
            base,
            (base[0] * 0.55, base[1] * 0.5, base[2] * 0.45),
            (0.06, 0.05, 0.04),
            amount=split_rng.between(0.4, 0.9),
            noise=0.4,
            salt=salt,
            p0=split_rng.between(6, 20),
        )
    if kind == "mesh":
        base = drawn(split_rng, ((180, 240), (0.1, 0.6), (0.25, 0.6)))
        return Material(
            Pattern.MESH,
            base,
            (0.08, 0.08, 0.09),
            base,
            frequency=split_rng.between(0.5, 2.0),
            amount=0.8,
            salt=salt,
        )
    base = drawn(split_rng, ((70, 110), (0.35, 0.6), (0.35, 0.55)))
    return Material(
        Pattern.GRASS,
        base,
        drawn(split_rng, ((35, 80), (0.3, 0.5), (0.4, 0.6))),
        drawn(split_rng, ((30, 50), (0.3, 0.5), (0.5, 0.7))),
        frequency=split_rng.between(0.8, 2.2),
        salt=salt,
    )


def _humus(split_rng: SplitRng, salt: int) -> Material:
    """Dark, damp earth of a bed, with pale fibres and chips."""
    base = drawn(split_rng, ((12, 34), (0.12, 0.5), (0.1, 0.34)))
    return Material(
        Pattern.SOIL,
        base,
        (base[0] * 0.55, base[1] * 0.53, base[2] * 0.5),
        drawn(split_rng, ((24, 48), (0.2, 0.55), (0.5, 0.85))),
        frequency=split_rng.between(0.3, 1.2),
        amount=split_rng.between(0.4, 1.3),
        salt=salt,
        p0=split_rng.pick((0.0, 0.1, 0.35)) * split_rng.between(0.5, 1.0),
    )


def _mulch(split_rng: SplitRng, salt: int) -> Material:
    """Wood chips, husks or bark on dark earth."""
    base = drawn(split_rng, ((14, 32), (0.25, 0.5), (0.12, 0.3)))
    return Material(
        Pattern.SUBSTRATE,
        base,
        (base[0] * 0.6, base[1] * 0.55, base[2] * 0.5),
        drawn(split_rng, ((28, 46), (0.3, 0.6), (0.55, 0.85))),
        frequency=split_rng.between(0.3, 1.0),
        amount=split_rng.between(0.6, 1.2),
        noise=split_rng.between(0.3, 0.9),
        salt=salt,
        p0=split_rng.between(0.15, 0.65),
    )


def _grit(split_rng: SplitRng, salt: int) -> Material:
    """Lava, pumice or fine gravel on a bench."""
    base = drawn(split_rng, ((6, 40), (0.05, 0.5), (0.2, 0.7)))
    return Material(
        Pattern.GRAVEL,
        base,
        (base[0] * 0.6, base[1] * 0.6, base[2] * 0.6),
        drawn(split_rng, ((15, 45), (0.03, 0.3), (0.4, 0.9))),
        frequency=split_rng.between(0.8, 3.0),
        noise=split_rng.between(0.1, 0.5),
        salt=salt,
    )


def _painted(split_rng: SplitRng, salt: int) -> Material:
    """A painted table, a cloth or a wall of any colour, from almost white to almost black."""
    base = drawn(split_rng, ((0, 360), (0.0, 0.75), (0.12, 0.97)))
    return Material(
        Pattern.CONCRETE,
        base,
        (base[0] * 0.8, base[1] * 0.8, base[2] * 0.8),
        (base[0] * 0.5, base[1] * 0.5, base[2] * 0.5),
        frequency=split_rng.between(0.3, 1.2),
        amount=split_rng.between(0.0, 0.5),
        noise=split_rng.between(0.0, 0.08),
        gloss=split_rng.between(0.0, 0.4),
        shine=split_rng.between(8, 40),
        salt=salt,
    )


def board(split_rng: SplitRng) -> Material:
    """The surface of a shelf: wood, or painted."""
    return material(split_rng, split_rng.pick(("wood", "board"), (1, 1)))


def _mud(split_rng: SplitRng, salt: int) -> Material:
    """A wet or freshly harrowed field, grey to brown, without stones."""
    base = drawn(split_rng, ((18, 50), (0.06, 0.35), (0.3, 0.6)))
    return Material(
        Pattern.SOIL,
        base,
        (base[0] * 0.75, base[1] * 0.75, base[2] * 0.75),
        base,
        frequency=split_rng.between(0.1, 0.5),
        amount=split_rng.between(0.2, 0.7),
        noise=split_rng.between(0.05, 0.2),
        gloss=split_rng.between(0.0, 0.4),
        shine=split_rng.between(6, 30),
        salt=salt,
    )


def _foil(split_rng: SplitRng, salt: int) -> Material:
    """Black sheeting with folds and dust."""
    base = grey(split_rng, 0.05, 0.16)
    return Material(
        Pattern.CONCRETE,
        base,
        grey(split_rng, 0.25, 0.5),
        base,
        frequency=split_rng.between(0.3, 1.0),
        amount=split_rng.between(0.1, 0.6),
        noise=split_rng.between(0.02, 0.2),
        gloss=split_rng.between(0.1, 0.5),
        shine=split_rng.between(10, 50),
        salt=salt,
    )


_MAKERS: dict[str, Callable[[SplitRng, int], Material]] = {
    "humus": _humus,
    "mulch": _mulch,
    "grit": _grit,
    "board": _painted,
    "mud": _mud,
    "foil": _foil,
}
