"""Originals as arrays, the last one kept: the steps of one photo follow each other in the same process."""

import threading
from uuid import UUID

from mlpipeline.imageio import read_rgb_apart
from mlpipeline.vision.arrays import Image as RgbArray
from photos import storage
from photos.models import Image

_lock = threading.Lock()
_last: dict[UUID, RgbArray] = {}  # at most one: a 48-megapixel photo takes 144 MB


def load_original(image: Image) -> RgbArray:
    """The photo as a person sees it, (H, W, 3) uint8 RGB. Do not write to it.

    Raises UnreadableImage for a broken body, StoreUnavailable if the store does not answer in time.
    """
    with _lock:
        if image.pk in _last:
            return _last[image.pk]
    with storage.open_original(image) as path:
        array = read_rgb_apart(path)
    with _lock:
        _last.clear()
        _last[image.pk] = array
    return array
