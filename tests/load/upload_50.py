"""Fifty photos at once against a running stack, as a walk through the nursery ends: `python -m tests.load.upload_50`.

Each photo is an upload of its own, all at the same moment; another page is asked once a second meanwhile. Prints how
long each answer took after the last byte was sent, and what became of the photos. Not part of the test suite: its
numbers depend on the machine.
"""

import argparse
import secrets
import socket
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from PIL import Image

from demeter.demo.client import ApiClient

TIMEOUT_S = 60.0
JPEG_COMMENT = b"\xff\xfe"


@dataclass(frozen=True)
class Answer:
    """`seconds` counts from the last byte of the request to the first of the answer."""

    status: int
    seconds: float


@dataclass
class OtherPage:
    """Asks a page once a second until it is stopped."""

    host: str
    port: int
    path: str = "/sign-in/"
    answers: list[Answer] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stopped.wait(1.0):
            head = f"GET {self.path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nConnection: close\r\n\r\n"
            self.answers.append(send(self.host, self.port, [head.encode()]))


def send(host: str, port: int, parts: list[bytes]) -> Answer:
    """One request over a socket of its own, because only a socket knows when the last byte was sent."""
    with socket.create_connection((host, port), timeout=TIMEOUT_S) as connection:
        for part in parts:
            connection.sendall(part)
        sent_at = time.perf_counter()
        first = connection.recv(65536)
        seconds = time.perf_counter() - sent_at
    return Answer(int(first.split(b" ", 2)[1]), seconds)


def upload(host: str, port: int, token: str, photo: bytes, start: threading.Barrier) -> Answer:
    boundary = secrets.token_hex(16)
    body = (
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="photo.jpg"\r\n'
            "Content-Type: image/jpeg\r\n\r\n"
        ).encode()
        + photo
        + f"\r\n--{boundary}--\r\n".encode()
    )
    head = (
        f"POST /api/v1/photos/upload HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: multipart/form-data; boundary={boundary}\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    ).encode()
    start.wait()
    return send(host, port, [head, body])


def different_photos(paths: list[Path], count: int) -> list[bytes]:
    """As many photos of different content: the given ones in turn, each with a comment of its own."""
    originals = [path.read_bytes() for path in paths] or [_noise(5_000_000)]
    photos = []
    for number in range(count):
        original = originals[number % len(originals)]
        note = secrets.token_bytes(16)
        # A comment segment right after the JPEG's start marker: its length counts itself.
        photos.append(original[:2] + JPEG_COMMENT + (len(note) + 2).to_bytes(2, "big") + note + original[2:])
    return photos


def _noise(size_bytes: int) -> bytes:
    """A JPEG of about this size."""
    side = int((size_bytes / 2.2) ** 0.5)
    picture = Image.frombytes("RGB", (side, side), secrets.token_bytes(side * side * 3))
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--email", default="worker@example.com")
    parser.add_argument("--password", default="worker")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("photos", nargs="*", type=Path, help="JPEG files to send; noise without")
    options = parser.parse_args()
    photos = different_photos(options.photos, options.count)
    token = ApiClient(host=options.host, port=options.port).sign_in(options.email, options.password)
    other = OtherPage(options.host, options.port)
    asking = threading.Thread(target=other.run)
    asking.start()
    start = threading.Barrier(len(photos))
    with ThreadPoolExecutor(len(photos)) as pool:
        uploads = [pool.submit(upload, options.host, options.port, token, photo, start) for photo in photos]
        answers = [one.result() for one in uploads]
    other.stopped.set()
    asking.join()
    report("uploads", answers)
    report("another page", other.answers)
    return 0 if all(answer.status == 202 for answer in answers) else 1


def report(name: str, answers: list[Answer]) -> None:
    seconds = sorted(answer.seconds for answer in answers)
    statuses = sorted({answer.status for answer in answers})
    p95 = statistics.quantiles(seconds, n=20)[-1] if len(seconds) > 1 else sum(seconds)
    worst = max(seconds, default=0.0)
    sys.stdout.write(f"{name}: {len(seconds)} answers {statuses}, p95 {p95:.3f} s, slowest {worst:.3f} s\n")


if __name__ == "__main__":
    sys.exit(main())
