"""The folder in which one web process keeps what it is receiving. It is cleared by whoever starts after its death."""

import fcntl
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_PREFIX: Final = "web-"
_LOCK_NAME: Final = ".lock"
#: Of files that no process owns, as other programs of this project leave them.
_STRAY_FILE_AGE_S: Final = 24 * 3600.0


class SpoolFolder:
    """A new folder below `root`, owned by this process for as long as it lives.

    Ownership is a lock on a file in it, which the kernel drops with the process, however that ends. To make one clears
    the folders of processes that are gone. Raises OSError if `root` cannot be written to.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        with _alone(root):
            clear_abandoned(root)
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
            self._lock = (self.path / _LOCK_NAME).open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Delete the folder with all that is in it. Harmless when repeated."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def clear_abandoned(root: Path) -> None:
    """Delete the folders below `root` whose process is gone, and files that lie about for a day."""
    for entry in root.iterdir():
        if entry.is_dir() and entry.name.startswith(_PREFIX):
            if not _is_owned(entry):
                shutil.rmtree(entry, ignore_errors=True)
        elif entry.is_file() and entry.name != _LOCK_NAME:
            with suppress(FileNotFoundError):
                if time.time() - entry.stat().st_mtime > _STRAY_FILE_AGE_S:
                    entry.unlink()


def _is_owned(folder: Path) -> bool:
    try:
        with (folder / _LOCK_NAME).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Processes that start together take turns: a folder that is just being made has no lock yet."""
    with (root / _LOCK_NAME).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
