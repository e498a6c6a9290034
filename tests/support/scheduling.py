"""How `make test` shares the tests among processes."""

from pathlib import Path, PurePosixPath
from typing import Any, Final

from xdist.scheduler import LoadScopeScheduling

# A whole stack takes gigabytes, and half of the time its test waits: two at once fill each other's pauses.
_STACKS_AT_ONCE: Final = 2
_STACK_FILES: Final = (
    "test_integration.py",
    *sorted(file.name for file in (Path(__file__).parents[1] / "e2e").glob("test_*.py")),
)


def scope_of(path: str) -> str:
    """What a file's tests share one process with: some other stacks, all browsers, or nothing.

    Tests that start a browser run one after another: two at once would wait for each other's cores.
    """
    file = PurePosixPath(path)
    if file.name in _STACK_FILES:
        return f"e2e {_STACK_FILES.index(file.name) % _STACKS_AT_ONCE}"
    return "browser" if file.parent.name == "browser" else path


def order_of(path: str) -> int:
    """What takes longest comes first: the last of it would be waited for by everyone."""
    return {"e2e": 0, "browser": 1}.get(scope_of(path).partition(" ")[0], 2)


class FileScheduling(LoadScopeScheduling):
    """A file stays in one process, for its tests share the servers that it starts."""

    def __init__(self, config: Any, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # `order_of` has ordered them

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid.partition("::")[0])
