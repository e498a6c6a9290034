"""A TCP proxy that stands before a server and can make it look gone, hung or slow."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

Mode = Literal["passes", "refuses", "forbids", "hangs", "trickles", "delays"]
_PIECE_BYTES = 64 * 1024
_LOOK_EVERY_S = 0.02
TRICKLE_EVERY_S = 0.01
_FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_SILENCE_S = 0.2  # after which a client that is answered 403 has sent all it wants to


class FaultyProxy:
    """Hands bytes on as long as `mode` is "passes".

    "refuses": connections are refused, those there are break. "forbids": each HTTP request is answered 403. "hangs":
    connections come about, and no byte is handed on; they break when the mode
    changes. "trickles": the server's answers come a byte at a time. "delays": each piece of an answer comes `delay_s`
    late, so that each call takes at least that long.
    """

    def __init__(self, port: int) -> None:
        self.delay_s = 5.0
        self._target = ("127.0.0.1", port)
        self._listener: socket.socket | None = None
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._mode: Mode = "passes"
        self._is_closed = False
        self.port = 0
        self._listen()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def mode(self) -> Mode:
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        if self._mode == "hangs" or mode in ("refuses", "forbids"):
            self._break_off()  # first: what was held back must not get through now
        self._mode = mode
        if self._listener is None and mode != "refuses":
            self._listen()

    def close(self) -> None:
        self._is_closed = True
        self._break_off()

    def _listen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _break_off(self) -> None:
        listener, self._listener = self._listener, None
        pairs, self._pairs = self._pairs, []
        for end in (listener, *(end for pair in pairs for end in pair)):
            if end is not None:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _address = listener.accept()
            except OSError:
                return  # closed
            if self._mode == "forbids":
                threading.Thread(target=_forbid, args=(client,), daemon=True).start()
                continue
            try:
                server = socket.create_connection(self._target)
            except OSError:
                client.close()
                continue
            self._pairs.append((client, server))
            for ends in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pump, args=ends, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while data := self._received(source):
                self._hand_on(data, sink, is_answer)
            sink.shutdown(socket.SHUT_WR)

    def _received(self, source: socket.socket) -> bytes:
        self._wait_while_hanging(source)
        return source.recv(_PIECE_BYTES)

    def _hand_on(self, data: bytes, sink: socket.socket, is_answer: bool) -> None:
        self._wait_while_hanging(sink)
        if is_answer and self._mode == "delays":
            time.sleep(self.delay_s)
        while data and is_answer and self._mode == "trickles":
            sink.sendall(data[:1])
            data = data[1:]
            time.sleep(TRICKLE_EVERY_S)
        sink.sendall(data)

    def _wait_while_hanging(self, end: socket.socket) -> None:
        while self._mode == "hangs" and not self._is_closed:
            time.sleep(_LOOK_EVERY_S)
            if end.fileno() < 0:  # broken off meanwhile
                raise ConnectionError


def _forbid(client: socket.socket) -> None:
    """Answer one request 403, after its body: a client that is still sending would see its connection break."""
    with client, suppress(OSError):
        client.settimeout(_SILENCE_S)
        with suppress(TimeoutError):
            while client.recv(_PIECE_BYTES):
                pass
        client.sendall(_FORBIDDEN)


@contextmanager
def faulty_proxy(port: int) -> Iterator[FaultyProxy]:
    """A proxy before a port of this machine that lives as long as the block."""
    proxy = FaultyProxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
