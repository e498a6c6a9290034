"""Compiling: loops that no library has, as machine code, and where it is kept."""

import os
import stat
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


def compiler(name: str, **settings: Any) -> Callable[[Kernel], Kernel]:
    """A decorator that compiles functions at their first call, which takes seconds; later processes load the code.

    Other threads run beside a kernel. Kernels call no others of another file: numba looks for changes in the file of
    the function itself only. Machine code is kept in a folder `name` of its own (see `cache_folder`); where there is
    no place for it, each process compiles anew. `settings` are numba's.
    """
    folder = cache_folder()

    def decorate(function: Kernel) -> Kernel:
        if folder is None:
            return cast(Kernel, njit(nogil=True, **settings)(function))
        previous = _SETTINGS.CACHE_DIR
        _SETTINGS.CACHE_DIR = str(folder / name)
        try:
            return cast(Kernel, njit(cache=True, nogil=True, **settings)(function))
        finally:
            _SETTINGS.CACHE_DIR = previous

    return decorate


def cache_folder() -> Path | None:
    """Where machine code is kept: NUMBA_CACHE_DIR, else beside this code as Python's own, else in a temporary folder.

    Whoever can write machine code can run it. So a temporary folder, whose name anybody may guess, is taken only if it
    is this user's and nobody else can write it; None where that cannot be had.
    """
    if _SETTINGS.CACHE_DIR:
        return Path(_SETTINGS.CACHE_DIR)
    if os.access(_HERE, os.W_OK):
        return _HERE / "__pycache__"
    return private_folder(Path(tempfile.gettempdir()) / f"demeter-kernels-{os.getuid()}")


def private_folder(folder: Path) -> Path | None:
    """The folder, made if it is missing; None if it cannot be made, is another user's, or others can write it."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        known = folder.lstat()
    except OSError:
        return None
    is_own = stat.S_ISDIR(known.st_mode) and known.st_uid == os.getuid()
    return folder if is_own and not known.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else None


# Dividing by zero gives what it gives in numpy.
jit = compiler("kernels", error_model="numpy")
