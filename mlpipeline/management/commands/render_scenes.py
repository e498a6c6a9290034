"""Renders nursery scenes with their truth into a folder; needs no database."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from PIL import Image

from mlpipeline.training.scenes import KINDS, SceneError, SceneSpec, render_scene

_THUMB_PX = (640, 480)


class Command(BaseCommand):
    """Renders scenes from consecutive seeds; the same seed and options give the same scene."""

    help = "Render photo-like nursery scenes with exact truth (JPEG, JSON and YOLO labels)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, required=True)
        parser.add_argument("--count", type=int, default=4)
        parser.add_argument(
            "--seed", type=int, default=1000, help="seed of the first scene; the next ones follow"
        )
        parser.add_argument("--kinds", default=",".join(KINDS), help="taken in turn, by commas")
        parser.add_argument("--size", default="4032x3024", help="WIDTHxHEIGHT in pixels")
        parser.add_argument("--split", choices=("train", "held_out"), default="train")
        parser.add_argument("--supersample", type=int, default=1)
        parser.add_argument("--threads", type=int, default=1)
        parser.add_argument(
            "--preview-sheet", action="store_true", help="also write sheet.png with all scenes small"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            width, height = (int(side) for side in options["size"].lower().split("x"))
            kinds = options["kinds"].split(",")
            specs = [
                SceneSpec(
                    kind=kinds[index % len(kinds)],
                    seed=options["seed"] + index,
                    width_px=width,
                    height_px=height,
                    split=options["split"],
                    supersample=options["supersample"],
                    threads=options["threads"],
                )
                for index in range(options["count"])
            ]
        except SceneError as error:
            raise CommandError(str(error)) from error
        except ValueError as error:
            raise CommandError(_("--size is WIDTHxHEIGHT, for example 4032x3024")) from error
        thumbs = []
        for spec in specs:
            begun = time.monotonic()
            scene = render_scene(spec)
            path = scene.save(options["out"], f"{spec.kind}_{spec.seed}")
            seconds = time.monotonic() - begun
            self.stdout.write(
                _("%(path)s: %(plants)d plants, %(containers)d containers, %(seconds).1f s")
                % {
                    "path": path,
                    "plants": len(scene.plants),
                    "containers": len(scene.containers),
                    "seconds": seconds,
                }
            )
            thumbs.append(cv2.resize(scene.image, _THUMB_PX, interpolation=cv2.INTER_AREA))
        if options["preview_sheet"] and thumbs:
            Image.fromarray(_sheet(thumbs)).save(options["out"] / "sheet.png")


def _sheet(thumbs: list[np.ndarray]) -> np.ndarray:
    """The thumbnails in rows of up to four, (H, W, 3)."""
    columns = min(4, len(thumbs))
    missing = -len(thumbs) % columns
    tiles = thumbs + [np.zeros_like(thumbs[0])] * missing
    return np.vstack([np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)])
