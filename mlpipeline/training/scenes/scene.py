"""A rendered scene and its files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mlpipeline.training.scenes.camera import Camera
from mlpipeline.training.scenes.exif import PHONES, ExifFacts
from mlpipeline.training.scenes.scene_spec import SceneSpec
from mlpipeline.training.scenes.truth import ContainerTruth, DistractorTruth, EmptyPlace, Plant

# EXIF times carry no zone: they are the clock of the place.
_FIRST_DAY = datetime(2026, 1, 5, 9, 0)  # noqa: DTZ001
_JPEG_QUALITY = 92


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture, (H, W, 3) uint8 RGB, and what is in it; coordinates in its pixels."""

    spec: SceneSpec
    image: NDArray[np.uint8]
    plants: tuple[Plant, ...]
    containers: tuple[ContainerTruth, ...]
    empties: tuple[EmptyPlace, ...]
    distractors: tuple[DistractorTruth, ...]
    camera: Camera
    ground: tuple[str, ...]

    def truth(self) -> dict[str, Any]:
        """The truth as it is written beside the picture."""
        per_container = {container.id: 0 for container in self.containers}
        for plant in self.plants:
            if plant.container_id is not None:
                per_container[plant.container_id] = per_container.get(plant.container_id, 0) + 1
        spec, camera = self.spec, self.camera
        return {
            "kind": spec.kind,
            "seed": spec.seed,
            "split": spec.split,
            "width": spec.width_px,
            "height": spec.height_px,
            "total": len(self.plants),
            "alive": sum(plant.alive for plant in self.plants),
            "occluded_over_60": sum(plant.occluded_fraction > 0.6 for plant in self.plants),
            "per_container": {str(number): count for number, count in per_container.items()},
            "camera": {
                "tilt_deg": round(float(np.degrees(camera.tilt)), 1),
                "distance_cm": round(camera.distance_cm, 1),
                "focal_px": round(camera.focal_px, 1),
            },
            "ground": list(self.ground),
            "plants": [asdict(plant) for plant in self.plants],
            "containers": [asdict(container) for container in self.containers],
            "empties": [asdict(place) for place in self.empties],
            "distractors": [asdict(thing) for thing in self.distractors],
        }

    def yolo_lines(self) -> list[str]:
        """One line a plant with a visible box: class 0, centre and size as shares of the picture."""
        width, height = self.spec.width_px, self.spec.height_px
        lines = []
        for plant in self.plants:
            if plant.box is not None:
                x0, y0, x1, y1 = plant.box
                numbers = (
                    (x0 + x1) / 2 / width,
                    (y0 + y1) / 2 / height,
                    (x1 - x0) / width,
                    (y1 - y0) / height,
                )
                lines.append("0 " + " ".join(f"{number:.6f}" for number in numbers))
        return lines

    def exif(self) -> ExifFacts:
        """A plausible camera and moment for this seed, without a position."""
        make, model = PHONES[self.spec.seed % len(PHONES)]
        moment = _FIRST_DAY + timedelta(days=self.spec.seed * 7 % 300, minutes=self.spec.seed * 13 % 500)
        return ExifFacts(moment, make, model)

    def save(self, folder: Path, name: str, exif: ExifFacts | None = None) -> Path:
        """Writes NAME.jpg, NAME.json and NAME.txt (YOLO); gives the picture's path.

        With an `exif.orientation` other than 1 the block alone says so; the pixels stay as they are.
        """
        folder.mkdir(parents=True, exist_ok=True)
        facts = exif or self.exif()
        path = folder / f"{name}.jpg"
        Image.fromarray(self.image).save(path, quality=_JPEG_QUALITY, exif=facts.block())
        gps = None if facts.latitude is None else [facts.latitude, facts.longitude]
        camera = {
            "make": facts.make,
            "model": facts.model,
            "taken": facts.taken.strftime("%Y:%m:%d %H:%M:%S"),
        }
        truth = {"photo": path.name, **self.truth(), "gps": gps}
        truth["camera"] = truth["camera"] | camera
        (folder / f"{name}.json").write_text(json.dumps(truth))
        (folder / f"{name}.txt").write_text("".join(line + "\n" for line in self.yolo_lines()))
        return path
