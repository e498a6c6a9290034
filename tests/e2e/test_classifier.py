"""Older clients classify pictures and give feedback, on the whole product: real processes, HTTP, a real model."""

import hashlib
import io
import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
import ultralytics
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

from demeter.demo.accounts import ADMIN
from demeter.health import QUEUES
from tests.support.local_stack import Embedded, running_stack
from tests.support.waiting import reached

BUS = Path(ultralytics.__file__).parent / "assets" / "bus.jpg"
BOUNDARY = "b0undary"
AT_ONCE = 24


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    settings = {"WEB_PROCESSES": "1", "WEB_THREADS": "4"}
    with running_stack(tmp_path_factory.mktemp("classifier"), settings) as running:
        yield running


def ask(
    stack: Embedded, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, object]]:
    connection = HTTPConnection("127.0.0.1", stack.port, timeout=90)
    connection.request(method, path, body, {"Host": "0.0.0.0:8000", **headers})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, json.loads(content)


def token(stack: Embedded) -> str:
    """Signed in as the classifier's clients do it: a form with fields that they leave empty."""
    empty = {"grant_type": "", "scope": "", "client_id": "", "client_secret": ""}
    form = urlencode({**empty, "username": ADMIN.email, "password": ADMIN.password}).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    status, answer = ask(stack, "POST", "/login", form, **kind)
    assert status == 200
    return str(answer["access_token"])


def predict(
    stack: Embedded, token: str, name: str, content: bytes, **headers: str
) -> tuple[int, dict[str, object]]:
    """A part without a content type, as a client sends it that opens a file and names nothing more."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return ask(stack, "POST", "/model/predict", body, Authorization=f"Bearer {token}", **kind, **headers)


def noise(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (60, 80, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_picture_is_classified_stored_once_and_commented(stack: Embedded) -> None:
    key = token(stack)
    content = BUS.read_bytes()
    name = f"{hashlib.md5(content, usedforsecurity=False).hexdigest()}.jpg"

    status, answer = predict(stack, key, "Bus.JPG", content)
    assert (status, answer["success"], answer["image_file_name"]) == (200, True, name)
    assert answer["prediction"] in {"minibus", "trolleybus", "police_van"}
    assert isinstance(answer["score"], float)
    assert answer["score"] == round(answer["score"], 4) > 0.3

    assert predict(stack, key, "again.jpg", content)[1] == answer
    stored = stack.home / "media" / "default" / "classified" / name
    assert reached(lambda: stored.exists() and stored.read_bytes() == content, within_s=60)
    assert stack.value("SELECT count(*) FROM classified_pictures WHERE file_name = ?", name) == 1

    said = {
        "feedback": "a bus", "score": str(answer["score"]), "predicted_class": answer["prediction"],
        "image_file_name": name,
    }  # fmt: skip
    json_body = {"Authorization": f"bearer {key}", "Content-Type": "application/json"}
    status, row = ask(stack, "POST", "/feedback/", json.dumps(said).encode(), **json_body)
    assert (status, row["score"], row["feedback"]) == (201, answer["score"], "a bus")
    status, rows = ask(stack, "GET", "/feedback/", Authorization=f"Bearer {key}")
    assert status == 200
    assert [entry["id"] for entry in rows] == [row["id"]]  # type: ignore[index]


def test_many_that_wait_hold_no_thread_and_are_answered_in_batches(stack: Embedded) -> None:
    """Six times as many requests as the web server has threads: other pages answer all the while."""
    key = token(stack)
    answers: dict[int, tuple[int, dict[str, object]]] = {}

    def one(number: int) -> None:
        answers[number] = predict(stack, key, "noise.png", noise(number))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    waiting = "SELECT count(*) FROM predictions WHERE status = 'pending'"
    assert reached(lambda: stack.value(waiting) >= 8, within_s=60)
    assert ask(stack, "GET", "/api/v1/auth/me", Authorization=f"Bearer {key}")[0] == 200
    for thread in threads:
        thread.join()

    assert [answers[number][0] for number in range(AT_ONCE)] == [200] * AT_ONCE
    batches = stack.value("SELECT count(DISTINCT claim) FROM predictions WHERE score IS NOT NULL")
    assert batches < AT_ONCE

    status, alone = predict(stack, key, "noise.png", noise(0))
    assert (status, alone["prediction"]) == (200, answers[0][1]["prediction"])
    assert alone["score"] == pytest.approx(answers[0][1]["score"], abs=1e-3)


def test_one_request_id_leads_from_the_call_to_the_log_of_its_workers(stack: Embedded) -> None:
    request_id = "of-the-caller-4711"
    status, _answer = predict(stack, token(stack), "noise.png", noise(99), **{"X-Request-Id": request_id})
    assert status == 200
    assert reached(lambda: request_id in stack.log("worker-gpu"), within_s=60)
    assert reached(lambda: request_id in stack.log("worker-io"), within_s=60)


def test_prometheus_reads_the_metrics_of_the_running_whole(stack: Embedded) -> None:
    connection = HTTPConnection("127.0.0.1", stack.port, timeout=60)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    workers = {sample.labels["queue"]: sample.value for sample in samples if sample.name == "queue_workers"}
    assert workers == dict.fromkeys((*QUEUES, "beat"), 1.0)
    timed = [sample.labels for sample in samples if sample.name == "http_request_duration_seconds_count"]
    assert {"method": "GET", "view": "readyz", "status": "200"} in timed


def test_a_picture_whose_body_is_broken_is_refused_when_it_is_decoded(stack: Embedded) -> None:
    status, answer = predict(stack, token(stack), "half.jpg", BUS.read_bytes()[:60_000])
    assert status == 400
    assert list(answer) == ["detail"]
    assert "damaged" in str(answer["detail"])
