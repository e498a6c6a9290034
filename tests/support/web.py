"""The web server alone, as the stack starts it: real processes, real sockets, no workers."""

import os
import re
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demeter.demo.accounts import WORKER
from demeter.demo.client import ApiClient
from demeter.demo.data_dir import demo_environment
from demeter.supervisor import ProcessSpec
from tests.support.demo_database import prepare_database
from tests.support.local_stack import ROOT, Embedded
from tests.support.servers import free_port, running_server

BOUNDARY = "XxBoundaryxX"


@dataclass(frozen=True)
class Web(Embedded):
    """A running web server; its rows are read beside it."""

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        connection.settimeout(60)
        return connection

    def ask(self, request: bytes) -> "RawAnswer":
        """Send bytes as they are and read until the server closes."""
        with self.connect() as connection:
            connection.sendall(request)
            return read_answer(connection)

    def token(self, account: Any = WORKER) -> str:
        return ApiClient(host="127.0.0.1", port=self.port).sign_in(account.email, account.password)

    def received_files(self) -> list[str]:
        """What lies in the folder of bodies under way, but for its locks."""
        folder = self.home / "tmp"
        return [
            str(path.relative_to(folder))
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != ".lock"
        ]

    def staged_files(self) -> list[str]:
        return [str(path) for path in (self.home / "media" / "staging").rglob("*") if path.is_file()]

    def pids(self) -> list[int]:
        """The main process of the server first, then those that answer."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(FileNotFoundError, ProcessLookupError):
                command = (folder / "cmdline").read_bytes().split(b"\0")
                if b"granian" in command and str(self.port).encode() in command:
                    found.append(int(folder.name))
        return sorted(found)


@dataclass(frozen=True)
class RawAnswer:
    status: int
    head: str
    body: bytes
    seconds: float

    def header(self, name: str) -> str:
        found = re.search(rf"^{name}: (.*)\r$", self.head, re.MULTILINE | re.IGNORECASE)
        return found[1] if found else ""


def read_answer(connection: socket.socket) -> RawAnswer:
    """All that the server sends until it closes, whole or not. Status 0: nothing."""
    began_at = time.monotonic()
    received = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    status = int(words[1]) if len(words) > 1 else 0
    return RawAnswer(status, head.decode("latin-1") + "\r\n", body, time.monotonic() - began_at)


def form(files: Mapping[str, bytes], *, closed: bool = True) -> bytes:
    """A multipart body with these files in the part `files`."""
    parts = b"".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
        "Content-Type: image/jpeg\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, content in files.items()
    )
    return parts + (f"--{BOUNDARY}--\r\n".encode() if closed else b"")


def head(method: str, path: str, **headers: str) -> bytes:
    """A request without its body; `Content_Length` stands for `Content-Length`."""
    given = {"Host": "127.0.0.1", "Connection": "close", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in given.items()]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode()


def upload_head(token: str | None, **headers: str) -> bytes:
    given = {"Content_Type": f"multipart/form-data; boundary={BOUNDARY}", **headers}
    if token is not None:
        given["Authorization"] = f"Bearer {token}"
    return head("POST", "/api/v1/photos/upload", **given)


def chunked(body: bytes, size: int = 1000) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces) + b"0\r\n\r\n"


@contextmanager
def running_web(
    folder: Path, settings: Mapping[str, str] | None = None, *, beside: Sequence[str] = ()
) -> Iterator[Web]:
    """Prepare the demo nursery and run `manage.py stack --only web` until the block ends.

    `beside` names other processes of the stack to run with it.
    """
    environment = {**demo_environment(folder), "WEB_PROCESSES": "2", "WEB_THREADS": "4", **(settings or {})}
    home = Path(environment["DEMETER_DATA_HOME"])
    prepare_database(environment)
    port = free_port()
    stack = (sys.executable, str(ROOT / "manage.py"), "stack", "--port", str(port), "--only", "web", *beside)

    def is_ready() -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(head("GET", "/healthz"))
            return read_answer(connection).status == 200
        return False

    with running_server(
        ProcessSpec("stack", stack, {**os.environ, **environment}),
        log_dir=home / "logs",
        is_ready=is_ready,
        within_s=300,  # on a machine that does other things too
    ):
        yield Web(home=home, port=port)
