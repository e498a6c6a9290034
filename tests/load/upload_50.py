"""Fifty photos at once against a running stack, as a walk through the nursery ends: `python -m tests.load.upload_50`.

Each photo is an upload of its own, all at the same moment; another page is asked once a second meanwhile. Then all are
followed until they are counted. Prints how long each answer took, what became of the photos, and with --log how often
the logs say that the database was locked. Not part of the test suite: its numbers depend on the machine.
"""

import argparse
import json
import math
import os
import secrets
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import django
from PIL import Image

from demeter.demo.client import ApiClient, ServerRefused
from tests.support.jpeg import with_new_comment

TIMEOUT_S = 60.0
POLL_S = 5.0
NOISE_BYTES_PER_PIXEL = 0.76  # of random pixels at JPEG quality 85
P95_MARK_S, SLOWEST_MARK_S = 0.5, 2.0
LOCKED = b"database is locked"


@dataclass(frozen=True)
class Answer:
    """`seconds` counts from the last byte of the request to the first of the answer, `whole_s` from the first byte."""

    status: int
    seconds: float
    whole_s: float
    body: bytes = b""

    def job_ids(self) -> list[str]:
        if self.status != 202:
            return []
        return [job["job_id"] for job in json.loads(self.body.partition(b"\r\n\r\n")[2])["jobs"]]


@dataclass
class OtherPage:
    """Asks a page once a second until it is stopped, first at once."""

    host: str
    port: int
    path: str = "/sign-in/"
    answers: list[Answer] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while True:
            head = f"GET {self.path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nConnection: close\r\n\r\n"
            self.answers.append(send(self.host, self.port, head.encode()))
            if self.stopped.wait(1.0):
                return


def send(host: str, port: int, request: bytes) -> Answer:
    """One request over a socket of its own, because only a socket knows when the last byte was sent."""
    with socket.create_connection((host, port), timeout=TIMEOUT_S) as connection:
        began_at = time.perf_counter()
        connection.sendall(request)
        sent_at = time.perf_counter()
        answer = connection.recv(65536)
        answered_at = time.perf_counter()
        while piece := connection.recv(65536):  # `Connection: close` ends it
            answer += piece
    return Answer(int(answer.split(b" ", 2)[1]), answered_at - sent_at, answered_at - began_at, answer)


def upload_request(host: str, port: int, token: str, photo: bytes) -> bytes:
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
    return head + body


def different_photos(paths: Sequence[Path], count: int, size_bytes: int) -> Iterator[bytes]:
    """As many photos of different content: the given ones in turn, each with a comment of its own.

    Smaller ones get bytes behind their end, as phones put films there, until they have the size.
    """
    originals = [path.read_bytes() for path in paths] or [_noise(size_bytes)]
    for number in range(count):
        photo = with_new_comment(originals[number % len(originals)])
        yield photo + secrets.token_bytes(max(0, size_bytes - len(photo)))


def _noise(size_bytes: int) -> bytes:
    """A JPEG of about this size."""
    side = int((size_bytes / NOISE_BYTES_PER_PIXEL) ** 0.5)
    picture = Image.frombytes("RGB", (side, side), secrets.token_bytes(side * side * 3))
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def send_all_at_once(host: str, port: int, requests: Sequence[bytes]) -> list[Answer]:
    start = threading.Barrier(len(requests))

    def wait_and_send(request: bytes) -> Answer:
        start.wait()
        return send(host, port, request)

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(wait_and_send, requests))


def follow(client: ApiClient, job_ids: Sequence[str], within_s: float) -> dict[str, str]:
    """Ask for the jobs until all have ended or the time is over; gives the last status of each."""
    statuses = dict.fromkeys(job_ids, "pending")
    until = time.monotonic() + within_s
    while open_ids := [job for job, status in statuses.items() if status in ("pending", "processing")]:
        if time.monotonic() > until:
            break
        time.sleep(POLL_S)
        for job in open_ids:
            try:
                statuses[job] = str(client.get(f"/api/v1/photos/jobs/{job}/status")["status"])
            except ServerRefused as error:
                sys.stdout.write(f"asking for a job failed: {error}\n")
    return statuses


def count_locked(logs: Sequence[Path]) -> int:
    """How many lines of these files, or of the files in these folders, say that the database is locked."""
    files = [file for log in logs for file in (sorted(log.iterdir()) if log.is_dir() else [log])]
    return sum(LOCKED in line for file in files for line in file.read_bytes().splitlines())


def percentile(seconds: Sequence[float], share: float) -> float:
    """The value that this share of the others does not exceed (nearest rank); 0 for none."""
    return sorted(seconds)[max(0, math.ceil(share * len(seconds)) - 1)] if seconds else 0.0


def report(name: str, answers: Sequence[Answer]) -> None:
    statuses = dict(Counter(answer.status for answer in answers))
    sys.stdout.write(f"{name}: {len(answers)} answers {statuses}\n")
    for what, seconds in (
        ("after the last byte", [answer.seconds for answer in answers]),
        ("from the first byte", [answer.whole_s for answer in answers]),
    ):
        p50, p95 = percentile(seconds, 0.5), percentile(seconds, 0.95)
        worst = max(seconds, default=0.0)
        sys.stdout.write(f"  {what}: p50 {p50:.3f} s, p95 {p95:.3f} s, slowest {worst:.3f} s\n")


def keeps_marks(answers: Sequence[Answer]) -> bool:
    seconds = [answer.seconds for answer in answers]
    return (
        all(answer.status == 202 for answer in answers)
        and percentile(seconds, 0.95) < P95_MARK_S
        and max(seconds) <= SLOWEST_MARK_S
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--email", default="worker@example.com")
    parser.add_argument("--password", default="worker")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--bytes", type=int, default=5_000_000, help="smaller photos are filled up to this")
    parser.add_argument(
        "--within", type=float, default=1800, help="seconds for the counts; 0: do not follow them"
    )
    parser.add_argument("--log", nargs="*", type=Path, default=[], help="logs of the stack, or their folder")
    parser.add_argument("photos", nargs="*", type=Path, help="JPEG files to send; noise without")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demeter.settings")
    django.setup()  # the client says in the user's language why it was refused
    host, port = options.host, options.port
    client = ApiClient(host=host, port=port)
    token = client.sign_in(options.email, options.password)
    photos = different_photos(options.photos, options.count, options.bytes)
    requests = [upload_request(host, port, token, photo) for photo in photos]
    other = OtherPage(host, port)
    asking = threading.Thread(target=other.run)
    asking.start()
    sent_at = time.monotonic()
    answers = send_all_at_once(host, port, requests)
    report("uploads", answers)
    is_good = keeps_marks(answers)
    if options.within:
        jobs = [job for answer in answers for job in answer.job_ids()]
        statuses = Counter(follow(client, jobs, options.within).values())
        sys.stdout.write(f"counts: {dict(statuses)} after {time.monotonic() - sent_at:.0f} s\n")
        is_good = is_good and statuses["completed"] == options.count
    other.stopped.set()
    asking.join()
    report("another page", other.answers)
    if options.log:
        locked = count_locked(options.log)
        sys.stdout.write(f"lines that say the database is locked: {locked}\n")
        is_good = is_good and locked == 0
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
