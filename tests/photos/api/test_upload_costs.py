"""What an upload costs the others: little of the database's time, and no more requests than a client may send."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from demeter.accounts.models import User
from photos.api.uploads import UploadThrottle
from photos.models import ProcessingStep
from tests.conftest import Bearer
from tests.photos.factories import photo_file


def upload(client: Any, *files: SimpleUploadedFile) -> Any:
    return client.post("/api/v1/photos/upload", {"files": list(files)}, format="multipart")


@pytest.mark.parametrize(
    ("rate", "cache_url", "processes"),
    [
        pytest.param("2/min", "redis://cache", 4, id="counted for all processes"),
        pytest.param("8/min", "", 4, id="each process allows its share"),
    ],
)
def test_a_client_gone_wild_is_asked_to_wait(
    bearer: Bearer,
    worker: User,
    other_worker: User,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    rate: str,
    cache_url: str,
    processes: int,
) -> None:
    settings.CACHE_URL, settings.WEB_PROCESSES = cache_url, processes
    monkeypatch.setattr(UploadThrottle, "THROTTLE_RATES", {"upload": rate})
    client = bearer(worker)
    answers = [upload(client, photo_file(n)) for n in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert upload(bearer(other_worker), photo_file(9)).status_code == 202


def test_the_rows_of_an_upload_note_that_its_work_is_sent(bearer: Bearer, worker: User) -> None:
    upload(bearer(worker), photo_file(1), photo_file(2))
    assert ProcessingStep.objects.filter(sent_at__isnull=False).count() == 6
    assert not ProcessingStep.objects.filter(sent_at=None).exists()


def test_what_an_upload_writes_it_writes_in_one_short_transaction(bearer: Bearer, worker: User) -> None:
    client = bearer(worker)
    upload(client, photo_file(1))  # caches are warm
    with CaptureQueriesContext(connection) as captured:
        upload(client, photo_file(2))
    writes = [query["sql"] for query in captured if not query["sql"].startswith("SELECT")]
    tables = [sql.split('"')[1] for sql in writes if sql.startswith("INSERT")]
    assert tables == [
        "upload_sessions", "s3_images", "photo_processing_sessions", "processing_steps", "upload_jobs"
    ]  # fmt: skip
    assert not any(sql.startswith(("UPDATE", "DELETE")) for sql in writes)
