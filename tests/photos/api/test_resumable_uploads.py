"""/api/v1/uploads: photos that are sent in chunks, as tus 1.0 says, and taken in like any other."""

import base64
import contextlib
import hashlib
import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from demeter.accounts.models import User
from demeter.serving.admission import META_KEY, Admission
from photos import storage
from photos.api.resumable_uploads import ChunkThrottle
from photos.api.uploads import UploadThrottle
from photos.choices import ImageSource, JobStatus
from photos.chunk_bodies import CONTENT_TYPE
from photos.errors import StoreUnavailable
from photos.models import Image, ResumableUpload, UploadChunk, UploadJob, UploadSession
from photos.services.execution.cleanup import delete_expired
from photos.services.intake import resumable_uploads, upload_rows
from photos.services.intake import uploads as intake
from tests.conftest import Bearer, SignedIn
from tests.inventory.factories import StorageLocationFactory
from tests.photos.factories import picture_bytes

URL = "/api/v1/uploads"
TUS = {"HTTP_TUS_RESUMABLE": "1.0.0"}
PHOTO = picture_bytes(7)
HALF = len(PHOTO) // 2


def metadata(**fields: Any) -> str:
    return ",".join(
        f"{key} {base64.b64encode(str(value).encode()).decode()}" for key, value in fields.items()
    )


def begin(client: Any, data: bytes = PHOTO, **fields: Any) -> Any:
    fields = {"filename": "claro 7.jpg", **fields}
    return client.post(URL, HTTP_UPLOAD_LENGTH=str(len(data)), HTTP_UPLOAD_METADATA=metadata(**fields), **TUS)


def append(client: Any, url: str, offset: int, data: bytes, **headers: Any) -> Any:
    return client.generic(
        "PATCH",
        url,
        data,
        content_type="application/offset+octet-stream",
        HTTP_UPLOAD_OFFSET=str(offset),
        **{**TUS, **headers},
    )


def send(client: Any, data: bytes = PHOTO, **fields: Any) -> tuple[str, Any]:
    """A whole photo in two chunks: its address and the answer to the last one."""
    url = begin(client, data, **fields)["Location"]
    half = len(data) // 2
    assert append(client, url, 0, data[:half]).status_code == 204
    return url, append(client, url, half, data[half:])


def offset_of(client: Any, url: str) -> int:
    return int(client.head(url, **TUS)["Upload-Offset"])


def staged_names() -> list[str]:
    return list(storage.store(storage.STAGING).older_than(timezone.now() + timedelta(minutes=1)))


# ── sending ──────────────────────────────────────────────────────────────────────────────────────────
def test_a_photo_in_chunks_becomes_the_same_as_one_that_is_sent_at_once(
    client: APIClient, worker: User
) -> None:
    place = StorageLocationFactory()
    begun = begin(client, storage_location_id=place.pk, notes="morning round")
    assert (begun.status_code, begun["Tus-Resumable"], begun["Upload-Offset"]) == (201, "1.0.0", "0")
    assert begun.json()["job"] is None
    url = begun["Location"]
    assert url == f"http://testserver/api/v1/uploads/{begun.json()['upload_id']}"

    first = append(client, url, 0, PHOTO[:HALF])
    assert (first.status_code, first["Upload-Offset"]) == (204, str(HALF))
    assert offset_of(client, url) == HALF
    assert not UploadSession.objects.exists()
    last = append(client, url, HALF, PHOTO[HALF:])

    assert (last.status_code, last["Upload-Offset"]) == (204, str(len(PHOTO)))
    job = UploadJob.objects.get()
    assert client.get(url).json()["job"] == {
        "job_id": str(job.pk),
        "image_id": str(job.image_id),
        "filename": "claro 7.jpg",
        "status": "pending",
    }
    image = Image.objects.get()
    assert (image.sha256, image.uploaded_by) == (hashlib.sha256(PHOTO).hexdigest(), worker)
    assert storage.staging_read(image.staging_key) == PHOTO
    assert staged_names() == [image.staging_key], "the chunks are gone"
    assert (job.upload_session.storage_location, job.upload_session.notes) == (place, "morning round")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_work_of_a_photo_is_sent_when_its_last_chunk_is_there(client: APIClient) -> None:
    _url, last = send(client)
    assert last.status_code == 204
    job = UploadJob.objects.get()
    assert job.image is not None
    assert job.image.steps.filter(sent_at=None).count() == 0
    assert job.image.steps.count() == 3


def test_photos_of_one_walk_become_one_upload(client: APIClient) -> None:
    walk = uuid4()
    for number in (1, 2, 3):
        _url, last = send(client, picture_bytes(number), upload_session_id=walk)
        assert last.status_code == 204
    upload = UploadSession.objects.get()
    assert upload.pk == walk
    assert [job.position for job in upload.jobs.order_by("position")] == [0, 1, 2]


def test_a_photo_joins_no_upload_of_another_user_or_another_place(
    client: APIClient, bearer: Bearer, other_worker: User
) -> None:
    walk = uuid4()
    begin(client, upload_session_id=walk)
    assert begin(bearer(other_worker), upload_session_id=walk).json()["code"] == "other_upload"
    elsewhere = begin(client, upload_session_id=walk, storage_location_id=StorageLocationFactory().pk)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "other_upload")


def test_an_upload_takes_a_hundred_photos(client: APIClient, settings: Any) -> None:
    settings.UPLOAD_MAX_FILES = 2
    walk = uuid4()
    send(client, upload_session_id=walk)
    assert begin(client, picture_bytes(1), upload_session_id=walk).status_code == 201
    third = begin(client, picture_bytes(2), upload_session_id=walk)
    assert (third.status_code, third.json()["code"]) == (400, "too_many_files")


def test_a_photo_that_is_begun_again_is_the_same(client: APIClient, settings: Any) -> None:
    """Its answer was lost. It takes one place of its upload, and of the photos that may be on their way."""
    settings.UPLOAD_MAX_FILES = settings.RESUMABLE_UPLOADS_OPEN = 1
    ids = {"upload_session_id": uuid4(), "file_id": uuid4()}
    first = begin(client, **ids)
    append(client, first["Location"], 0, PHOTO[:HALF])
    again = begin(client, **ids)
    assert (again.status_code, again["Location"]) == (201, first["Location"])
    assert int(again["Upload-Offset"]) == HALF
    append(client, first["Location"], HALF, PHOTO[HALF:])
    whole = begin(client, **ids)
    assert (int(whole["Upload-Offset"]), whole["Location"]) == (len(PHOTO), first["Location"])
    assert whole.json()["job"]["job_id"] == str(UploadJob.objects.get().pk)


def test_the_same_file_in_another_upload_is_another_one(
    client: APIClient, bearer: Bearer, other_worker: User
) -> None:
    ids = {"upload_session_id": uuid4(), "file_id": uuid4()}
    first = begin(client, **ids)["Location"]
    assert begin(client, file_id=ids["file_id"])["Location"] != first
    assert begin(client, **{**ids, "upload_session_id": uuid4()})["Location"] != first
    assert begin(bearer(other_worker), **ids).json()["code"] == "other_upload"
    assert begin(client, PHOTO + b"x", **ids).json()["code"] == "other_upload"


def test_a_photo_that_has_expired_is_begun_anew(client: APIClient) -> None:
    ids = {"upload_session_id": uuid4(), "file_id": uuid4()}
    first = begin(client, **ids)["Location"]
    append(client, first, 0, PHOTO[:HALF])
    ResumableUpload.objects.update(expires_at=timezone.now())
    again = begin(client, **ids)
    assert (again.status_code, int(again["Upload-Offset"])) == (201, 0)
    assert again["Location"] != first
    assert staged_names() == []


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_photo_that_is_begun_twice_at_once_is_one(
    bearer: Bearer, worker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither finds the other when it looks."""
    ids = {"upload_session_id": uuid4(), "file_id": uuid4()}
    together = threading.Barrier(2, timeout=60)
    check_room = resumable_uploads._check_room

    def check_together(*args: Any) -> None:
        check_room(*args)
        together.wait()

    monkeypatch.setattr(resumable_uploads, "_check_room", check_together)
    answers: list[tuple[int, str]] = []

    def run() -> None:
        answer = begin(bearer(worker), **ids)
        answers.append((answer.status_code, answer["Location"]))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(answers)) == 1
    assert (answers[0][0], ResumableUpload.objects.count()) == (201, 1)


def test_what_the_server_has_is_not_sent_again(client: APIClient) -> None:
    sha256 = hashlib.sha256(PHOTO).hexdigest()
    send(client)
    asked = client.post(f"{URL}/known", {"sha256s": [sha256, "0" * 64]}, format="json").json()
    image = Image.objects.get()
    assert [(photo["sha256"], photo["image_id"]) for photo in asked["known"]] == [(sha256, str(image.pk))]

    again = begin(client, sha256=sha256)
    assert again.status_code == 201
    assert int(again["Upload-Offset"]) == len(PHOTO)
    assert again.json()["job"]["duplicate_of"] == str(image.pk)
    assert Image.objects.count() == 1


def test_a_photo_of_another_worker_is_not_known(
    client: APIClient, bearer: Bearer, other_worker: User
) -> None:
    sha256 = hashlib.sha256(PHOTO).hexdigest()
    send(client)
    stranger = bearer(other_worker)
    assert stranger.post(f"{URL}/known", {"sha256s": [sha256]}, format="json").json() == {"known": []}
    assert int(begin(stranger, sha256=sha256)["Upload-Offset"]) == 0


# ── going on after something went wrong ──────────────────────────────────────────────────────────────
def test_a_chunk_at_the_wrong_place_is_refused_and_says_where_to_go_on(client: APIClient) -> None:
    url = begin(client)["Location"]
    append(client, url, 0, PHOTO[:HALF])
    for offset in (0, HALF - 1, HALF + 1):
        answer = append(client, url, offset, PHOTO[offset:])
        assert (answer.status_code, answer.json()["code"]) == (409, "offset_mismatch")
        assert answer.json()["detail"] == {"offset_bytes": HALF}
    assert append(client, url, HALF, PHOTO[HALF:]).status_code == 204
    assert Image.objects.get().sha256 == hashlib.sha256(PHOTO).hexdigest()


def test_the_last_chunk_twice_is_one_photo_and_the_same_answer(client: APIClient) -> None:
    url, _last = send(client)
    assert append(client, url, HALF, PHOTO[HALF:]).status_code == 204
    assert append(client, url, len(PHOTO), b"").status_code == 204
    assert (Image.objects.count(), UploadJob.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("length", [HALF, len(PHOTO)], ids=["a chunk", "the whole photo"])
def test_of_two_requests_with_the_same_bytes_one_is_taken(
    bearer: Bearer, worker: User, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    """Both have passed the first look at the offset when they come to write."""
    client = bearer(worker)
    url = begin(client)["Location"]
    together = threading.Barrier(2, timeout=60)
    stage = storage.stage_uploads

    def stage_together(files: Any) -> None:
        stage(files)
        together.wait()

    monkeypatch.setattr(storage, "stage_uploads", stage_together)
    answers: list[int] = []

    def run() -> None:
        answers.append(append(bearer(worker), url, 0, PHOTO[:length]).status_code)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [204, 409]
    assert offset_of(client, url) == length
    assert Image.objects.count() == (length == len(PHOTO))
    assert len(staged_names()) == 1, "what the slower one had staged is gone"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_photos_of_one_walk_that_end_together_have_positions_of_their_own(
    bearer: Bearer, worker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The position is what says which of two photos of one place is the second."""
    walk = uuid4()
    send(bearer(worker), upload_session_id=walk)
    photos = [picture_bytes(number) for number in (1, 2, 3)]
    urls = [begin(bearer(worker), photo, upload_session_id=walk)["Location"] for photo in photos]
    together = threading.Barrier(len(photos))
    begin_session = upload_rows.begin_session

    def begin_together(*args: Any, **kwargs: Any) -> None:
        with contextlib.suppress(
            threading.BrokenBarrierError
        ):  # as it should be: each waits for the one before it
            together.wait(timeout=1)
        begin_session(*args, **kwargs)

    monkeypatch.setattr(upload_rows, "begin_session", begin_together)

    def run(url: str, photo: bytes) -> None:
        append(bearer(worker), url, 0, photo)
        connection.close()

    threads = [threading.Thread(target=run, args=sent) for sent in zip(urls, photos, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    positions = UploadJob.objects.filter(upload_session=walk).values_list("position", flat=True)
    assert sorted(positions) == [0, 1, 2, 3]


def test_bytes_that_changed_on_their_way_are_not_kept(client: APIClient) -> None:
    url = begin(client)["Location"]
    right = base64.b64encode(hashlib.sha256(PHOTO[:HALF]).digest()).decode()
    wrong = append(client, url, 0, b"x" + PHOTO[1:HALF], HTTP_UPLOAD_CHECKSUM=f"sha256 {right}")
    assert (wrong.status_code, wrong.json()["code"]) == (460, "checksum_mismatch")
    assert offset_of(client, url) == 0
    assert append(client, url, 0, PHOTO[:HALF], HTTP_UPLOAD_CHECKSUM=f"sha256 {right}").status_code == 204
    sha1 = base64.b64encode(hashlib.sha1(PHOTO[HALF:], usedforsecurity=False).digest()).decode()
    assert append(client, url, HALF, PHOTO[HALF:], HTTP_UPLOAD_CHECKSUM=f"sha1 {sha1}").status_code == 204


@pytest.mark.parametrize("header", ["md5 AAAA", "sha256", "sha256 ***"])
def test_a_checksum_that_cannot_be_read_is_refused(client: APIClient, header: str) -> None:
    url = begin(client)["Location"]
    answer = append(client, url, 0, PHOTO[:HALF], HTTP_UPLOAD_CHECKSUM=header)
    expected = 460 if header == "sha256" else 400
    assert answer.status_code == expected
    assert offset_of(client, url) == 0


def test_a_file_that_is_not_the_announced_one_starts_again(client: APIClient) -> None:
    url, last = send(client, b"x" + PHOTO[1:], sha256=hashlib.sha256(PHOTO).hexdigest())
    assert (last.status_code, last.json()["code"]) == (460, "checksum_mismatch")
    assert offset_of(client, url) == 0
    assert staged_names() == []
    assert append(client, url, 0, PHOTO).status_code == 204
    assert Image.objects.get().sha256 == hashlib.sha256(PHOTO).hexdigest()


def test_a_file_of_which_a_chunk_is_lost_starts_again(client: APIClient) -> None:
    url = begin(client)["Location"]
    append(client, url, 0, PHOTO[:HALF])
    storage.staging_delete(UploadChunk.objects.get().staging_key)
    assert append(client, url, HALF, PHOTO[HALF:]).json()["code"] == "checksum_mismatch"
    assert offset_of(client, url) == 0


def test_while_the_store_is_away_nothing_counts_as_arrived(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = begin(client)["Location"]
    append(client, url, 0, PHOTO[:HALF])

    def away(files: Any) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(storage, "stage_uploads", away)
    assert append(client, url, HALF, PHOTO[HALF:-1]).status_code == 503
    assert append(client, url, HALF, PHOTO[HALF:]).status_code == 503
    assert offset_of(client, url) == HALF
    monkeypatch.undo()
    assert append(client, url, HALF, PHOTO[HALF:]).status_code == 204
    assert Image.objects.count() == 1


def test_a_process_that_dies_before_the_rows_are_written_leaves_the_file_to_be_gone_on_with(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = begin(client)["Location"]
    append(client, url, 0, PHOTO[:HALF])

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(intake, "save_rows", die)
    with pytest.raises(KeyboardInterrupt):
        append(client, url, HALF, PHOTO[HALF:])
    monkeypatch.undo()
    assert offset_of(client, url) == HALF
    assert append(client, url, HALF, PHOTO[HALF:]).status_code == 204
    assert Image.objects.count() == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_chunk_whose_row_may_have_been_written_stays_when_the_database_does_not_answer(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = begin(client)["Location"]
    commit = connection.commit

    def commit_without_answer() -> None:
        commit()
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr(connection, "commit", commit_without_answer)
        assert append(client, url, 0, PHOTO[:HALF]).status_code == 503
    assert offset_of(client, url) == HALF
    assert append(client, url, HALF, PHOTO[HALF:]).status_code == 204
    assert Image.objects.count() == 1


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────
def test_a_file_that_is_no_picture_is_refused_at_its_end_and_stays_refused(client: APIClient) -> None:
    url, last = send(client, b"%PDF-1.7 no photo at all")
    assert (last.status_code, last.json()["code"]) == (400, "invalid_file_type")
    job = UploadJob.objects.get()
    assert (job.status, job.image) == (JobStatus.REJECTED, None)
    again = append(client, url, 24, b"")
    assert (again.status_code, again.json()["code"]) == (400, "invalid_file_type")
    assert client.get(url).json()["job"]["code"] == "invalid_file_type"
    assert UploadJob.objects.count() == 1
    assert staged_names() == []


def test_a_file_that_is_too_large_is_refused_before_its_first_byte(client: APIClient) -> None:
    limit = settings.UPLOAD_MAX_FILE_BYTES
    answer = client.post(URL, HTTP_UPLOAD_LENGTH=str(limit + 1), **TUS)
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert client.post(URL, HTTP_UPLOAD_LENGTH=str(limit), **TUS).status_code == 201
    assert client.post(URL, HTTP_UPLOAD_LENGTH="0", **TUS).json()["code"] == "empty_file"


def test_no_more_bytes_are_taken_than_were_announced(client: APIClient) -> None:
    url = begin(client)["Location"]
    append(client, url, 0, PHOTO[:HALF])
    assert append(client, url, HALF, PHOTO[HALF:] + b"x").status_code == 413
    assert offset_of(client, url) == HALF


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no length"),
        pytest.param({"HTTP_UPLOAD_LENGTH": "-1"}, id="below zero"),
        pytest.param({"HTTP_UPLOAD_LENGTH": "9" * 30}, id="a number of thirty digits"),
        pytest.param({"HTTP_UPLOAD_DEFER_LENGTH": "1"}, id="a length that is said later"),
        pytest.param({"HTTP_UPLOAD_LENGTH": "9", "HTTP_UPLOAD_METADATA": "filename a"}, id="no base64"),
        pytest.param({"HTTP_UPLOAD_LENGTH": "9", "HTTP_UPLOAD_METADATA": "filename /w=="}, id="no text"),
        pytest.param({"HTTP_UPLOAD_LENGTH": "9", "HTTP_UPLOAD_METADATA": "a" * 9000}, id="too much"),
    ],
)
def test_headers_that_cannot_be_read_are_refused(client: APIClient, headers: dict[str, str]) -> None:
    answer = client.post(URL, **headers, **TUS)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_upload_header")
    assert not ResumableUpload.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [{"sha256": "AB" * 32}, {"storage_location_id": "x"}, {"upload_session_id": "7"}, {"notes": "n" * 501}],
    ids=["upper case", "no number", "no UUID", "too long"],
)
def test_metadata_that_is_not_valid_is_refused(client: APIClient, fields: dict[str, str]) -> None:
    answer = begin(client, **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_place_that_does_not_exist_is_refused_before_the_first_byte(client: APIClient) -> None:
    assert begin(client, storage_location_id=99).json()["code"] == "unknown_location"
    assert begin(client, taken_at="2999-01-01").json()["code"] in ("invalid", "invalid_taken_at")


def test_empty_fields_of_a_form_say_nothing(client: APIClient) -> None:
    assert begin(client, storage_location_id="", taken_at="", notes="", sha256="").status_code == 201


def test_only_its_uploader_finds_an_upload(
    client: APIClient, bearer: Bearer, other_worker: User, supervisor: User
) -> None:
    url = begin(client)["Location"]
    for user in (other_worker, supervisor):
        stranger = bearer(user)
        assert stranger.get(url).status_code == 404
        assert stranger.head(url, **TUS).status_code == 404
        assert append(stranger, url, 0, PHOTO).status_code == 404
        assert stranger.delete(url, **TUS).status_code == 404
    assert offset_of(client, url) == 0


@pytest.mark.django_db
def test_workers_alone_may_send(bearer: Bearer, viewer: User) -> None:
    assert begin(APIClient()).status_code == 401
    assert begin(bearer(viewer)).status_code == 403


def test_other_versions_of_the_protocol_are_refused(client: APIClient) -> None:
    url = begin(client)["Location"]
    for answer in (
        client.post(URL, HTTP_UPLOAD_LENGTH="9"),
        client.head(url, HTTP_TUS_RESUMABLE="0.2.2"),
        append(client, url, 0, PHOTO, HTTP_TUS_RESUMABLE="2.0.0"),
    ):
        assert (answer.status_code, answer["Tus-Version"]) == (412, "1.0.0")


def test_a_chunk_has_its_media_type(client: APIClient) -> None:
    url = begin(client)["Location"]
    answer = client.generic("PATCH", url, PHOTO, "image/jpeg", HTTP_UPLOAD_OFFSET="0", **TUS)
    assert answer.status_code == 415


def test_the_options_tell_what_is_spoken(client: APIClient) -> None:
    answer = client.options(URL)
    assert answer.status_code == 204
    assert answer["Tus-Max-Size"] == str(settings.UPLOAD_MAX_FILE_BYTES)
    assert set(answer["Tus-Extension"].split(",")) == {"creation", "checksum", "expiration", "termination"}


def test_a_page_needs_its_csrf_token(worker: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(worker)
    assert begin(browser).status_code == 403


def test_a_page_acts_for_nobody_but_whom_it_names(
    signed_in: SignedIn, worker: User, other_worker: User
) -> None:
    """Another person may have signed in since in another tab. Who sends no such header is whoever is signed in."""
    page = signed_in(worker)
    for named in (str(other_worker.pk), ""):
        refused = page.post(URL, HTTP_X_PAGE_USER=named, HTTP_UPLOAD_LENGTH="4", **TUS)
        assert (refused.status_code, refused.json()["code"]) == (401, "not_authenticated")
        assert refused["WWW-Authenticate"].startswith("Bearer")
    assert not ResumableUpload.objects.exists()
    assert page.post(URL, HTTP_X_PAGE_USER=str(worker.pk), HTTP_UPLOAD_LENGTH="4", **TUS).status_code == 201
    assert begin(page).status_code == 201
    assert {upload.source for upload in ResumableUpload.objects.all()} == {ImageSource.WEB}


def test_a_chunk_of_another_ones_page_is_refused_before_its_body(
    signed_in: SignedIn, worker: User, other_worker: User
) -> None:
    page = signed_in(worker)
    url = begin(page)["Location"]
    own, others = Admission(), Admission()
    headers = {"CONTENT_TYPE": CONTENT_TYPE}  # which this client leaves out where there is no body
    asked = append(page, url, 0, b"", HTTP_X_PAGE_USER=str(worker.pk), **{META_KEY: own}, **headers)
    refused = append(
        page, url, 0, b"", HTTP_X_PAGE_USER=str(other_worker.pk), **{META_KEY: others}, **headers
    )
    assert (asked.status_code, refused.status_code) == (200, 401)
    assert [own.is_granted, others.is_granted] == [True, False]


# ── bounds ───────────────────────────────────────────────────────────────────────────────────────────
def test_a_user_has_only_so_many_unfinished_uploads(client: APIClient, settings: Any) -> None:
    settings.RESUMABLE_UPLOADS_OPEN = 1
    send(client)
    url = begin(client)["Location"]
    assert begin(client).json()["code"] == "too_many_open_uploads"
    client.delete(url, **TUS)
    assert begin(client).status_code == 201


def test_a_file_comes_in_only_so_many_chunks(client: APIClient, settings: Any) -> None:
    settings.RESUMABLE_UPLOAD_MAX_CHUNKS = 2
    url = begin(client)["Location"]
    append(client, url, 0, PHOTO[:1])
    append(client, url, 1, PHOTO[1:2])
    assert append(client, url, 2, PHOTO[2:3]).json()["code"] == "too_many_chunks"
    assert append(client, url, 2, PHOTO[2:]).status_code == 204, "the last one is kept nowhere"


def test_chunks_are_not_uploads_to_the_throttles(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for throttle in (UploadThrottle, ChunkThrottle):  # a quarter for each of four processes
        monkeypatch.setattr(throttle, "THROTTLE_RATES", {"upload": "4/min", "chunk": "8/min"})
    _url, last = send(client)
    assert last.status_code == 204
    assert begin(client).status_code == 429


def test_whoever_sends_a_chunk_in_vain_is_told_before_its_body(
    bearer: Bearer, worker: User, other_worker: User
) -> None:
    url = begin(bearer(worker))["Location"]
    right, wrong, strange = Admission(), Admission(), Admission()
    assert append(bearer(worker), url, 0, b"", **{META_KEY: right}).status_code == 200
    assert append(bearer(worker), url, 5, b"", **{META_KEY: wrong}).status_code == 409
    assert append(bearer(other_worker), url, 0, b"", **{META_KEY: strange}).status_code == 404
    assert [right.is_granted, wrong.is_granted, strange.is_granted] == [True, False, False]


def test_the_chunks_of_a_file_are_read_by_few_threads_at_once_and_not_for_ever(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = begin(client)["Location"]
    append(client, url, 0, PHOTO[:HALF])
    with contextlib.ExitStack() as others:
        for _ in range(storage._STAGING_WRITERS):
            others.enter_context(storage._staging_turn())
        monkeypatch.setattr(storage, "_STAGING_TURN_S", 0.01)
        pieces = storage.staging_pieces([UploadChunk.objects.get().staging_key], HALF)
        with pytest.raises(StoreUnavailable):
            next(pieces)
    monkeypatch.setattr(storage, "_STAGING_BEGINS_WITHIN_S", -3600)
    assert append(client, url, HALF, PHOTO[HALF:]).status_code == 503
    monkeypatch.undo()
    assert offset_of(client, url) == HALF
    assert append(client, url, HALF, PHOTO[HALF:]).status_code == 204


# ── giving up ────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_given_up_is_deleted(client: APIClient) -> None:
    url = begin(client)["Location"]
    append(client, url, 0, PHOTO[:HALF])
    assert client.delete(url, **TUS).status_code == 204
    assert client.head(url, **TUS).status_code == 404
    assert (staged_names(), UploadChunk.objects.count()) == ([], 0)


def test_a_photo_that_is_whole_stays_one(client: APIClient) -> None:
    url, _last = send(client)
    client.delete(url, **TUS)
    assert (Image.objects.count(), UploadJob.objects.count()) == (1, 1)


def test_what_nobody_goes_on_with_expires_and_is_cleared(client: APIClient) -> None:
    url = begin(client)["Location"]
    append(client, url, 0, PHOTO[:HALF])
    kept = begin(client)["Location"]
    append(client, kept, 0, PHOTO[:HALF])
    ResumableUpload.objects.filter(pk=url.rpartition("/")[2]).update(expires_at=timezone.now())

    for answer in (client.head(url, **TUS), append(client, url, HALF, PHOTO[HALF:])):
        assert answer.status_code == 410
    assert delete_expired()["resumable_uploads"] == 1
    assert client.head(url, **TUS).status_code == 404
    assert staged_names() == [UploadChunk.objects.get().staging_key]
    assert offset_of(client, kept) == HALF


def test_a_chunk_prolongs_the_life_of_its_upload_and_its_bytes_are_needed_as_long(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = begin(client)["Location"]
    append(client, url, 0, PHOTO[:HALF])
    monkeypatch.setattr("photos.services.execution.cleanup.STAGING_KEPT", timedelta(seconds=-5))
    assert delete_expired()["staged_files"] == 0
    ResumableUpload.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    append(client, url, HALF, PHOTO[HALF : HALF + 1])
    assert ResumableUpload.objects.get().expires_at > timezone.now() + timedelta(hours=1)
