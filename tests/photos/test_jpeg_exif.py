"""EXIF of JPEGs is read by piexif where its block is sound, and by our own reader tag by tag where it is not."""

import random
import struct
import subprocess
import sys
import tracemalloc
from typing import Any

import piexif
import pytest
from PIL import Image

from photos import jpeg_exif
from photos.exif import parse_exif
from photos.jpeg_exif import read_jpeg_tags

MAIN = {piexif.ImageIFD.Make: b"Phone", piexif.ImageIFD.Model: b"Nine", piexif.ImageIFD.Orientation: 6}
EXIF = {piexif.ExifIFD.DateTimeOriginal: b"2026:10:01 09:00:00", piexif.ExifIFD.OffsetTime: b"-05:00"}
GPS = {
    1: b"S", 2: ((33, 1), (249, 100), (0, 1)), 3: b"W", 4: ((68, 1), (0, 1), (0, 1)), 5: 1, 6: (5, 1), 31: (12, 1),
}  # fmt: skip
WHOLE = bytes(piexif.dump({"0th": MAIN, "Exif": EXIF, "GPS": GPS})).removeprefix(b"Exif\0\0")


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The blocks that piexif was given."""
    given: list[bytes] = []
    load = piexif.load

    def watched(block: bytes) -> Any:
        given.append(block)
        return load(block)

    monkeypatch.setattr(jpeg_exif.piexif, "load", watched)
    return given


def little_endian() -> bytes:
    """The same tags as Pillow writes them."""
    exif = Image.Exif()
    exif.update({271: "Phone", 272: "Nine", 274: 6})
    exif.get_ifd(0x8769).update({0x9003: "2026:10:01 09:00:00", 0x9010: "-05:00"})
    exif.get_ifd(0x8825).update(
        {1: "S", 2: (33.0, 2.49, 0.0), 3: "W", 4: (68.0, 0.0, 0.0), 5: b"\x01", 6: 5.0, 31: 12.0}
    )
    return bytes(exif.tobytes()).removeprefix(b"Exif\0\0")


@pytest.mark.parametrize(
    "block", [pytest.param(WHOLE, id="big-endian"), pytest.param(little_endian(), id="little")]
)
def test_a_sound_block_is_read_by_piexif_and_says_what_our_own_reader_finds(
    block: bytes, loads: list[bytes]
) -> None:
    exif = parse_exif(block, read_jpeg_tags)
    assert loads == [block]
    assert (exif.make, exif.model, exif.orientation) == ("Phone", "Nine", 6)
    assert (exif.latitude, exif.longitude, exif.altitude_m, exif.accuracy_m) == (-33.0415, -68.0, -5.0, 12.0)
    assert exif.dates[0].time.isoformat() == "2026-10-01T09:00:00-05:00"
    assert exif == parse_exif(block)


def directory(*entries: tuple[int, int, int, int], tail: bytes = bytes(64)) -> bytes:
    """A block of one directory of (tag, type, number, offset) entries."""
    packed = b"".join(struct.pack(">HHLL", *entry) for entry in entries)
    return b"MM\0*" + struct.pack(">LH", 8, len(entries)) + packed + struct.pack(">L", 0) + tail


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(directory((271, 2, 2**32 - 1, 8)), id="text of gigabytes"),
        pytest.param(directory((274, 3, 2**31, 8)), id="numbers of gigabytes"),
        pytest.param(directory((282, 5, 1, 10_000)), id="a fraction behind the end"),
        pytest.param(directory(*((tag, 2, 60, 8) for tag in range(300, 320))), id="the same bytes many times"),
        pytest.param(directory((271, 2, 5, 26), tail=b"Phone" + bytes(20)), id="a text without its end"),
        pytest.param(directory((271, 2, 4, 0), (271, 2, 4, 0)), id="a tag twice"),
        pytest.param(directory((271, 99, 1, 0)), id="an unknown type"),
        pytest.param(directory((0x8769, 4, 1, 5000)), id="a directory behind the end"),
        pytest.param(WHOLE[:60], id="cut off"),
        pytest.param(b"MM\0*", id="no directory"),
        pytest.param(b"", id="nothing"),
    ],
)  # fmt: skip
def test_piexif_never_gets_a_block_that_does_not_hold_what_it_announces(
    block: bytes, loads: list[bytes]
) -> None:
    tracemalloc.start()
    exif = parse_exif(block, read_jpeg_tags)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert loads == []
    assert peak < 1024**2
    assert exif == parse_exif(block)


def test_a_fault_of_piexif_leaves_the_block_to_our_own_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_block: bytes) -> None:
        raise struct.error("unpack requires a buffer of 4 bytes")

    monkeypatch.setattr(jpeg_exif.piexif, "load", fail)
    assert parse_exif(WHOLE, read_jpeg_tags).make == "Phone"


def test_however_broken_a_block_is_both_readers_agree() -> None:
    rng = random.Random(7)
    by_piexif = 0
    for _ in range(3_000):
        broken = bytearray(WHOLE)
        for _ in range(rng.randrange(1, 4)):
            broken[rng.randrange(len(broken))] = rng.choice((0, 1, 0x7F, 0xFF, rng.randrange(256)))
        block = bytes(broken)
        by_piexif += jpeg_exif._sound_kinds(block) is not None
        assert parse_exif(block, read_jpeg_tags) == parse_exif(block), block.hex()
    assert by_piexif > 300, "else nothing was compared"


def test_avif_is_opened_by_the_plugin_where_pillow_was_built_without_it() -> None:
    code = (
        "import sys; from PIL import features; check = features.check;"
        "features.check = lambda name: name != 'avif' and check(name);"
        "import photos.image_files; print('pillow_avif' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert run.stdout.strip() == "True"
