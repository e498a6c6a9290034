"""Form bodies as odd clients send them: every part with content is answered for, and short bodies leave nothing."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from photos.models import IdempotencyKey, Image, UploadSession
from photos.upload_handlers import HashingUploadHandler
from tests.photos.factories import picture_bytes

URL = "/api/v1/photos/upload"
BOUNDARY = "XbOuNdArYx"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def part(content: bytes, disposition: bytes, content_type: bytes = b"image/jpeg") -> bytes:
    head = b"Content-Disposition: form-data; " + disposition
    if content_type:
        head += b"\r\nContent-Type: " + content_type
    return b"--" + BOUNDARY.encode() + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def send(
    client: APIClient, data: bytes, *, content_type: str = CONTENT_TYPE, url: str = URL, **headers: str
) -> Any:
    return client.generic("POST", url, data, content_type=content_type, headers=headers)


def between(second: bytes) -> bytes:
    """A body of three photos, of which the second is the odd one."""
    return body(
        part(picture_bytes(1), b'name="files"; filename="a.jpg"'),
        second,
        part(picture_bytes(3), b'name="files"; filename="b.jpg"'),
    )


def incoming(settings: Any) -> list[Path]:
    return list(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir())


@pytest.mark.parametrize(
    ("disposition", "content_type", "name"),
    [
        pytest.param(b'name="files"; filename=""', b"image/jpeg", "photo", id="an empty name"),
        pytest.param(b'name="files"; filename=".."', b"image/jpeg", "photo", id="two dots"),
        pytest.param(b'name="files"; filename="/"', b"image/jpeg", "photo", id="a path without a last step"),
        pytest.param(b'name="files"; filename="ca\xf1on.jpg"', b"image/jpeg", "cañon.jpg", id="latin-1"),
        pytest.param('name="files"; filename="cañon.jpg"'.encode(), b"image/jpeg", "cañon.jpg", id="utf-8"),
        pytest.param(b'name="files"', b"image/jpeg", "photo", id="no name"),
        pytest.param(b'name="files"', b"", "photo", id="no name and no type"),
        pytest.param(
            b'name="picture"; filename="c.jpg"', b"image/jpeg", "c.jpg", id="a field of another name"
        ),
        pytest.param(b'filename="c.jpg"', b"image/jpeg", "c.jpg", id="no field at all"),
        pytest.param(
            b"name=\"files\"; filename*=UTF-8''ca%C3%B1on.jpg", b"", "cañon.jpg", id="an encoded name"
        ),
        pytest.param(b"name=\"files\"; filename*=x-none''c.jpg", b"", "photo", id="a name in no encoding"),
        pytest.param(
            b'name="files"; filename="a.' + b"x" * 400 + b'"', b"", None, id="a name too long for a disk"
        ),
        pytest.param(b'name="files"; filename="C:\\x\\c.jpg"', b"", "c.jpg", id="a whole path"),
    ],
)
def test_every_part_with_content_becomes_a_job(
    client: APIClient, disposition: bytes, content_type: bytes, name: str | None
) -> None:
    response = send(client, between(part(picture_bytes(2), disposition, content_type)))
    jobs = response.json()["jobs"]
    assert (response.status_code, len(jobs), Image.objects.count()) == (202, 3, 3)
    assert name is None or name in {job["filename"] for job in jobs}


def test_a_part_that_is_no_photo_is_a_rejected_row(client: APIClient) -> None:
    response = send(client, between(part(b"%PDF-1.7\0", b'name="files"', b"application/pdf")))
    assert response.status_code == 207
    assert [job["status"] for job in response.json()["jobs"]] == ["pending", "rejected", "pending"]


def test_what_a_browser_sends_for_an_empty_input_is_no_file(client: APIClient) -> None:
    response = send(client, body(part(b"", b'name="files"; filename=""', b"application/octet-stream")))
    assert (response.status_code, response.json()["code"]) == (400, "no_file")


def test_a_photo_whose_first_bytes_look_like_text_is_still_a_photo(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HashingUploadHandler, "chunk_size", 3)  # the NUL of its header comes in a later piece
    response = send(client, body(part(picture_bytes(2), b'name="files"', b"")))
    assert response.status_code == 202


@pytest.mark.parametrize("media_type", ["Multipart/Form-Data", "MULTIPART/FORM-DATA", "multipart/form-data"])
def test_a_media_type_is_read_in_any_case(client: APIClient, media_type: str) -> None:
    data = body(part(picture_bytes(1), b'name="files"; filename="a.jpg"'))
    assert send(client, data, content_type=f"{media_type}; boundary={BOUNDARY}").status_code == 202


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
def test_a_body_that_breaks_off_leaves_nothing_and_keeps_its_key_free(
    client: APIClient, settings: Any, kept: float
) -> None:
    whole = body(*(part(picture_bytes(n), b'name="files"; filename="a.jpg"') for n in (1, 2, 3)))
    short = send(client, whole[: int(len(whole) * kept)], **{"Idempotency-Key": "walk-1"})
    assert (short.status_code, short.json()["code"]) == (400, "parse_error")
    assert (UploadSession.objects.count(), IdempotencyKey.objects.count(), incoming(settings)) == (0, 0, [])
    again = send(client, whole, **{"Idempotency-Key": "walk-1"})
    assert (again.status_code, len(again.json()["jobs"])) == (202, 3)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"no boundary at all", id="no boundary"),
        pytest.param(
            b"--XbOuNdArYx\r\nno header\r\n\r\nx\r\n--XbOuNdArYx--\r\n", id="a header without a colon"
        ),
        pytest.param(
            b"--XbOuNdArYx\r\nContent-Type: image/jpeg\r\n\r\nx\r\n--XbOuNdArYx--\r\n", id="no disposition"
        ),
        pytest.param(b"--XbOuNdArYx--\r\n", id="only the end"),
    ],
)
def test_a_body_that_is_no_form_is_refused_with_a_reason(client: APIClient, data: bytes) -> None:
    response = send(client, data)
    assert response.status_code == 400
    assert response.json()["error"]


def test_a_body_above_the_limit_of_a_request_is_413_whoever_sends_it(
    client: APIClient, settings: Any
) -> None:
    settings.UPLOAD_MAX_REQUEST_BYTES = 1000
    data = body(part(b"x" * 1024**2 * 2, b'name="files"; filename="a.jpg"'))
    response = send(client, data)
    assert (response.status_code, response.json()["code"]) == (413, "request_too_large")
    assert incoming(settings) == []
