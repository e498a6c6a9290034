"""When a photo was taken: as it says itself, as its uploader says, or not known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import piexif
import pytest
from django.utils import timezone

from demeter.accounts.models import User
from photos.choices import TakenAtSource
from photos.models import Image, UploadSession
from tests.conftest import Bearer
from tests.photos.factories import exif_bytes, photo_file

MANY, ONE = "/api/v1/photos/upload", "/api/v1/stock/photo"
NINE_IN_MENDOZA = datetime(2026, 10, 1, 12, tzinfo=UTC)


def upload(client: Any, *files: Any, url: str = MANY, **fields: Any) -> Any:
    part = {"file": files[0]} if url == ONE else {"files": list(files)}
    return client.post(url, {**part, **fields}, format="multipart")


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        pytest.param(
            "2026:05:04 10:20:30", datetime(2026, 5, 4, 13, 20, 30, tzinfo=UTC), id="nursery's own time"
        ),
        pytest.param("1980:01:01 00:00:00", None, id="a clock that was never set"),
        pytest.param("2099:01:01 00:00:00", None, id="a clock that runs ahead"),
        pytest.param("nonsense", None, id="not a date"),
        pytest.param(None, None, id="no date"),
    ],
)
def test_a_photo_is_as_old_as_its_camera_says_if_that_can_be(
    bearer: Bearer, worker: User, taken: str | None, expected: datetime | None
) -> None:
    before = timezone.now()
    upload(bearer(worker), photo_file(exif=exif_bytes(taken=taken, make="Pixel")))
    image = Image.objects.get()
    if expected is None:
        assert before <= image.taken_at <= timezone.now()
        assert (image.taken_at_source, image.is_dated) == (TakenAtSource.RECEIVED, False)
    else:
        assert image.taken_at == expected
        assert (image.taken_at_source, image.is_dated) == (TakenAtSource.EXIF, True)


def test_a_date_that_cannot_be_true_leaves_the_word_to_the_next(bearer: Bearer, worker: User) -> None:
    tags = {
        "Exif": {piexif.ExifIFD.DateTimeOriginal: b"1970:01:01 00:00:00"},
        "GPS": {
            piexif.GPSIFD.GPSDateStamp: b"2026:10:01",
            piexif.GPSIFD.GPSTimeStamp: ((12, 1), (0, 1), (0, 0)),
        },
        "0th": {piexif.ImageIFD.DateTime: b"2026:10:02 09:00:00"},
    }
    upload(bearer(worker), photo_file(exif=piexif.dump(tags)))
    image = Image.objects.get()
    assert image.taken_at == datetime(2026, 10, 1, 12, tzinfo=UTC)
    assert image.taken_at_source == TakenAtSource.GPS


def test_a_clock_that_runs_ahead_by_seconds_counts_as_now(bearer: Bearer, worker: User) -> None:
    soon = timezone.localtime() + timedelta(minutes=2)
    upload(bearer(worker), photo_file(exif=exif_bytes(taken=f"{soon:%Y:%m:%d %H:%M:%S}")))
    image = Image.objects.get()
    assert image.taken_at <= timezone.now()
    assert image.taken_at_source == TakenAtSource.EXIF


@pytest.mark.parametrize("url", [MANY, ONE])
@pytest.mark.parametrize(
    ("named", "expected"),
    [
        pytest.param("2026-10-01T09:00:00", NINE_IN_MENDOZA, id="the nursery's own time"),
        pytest.param("2026-10-01T09:00", NINE_IN_MENDOZA, id="as a browser's form sends it"),
        pytest.param(
            "2026-10-01T09:00:00.5-03:00", NINE_IN_MENDOZA.replace(microsecond=500_000), id="an offset"
        ),
        pytest.param("2026-10-01T12:00:00Z", NINE_IN_MENDOZA, id="UTC"),
    ],
)
def test_an_uploader_may_say_when_undated_photos_were_taken(
    bearer: Bearer, worker: User, url: str, named: str, expected: datetime
) -> None:
    assert upload(bearer(worker), photo_file(), url=url, taken_at=named).status_code == 202
    image = Image.objects.get()
    assert (image.taken_at, image.taken_at_source) == (expected, TakenAtSource.UPLOADER)
    assert image.is_dated


def test_a_photo_that_carries_a_date_keeps_it(bearer: Bearer, worker: User) -> None:
    dated = photo_file(1, exif=exif_bytes(taken="2026:09:01 08:00:00"))
    upload(bearer(worker), dated, photo_file(2), taken_at="2026-10-01T09:00:00")
    sources = dict(Image.objects.values_list("original_filename", "taken_at_source"))
    assert sources == {"IMG_1.jpg": TakenAtSource.EXIF, "IMG_2.jpg": TakenAtSource.UPLOADER}


@pytest.mark.parametrize("named", ["", None], ids=["empty", "missing"])
def test_who_names_no_time_says_nothing(bearer: Bearer, worker: User, named: str | None) -> None:
    fields = {} if named is None else {"taken_at": named}
    assert upload(bearer(worker), photo_file(), **fields).status_code == 202
    assert Image.objects.get().taken_at_source == TakenAtSource.RECEIVED


@pytest.mark.parametrize("url", [MANY, ONE])
@pytest.mark.parametrize(
    "named",
    [
        pytest.param("yesterday", id="words"),
        pytest.param("2026-13-01T09:00:00", id="no such month"),
        pytest.param("2099-01-01T09:00:00", id="the future"),
        pytest.param("1999-12-31T09:00:00", id="before phones had positions"),
        pytest.param("0001-01-01T00:00:00+14:00", id="before all time"),
        pytest.param("9999-12-31T23:59:59-14:00", id="after all time"),
    ],
)
def test_a_time_that_cannot_be_is_refused_and_leaves_nothing(
    bearer: Bearer, worker: User, url: str, named: str
) -> None:
    answer = upload(bearer(worker), photo_file(), url=url, taken_at=named)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert not UploadSession.objects.exists()


def test_the_page_asks_for_the_time_of_photos_that_carry_none(signed_in: Any, worker: User) -> None:
    client = signed_in(worker)
    assert 'type="datetime-local" name="taken_at"' in client.get("/").text
    client.post("/uploads/", {"files": [photo_file()], "taken_at": "2026-10-01T09:00"})
    image = Image.objects.get()
    assert (image.taken_at, image.taken_at_source) == (NINE_IN_MENDOZA, TakenAtSource.UPLOADER)


@pytest.mark.parametrize("named", ["nonsense", "2099-01-01T09:00"])
def test_the_page_says_that_a_time_cannot_be(signed_in: Any, worker: User, named: str) -> None:
    client = signed_in(worker)
    page = client.post("/uploads/", {"files": [photo_file()], "taken_at": named}, follow=True)
    assert [message.level_tag for message in page.context["messages"]] == ["error"]
    assert not Image.objects.exists()
