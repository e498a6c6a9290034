"""Giving back, between two photos, what the last one took: a worker runs for weeks."""

import ctypes
import sys


def release_memory() -> None:
    """Hand free memory of the allocators back, to the system and on a GPU to its driver. Takes some milliseconds.

    Photos differ in size, and allocators keep the holes: without this a process grows to the largest that it has seen.
    """
    torch = sys.modules.get("torch")  # not loaded for this
    cuda = getattr(torch, "cuda", None)
    if cuda is not None and cuda.is_initialized():
        cuda.empty_cache()
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):  # another C library, which does as it likes
        return
