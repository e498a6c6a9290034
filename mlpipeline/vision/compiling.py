"""Compiling: loops that no library has, as machine code, and where it is kept."""

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


def compiled(function: Kernel) -> Kernel:
    """Compiles at the first call, which takes seconds; later processes load the code. Other threads run beside it.

    Dividing by zero gives what it gives in numpy. Kernels call no others of another file: numba looks for changes in
    the file of the function itself only.
    """
    previous = _SETTINGS.CACHE_DIR
    _SETTINGS.CACHE_DIR = _FOLDER
    try:
        kernel = njit(cache=True, nogil=True, error_model="numpy")(function)
    finally:
        _SETTINGS.CACHE_DIR = previous
    return cast(Kernel, kernel)


def _cache_folder() -> str:
    """Beside the code as Python's own; where that cannot be written, a folder of this user alone."""
    if _SETTINGS.CACHE_DIR:
        return str(_SETTINGS.CACHE_DIR)
    if os.access(_HERE, os.W_OK):
        return str(_HERE / "__pycache__")
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    return str(Path(tempfile.gettempdir()) / f"demeter-kernels-{owner}")


_FOLDER = _cache_folder()
