"""How `make test` shares the tests among processes."""

from pathlib import PurePosixPath
from typing import Any, Final

from xdist.scheduler import LoadScopeScheduling

# Tests that start the whole stack run one after another in one process, and so do those that start a browser: two of a
# kind at once would wait for each other's cores.
_STACK_FILES: Final = ("test_integration.py",)


def scope_of(path: str) -> str:
    """What a file's tests share one process with: "e2e", "browser", or the file alone."""
    file = PurePosixPath(path)
    if file.parent.name == "e2e" or file.name in _STACK_FILES:
        return "e2e"
    return "browser" if file.parent.name == "browser" else path


def order_of(path: str) -> int:
    """What takes longest comes first: the last of it would be waited for by everyone."""
    return {"e2e": 0, "browser": 1}.get(scope_of(path), 2)


class FileScheduling(LoadScopeScheduling):
    """A file stays in one process, for its tests share the servers that it starts."""

    def __init__(self, config: Any, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # `order_of` has ordered them

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid.partition("::")[0])
