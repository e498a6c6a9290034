"""Running Django's WSGI handler for one request, and keeping its answer until the client has taken it.

The thread that runs a view is free as soon as the answer is made: how fast the client reads it is not its concern.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import UnsupportedOperation
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import unquote_to_bytes

Environ = dict[str, Any]
WsgiApplication = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_IN_MEMORY_BYTES: Final = 1024**2  # of an answer; a longer one waits on disk
_PIECE_BYTES: Final = 64 * 1024
_THIS_MACHINE: Final = ("127.0.0.1", "::1")


@dataclass
class Answer:
    """What a request is answered. The body is `content`, or what is left in `file`."""

    status: int
    headers: list[tuple[bytes, bytes]]
    content: bytes = b""
    file: IO[bytes] | None = field(default=None, repr=False)

    def close(self) -> None:
        if self.file is not None:
            self.file.close()


class _OpenFile:
    """A file that Django hands over as a whole (PEP 3333, wsgi.file_wrapper)."""

    def __init__(self, file: Any, block_bytes: int = _PIECE_BYTES) -> None:
        self.file = file

    def close(self) -> None:
        self.file.close()  # Django has hung the end of the request on it

    def __iter__(self) -> Iterable[bytes]:
        while piece := self.file.read(_PIECE_BYTES):
            yield piece


def environ_of(scope: Mapping[str, Any]) -> Environ:
    """The WSGI environment (PEP 3333) of an ASGI HTTP scope. Its body is empty until one is set."""
    client, server = scope.get("client") or ("", 0), scope.get("server") or ("", 0)
    path = scope.get("raw_path") or scope["path"].encode()
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": str(client[0]),
        "wsgi.version": (1, 0),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": _OpenFile,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").upper(), raw_value.decode("latin-1")
        if "_" in name:  # would pass for the header with dashes, which a proxy has checked
            continue
        name = name.replace("-", "_")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = f"HTTP_{name}"
        if name in environ:
            value = f"{environ[name]}{'; ' if name == 'HTTP_COOKIE' else ','}{value}"
        environ[name] = value
    environ["wsgi.url_scheme"] = _scheme(scope, environ)
    return environ


def _scheme(scope: Mapping[str, Any], environ: Environ) -> str:
    """The scheme of the request. X-Forwarded-Proto counts here from a proxy on this machine only."""
    is_proxied = environ["REMOTE_ADDR"] in _THIS_MACHINE and environ.get("HTTP_X_FORWARDED_PROTO") == "https"
    return "https" if is_proxied else str(scope["scheme"])


def run(application: WsgiApplication, environ: Environ, *, folder: Path) -> Answer:
    """Run the application to the end of its answer, which is closed before it is returned.

    An answer above a megabyte that is no open file is written to `folder`.
    """
    head: list[tuple[int, list[tuple[bytes, bytes]]]] = []

    def start_response(status: str, headers: Sequence[tuple[str, str]], exc_info: Any = None) -> None:
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        head.append((int(status.split(" ", 1)[0]), encoded))

    result = application(environ, start_response)
    try:
        content, file = _taken(result, folder)
    finally:
        if hasattr(result, "close"):
            result.close()
    return Answer(*head[-1], content=content, file=file)


def _taken(result: Iterable[bytes], folder: Path) -> tuple[bytes, IO[bytes] | None]:
    """The body in memory, or as a file of our own that survives the end of the answer."""
    if isinstance(result, _OpenFile):
        try:
            position = result.file.tell()
            file = os.fdopen(os.dup(result.file.fileno()), "rb")
            file.seek(position)  # the buffer of the other may have read ahead
            return b"", file
        except (AttributeError, UnsupportedOperation):
            pass  # a part of a file, or a file in memory
    return _collected(result, folder)


def _collected(result: Iterable[bytes], folder: Path) -> tuple[bytes, IO[bytes] | None]:
    pieces: list[bytes] = []
    size = 0
    file: IO[bytes] | None = None
    for piece in result:
        size += len(piece)
        if file is None and size > _IN_MEMORY_BYTES:
            file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed with the answer
            file.writelines(pieces)
            pieces.clear()
        if file is None:
            pieces.append(piece)
        else:
            file.write(piece)
    if file is not None:
        file.seek(0)
    return b"".join(pieces), file
