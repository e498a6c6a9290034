"""Uploads while their bytes cannot be kept: a reason instead of a fault, and nothing left of them."""

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.test import Client

from demeter.accounts.models import User
from photos import upload_handlers
from photos.local_storage import SignedFileSystemStorage
from photos.models import Image, UploadSession
from tests.conftest import Bearer
from tests.photos.factories import photo_file

URL = "/api/v1/photos/upload"
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def break_staging(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """Let the second photo of a request fail on its way into staging, once."""

    def set_up(error: Exception) -> None:
        write, calls = SignedFileSystemStorage._write, []

        def written(store: SignedFileSystemStorage, *args: Any) -> None:
            calls.append(args)
            if len(calls) == 2:
                raise error
            write(store, *args)

        monkeypatch.setattr(SignedFileSystemStorage, "_write", written)

    return set_up


def files_below(folder: str) -> list[Path]:
    return list(Path(folder).rglob("*")) if Path(folder).exists() else []


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        pytest.param(FULL, 507, "store_full", id="a full disk"),
        pytest.param(OSError(errno.EDQUOT, "Quota exceeded"), 507, "store_full", id="a quota"),
        pytest.param(OSError(errno.EROFS, "Read-only"), 503, "store_unavailable", id="a read-only disk"),
    ],
)
def test_photos_that_cannot_be_staged_are_refused_with_a_reason(
    bearer: Bearer,
    worker: User,
    settings: Any,
    break_staging: Callable[[Exception], None],
    error: Exception,
    status: int,
    code: str,
) -> None:
    break_staging(error)
    client = bearer(worker)
    sent = {"files": [photo_file(n) for n in (1, 2, 3)]}
    response = client.post(URL, sent, format="multipart", headers={"Idempotency-Key": "walk-1"})
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["error"]
    assert (UploadSession.objects.count(), Image.objects.count()) == (0, 0)
    staging = settings.STORAGES["staging"]["OPTIONS"]["location"]
    assert [path for path in files_below(staging) if path.is_file()] == []
    assert files_below(settings.FILE_UPLOAD_TEMP_DIR) == []
    again = {"files": [photo_file(n) for n in (1, 2, 3)]}  # there is room again
    assert (
        client.post(URL, again, format="multipart", headers={"Idempotency-Key": "walk-1"}).status_code == 202
    )


def test_a_staging_folder_that_is_none_is_503(bearer: Bearer, worker: User, settings: Any) -> None:
    staging = Path(settings.STORAGES["staging"]["OPTIONS"]["location"])
    shutil.rmtree(staging, ignore_errors=True)
    staging.parent.mkdir(parents=True, exist_ok=True)
    staging.write_text("a file where a folder should be")
    response = bearer(worker).post(URL, {"files": photo_file(1)}, format="multipart")
    assert (response.status_code, response.json()["code"]) == (503, "store_unavailable")


class FullFile(TemporaryUploadedFile):
    """A temporary file on a full disk."""

    def write(self, data: bytes) -> int:  # type: ignore[override]
        raise FULL


@pytest.fixture(params=["full", "gone"])
def broken_incoming(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> int:
    """The folder of arriving bodies is full, or gone; returns the status that says so."""
    if request.param == "full":
        monkeypatch.setattr(upload_handlers, "TemporaryUploadedFile", FullFile)
        return 507
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "nowhere")
    return 503


def test_a_body_that_cannot_be_written_is_refused_by_the_api(
    bearer: Bearer, worker: User, settings: Any, broken_incoming: int
) -> None:
    response = bearer(worker).post(URL, {"files": photo_file(1)}, format="multipart")
    assert response.status_code == broken_incoming
    assert response.json()["code"] in ("store_full", "store_unavailable")
    assert files_below(settings.FILE_UPLOAD_TEMP_DIR) == []


def test_a_body_that_cannot_be_written_is_refused_by_the_page(
    worker: User, settings: Any, broken_incoming: int
) -> None:
    """The CSRF middleware reads the form before the view does."""
    browser = Client(
        headers={"accept-language": "en"}, enforce_csrf_checks=True, raise_request_exception=False
    )
    browser.force_login(worker)
    token = browser.get("/uploads/").context["csrf_token"]
    response = browser.post("/uploads/", {"files": photo_file(1), "csrfmiddlewaretoken": str(token)})
    assert response.status_code == broken_incoming
    assert "The store of pictures" in response.text
