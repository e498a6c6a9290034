"""The pixels of a picture that another process decodes, in memory that both see."""

import fcntl
import mmap
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photos.decoding.pool import memory_file, pool


def decode_apart(function: str, path: Path, *, width_px: int, height_px: int) -> NDArray[np.uint8]:
    """The (H, W, 3) uint8 RGB array that a function writes in a decoding process; read-only, and not copied.

    The function, `module:name`, is called with the descriptor of a file to be mapped by `shared_pixels`, and with
    `path`, `width_px` and `height_px`. Raises as `DecodePool.call` does.
    """
    size = width_px * height_px * 3
    file = memory_file()
    try:
        os.ftruncate(file, size)
        _fix_size(file)
        pool().call(function, file, path=str(path), width_px=width_px, height_px=height_px)
        content = mmap.mmap(file, size, flags=mmap.MAP_SHARED | _POPULATE, prot=mmap.PROT_READ)
    finally:
        os.close(file)
    return np.frombuffer(content, np.uint8).reshape(height_px, width_px, 3)


def shared_pixels(file: int, *, width_px: int, height_px: int) -> NDArray[np.uint8]:
    """The array of `decode_apart`, as the decoding process writes it."""
    content = mmap.mmap(file, width_px * height_px * 3, flags=mmap.MAP_SHARED | _POPULATE)
    return np.frombuffer(content, np.uint8).reshape(height_px, width_px, 3)


_POPULATE = getattr(mmap, "MAP_POPULATE", 0)  # all pages at once, instead of one fault for each


def _fix_size(file: int) -> None:
    """Nobody can shorten the file under whoever reads it, which would end that process."""
    if hasattr(fcntl, "F_ADD_SEALS"):
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
