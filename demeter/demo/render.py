"""Renders photos in a process of its own: `python -m demeter.demo.render FOLDER`, a task a line on its input."""

import sys
from datetime import datetime
from pathlib import Path

from demeter.demo.demo_scenes import RenderTask
from mlpipeline.training.scenes import ExifFacts, SceneSpec, render_scene


def render(task: RenderTask, folder: Path) -> None:
    """Write the picture and, once it is whole, its label file: the sign that the photo is complete."""
    scene = render_scene(
        SceneSpec(kind=task.kind, seed=task.seed, width_px=task.width_px, height_px=task.height_px)
    )
    facts = ExifFacts(
        taken=datetime.fromisoformat(task.taken_at),
        latitude=task.lat,
        longitude=task.lon,
        error_m=task.accuracy_m,
    )
    scene.save(folder, task.name, facts)


if __name__ == "__main__":
    for text in sys.stdin:
        render(RenderTask.from_line(text), Path(sys.argv[1]))
