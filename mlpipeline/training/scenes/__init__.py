"""Photo-like nursery scenes with exact truth, rendered from nothing but a seed.

By hand: a general renderer gives pictures, and not which plant is hidden by how much.
"""

from mlpipeline.training.scenes.exif import ExifFacts
from mlpipeline.training.scenes.render import render_scene
from mlpipeline.training.scenes.scene import Scene
from mlpipeline.training.scenes.scene_spec import ALL_KINDS, KINDS, REAL_KINDS, SceneError, SceneSpec

__all__ = [
    "ALL_KINDS",
    "KINDS",
    "REAL_KINDS",
    "ExifFacts",
    "Scene",
    "SceneError",
    "SceneSpec",
    "render_scene",
]
