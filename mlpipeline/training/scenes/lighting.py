"""The light of a scene: sun, sky, net shade; and the maps that say what they reach."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes.rasterizer import draw_depth
from mlpipeline.training.scenes.split_rng import SplitRng

Floats = NDArray[np.float32]

LIGHT_ROW_WIDTH = 24


@dataclass(frozen=True, slots=True)
class Light:
    """`sun_direction` points to the sun; colours are linear, 1 is a white sheet in full light.

    `bars` shades stripes of the ground as the profiles or nets of a greenhouse do: direction
    (radians), period and width (cm), and the share of the sun they take.
    """

    sun_direction: NDArray[np.float64]
    sun: NDArray[np.float64]
    sky: NDArray[np.float64]
    bounce: NDArray[np.float64]
    softness: float
    bars: tuple[float, float, float, float]

    def row(self) -> Floats:
        """The light as the kernels read it."""
        row = np.zeros(LIGHT_ROW_WIDTH, dtype=np.float32)
        row[:3], row[3:6], row[6:9], row[9:12] = self.sun_direction, self.sun, self.sky, self.bounce
        row[12] = self.softness
        row[13:17] = self.bars
        return row


def drawn_light(split_rng: SplitRng, scale_cm: float) -> Light:
    """Clear, hazy, overcast or under net, with warm or cold colours. `scale_cm` is the frame's width."""
    weather = split_rng.pick(("clear", "hazy", "overcast", "indoors"), (4, 3, 3, 2))
    share = {"clear": 0.78, "hazy": 0.55, "overcast": 0.12, "indoors": 0.25}[weather] * split_rng.between(
        0.85, 1.12
    )
    high = split_rng.between(0.55, 1.4)
    around = split_rng.between(0, 2 * np.pi)
    direction = np.array((np.cos(around) * np.cos(high), np.sin(around) * np.cos(high), np.sin(high)))
    warmth = split_rng.between(-0.05, 0.16)
    sun = np.array((1 + warmth, 1.0, 1 - 1.4 * warmth)) * share / max(direction[2], 0.5)
    cold = split_rng.between(-0.04, 0.16)
    sky = np.array((1 - cold, 1.0, 1 + cold)) * (1.05 - share) * split_rng.between(0.75, 1.1)
    ground = np.array((0.5, 0.45, 0.38)) * (0.25 * share + 0.2)
    softness = {"clear": 0.02, "hazy": 0.06, "overcast": 0.5, "indoors": 0.25}[weather]
    bars = (0.0, 1.0, 0.0, 0.0)
    if weather in ("clear", "hazy") and split_rng.chance(0.3):
        period = scale_cm * split_rng.between(0.12, 1.2)
        bars = (
            split_rng.between(0, np.pi),
            period,
            period * split_rng.between(0.15, 0.6),
            split_rng.between(0.3, 0.85),
        )
    return Light(direction, sun, sky, ground, softness, bars)


def unusual_light(split_rng: SplitRng, light: Light) -> Light:
    """Mostly the light as it is; now and then violet growing lamps, a hard noon sun, or lamps indoors."""
    manner = split_rng.pick(("as it is", "violet", "hard", "lamps"), (6, 0.8, 2, 0.8))
    if manner == "violet":
        tint = np.array((1.0, split_rng.between(0.3, 0.75), split_rng.between(0.95, 1.25)))
        return replace(light, sun=light.sun * tint, sky=light.sky * tint, bars=(0.0, 1.0, 0.0, 0.0))
    if manner == "hard":
        return replace(
            light, sun=light.sun * 1.3 + 0.2, sky=light.sky * split_rng.between(0.35, 0.7), softness=0.008
        )
    if manner == "lamps":
        tint = np.array((1.0, split_rng.between(0.8, 0.95), split_rng.between(0.5, 0.85)))
        return replace(light, sun=light.sun * tint, sky=light.sky * tint, softness=0.15)
    return light


@dataclass(frozen=True, slots=True)
class ShadowMap:
    """Height along the light of what it meets first, on a raster across the light."""

    nearest: Floats
    frame: Floats
    """Row 0: axis u, origin u, cm a texel; row 1: axis v, origin v, 0; row 2: the light's axis, 0, 0."""


def shadow_map(vertices: Floats, faces: NDArray[np.int32], light: Light, size_px: int) -> ShadowMap:
    """The map for all the faces; without faces an empty one."""
    towards = light.sun_direction
    u_axis = np.cross(towards, (0.0, 0.0, 1.0))
    u_axis = u_axis / (np.linalg.norm(u_axis) + 1e-9)
    v_axis = np.cross(u_axis, towards)
    frame = np.zeros((3, 5), dtype=np.float32)
    frame[0, :3], frame[1, :3], frame[2, :3] = u_axis, v_axis, towards
    if len(faces) == 0:
        frame[0, 4] = 1.0
        return ShadowMap(np.full((2, 2), -1e9, dtype=np.float32), frame)
    u, v, near = vertices @ frame[0, :3], vertices @ frame[1, :3], vertices @ frame[2, :3]
    texel = max(float(np.ptp(u)), float(np.ptp(v)), 1.0) / (size_px - 4)
    frame[0, 3], frame[1, 3], frame[0, 4] = u.min() - 2 * texel, v.min() - 2 * texel, texel
    nearest = np.full((size_px, size_px), -1e9, dtype=np.float32)
    draw_depth((u - frame[0, 3]) / texel, (v - frame[1, 3]) / texel, near, faces, nearest)
    return ShadowMap(nearest, frame)


@dataclass(frozen=True, slots=True)
class SkyMap:
    """Mean heights of the surroundings (cm), seen from above: what stands higher takes sky light away."""

    close: Floats
    wide: Floats
    frame: Floats
    """Origin x, origin y, cm a texel, radius close, radius wide."""


def sky_map(
    vertices: Floats, faces: NDArray[np.int32], close_cm: float, wide_cm: float, size_px: int
) -> SkyMap:
    """The height field of all the faces, averaged over two radii."""
    if len(faces) == 0:
        empty = np.zeros((2, 2), dtype=np.float32)
        return SkyMap(empty, empty, np.array((0, 0, 1e6, 1, 1), dtype=np.float32))
    low = vertices[:, :2].min(axis=0) - wide_cm
    extent = float(np.max(vertices[:, :2].max(axis=0) + wide_cm - low))
    texel = extent / size_px
    heights = np.zeros((size_px, size_px), dtype=np.float32)
    draw_depth(
        (vertices[:, 0] - low[0]) / texel,
        (vertices[:, 1] - low[1]) / texel,
        vertices[:, 2].copy(),
        faces,
        heights,
    )
    close, wide = (
        np.asarray(cv2.GaussianBlur(heights, (0, 0), max(radius / texel, 0.6)), dtype=np.float32)
        for radius in (close_cm, wide_cm)
    )
    return SkyMap(close, wide, np.array((low[0], low[1], texel, close_cm, wide_cm), dtype=np.float32))


def crevices(nearest: Floats, radius_px: float) -> Floats:
    """Darkening 0.4..1 where a pixel lies behind its surroundings (H, W).

    Source: Luft, Colditz, Deussen, Image Enhancement by Unsharp Masking the Depth Buffer, 2006.
    `nearest` is 1/depth; the difference is taken relative to it, so it is a share of the distance.
    """
    around = cv2.GaussianBlur(nearest, (0, 0), radius_px)
    behind = np.maximum(around / nearest - 1.0, 0.0)
    return np.asarray(np.maximum(0.4, 1.0 - behind * 45.0), dtype=np.float32)
