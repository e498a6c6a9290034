"""Augmentation of crops: what another photo, another phone and another light make of the same plant.

Batches are tensors (N, V, 3, H, W) with values 0–1: V windows of each of N detections, the narrowest first. Those of
one detection are moved and lit alike. All draws come from torch's generator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

SCALES = (0.75, 1.25)  # of what a crop spans
STRETCH = (0.9, 1.1)  # of its height
SHIFT = 0.08  # of half its side, either way
LIGHT, SATURATION, CONTRAST, WHITE_BALANCE = (
    (0.55, 1.4),
    (0.4, 1.6),
    (0.6, 1.4),
    (0.85, 1.15),
)  # times what it was
LOW_RESOLUTION_SHARE = 0.4  # of the batches half of the narrowest windows lose detail
LOW_RESOLUTION_PX = (20, 56)
NOISE = (0.0, 0.04)  # standard deviation


def augmented(crops: torch.Tensor, crop_px: int) -> torch.Tensor:
    """(N, V, 3, crop_px, crop_px) out of larger (N, V, 3, P, P) crops, each moved, scaled, lit and blurred by chance.

    What the box spans, crop_px out of P, stays in the middle.
    """
    count, views = crops.shape[:2]
    moved = _moved(_turned(crops.flatten(0, 1)), crop_px, views)
    return _with_noise(_degraded(_lit(moved, views), views)).unflatten(0, (count, views))


def _uniform(count: int, low: float, high: float, views: int = 1) -> torch.Tensor:
    """(count · views, 1, 1, 1) draws, each `views` times."""
    import torch

    return (torch.rand(count, 1, 1, 1) * (high - low) + low).repeat_interleave(views, 0)


def _turned(crops: torch.Tensor) -> torch.Tensor:
    """The whole batch by a multiple of 90°, perhaps mirrored."""
    import torch

    turned = torch.rot90(crops, int(torch.randint(4, ())), (2, 3))
    return turned.flip(3) if torch.rand(()) < 0.5 else turned


def _moved(crops: torch.Tensor, crop_px: int, views: int) -> torch.Tensor:
    import torch
    from torch.nn import functional

    count = len(crops) // views
    wide = _uniform(count, *SCALES, views).flatten() * crop_px / crops.shape[-1]
    theta = torch.zeros(len(crops), 2, 3)
    theta[:, 0, 0] = wide
    theta[:, 1, 1] = wide * _uniform(count, *STRETCH, views).flatten()
    theta[:, :, 2] = _uniform(2 * count, -SHIFT, SHIFT).view(count, 2).repeat_interleave(views, 0)
    grid = functional.affine_grid(theta, [len(crops), 3, crop_px, crop_px], align_corners=False)
    return functional.grid_sample(crops, grid, align_corners=False, padding_mode="border")


def _lit(crops: torch.Tensor, views: int) -> torch.Tensor:
    count = len(crops) // views
    lit = crops * _uniform(count, *LIGHT, views)
    grey = lit.mean(1, keepdim=True)
    coloured = grey + (lit - grey) * _uniform(count, *SATURATION, views)
    middle = coloured.mean((1, 2, 3), keepdim=True)
    clear = middle + (coloured - middle) * _uniform(count, *CONTRAST, views)
    return clear * _uniform(3 * count, *WHITE_BALANCE).view(count, 3, 1, 1).repeat_interleave(views, 0)


def _degraded(crops: torch.Tensor, views: int) -> torch.Tensor:
    """In some batches, half of the detections as if they had been photographed from farther away.

    Of their windows the narrowest: the pixels of a wider one are farther apart anyway.
    """
    import torch
    from torch.nn import functional

    if torch.rand(()) >= LOW_RESOLUTION_SHARE:
        return crops
    side = int(torch.randint(*LOW_RESOLUTION_PX, ()))
    count = len(crops) // views
    chosen = views * torch.randperm(count)[: count // 2]
    small = functional.interpolate(crops[chosen], size=(side, side), mode="bilinear", antialias=True)
    degraded = crops.clone()
    degraded[chosen] = functional.interpolate(small, size=crops.shape[2:], mode="bilinear")
    return degraded


def _with_noise(crops: torch.Tensor) -> torch.Tensor:
    import torch

    return (crops + torch.randn_like(crops) * _uniform(len(crops), *NOISE)).clamp(0, 1)
