"""Where the bytes lie, who may fetch them, and the workers' cache of originals."""

import errno
import hashlib
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.signing import TimestampSigner
from django.test import Client

from demeter.accounts.models import User
from photos import original_cache, storage
from photos.errors import OriginalMissing, StoreFull, StoreUnavailable
from photos.models import Image, UploadSession

BYTES = b"the bytes of a photo"
SHA256 = hashlib.sha256(BYTES).hexdigest()
ID = UUID("0c6c2a3e-7d0e-4f53-9a2b-1d2f3a4b5c6d")


@pytest.fixture
def image(worker: User) -> Image:
    """A photo whose bytes lie in staging and not yet in the store."""
    upload = UploadSession.objects.create(user=worker)
    key = storage.staging_key(upload.pk, ID, "jpg")
    storage.staging_put(key, BYTES)
    return Image.objects.create(
        id=ID,
        upload_session=upload,
        uploaded_by=worker,
        original_filename="Cañón 1.jpg",
        content_type="image/jpeg",
        file_size_bytes=len(BYTES),
        sha256=SHA256,
        width_px=4,
        height_px=3,
        taken_at=datetime(2026, 5, 4, tzinfo=UTC),
        staging_key=key,
        original_key=storage.original_key(ID, date(2026, 5, 4), "jpg"),
    )


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (storage.original_key(ID, date(2026, 5, 4), "heic"), f"originals/2026/05/04/{ID}.heic"),
        (storage.thumbnail_key(ID, date(2026, 5, 4)), f"thumbnails/2026/05/04/{ID}.avif"),
        (storage.annotated_thumbnail_key(ID, date(2026, 5, 4)), f"thumbnails/2026/05/04/{ID}_annotated.avif"),
        (storage.annotated_key(ID, date(2026, 5, 4)), f"annotated/2026/05/04/{ID}.avif"),
        (storage.full_picture_key(ID, date(2026, 5, 4)), f"previews/2026/05/04/{ID}_full.jpg"),
        (storage.preview_key(ID, date(2026, 5, 4)), f"previews/2026/05/04/{ID}.jpg"),
        (storage.staging_key(ID, ID, "png"), f"temp_uploads/{ID}/{ID}.png"),
    ],
)
def test_objects_have_the_names_of_the_contract(made: str, expected: str) -> None:
    assert made == expected


def test_what_is_put_is_read_back_and_a_repeat_replaces_it() -> None:
    for data in (b"first", BYTES):
        storage.StorageService().upload_file(data, "a/b.jpg")
    assert b"".join(storage.store(storage.DEFAULT).chunks("a/b.jpg")) == BYTES


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    storage.staging_put("a/b.jpg", BYTES)

    class Broken:
        def chunks(self, size: int) -> Any:
            yield b"half"
            raise OSError(errno.ENOSPC, "No space left on device", "/srv/secret")

    with pytest.raises(StoreFull) as full:
        storage.store(storage.STAGING).put("a/b.jpg", Broken(), "image/jpeg", {})  # type: ignore[arg-type]
    assert "/srv" not in str(full.value)
    assert storage.staging_read("a/b.jpg") == BYTES
    assert [path.name for path in (tmp_path / "media/staging/a").iterdir()] == ["b.jpg"]


def test_what_was_put_is_on_the_disk_with_each_new_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut takes what the kernel alone holds: the bytes of a file, and the name of a file in its folder."""
    synced: list[Path] = []
    fsync = os.fsync

    def note(handle: int) -> None:
        fsync(handle)
        synced.append(Path(f"/proc/self/fd/{handle}").readlink())

    root = tmp_path / "media/staging"
    root.mkdir(parents=True)
    monkeypatch.setattr(os, "fsync", note)
    storage.staging_put("a/b/c.jpg", BYTES)
    assert synced[0].parent == root / "a/b"
    assert synced[0].name.startswith(".draft-")  # before it gets its name
    assert set(synced[1:]) == {root, root / "a", root / "a/b"}


def test_of_a_request_that_cannot_be_staged_whole_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    staging = storage.store(storage.STAGING)
    put = staging.put

    def refuse_the_second(name: str, *args: Any, **options: Any) -> None:
        if name.endswith("b.jpg"):
            raise StoreUnavailable("no answer")
        put(name, *args, **options)

    monkeypatch.setattr(staging, "put", refuse_the_second)
    with pytest.raises(StoreUnavailable):
        storage.stage_uploads([(ContentFile(BYTES), f"temp_uploads/x/{name}.jpg") for name in "abc"])
    assert list(staging.older_than(datetime.max.replace(tzinfo=UTC))) == []


def test_few_threads_wait_for_staging_and_the_others_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    hanging, is_over = threading.Semaphore(0), threading.Event()

    def hang(*_: Any, **__: Any) -> None:
        hanging.release()
        is_over.wait()

    monkeypatch.setattr(storage.store(storage.STAGING), "put", hang)
    monkeypatch.setattr(storage, "_STAGING_TURN_S", 0.05)
    writers = [
        threading.Thread(target=storage.stage_uploads, args=([(ContentFile(BYTES), f"{n}.jpg")],))
        for n in range(storage._STAGING_WRITERS)
    ]
    for writer in writers:
        writer.start()
        assert hanging.acquire(timeout=60)
    try:
        with pytest.raises(StoreUnavailable):
            storage.stage_uploads([(ContentFile(BYTES), "one-too-many.jpg")])
    finally:
        is_over.set()
        for writer in writers:
            writer.join()


@pytest.fixture
def uploaded() -> Iterator[TemporaryUploadedFile]:
    """A file as an upload leaves it on disk."""
    with TemporaryUploadedFile("IMG.jpg", "image/jpeg", len(BYTES), None) as file:
        file.write(BYTES)
        file.flush()
        yield file


def test_an_upload_on_the_same_disk_is_moved_not_copied(uploaded: TemporaryUploadedFile) -> None:
    file = uploaded
    inode = Path(file.temporary_file_path()).stat().st_ino
    storage.stage_uploads([(file, "temp_uploads/x/y.jpg")])
    assert Path(storages["staging"].path("temp_uploads/x/y.jpg")).stat().st_ino == inode


def test_an_upload_from_another_disk_is_copied_and_taken_away(
    uploaded: TemporaryUploadedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "rename", refuse)  # what the kernel answers between two disks
    storage.stage_uploads([(uploaded, "temp_uploads/x/y.jpg")])
    assert storage.staging_read("temp_uploads/x/y.jpg") == BYTES
    assert not Path(uploaded.temporary_file_path()).exists()


def test_a_name_cannot_leave_its_folder() -> None:
    with pytest.raises(Exception, match="located outside of the base path"):
        storage.staging_put("../outside.jpg", BYTES)


# ── links ────────────────────────────────────────────────────────────────────────────────────────────
def signed(key: str = "originals/2026/05/04/a.jpg") -> str:
    storage.StorageService().upload_file(BYTES, key)
    link = storage.signed_url(storage.DEFAULT, key)
    assert link is not None
    return link


@pytest.mark.parametrize(
    ("suffix", "content_type"),
    [
        ("jpg", "image/jpeg"),
        ("avif", "image/avif"),
        ("heic", "image/heic"),
        ("png", "image/png"),
        ("webp", "image/webp"),
    ],
)
def test_a_signed_link_shows_the_file_to_whoever_holds_it(
    client: Client, suffix: str, content_type: str
) -> None:
    response = client.get(signed(f"a/b.{suffix}"))
    assert response.status_code == 200
    assert b"".join(response.streaming_content) == BYTES
    assert response["Content-Type"] == content_type
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"].startswith("private")


@pytest.mark.parametrize("key", ["a/b.html", "a/b.svg", "a/b.txt", "a/b", "a/jpg"])
def test_what_is_no_picture_is_a_file_to_save_and_never_a_page(client: Client, key: str) -> None:
    response = client.get(signed(key))
    assert b"".join(response.streaming_content) == BYTES
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_there_is_no_link_to_a_picture_that_is_not_made_yet() -> None:
    assert storage.signed_url(storage.DEFAULT, "") is None


@pytest.mark.parametrize(
    "alter",
    [
        pytest.param(lambda link: link.replace("a.jpg", "b.jpg"), id="another file"),
        pytest.param(lambda link: link.replace("/default/", "/processed/"), id="another store"),
        pytest.param(lambda link: link.replace("/originals", "x/originals", 1), id="another signature"),
        pytest.param(lambda link: "/files/default/originals/2026/05/04/a.jpg", id="no signature"),
    ],
)
def test_an_altered_link_is_refused(client: Client, alter: Any) -> None:
    link = signed()
    storage.StorageService().upload_file(BYTES, "originals/2026/05/04/b.jpg")
    assert alter(link) != link
    assert client.get(alter(link)).status_code == 403


@pytest.mark.parametrize(("age_s", "status"), [(3590, 200), (3610, 403)])
def test_a_link_is_good_for_one_hour(
    client: Client, monkeypatch: pytest.MonkeyPatch, age_s: int, status: int
) -> None:
    link = signed()
    now = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + age_s)
    response = client.get(link)
    assert (response.status_code, b"".join(response)[:3] == BYTES[:3]) == (status, status == 200)


def test_a_link_to_a_file_that_is_gone_is_404(client: Client) -> None:
    link = signed()
    storage.store(storage.DEFAULT).delete("originals/2026/05/04/a.jpg")
    assert client.get(link).status_code == 404


@pytest.mark.parametrize("alias", ["staticfiles", "nowhere"])
def test_only_stores_of_pictures_are_served(client: Client, alias: str) -> None:
    value, stamp, signature = (
        TimestampSigner(salt=f"photos.local_storage.{alias}").sign("x.css").rsplit(":", 2)
    )
    assert client.get(f"/files/{alias}/{stamp}:{signature}/{value}").status_code == 404


# ── originals ────────────────────────────────────────────────────────────────────────────────────────
def test_an_original_goes_to_the_store_and_staging_keeps_it_until_the_row_says_so(image: Image) -> None:
    storage.move_original_to_store(image)
    storage.move_original_to_store(image)
    assert b"".join(storage.store(storage.DEFAULT).chunks(image.original_key)) == BYTES
    assert storage.staging_read(image.staging_key) == BYTES


def test_storing_again_after_staging_was_cleared_is_harmless(image: Image) -> None:
    storage.move_original_to_store(image)
    storage.staging_delete(image.staging_key)
    storage.move_original_to_store(image)
    assert b"".join(storage.store(storage.DEFAULT).chunks(image.original_key)) == BYTES


@pytest.mark.parametrize("staged", [b"", BYTES[:9]])
def test_what_a_disk_has_lost_half_of_does_not_take_the_place_of_the_original(
    image: Image, staged: bytes
) -> None:
    storage.staging_put(image.staging_key, staged)
    with pytest.raises(OriginalMissing):
        storage.move_original_to_store(image)
    assert not storage.store(storage.DEFAULT).exists(image.original_key)
    storage.StorageService().upload_file(BYTES, image.original_key)  # by an earlier run
    storage.move_original_to_store(image)
    assert storage.StorageService().get_file(image.original_key) == BYTES


def test_half_an_original_in_the_store_is_not_taken_for_it(image: Image) -> None:
    storage.staging_delete(image.staging_key)
    storage.StorageService().upload_file(BYTES[:9], image.original_key)
    with pytest.raises(OriginalMissing):
        storage.move_original_to_store(image)


def original(image: Image) -> bytes:
    with storage.open_original(image) as path:
        return path.read_bytes()


def path_in_cache(image: Image) -> Path:
    with storage.open_original(image) as path:
        return path


def test_an_original_that_is_nowhere_is_missing(image: Image) -> None:
    storage.staging_delete(image.staging_key)
    with pytest.raises(OriginalMissing):
        storage.move_original_to_store(image)
    with pytest.raises(OriginalMissing):
        original(image)


def test_an_original_is_not_missing_while_one_that_might_have_it_is_away(
    image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> Iterator[bytes]:
        raise StoreUnavailable("no answer")

    monkeypatch.setattr(storage.store(storage.STAGING), "chunks", refuse)
    with pytest.raises(StoreUnavailable):
        original(image)
    storage.StorageService().upload_file(BYTES, image.original_key)
    assert original(image) == BYTES  # the other one has it


def test_metadata_is_plain_ascii(image: Image) -> None:
    said = storage.metadata_of(image)
    assert set(said) == {"image_id", "uploaded_by", "upload_timestamp", "content_type", "original_filename"}
    assert said["original_filename"] == "Ca%C3%B1%C3%B3n%201.jpg"
    assert all(value.isascii() for value in said.values())


def test_originals_come_from_the_cache_then_staging_then_the_store(image: Image) -> None:
    assert original(image) == BYTES  # from staging
    storage.staging_delete(image.staging_key)
    assert original(image) == BYTES  # from the cache: it is nowhere else
    path_in_cache(image).unlink()
    storage.StorageService().upload_file(BYTES, image.original_key)
    assert original(image) == BYTES  # from the store


def test_a_damaged_file_in_the_cache_is_fetched_anew(image: Image) -> None:
    path_in_cache(image).write_bytes(b"damaged")
    assert original(image) == BYTES


def test_bytes_that_are_not_those_uploaded_are_not_used(image: Image) -> None:
    storage.staging_put(image.staging_key, b"something else")
    with pytest.raises(OriginalMissing):
        original(image)


def test_reading_the_store_ends_after_its_time(image: Image, settings: Any) -> None:
    settings.STORE_TRANSFER_S = -1
    with pytest.raises(StoreUnavailable):
        original(image)
    assert [path for path in Path(settings.PHOTO_CACHE_DIR).rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_where_the_cache_cannot_be_written_photos_are_read_without_it(
    image: Image, settings: Any, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    unused = cached(settings, b"an older photo", 1000)
    write_bytes = Path.write_bytes

    def refuse(path: Path, data: bytes) -> int:
        if path.is_relative_to(settings.PHOTO_CACHE_DIR):
            raise OSError(number, os.strerror(number))
        return write_bytes(path, data)

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with storage.open_original(image) as path:
        assert path.read_bytes() == BYTES
        # A child process that decodes it reads it under the same name.
        assert subprocess.run(["cat", path], check=True, capture_output=True).stdout == BYTES
    assert not path.exists()
    assert not unused.exists()  # room for those who need it more


def cached(settings: Any, data: bytes, unused_s: float) -> Path:
    """A file in the cache that was last used so long ago."""
    with original_cache.opened(hashlib.sha256(data).hexdigest(), [lambda: iter([data])]) as path:
        used_at = time.time() - unused_s
        os.utime(path, (used_at, used_at))
        return path


def test_the_cache_keeps_its_bound_by_dropping_the_longest_unused(settings: Any) -> None:
    settings.PHOTO_CACHE_BYTES = 250
    oldest, older, newer = (cached(settings, bytes([n]) * 100, 1000 - 100 * n) for n in range(3))
    assert original_cache.clear() == 0  # the third one has made room for itself
    assert [path.exists() for path in (oldest, older, newer)] == [False, True, True]


def test_what_was_just_asked_for_is_kept_even_beyond_the_bound(settings: Any) -> None:
    settings.PHOTO_CACHE_BYTES = 50
    first, second = cached(settings, b"a" * 100, 5), cached(settings, b"b" * 100, 5)
    assert original_cache.clear() == 0
    assert first.exists()
    assert second.exists()


# ── staging ──────────────────────────────────────────────────────────────────────────────────────────
def test_old_staged_files_are_cleared_but_none_that_is_needed(image: Image) -> None:
    storage.staging_put("temp_uploads/x/left-over.jpg", BYTES)
    later = datetime.now(tz=UTC) + timedelta(seconds=1)
    needed = {image.staging_key}
    assert storage.clear_staging(older_than=later - timedelta(hours=1), needed=needed) == 0
    assert storage.clear_staging(older_than=later, needed=needed) == 1
    assert storage.staging_read(image.staging_key) == BYTES
    assert not storages["staging"].exists("temp_uploads/x/left-over.jpg")


def test_folders_are_made_where_they_are_missing(tmp_path: Path) -> None:
    storage.StorageService.ensure_buckets()
    assert sorted(path.name for path in (tmp_path / "media").iterdir()) == ["default", "processed", "staging"]
    assert list((tmp_path / "media/staging").iterdir()) == []


def test_the_service_stores_a_file_gives_its_path_and_reads_it_back() -> None:
    service = storage.StorageService(storage.PROCESSED)
    path = service.upload_file(BYTES, "annotated/2026/05/04/x.avif", metadata={"image_id": str(ID)})
    assert service.get_file(path) == BYTES
    assert service.upload_file(b"anew", path) == path
    assert service.get_file(path) == b"anew"
    with pytest.raises(FileNotFoundError):
        storage.StorageService().get_file(path)
