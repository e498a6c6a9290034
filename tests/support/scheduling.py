"""How `make test` shares the tests among processes."""

from pathlib import PurePosixPath
from typing import Any, Final

from xdist.scheduler import LoadScopeScheduling

# All in these folders start the whole stack, or a browser: one after another in one process, for two at once would
# wait for each other's cores.
STACK_FOLDERS: Final = ("e2e", "browser")
STACK_FILES: Final = ("test_integration.py",)


def starts_a_stack(path: str) -> bool:
    file = PurePosixPath(path)
    return file.parent.name in STACK_FOLDERS or file.name in STACK_FILES


class FileScheduling(LoadScopeScheduling):
    """A file stays in one process, for its tests share the servers that it starts."""

    def __init__(self, config: Any, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # the stacks come first: they take longest

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return "stack" if starts_a_stack(path) else path
