"""What a phone does: sign in, upload photos, ask how they are doing. Nothing but HTTP."""

import json
import mimetypes
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from demeter.errors import DemeterError

TIMEOUT_S = 120.0
CHUNK_BYTES = 1024**2


class ServerRefused(DemeterError):
    """The server answered with an error, or not at all. `status_code` is None where there was no answer."""

    code, status = "server_refused", 502


class ApiClient:
    """A signed-in client of one server."""

    def __init__(self, *, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._token = ""
        self._refresh_token = ""
        self._refresh_at = 0.0  # by the monotonic clock

    def get(self, path: str) -> dict[str, Any]:
        return self._ask("GET", path)

    def is_ready(self) -> bool:
        """Whether the server, its stores and a worker for each queue are there."""
        try:
            self._ask("GET", "/readyz", timeout_s=5.0)
        except ServerRefused:
            return False
        return True

    def sign_in(self, email: str, password: str) -> str:
        """Sign in for all further calls; gives the access token. Raises ServerRefused for an unknown pair."""
        return self._take_tokens("/api/v1/auth/login", {"username": email, "password": password})

    def upload(self, photos: Sequence[Path], **fields: str) -> dict[str, Any]:
        """Send photos in one request; gives the answer of `POST /photos/upload`, also when some are refused."""
        boundary = secrets.token_hex(16)
        return self._ask(
            "POST",
            "/api/v1/photos/upload",
            _multipart(photos, fields, boundary),
            {
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "Content-Length": str(sum(len(part) for part in _multipart(photos, fields, boundary))),
            },
        )

    def job_statuses(self, upload_session_id: str) -> dict[str, Any]:
        query = urlencode({"upload_session_id": upload_session_id})
        return self.get(f"/api/v1/photos/jobs/status?{query}")

    def _take_tokens(self, path: str, fields: dict[str, str]) -> str:
        self._token = ""
        answer = self._ask("POST", path, json.dumps(fields).encode(), {"Content-Type": "application/json"})
        self._token, self._refresh_token = str(answer["access_token"]), str(answer["refresh_token"])
        self._refresh_at = time.monotonic() + answer["expires_in"] / 2
        return self._token

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: dict[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> dict[str, Any]:
        if self._token and time.monotonic() >= self._refresh_at:
            self._take_tokens("/api/v1/auth/refresh", {"refresh_token": self._refresh_token})
        headers = {"Host": f"{self.host}:{self.port}", **(headers or {})}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        connection = HTTPConnection(self.host, self.port, timeout=timeout_s)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
            if response.status >= 400:
                raise ServerRefused(_sentence(text), status_code=response.status, body=text)
            answer: dict[str, Any] = json.loads(text)
        except (HTTPException, OSError, ValueError) as error:
            message = _("The server on port %(port)d does not answer: %(reason)s")
            raise ServerRefused(
                message % {"port": self.port, "reason": error}, status_code=None, body=""
            ) from error
        finally:
            connection.close()
        return answer


def _multipart(photos: Sequence[Path], fields: dict[str, str], boundary: str) -> Iterator[bytes]:
    for name, value in fields.items():
        yield f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    for photo in photos:
        kind = mimetypes.guess_type(photo.name)[0] or "application/octet-stream"
        filename = photo.name.replace("\\", "_").replace('"', "_")
        yield (
            f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{filename}"\r\n'
            f"Content-Type: {kind}\r\n\r\n"
        ).encode()
        with photo.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _sentence(body: str) -> str:
    """What an error says to a person, from our own error form."""
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return body[:200]
