"""People and programs of a nursery, as Locust plays them: `locust -f tests/load/locustfile.py --host http://localhost:8000`.

They ask a machine of one's own alone (loopback), are 200 at most, and end after ten minutes by themselves. Variables:
`LOAD_EMAIL` and `LOAD_PASSWORD` (the demo's administrator), `LOAD_PHOTO` (a JPEG to upload; without it, noise).
`python -m tests.load.scenarios` runs them by the scenarios of docs/STRESS_TEST_REPORT.md.
"""

import ipaddress
import os
import random
import secrets
import sys
from collections import deque
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import gevent
from locust import FastHttpUser, between, events, task
from locust.exception import StopUser

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # Locust runs this file by its path

from tests.support.jpeg import with_new_comment
from tests.test_integration import picture

MAX_USERS = 200
LONGEST_S = 600
EMAIL = os.environ.get("LOAD_EMAIL", "admin@example.com")
PASSWORD = os.environ.get("LOAD_PASSWORD", "admin")
PHOTO = os.environ.get("LOAD_PHOTO", "")
NOISE_SIDE_PX = 300
FOLLOWED = 5  # uploads that one user asks about


def refuse_others(host: str, users: int) -> None:
    """Raises SystemExit for a host that is not this machine, and for too many users."""
    name = urlsplit(host).hostname or host
    try:
        is_here = name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        raise SystemExit(f"{host} is not this machine: these users load no other.")
    if users > MAX_USERS:
        raise SystemExit(f"{users} users are more than {MAX_USERS}.")


@events.init.add_listener
def check_target(environment: Any, **_: Any) -> None:
    options = environment.parsed_options
    if options is not None and environment.host:
        refuse_others(environment.host, options.num_users or 1)


@events.test_start.add_listener
def end_in_time(environment: Any, **_: Any) -> None:
    """Whatever the command line says, and whatever is typed into Locust's own page."""
    refuse_others(environment.host or "", environment.runner.target_user_count)
    gevent.spawn_later(LONGEST_S, environment.runner.quit)


def multipart(field: str, name: str, content: bytes) -> tuple[bytes, dict[str, str]]:
    """A body with one file, and its headers."""
    boundary = secrets.token_hex(16)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def new_photo() -> tuple[str, bytes]:
    """Name and bytes of a photo that nobody has sent before: a JPEG with a comment of its own, or noise."""
    if not PHOTO:
        return "noise.png", picture(NOISE_SIDE_PX)
    return "photo.jpg", with_new_comment(Path(PHOTO).read_bytes())


class _Client(FastHttpUser):
    """Signed in with a bearer token."""

    abstract = True
    connection_timeout = 30.0
    network_timeout = 90.0  # a prediction is answered within 60 s, by 504 at the latest

    def sign_in(self) -> None:
        form = urlencode({"grant_type": "", "username": EMAIL, "password": PASSWORD, "scope": ""})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        with self.client.post("/login", data=form, headers=headers, catch_response=True) as answer:
            if answer.status_code != 200:
                answer.failure(f"sign-in answered {answer.status_code}")
                raise StopUser
            self.token = answer.json()["access_token"]

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def send_picture(self) -> None:
        body, headers = multipart("file", "picture.png", picture())
        path = "/model/predict"
        with self.client.post(
            path, data=body, headers={**headers, **self.bearer}, catch_response=True
        ) as answer:
            if answer.status_code == 200 and not answer.json().get("success"):
                answer.failure("no prediction")


class NurseryUser(_Client):
    """Signs in once; then classifies pictures, looks at the index and the gallery, uploads photos and follows them."""

    weight = 9
    wait_time = between(1, 3)

    def on_start(self) -> None:
        self.sign_in()
        self.uploads: deque[str] = deque(maxlen=FOLLOWED)

    @task(4)
    def index(self) -> None:
        self.client.get("/")

    @task(8)
    def predict(self) -> None:
        self.send_picture()

    @task(1)
    def upload(self) -> None:
        body, headers = multipart("files", *new_photo())
        path = "/api/v1/photos/upload"
        with self.client.post(
            path, data=body, headers={**headers, **self.bearer}, catch_response=True
        ) as answer:
            if answer.status_code == 202:
                self.uploads.append(answer.json()["upload_session_id"])
            else:
                answer.failure(f"upload answered {answer.status_code}")

    @task(4)
    def poll(self) -> None:
        if self.uploads:
            query = urlencode({"upload_session_id": random.choice(self.uploads)})
            self.client.get(
                f"/api/v1/photos/jobs/status?{query}", headers=self.bearer, name="/api/v1/photos/jobs/status"
            )

    @task(3)
    def gallery(self) -> None:
        self.client.get(
            "/api/v1/photos/gallery?per_page=50",
            headers=self.bearer,
            name="/api/v1/photos/gallery",
        )


class SigningInUser(_Client):
    """An older load script: it signs in anew for each prediction."""

    weight = 1
    wait_time = between(1, 3)

    @task
    def sign_in_and_predict(self) -> None:
        self.sign_in()
        self.send_picture()
