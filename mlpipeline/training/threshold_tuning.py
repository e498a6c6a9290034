"""Finding the threshold at which counts come nearest to the truth, on scenes that were never trained on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

from mlpipeline.detectors.engines import Engine, tuned_options
from mlpipeline.imageio import read_rgb
from mlpipeline.photo_counter import count_image
from mlpipeline.training.seed_ranges import HELD_OUT_SEEDS

SCENE_PX = (2016, 1512)


@dataclass(frozen=True, slots=True)
class CountedScene:
    """One held-out scene, counted at one threshold."""

    kind: str
    confidence: float
    true: int
    detected: int
    total: int

    @property
    def error(self) -> float:
        """Relative error of the total, signed; of a scene without plants each plant counts as 1 of 20."""
        return (self.total - self.true) / max(self.true, 20)


def render_held_out(folder: Path, per_kind: int) -> list[Path]:
    """Held-out scenes of every kind below a folder, rendered where they are missing; returns their pictures."""
    from mlpipeline.training.scenes import KINDS, SceneSpec, render_scene

    folder.mkdir(parents=True, exist_ok=True)
    pictures = []
    for place, kind in enumerate(KINDS):
        for number in range(per_kind):
            picture = folder / f"{kind}_{number}.jpg"
            if not picture.is_file():
                seed = HELD_OUT_SEEDS.start + 100 + number * len(KINDS) + place
                scene = render_scene(SceneSpec(kind, seed, *SCENE_PX, split="held_out"))
                scene.save(folder, picture.stem)
            pictures.append(picture)
    return pictures


def count_held_out(
    engine: Engine, pictures: Sequence[Path], confidences: Sequence[float]
) -> Iterator[CountedScene]:
    """Count each picture at each threshold; the truth is the JSON file beside it."""
    options = tuned_options(engine)
    for picture in pictures:
        image = read_rgb(picture)
        true = len(json.loads(picture.with_suffix(".json").read_text())["plants"])
        for confidence in confidences:
            count = count_image(image, engine, replace(options, confidence=confidence))
            kind = picture.stem.rsplit("_", 1)[0]
            yield CountedScene(kind, confidence, true, count.detected, count.total)


def mean_errors(counted: Sequence[CountedScene]) -> dict[float, float]:
    """Threshold → mean absolute error of the total, as a share."""
    thresholds = sorted({scene.confidence for scene in counted})
    return {
        threshold: fmean(abs(scene.error) for scene in counted if scene.confidence == threshold)
        for threshold in thresholds
    }


def best_confidence(counted: Sequence[CountedScene]) -> float:
    """The threshold with the least mean error. Raises ValueError where nothing was counted."""
    errors = mean_errors(counted)
    return min(errors, key=lambda threshold: (errors[threshold], threshold))
