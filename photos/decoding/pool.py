"""The decoding processes of one worker: a few, started when needed, shared by its threads."""

import logging
import os
import tempfile
import threading
from functools import cache
from typing import Any, Final

from django.utils.translation import gettext as _

from photos.decoding.child import TOO_COSTLY
from photos.decoding.process import ChildCrashed, ChildEnded, ChildLeft, ChildOverran, DecodeProcess, Limits
from photos.errors import UnreadableImage

logger = logging.getLogger(__name__)

_PROCESSES: Final = 2  # that a worker may have; each takes 90 MB before its first picture
_LIMITS: Final = Limits(
    memory_bytes=1536 * 1024**2,  # 60 megapixels take up to 1,000 MB, as an animated WebP
    cpu_s=60,  # 60 megapixels in 64 scans take 20
    wall_s=120.0,
    idle_s=300,
)
# A crash is the picture's own fault if it comes again in a process that has done nothing else.
_TRIES: Final = 2


class DecodePool:
    """Calls functions in decoding processes, at most `size` at once. For any number of threads."""

    def __init__(self, size: int, limits: Limits) -> None:
        self._limits = limits
        self._free = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[DecodeProcess] = []

    def call(self, function: str, file: int, **arguments: Any) -> Any:
        """Call `module:name` with the descriptor of an open file and JSON arguments; returns its JSON result.

        Raises UnreadableImage where the picture is damaged, crashes its decoder, or takes more memory or time than
        any photo does; OSError where the process was ended from outside, which can pass by itself.
        """
        with self._free:
            answer = self._ask(function, file, arguments)
        if answer.get("refused") == TOO_COSTLY:
            raise UnreadableImage(_too_costly())
        if "refused" in answer:
            raise UnreadableImage(_damaged())
        return answer["result"]

    def close(self) -> None:
        """End the processes that are idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            process.close()

    def _ask(self, function: str, file: int, arguments: dict[str, Any]) -> dict[str, Any]:
        ended: ChildEnded | None = None
        tries_left = _TRIES
        while tries_left:
            process = self._take() if ended is None else DecodeProcess(self._limits)
            try:
                answer = process.ask(function, arguments, file)
            except ChildLeft:
                continue
            except ChildOverran as error:
                raise UnreadableImage(_too_costly()) from error
            except ChildEnded as error:
                logger.warning("A decoding process ended before it answered: %s", error)
                ended, tries_left = error, tries_left - 1
                continue
            self._give_back(process)
            return answer
        if isinstance(ended, ChildCrashed):
            raise UnreadableImage(_damaged()) from ended
        raise OSError(f"The decoding process was ended from outside: {ended}") from ended

    def _take(self) -> DecodeProcess:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return DecodeProcess(self._limits)

    def _give_back(self, process: DecodeProcess) -> None:
        if process.is_last:
            process.close()
            return
        with self._lock:
            self._idle.append(process)


@cache
def pool() -> DecodePool:
    """The pool of this process, made when first asked for."""
    return DecodePool(_PROCESSES, _LIMITS)


os.register_at_fork(after_in_child=pool.cache_clear)  # the processes are the parent's


def memory_file() -> int:
    """The descriptor of an empty file without a name, in memory where the system can. The caller closes it."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("picture", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _damaged() -> str:
    return _("The picture is damaged and cannot be read. Take it from the phone again.")


def _too_costly() -> str:
    return _(
        "The picture takes more memory or time to be read than a photo does. Take it from the phone again."
    )
