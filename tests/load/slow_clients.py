"""Pages and uploads while slow clients hold, against a running web server: `python -m tests.load.slow_clients`.

Half headers, trickled uploads, an announced body of 600 MB without a byte (with and without a sign-in) and unfinished
sign-ins hold on, each in its turn a new one when the server gives it up. A page, /healthz and an upload are asked again
and again, first alone and then beside them. Prints p50 and p95 of both in milliseconds and how they compare. Not part
of the test suite: its numbers depend on the machine.
"""

import argparse
import secrets
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from demeter.demo.client import ApiClient
from tests.load.upload_50 import TIMEOUT_S, Answer, different_photos, percentile, send, upload_request

TRICKLE_EVERY_S = 1.0
PAGE_MARK_MS, UPLOAD_MARK_MS = 300, 500  # p95


@dataclass
class SlowClients:
    """So many connections in the middle of a request, kept up until `stop`."""

    host: str
    port: int
    beginnings: Sequence[bytes]
    count: int
    given_up: int = 0
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        clients = [self._begin(number) for number in range(self.count)]
        try:
            while not self._stopped.wait(TRICKLE_EVERY_S):
                for number, client in enumerate(clients):
                    if not _trickle(client):
                        self.given_up += 1
                        client.close()
                        clients[number] = self._begin(number)
        finally:
            for client in clients:
                client.close()

    def stop(self) -> None:
        self._stopped.set()

    def _begin(self, number: int) -> socket.socket:
        client = socket.create_connection((self.host, self.port), timeout=60)
        client.sendall(self.beginnings[number % len(self.beginnings)])
        return client


def _trickle(client: socket.socket) -> bool:
    """Send one byte more; False if the server has ended the request."""
    try:
        client.setblocking(False)
        with suppress(BlockingIOError):
            if not client.recv(65536):
                return False
        client.setblocking(True)
        client.sendall(b"x")
    except OSError:
        return False
    return True


def beginnings(host: str, port: int, token: str) -> list[bytes]:
    upload = upload_request(host, port, token, secrets.token_bytes(1_000_000))
    announced = upload.partition(b"\r\n\r\n")[0].replace(
        upload.partition(b"Content-Length: ")[2].partition(b"\r\n")[0], b"400000000"
    )
    stranger = announced.replace(token.encode(), b"none").replace(b"400000000", b"600000000")
    login = f"POST /login HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 500\r\n\r\nusername="
    return [
        f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nX-Half: ".encode(),
        upload[:2000],
        announced + b"\r\n\r\n",
        stranger + b"\r\n\r\n",
        login.encode(),
    ]


@contextmanager
def holding(clients: SlowClients) -> Iterator[None]:
    thread = threading.Thread(target=clients.run)
    thread.start()
    try:
        time.sleep(2.0)  # all of them have begun
        yield
    finally:
        clients.stop()
        thread.join()


def ask_for(seconds: float, host: str, port: int, token: str, photo_bytes: int) -> dict[str, list[Answer]]:
    """Ask for each in turn until the time is over."""
    answers: dict[str, list[Answer]] = {"page": [], "health": [], "upload": []}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for name, path in (("page", "/sign-in/"), ("health", "/healthz")):
            head = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
            answers[name].append(_ask(host, port, head.encode()))
        [photo] = different_photos([], 1, photo_bytes)
        answers["upload"].append(_ask(host, port, upload_request(host, port, token, photo)))
        time.sleep(0.1)
    return answers


def _ask(host: str, port: int, request: bytes) -> Answer:
    """Status 0 for a request that had no answer within the time that a socket waits here."""
    try:
        return send(host, port, request)
    except OSError:
        return Answer(0, TIMEOUT_S, TIMEOUT_S)


def report(alone: dict[str, list[Answer]], beside: dict[str, list[Answer]]) -> bool:
    """Print both; whether the marks are kept beside the slow clients."""
    kept = True
    for name, answers in beside.items():
        good = {200, 202}
        ms = [1000 * answer.seconds for answer in answers]
        ms_alone = [1000 * answer.seconds for answer in alone[name]]
        p95, p95_alone = percentile(ms, 0.95), percentile(ms_alone, 0.95)
        failed = sum(answer.status not in good for answer in answers)
        sys.stdout.write(
            f"{name}: {len(answers)} answers, {failed} failed; p50 {percentile(ms, 0.5):.0f} ms, p95 {p95:.0f} ms; "
            f"alone p50 {percentile(ms_alone, 0.5):.0f} ms, p95 {p95_alone:.0f} ms; p95 × {p95 / p95_alone:.2f}\n"
        )
        kept = kept and not failed and p95 < (UPLOAD_MARK_MS if name == "upload" else PAGE_MARK_MS)
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--email", default="worker@example.com")
    parser.add_argument("--password", default="worker")
    parser.add_argument("--slow", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0, help="for each of the two measurements")
    parser.add_argument("--bytes", type=int, default=5_000_000, help="of a photo")
    options = parser.parse_args()
    token = ApiClient(host=options.host, port=options.port).sign_in(options.email, options.password)
    target = (options.host, options.port)
    alone = ask_for(options.seconds, *target, token, options.bytes)
    clients = SlowClients(*target, beginnings(*target, token), options.slow)
    with holding(clients):
        beside = ask_for(options.seconds, *target, token, options.bytes)
    sys.stdout.write(
        f"{options.slow} slow clients; {clients.given_up} were given up meanwhile and came again\n"
    )
    return 0 if report(alone, beside) else 1


if __name__ == "__main__":
    sys.exit(main())
