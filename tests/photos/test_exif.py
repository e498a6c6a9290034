"""What the camera says: times in every form that is met, positions, and blocks that are broken or hostile."""

import random
import struct
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import piexif
import pytest

from photos.choices import TakenAtSource
from photos.exif import ExifDate, parse_exif
from photos.exif_dates import parse_date, parse_offset

ORIGINAL, DIGITIZED = piexif.ExifIFD.DateTimeOriginal, piexif.ExifIFD.DateTimeDigitized
OFFSET, OFFSET_ORIGINAL = piexif.ExifIFD.OffsetTime, piexif.ExifIFD.OffsetTimeOriginal
OFFSET_DIGITIZED = piexif.ExifIFD.OffsetTimeDigitized
NINE = datetime(2026, 10, 1, 9)  # noqa: DTZ001 - as a camera without an offset says it
WEST_5, EAST_2 = timezone(timedelta(hours=-5)), timezone(timedelta(hours=2))


def block(**directories: dict[int, Any]) -> bytes:
    """The TIFF block of these directories: main, exif, gps."""
    names = {"main": "0th", "exif": "Exif", "gps": "GPS"}
    return bytes(piexif.dump({names[name]: tags for name, tags in directories.items()})).removeprefix(
        b"Exif\0\0"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026:10:01 09:00:00", NINE, id="as EXIF has it"),
        pytest.param("2026-10-01 09:00:00", NINE, id="dashes"),
        pytest.param("2026/10/01 09:00:00", NINE, id="slashes"),
        pytest.param("2026.10.01 09.00.00", NINE, id="points"),
        pytest.param("2026-10-01T09:00:00", NINE, id="ISO"),
        pytest.param("20261001T090000", NINE, id="ISO without separators"),
        pytest.param("2026:10:01 09:00", NINE, id="no seconds"),
        pytest.param("2026:10:1 9:0:0", NINE, id="one digit"),
        pytest.param("2026:10:01  09:00:00", NINE, id="two spaces"),
        pytest.param("2026:10:01 09:00:00.25", NINE.replace(microsecond=250_000), id="a fraction"),
        pytest.param(
            "2026:10:01 09:00:00,123456789", NINE.replace(microsecond=123_456), id="a long fraction"
        ),
        pytest.param("2026-10-01T09:00:00Z", NINE.replace(tzinfo=UTC), id="UTC"),
        pytest.param(
            "2026-10-01T09:00:00.5+02:00", NINE.replace(microsecond=500_000, tzinfo=EAST_2), id="offset"
        ),
        pytest.param("2026:10:01 09:00:00 -0500", NINE.replace(tzinfo=WEST_5), id="offset without a colon"),
        pytest.param("2026:10:01 9:00:00 a. m.", NINE, id="a. m."),
        pytest.param("2026:10:01 09:00:00 AM", NINE, id="AM"),
        pytest.param("2026:10:01 09:00:00 p.m.", NINE.replace(hour=21), id="p.m."),
        pytest.param("2026:10:01 12:00:00 am", NINE.replace(hour=0), id="midnight"),
        pytest.param("2026:10:01 12:00:00 pm", NINE.replace(hour=12), id="noon"),
        pytest.param("2026:10:01 21:00:00 pm", NINE.replace(hour=21), id="24 hours and pm"),
        pytest.param(
            "2026:12:31 23:59:60",
            NINE.replace(month=12, day=31, hour=23, minute=59, second=59),
            id="a leap second",
        ),
        pytest.param("    :  :     :  :  ", None, id="blank"),
        pytest.param("0000:00:00 00:00:00", None, id="zeros"),
        pytest.param("2026:02:30 09:00:00", None, id="no such day"),
        pytest.param("2026:10:01 25:00:00", None, id="no such hour"),
        pytest.param("2026:10:01", None, id="no time"),
        pytest.param("09:00:00", None, id="no date"),
        pytest.param("yesterday", None, id="words"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_a_time_is_read_in_every_form_that_is_met(text: str | None, expected: datetime | None) -> None:
    found = parse_date(text)
    assert found == expected
    assert found is None or expected is None or found.tzinfo == expected.tzinfo


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("+02:00", 120), ("-0330", -210), ("+5", 300), ("Z", 0), ("UTC", 0), ("+15:00", None), ("   :  ", None),
        ("", None),
    ],
)  # fmt: skip
def test_an_offset_is_one_that_a_zone_may_have(text: str, minutes: int | None) -> None:
    offset = parse_offset(text)
    assert (offset.utcoffset(None) if offset else None) == (
        None if minutes is None else timedelta(minutes=minutes)
    )


def test_the_time_of_taking_is_believed_first_and_that_of_the_last_change_last() -> None:
    gps = {piexif.GPSIFD.GPSDateStamp: b"2026:10:03", piexif.GPSIFD.GPSTimeStamp: ((9, 1), (0, 1), (305, 10))}
    exif = {ORIGINAL: b"2026:10:01 09:00:00", DIGITIZED: b"2026:10:02 09:00:00"}
    main = {piexif.ImageIFD.DateTime: b"2026:10:04 09:00:00"}
    by_satellite = datetime(2026, 10, 3, 9, 0, 30, 500_000, tzinfo=UTC)
    assert parse_exif(block(main=main, exif=exif, gps=gps)).dates == (
        ExifDate(NINE, TakenAtSource.EXIF),
        ExifDate(NINE.replace(day=2), TakenAtSource.EXIF),
        ExifDate(by_satellite, TakenAtSource.GPS),
        ExifDate(NINE.replace(day=4), TakenAtSource.EXIF),
    )


@pytest.mark.parametrize(
    ("exif", "expected"),
    [
        pytest.param({OFFSET_ORIGINAL: b"-05:00", OFFSET: b"+02:00"}, WEST_5, id="its own"),
        pytest.param({OFFSET: b"-05:00"}, WEST_5, id="that of the last change, where it has none"),
        pytest.param({OFFSET_ORIGINAL: b"nonsense", OFFSET: b"-05:00"}, WEST_5, id="its own is broken"),
        pytest.param({OFFSET_DIGITIZED: b"-05:00"}, None, id="that of digitizing is another's"),
        pytest.param({}, None, id="none: local time"),
    ],
)
def test_a_time_has_the_offset_that_is_said_for_it(exif: dict[int, bytes], expected: timezone | None) -> None:
    (date,) = parse_exif(block(exif={ORIGINAL: b"2026:10:01 09:00:00\0 ", **exif})).dates
    assert date.time == NINE.replace(tzinfo=expected)
    (date,) = parse_exif(block(exif={ORIGINAL: b"2026:10:01 09:00:00Z", **exif})).dates
    assert date.time == NINE.replace(tzinfo=UTC), "the value's own offset comes before all others"


def test_digitizing_and_the_last_change_have_offsets_of_their_own() -> None:
    (date,) = parse_exif(block(exif={DIGITIZED: b"2026:10:01 09:00:00", OFFSET_DIGITIZED: b"+02:00"})).dates
    assert date.time == NINE.replace(tzinfo=EAST_2)
    main = {piexif.ImageIFD.DateTime: b"2026:10:01 09:00:00"}
    (date,) = parse_exif(block(main=main, exif={OFFSET: b"-05:00"})).dates
    assert date.time == NINE.replace(tzinfo=WEST_5)


@pytest.mark.parametrize(
    "stamps",
    [
        pytest.param({7: ((12, 1), (0, 1), (0, 1))}, id="no date"),
        pytest.param({29: b"2026:10:01"}, id="no time"),
        pytest.param({7: ((24, 1), (0, 1), (0, 1)), 29: b"2026:10:01"}, id="no such hour"),
        pytest.param({7: ((12, 1), (60, 1), (0, 1)), 29: b"2026:10:01"}, id="no such minute"),
        pytest.param({7: ((12, 1), (0, 1), (0, 1)), 29: b"2026:13:01"}, id="no such month"),
    ],
)
def test_a_time_of_the_satellites_that_is_none_is_left_out(stamps: dict[int, Any]) -> None:
    assert parse_exif(block(gps=stamps)).dates == ()


SOUTH_WEST = (-33.0415, -68.7042)


def position(gps: dict[int, Any]) -> tuple[float | None, float | None]:
    exif = parse_exif(block(gps=gps))
    return exif.latitude, exif.longitude


@pytest.mark.parametrize(
    ("latitude_ref", "longitude_ref", "expected"),
    [
        pytest.param(b"S", b"W", SOUTH_WEST, id="letters"),
        pytest.param(b"South", b"West", SOUTH_WEST, id="words"),
        pytest.param(b"Sur", b"Oeste", SOUTH_WEST, id="Spanish words"),
        pytest.param(b"s\0", b"w\0", SOUTH_WEST, id="small letters"),
        pytest.param(b"North", b"Este", (33.0415, 68.7042), id="the other half"),
        pytest.param(None, b"W", (None, None), id="no reference"),
        pytest.param(b"S", b"", (None, None), id="an empty one"),
        pytest.param(b"W", b"S", (None, None), id="the wrong way round"),
    ],
)
def test_the_hemisphere_is_the_first_letter_of_its_reference(
    latitude_ref: bytes | None, longitude_ref: bytes | None, expected: tuple[float | None, float | None]
) -> None:
    gps = {2: ((33, 1), (249, 100), (0, 1)), 4: ((68, 1), (42252, 1000), (0, 1))}
    gps |= {tag: ref for tag, ref in ((1, latitude_ref), (3, longitude_ref)) if ref is not None}
    assert position(gps) == expected


@pytest.mark.parametrize(
    ("latitude", "expected"),
    [
        pytest.param(((330415, 10_000), (0, 1), (0, 1)), -33.0415, id="degrees with decimals"),
        pytest.param(((33, 1), (249, 100), (0, 1)), -33.0415, id="minutes with decimals"),
        pytest.param(((33, 1), (2, 1), (294, 10)), -33.0415, id="seconds with decimals"),
        pytest.param(((33, 1), (249, 100), (0, 0)), -33.0415, id="seconds of nothing"),
        pytest.param(((33, 1), (249, 100)), -33.0415, id="no seconds"),
        pytest.param(((0, 0), (249, 100), (0, 1)), None, id="degrees of nothing"),
        pytest.param(((33, 1), (249, 0), (0, 1)), None, id="minutes divided by zero"),
        pytest.param(((33, 1), (60, 1), (0, 1)), None, id="60 minutes"),
        pytest.param(((33, 1), (2, 1), (61, 1)), None, id="61 seconds"),
        pytest.param(((90, 1), (1, 1), (0, 1)), None, id="beyond the pole"),
        pytest.param(((2**32 - 1, 1), (0, 1), (0, 1)), None, id="absurd"),
    ],
)
def test_degrees_minutes_and_seconds_may_each_have_decimals(latitude: Any, expected: float | None) -> None:
    found = position({1: b"S", 2: latitude, 3: b"W", 4: ((68, 1), (42252, 1000), (0, 1))})
    assert found == ((expected, -68.7042) if expected else (None, None))


def test_a_directory_that_names_the_same_bytes_a_thousand_times_takes_no_memory() -> None:
    entries = b"".join(struct.pack(">HHLL", tag, 2, 60_000, 8) for tag in range(5000))
    content = b"MM\0*" + struct.pack(">LH", 8, 5000) + entries
    tracemalloc.start()
    parse_exif(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 1024**2


def test_a_value_that_is_announced_with_gigabytes_is_not_there() -> None:
    entries = b"".join(
        struct.pack(">HHLL", tag, kind, 2**32 - 1, 8) for kind, tag in enumerate((0x10F, 0x110, 0x112), 1)
    )
    assert parse_exif(b"MM\0*" + struct.pack(">LH", 8, 3) + entries + bytes(64)).orientation == 1


def test_no_block_however_broken_raises() -> None:
    whole = block(
        main={piexif.ImageIFD.Make: b"Phone", piexif.ImageIFD.Orientation: 6},
        exif={ORIGINAL: b"2026:10:01 09:00:00", OFFSET: b"-05:00"},
        gps={1: b"S", 2: ((33, 1), (249, 100), (0, 1)), 3: b"W", 4: ((68, 1), (0, 1), (0, 1)), 5: 1, 6: (5, 1)},
    )  # fmt: skip
    rng = random.Random(1)
    makes = set()
    for _ in range(20_000):
        broken = bytearray(whole)
        for _ in range(rng.randrange(1, 6)):
            broken[rng.randrange(len(broken))] = rng.choice((0, 1, 0x7F, 0xFF, rng.randrange(256)))
        exif = parse_exif(bytes(broken[: rng.choice((len(broken), rng.randrange(len(broken))))]))
        assert 1 <= exif.orientation <= 8
        assert (exif.latitude is None) == (exif.longitude is None)
        makes.add(exif.make)
    assert {None, "Phone"} < makes, "neither all nor none of them can be read"


def test_a_time_beyond_the_last_year_is_none() -> None:
    gps = {
        piexif.GPSIFD.GPSDateStamp: b"9999:12:31",
        piexif.GPSIFD.GPSTimeStamp: ((23, 1), (59, 1), (60, 1)),
    }
    assert parse_exif(block(gps=gps)).dates == ()
