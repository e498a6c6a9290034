"""How the renderer's kernels are compiled and where the machine code is kept."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit
from numba.core import config as numba_config

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

# numba writes its settings into this module when it is imported; its types know none of them.
_SETTINGS: Any = numba_config
_HERE = Path(__file__).parent
_SOURCES = ("noise.py", "patterns.py", "rasterizer.py", "shading.py")


def _cache_folder() -> str:
    """A folder of its own for each version of the kernels.

    numba looks only at the file of the function itself: without this, a change of a pattern would
    leave the old pattern in the cached shader that calls it.
    """
    digest = hashlib.sha256(b"".join((_HERE / name).read_bytes() for name in _SOURCES)).hexdigest()
    parent = _HERE / "__pycache__" if os.access(_HERE, os.W_OK) else Path(tempfile.gettempdir())
    return str(Path(_SETTINGS.CACHE_DIR or parent) / f"scene-kernels-{digest[:16]}")


def compiled(function: Kernel) -> Kernel:
    """Compiles at the first call, without the interpreter lock; later processes load the code (10 s less)."""
    previous = _SETTINGS.CACHE_DIR
    _SETTINGS.CACHE_DIR = _FOLDER
    try:
        kernel = njit(cache=True, nogil=True)(function)
    finally:
        _SETTINGS.CACHE_DIR = previous
    return cast(Kernel, kernel)


_FOLDER = _cache_folder()
