"""The process that decodes. It knows no database, no store and no settings: paths come in, pixels go out.

    python -m photos.decoding.child SOCKET_FD MEMORY_BYTES CPU_S IDLE_S

A request is one message of JSON, `{"function": "module:name", "arguments": {…}}`, and the descriptor of a file for
what it makes, or of what it reads. The function is called with that descriptor and the arguments. The answer is
`{"result": …}`, or `{"refused": "damaged" | "too_costly"}`. The requests come from our own code, never from outside.
"""

import contextlib
import importlib
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from demeter.errors import DemeterError

MAX_MESSAGE_BYTES: Final = 64 * 1024
DAMAGED, TOO_COSTLY = "damaged", "too_costly"
# A process that holds more than this after its work is given up: what a library keeps, it keeps for good.
_MAX_KEPT_BYTES: Final = 384 * 1024**2


def serve(link: socket.socket, *, cpu_s: int, idle_s: float) -> None:
    """Answer requests until the other side closes, nothing comes for a while, or too much memory is held."""
    link.settimeout(idle_s)
    while True:
        try:
            message, files, _flags, _address = socket.recv_fds(link, MAX_MESSAGE_BYTES, 1)
        except TimeoutError:
            return
        if not message or not files:
            return
        _limit_cpu(cpu_s)
        try:
            answer = {"result": _call(json.loads(message), files[0])}
        except MemoryError:
            answer = {"refused": TOO_COSTLY}
        except DemeterError:
            answer = {"refused": DAMAGED}
        finally:
            os.close(files[0])
        is_last = _resident_bytes() > _MAX_KEPT_BYTES
        with contextlib.suppress(BrokenPipeError):  # who asked is gone
            link.sendall(json.dumps({**answer, "is_last": is_last}).encode())
        if is_last:
            return


def _call(request: dict[str, Any], file: int) -> Any:
    module, _colon, name = request["function"].partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function(file, **request["arguments"])


def _limit_cpu(cpu_s: int) -> None:
    """Let this request have so many seconds of the processor; the kernel ends what takes more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + cpu_s + 1, hard))


def _limit_memory(memory_bytes: int) -> None:
    """Memory of our own beyond this is refused: Python and the decoders then raise instead of growing."""
    with contextlib.suppress(ValueError, OSError):  # some systems know no such limit
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(
        OSError
    ):  # where a machine has no memory left, this process goes before its worker
        Path("/proc/self/oom_score_adj").write_text("500")


def _resident_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:  # not Linux: the highest that it ever was
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Limit memory and the processor, then serve on the socket that the parent handed over."""
    link_fd, memory_bytes, cpu_s, idle_s = (int(argument) for argument in sys.argv[1:])
    settings.configure(USE_I18N=False)  # who asks says it in the user's language
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is for the worker, which closes the socket when it is done
    _limit_memory(memory_bytes)
    with socket.socket(fileno=link_fd) as link:
        serve(link, cpu_s=cpu_s, idle_s=idle_s)


if __name__ == "__main__":
    main()
