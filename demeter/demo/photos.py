"""The photos the demo counts: rendered ones with known truth, or a person's own."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.demo.demo_scenes import SHOTS, SIZE_PX, RenderTask, Shot
from demeter.errors import DemeterError
from inventory.models import StorageLocation

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif"})
PHONE_ERROR_M = 3.0
RENDERERS = 2  # at a time: each holds some 500 MB


class NoPhotos(DemeterError):
    """The folder that was named holds no file with the suffix of a picture."""

    code, status = "no_photos", 400


class RenderingFailed(DemeterError):
    """A process that renders demo photos ended with an error."""

    code, status = "rendering_failed", 500


def render_photos(
    folder: Path, shots: Sequence[Shot] = SHOTS, size_px: tuple[int, int] = SIZE_PX
) -> list[Path]:
    """The rendered photos of these shots, made where they are missing; each with its label file beside it.

    Rendering runs in processes of its own: it needs libraries that the demo's process has no use for.
    Raises RenderingFailed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [shot for shot in shots if not (folder / f"{shot.name}.txt").is_file()]
    shares = [missing[start::RENDERERS] for start in range(RENDERERS)]
    processes = [_start_renderer(folder, share, size_px) for share in shares if share]
    failures = [error for process in processes if (error := _failure(process)) is not None]
    if failures:
        raise RenderingFailed(
            _("The demo photos could not be rendered: %(reason)s") % {"reason": failures[0]}
        )
    return [folder / f"{shot.name}.jpg" for shot in shots]


def _start_renderer(folder: Path, shots: Sequence[Shot], size_px: tuple[int, int]) -> subprocess.Popen[str]:
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "demeter.demo.render", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if process.stdin is not None:
        process.stdin.write("".join(f"{task.line()}\n" for task in _tasks(shots, size_px)))
        process.stdin.close()
    return process


def _tasks(shots: Sequence[Shot], size_px: tuple[int, int]) -> Iterator[RenderTask]:
    for shot in shots:
        location = StorageLocation.objects.get(code=shot.location)
        yield RenderTask(
            name=shot.name,
            kind=shot.kind,
            seed=shot.seed,
            width_px=size_px[0],
            height_px=size_px[1],
            lat=location.centroid_lat,
            lon=location.centroid_lon,
            accuracy_m=PHONE_ERROR_M,
            taken_at=timezone.localtime().replace(tzinfo=None).isoformat(timespec="seconds"),
        )


def _failure(process: subprocess.Popen[str]) -> str | None:
    """Wait for a renderer; the last line of what it complained about, None if it ended well."""
    with process:
        complaint = process.stderr.read() if process.stderr is not None else ""
    if process.returncode == 0:
        return None
    return (complaint.strip().splitlines() or [str(process.returncode)])[-1]


def own_photos(folder: Path) -> list[Path]:
    """A person's photos in a folder, by name. Raises NoPhotos."""
    photos = sorted(path for path in folder.glob("*") if path.is_file() and path.suffix.lower() in SUFFIXES)
    if not photos:
        raise NoPhotos(
            _("No photos in %(folder)s (known: %(suffixes)s).")
            % {"folder": folder, "suffixes": ", ".join(sorted(SUFFIXES))}
        )
    return photos
