"""Sign-in, prediction and feedback, as a client of the classifier calls them: the standard library and HTTP alone.

`python tests/test_integration.py` asks a running system on port 8000 with the demo's account; another one:
`API_URL=http://localhost:8010 API_EMAIL=… API_PASSWORD=… python tests/test_integration.py`. Under pytest, a web server
and a model worker of its own are started for it.
"""

import hashlib
import json
import os
import secrets
import struct
import unittest
import zlib
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPResponse
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

EMAIL = os.environ.get("API_EMAIL", "admin@example.com")
PASSWORD = os.environ.get("API_PASSWORD", "admin")
TIMEOUT_S = 90.0  # more than a prediction may take
_servers = ExitStack()


def setUpModule() -> None:
    """Under pytest: a server and a model worker that end with these tests."""
    if __name__ == "__main__":
        return
    import tempfile
    from pathlib import Path

    from tests.support.waiting import reached
    from tests.support.web import running_web

    folder = Path(_servers.enter_context(tempfile.TemporaryDirectory(prefix="demeter-integration-")))
    web = _servers.enter_context(running_web(folder, {"WEB_PROCESSES": "1"}, beside=["worker-gpu"]))
    Client.address = f"http://127.0.0.1:{web.port}"
    # On a busy machine the first answer takes long: the worker starts, then it loads its model.
    if not reached(_is_answering, within_s=600, every_s=1.0):
        log = web.log("stack")[-2000:]
        _servers.close()  # nobody else does after a failure here
        raise AssertionError(f"No picture is answered: {log}")


def _is_answering() -> bool:
    client = Client()
    client.sign_in(EMAIL, PASSWORD)
    return client.predict("first.png", picture())[0] == 200


def tearDownModule() -> None:
    _servers.close()


class Client:
    """Asks one server; sends the token once it is signed in."""

    address: ClassVar[str] = os.environ.get("API_URL", "http://localhost:8000")

    def __init__(self) -> None:
        self.token = ""

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, Any]:
        """The status and what its JSON says."""
        server = urlsplit(self.address)
        headers = {"Content-Type": kind} if kind else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        connection = HTTPConnection(server.hostname or "localhost", server.port or 80, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body, headers)
            response: HTTPResponse = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def sign_in(self, email: str, password: str) -> tuple[int, Any]:
        form = {
            "grant_type": "", "username": email, "password": password,
            "scope": "", "client_id": "", "client_secret": "",
        }  # fmt: skip
        status, answer = self.ask(
            "POST", "/login", urlencode(form).encode(), "application/x-www-form-urlencoded"
        )
        self.token = answer.get("access_token", "")
        return status, answer

    def predict(self, name: str, content: bytes) -> tuple[int, Any]:
        """One picture, in a part that names no content type."""
        boundary = secrets.token_hex(16)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        return self.ask("POST", "/model/predict", body, f"multipart/form-data; boundary={boundary}")

    def send_feedback(self, **fields: object) -> tuple[int, Any]:
        return self.ask("POST", "/feedback/", json.dumps(fields).encode(), "application/json")


def picture(side_px: int = 64) -> bytes:
    """A PNG of random pixels: nobody has sent it before."""
    rows = b"".join(b"\0" + secrets.token_bytes(3 * side_px) for _row in range(side_px))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", side_px, side_px, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


class SignIn(unittest.TestCase):
    def test_the_right_pair_gets_a_token(self) -> None:
        client = Client()
        status, answer = client.sign_in(EMAIL, PASSWORD)
        assert (status, answer["token_type"]) == (200, "bearer")
        assert client.ask("GET", "/api/v1/auth/me")[1]["email"] == EMAIL

    def test_a_wrong_password_and_an_unknown_e_mail_get_the_same_401(self) -> None:
        wrong = Client().sign_in(EMAIL, f"not-{PASSWORD}")
        unknown = Client().sign_in(f"{secrets.token_hex(8)}@example.com", PASSWORD)
        assert wrong[0] == 401
        assert wrong == unknown


class Prediction(unittest.TestCase):
    def setUp(self) -> None:
        self.client = Client()
        self.client.sign_in(EMAIL, PASSWORD)

    def test_a_picture_is_named_with_a_score_and_the_hash_of_its_content(self) -> None:
        content = picture()
        status, answer = self.client.predict("Plant.PNG", content)
        assert (status, answer["success"]) == (200, True), answer
        assert answer["prediction"]
        assert 0 <= answer["score"] <= 1
        assert answer["score"] == round(answer["score"], 4)
        file_name = f"{hashlib.md5(content, usedforsecurity=False).hexdigest()}.png"
        assert answer["image_file_name"] == file_name
        assert self.client.predict("again.png", content)[1] == answer

    def test_a_file_of_another_type_is_refused_in_the_known_words(self) -> None:
        answer = self.client.predict("notes.txt", b"no picture")
        assert answer == (400, {"detail": "File type is not supported."})

    def test_nobody_gets_an_answer_without_a_token(self) -> None:
        status, answer = Client().predict("plant.png", picture())
        assert (status, list(answer)) == (401, ["detail"])


class Feedback(unittest.TestCase):
    def test_what_is_said_of_a_prediction_is_kept_for_its_author(self) -> None:
        client = Client()
        client.sign_in(EMAIL, PASSWORD)
        said = {
            "feedback": f"a test, {secrets.token_hex(4)}", "score": "0.5", "predicted_class": "Eskimo_dog",
            "image_file_name": f"{secrets.token_hex(16)}.png",
        }  # fmt: skip
        status, row = client.send_feedback(**said)
        assert (status, row["score"], row["feedback"]) == (201, 0.5, said["feedback"])
        status, rows = client.ask("GET", "/feedback/")
        assert status == 200
        assert row["id"] in [kept["id"] for kept in rows]

    def test_nothing_may_be_missing(self) -> None:
        client = Client()
        client.sign_in(EMAIL, PASSWORD)
        status, answer = client.send_feedback(feedback="a test")
        assert (status, list(answer)) == (400, ["detail"])


if __name__ == "__main__":
    unittest.main()
