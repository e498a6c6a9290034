"""A full collection looks at what requests have made, and not at the modules that were loaded before them."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from demeter.serving.garbage import freeze_loaded


class Node:
    """Holds itself, so that only a collection can free it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_was_loaded_is_left_out_and_what_comes_after_is_collected() -> None:
    freeze_loaded()
    assert gc.get_freeze_count() > 10_000
    assert not any(found is freeze_loaded.__globals__ for found in gc.get_objects())
    garbage = weakref.ref(Node())
    gc.collect()
    assert garbage() is None
