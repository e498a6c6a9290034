"""From light to a phone's picture: exposure, lens, sensor, the maker's processing, JPEG."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.training.scenes.split_rng import SplitRng

Floats = NDArray[np.float32]


def _gaussian(pixels: Floats, sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), dtype=np.float32)


def apply_camera(light: Floats, split_rng: SplitRng, supersample: int) -> NDArray[np.uint8]:
    """(H·s, W·s, 3) linear light to (H, W, 3) uint8 RGB; changes `light`."""
    rng = split_rng.rng
    if supersample > 1:
        size = (light.shape[1] // supersample, light.shape[0] // supersample)
        light = np.asarray(cv2.resize(light, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    height, width = light.shape[:2]
    light *= _exposure(light, split_rng)
    light *= np.array([rng.normal(1, 0.05), 1.0, rng.normal(1, 0.06)], dtype=np.float32)
    _vignette(light, split_rng.between(0.0, 0.35))
    if split_rng.chance(0.25):
        veil = split_rng.between(0.01, 0.06)
        light *= 1 - veil
        light += veil
    light = _blurred(light, split_rng, max(height, width))
    picture = _tone(light, split_rng)
    _add_noise(picture, split_rng)
    if split_rng.chance(0.6):
        soft = _gaussian(picture, split_rng.between(0.8, 1.6))
        picture = picture + (picture - soft) * split_rng.between(0.2, 1.1)
    pixels = np.asarray(np.clip(picture * 255 + 0.5, 0, 255), dtype=np.uint8)
    return _through_jpeg(pixels, split_rng.whole(58, 97))


#: How often the sun, or a lamp, shines into the lens.
GLARE_SHARE = 0.15


def add_glare(light: Floats, split_rng: SplitRng) -> None:
    """A bright veil around a place at the picture's border; changes `light` (H, W, 3)."""
    height, width = light.shape[:2]
    x0, y0 = split_rng.between(0, 1), split_rng.pick((-0.1, 0.05, 1.0))
    y = np.linspace(0, height / width, height, dtype=np.float32)[:, None] - np.float32(y0 * height / width)
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :] - np.float32(x0)
    reach = split_rng.between(0.15, 0.5)
    veil = np.exp(-(x * x + y * y) / np.float32(2 * reach**2)) * np.float32(split_rng.between(0.2, 1.4))
    light += (veil * np.float32(light[::8, ::8].mean() * 2))[..., None]


def _exposure(light: Floats, split_rng: SplitRng) -> np.float32:
    """Brings the mean to a middle tone, as a phone's meter does, with an error of its own."""
    mean = float(np.mean(light[::8, ::8]))
    bright = float(np.quantile(light[::8, ::8], 0.985))
    gain = min(0.24 / max(mean, 1e-4), 1.5 / max(bright, 1e-4))
    return np.float32(gain * 2 ** split_rng.between(-0.5, 0.55))


def _vignette(light: Floats, strength: float) -> None:
    height, width = light.shape[:2]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    light *= (1 - strength * (x * x + y * y) / 2)[..., None]


def _blurred(light: Floats, split_rng: SplitRng, longest: int) -> Floats:
    """Lens and shake: mostly slight, sometimes clearly out of focus or moved."""
    scale = max(longest / 4032, 0.35)
    light = _gaussian(light, 0.35 + scale * split_rng.between(0.1, 0.7))
    kind = split_rng.pick(("none", "defocus", "shake", "uneven"), (6, 1, 1, 1))
    if kind == "defocus":
        light = _gaussian(light, scale * split_rng.between(0.8, 2.4))
    elif kind == "shake":
        reach = max(3, int(scale * split_rng.between(2, 8)) | 1)
        kernel = np.zeros((reach, reach), dtype=np.float32)
        turn, middle = split_rng.between(0, np.pi), reach // 2
        end = (round(middle * (1 + np.cos(turn))), round(middle * (1 + np.sin(turn))))
        start = (2 * middle - end[0], 2 * middle - end[1])
        cv2.line(kernel, start, end, 1.0)
        light = np.asarray(cv2.filter2D(light, -1, kernel / kernel.sum()), dtype=np.float32)
    elif kind == "uneven":
        soft = _gaussian(light, scale * split_rng.between(1.0, 3.0))
        fade = np.linspace(0, 1, light.shape[0], dtype=np.float32)[:, None, None] ** 2
        light = (
            light * (1 - fade) + soft * fade if split_rng.chance(0.5) else light * fade + soft * (1 - fade)
        )
    return np.asarray(light, dtype=np.float32)


def _tone(light: Floats, split_rng: SplitRng) -> Floats:
    """Shoulder, sRGB curve, contrast and saturation; the result is sRGB about 0..1."""
    shoulder = split_rng.between(0.0, 0.5)
    np.maximum(light, 0, out=light)
    light = light * (1 + light * 0.15 * shoulder) / (1 + light * shoulder) * np.float32(1 + 0.7 * shoulder)
    picture = np.power(light, np.float32(1 / split_rng.between(2.0, 2.5)))
    np.minimum(picture, 1.05, out=picture)
    contrast = split_rng.between(-0.15, 1.0)
    picture = picture + np.float32(contrast) * (picture - 0.5) * picture * (1 - picture) * 2
    lift = split_rng.between(0, 0.06) if split_rng.chance(0.4) else 0.0
    picture = picture * np.float32(1 - lift) + np.float32(lift)
    grey = picture.mean(axis=2, keepdims=True)
    picture = grey + (picture - grey) * np.float32(split_rng.between(0.65, 1.4))
    return np.asarray(picture, dtype=np.float32)


def _add_noise(picture: Floats, split_rng: SplitRng) -> None:
    """Shot noise in brightness and blotchy noise in colour, as after a phone's denoising."""
    rng = split_rng.rng
    height, width = picture.shape[:2]
    level = split_rng.pick((0.004, 0.012, 0.03), (4, 3, 1)) * split_rng.between(0.6, 1.4)
    fine = rng.standard_normal((height, width), dtype=np.float32)
    if split_rng.chance(0.5):
        fine = _gaussian(fine, 0.7) * 1.8
    picture += (fine * np.float32(level))[..., None]
    coarse = rng.standard_normal((height // 2 + 1, width // 2 + 1, 3), dtype=np.float32)
    picture += cv2.resize(coarse, (width, height)) * np.float32(level * 0.6)


def _through_jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    _, code = cv2.imencode(
        ".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    again = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), dtype=np.uint8)
    return np.asarray(again[..., ::-1].copy(), dtype=np.uint8)
