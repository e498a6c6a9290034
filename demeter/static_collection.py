"""The stylesheets and scripts as the web server hands them out: collected once, and again when a source changes."""

import fcntl
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

# Of django_htmx: extensions that no page of ours loads. Their comments name modules that the package lacks, at which
# collecting would stop.
UNUSED_FOLDERS: Final = ["ext"]


def collect_static_if_changed() -> bool:
    """Run collectstatic unless its result already fits the sources; says whether it ran.

    Two stacks that start together take turns. Where nothing changed nothing is written: an image brings its own along
    and is read-only.
    """
    root = Path(settings.STATIC_ROOT)
    stamp = root / ".collected"
    fingerprint = _fingerprint()
    if _fits(stamp, fingerprint):
        return False
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _fits(stamp, fingerprint):  # another stack was first
            return False
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=UNUSED_FOLDERS)
        stamp.write_text(fingerprint)
    return True


def _fits(stamp: Path, fingerprint: str) -> bool:
    return stamp.exists() and stamp.read_text() == fingerprint


def _fingerprint() -> str:
    """Of names and contents. Times do not last: an image that is sent and fetched keeps whole seconds alone."""
    digest = hashlib.sha256()
    for line in sorted(_sources()):
        digest.update(line.encode())
    return digest.hexdigest()


def _sources() -> Iterator[str]:
    for finder in get_finders():
        for name, storage in finder.list([]):
            with Path(storage.path(name)).open("rb") as file:
                yield f"{storage.path(name)}\t{hashlib.file_digest(file, 'sha256').hexdigest()}\n"
