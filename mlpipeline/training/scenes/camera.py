"""A pinhole camera above the ground, looking down with a tilt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Camera:
    """Looks at the ground's origin from `distance_cm`; `tilt` is the angle from straight down (radians).

    x of the world points right and y up in the picture while `roll` is 0.
    """

    width_px: int
    height_px: int
    focal_px: float
    distance_cm: float
    tilt: float
    roll: float = 0.0

    @property
    def position(self) -> Array:
        return np.array((0.0, -np.sin(self.tilt), np.cos(self.tilt))) * self.distance_cm

    def axes(self) -> Array:
        """Rows: right, up and forward of the picture, in the world."""
        right = np.array((1.0, 0.0, 0.0))
        up = np.array((0.0, np.cos(self.tilt), np.sin(self.tilt)))
        forward = np.array((0.0, np.sin(self.tilt), -np.cos(self.tilt)))
        c, s = np.cos(self.roll), np.sin(self.roll)
        return np.stack((right * c + up * s, up * c - right * s, forward))

    def seen(self, points: NDArray[np.floating]) -> tuple[Array, Array, Array]:
        """(x px, y px, depth cm) of world points (N, 3)."""
        local = (np.asarray(points, dtype=np.float64) - self.position) @ self.axes().T
        depth = local[:, 2]
        x = self.width_px / 2 + self.focal_px * local[:, 0] / depth
        y = self.height_px / 2 - self.focal_px * local[:, 1] / depth
        return x, y, depth

    def pixels_per_cm(self, x: float, y: float, z: float) -> float:
        depth = (np.array((x, y, z)) - self.position) @ self.axes()[2]
        return float(self.focal_px / max(depth, 1.0))

    def ground_at(self, x_px: float, y_px: float) -> tuple[float, float]:
        """The ground's point under a pixel (cm). The tilt keeps every ray going down."""
        ray = np.array(
            ((x_px - self.width_px / 2) / self.focal_px, (self.height_px / 2 - y_px) / self.focal_px, 1.0)
        )
        direction = ray @ self.axes()
        reach = -self.position[2] / direction[2]
        point = self.position + direction * reach
        return float(point[0]), float(point[1])

    def scaled(self, factor: int) -> Camera:
        """The same view with `factor` samples along each pixel's side."""
        return Camera(
            self.width_px * factor,
            self.height_px * factor,
            self.focal_px * factor,
            self.distance_cm,
            self.tilt,
            self.roll,
        )
