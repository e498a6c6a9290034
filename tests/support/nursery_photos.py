"""Small photos of a nursery for the tests that go through real workers."""

from datetime import datetime, timedelta
from pathlib import Path

import piexif

from mlpipeline.training.scenes import ExifFacts, SceneSpec, render_scene

FIRST_PHOTO_AT = datetime(2026, 11, 2, 9, 0)  # noqa: DTZ001 - cameras write local time without a zone


def render_small(
    folder: Path, name: str, *, kind: str = "easy", seed: int = 900_050, width_px: int = 1000
) -> Path:
    """One rendered photo without a position."""
    scene = render_scene(SceneSpec(kind=kind, seed=seed, width_px=width_px, height_px=width_px * 3 // 4))
    return scene.save(folder, name)


def copy_at(photo: Path, name: str, *, lat: float, lon: float, minutes: int = 0) -> Path:
    """The same picture taken elsewhere or later: its bytes differ, what it shows does not."""
    facts = ExifFacts(
        taken=FIRST_PHOTO_AT + timedelta(minutes=minutes), latitude=lat, longitude=lon, error_m=3.0
    )
    path = photo.with_name(f"{name}.jpg")
    piexif.insert(facts.block(), str(photo), str(path))
    return path
