"""Headers are read by walking them: the right size and turn, no pixel decoded, little memory, few bytes."""

import contextlib
import io
import random
import struct
import tracemalloc
from typing import Any

import numpy as np
import piexif
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from demeter.errors import DemeterError
from photos.errors import UnreadableImage
from photos.headers import BrokenHeader, ByteReader, bmff, jpeg, orientation, png, webp
from photos.image_files import decode_rgb, detect_format, read_exif
from photos.services.intake.upload_validation import validate_upload
from tests.photos.corrupt_images import saved, whole_files
from tests.photos.test_edge_case_images import chunk, in_three_corners
from tests.photos.test_edge_case_images import png as png_of

XMP = (
    b"http://ns.adobe.com/xap/1.0/\0"
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)
TURNS = {
    1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
    5: lambda a: np.swapaxes(a, 0, 1), 6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(np.swapaxes(a, 0, 1), 2), 8: np.rot90,
}  # fmt: skip


def turned_by_exif(value: int) -> bytes:
    return bytes(piexif.dump({"0th": {piexif.ImageIFD.Orientation: value}})).removeprefix(b"Exif\0\0")


def stored_corners() -> Any:
    return np.asarray(in_three_corners())


@pytest.mark.parametrize("first", range(1, 9))
def test_turns_follow_each_other_as_the_pixels_do(first: int) -> None:
    array = TURNS[first](stored_corners())
    for quarters in range(4):
        expected = TURNS[orientation.rotated(first, quarters)](stored_corners())
        np.testing.assert_array_equal(np.rot90(array, -quarters), expected)
    for top_to_bottom, flip in ((True, np.flipud), (False, np.fliplr)):
        expected = TURNS[orientation.mirrored(first, top_to_bottom=top_to_bottom)](stored_corners())
        np.testing.assert_array_equal(flip(array), expected)


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda value: jpeg_with(turned_by_exif(value)), id="jpeg"),
        pytest.param(lambda value: png_with(turned_by_exif(value), before=True), id="png"),
        pytest.param(
            lambda value: png_with(turned_by_exif(value), before=False), id="png, behind the pixels"
        ),
        pytest.param(lambda value: webp_with(turned_by_exif(value)), id="webp"),
        pytest.param(lambda value: webp_with(b"Exif\0\0" + turned_by_exif(value)), id="webp, as jpeg has it"),
    ],
)
def test_exif_turns_a_picture_wherever_it_stands(make: Any, value: int) -> None:
    content = make(value)
    expected = TURNS[value](stored_corners())
    pixels, info = decode_rgb(io.BytesIO(content)), detect_format(io.BytesIO(content))
    assert (info.height_px, info.width_px, info.orientation) == (*expected.shape[:2], value)
    np.testing.assert_allclose(pixels.astype(int), expected.astype(int), atol=60)


def jpeg_with(exif: bytes) -> bytes:
    return saved(in_three_corners(), "JPEG", exif=b"Exif\0\0" + exif, quality=98, subsampling=0)


def png_with(exif: bytes, *, before: bool) -> bytes:
    content = saved(in_three_corners(), "PNG")
    place = content.index(b"IDAT") - 4 if before else content.index(b"IEND") - 4
    return content[:place] + chunk(b"eXIf", exif) + content[place:]


def webp_with(exif: bytes) -> bytes:
    return saved(in_three_corners(), "WEBP", lossless=True, exif=exif)


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("name", ["AVIF", "HEIF"])
def test_the_containers_own_turn_counts_and_is_made_once(name: str, value: int) -> None:
    content = saved(in_three_corners(), name, exif=b"Exif\0\0" + turned_by_exif(value), quality=95)
    expected = TURNS[value](stored_corners())
    pixels, info = decode_rgb(io.BytesIO(content)), detect_format(io.BytesIO(content))
    assert (info.height_px, info.width_px, info.orientation) == (*expected.shape[:2], value)
    assert pixels.shape == expected.shape
    np.testing.assert_allclose(pixels[4, 4].astype(int), expected[4, 4].astype(int), atol=20)
    np.testing.assert_allclose(pixels[-4, -4].astype(int), expected[-4, -4].astype(int), atol=20)


@pytest.mark.parametrize("name", ["AVIF", "HEIF"])
def test_an_exif_tag_alone_does_not_turn_what_has_a_container(name: str) -> None:
    other_tag, turning_tag = (struct.pack(">HHLH", tag, 3, 1, 6) for tag in (0x0113, 0x0112))
    exif = b"MM\0*" + struct.pack(">LH", 8, 1) + other_tag + bytes(6)
    content = saved(in_three_corners(), name, exif=b"Exif\0\0" + exif, quality=95)
    turned = content.replace(other_tag, turning_tag)
    assert turned != content
    info = detect_format(io.BytesIO(turned))
    assert (info.width_px, info.height_px, info.orientation) == (40, 24, 1)
    assert decode_rgb(io.BytesIO(turned)).shape == (24, 40, 3)
    assert read_exif(io.BytesIO(turned)).orientation == 6, "the tag is there, it only turns nothing"


def test_xmp_turns_nothing() -> None:
    segment = b"\xff\xe1" + struct.pack(">H", len(XMP) + 2) + XMP
    plain = saved(in_three_corners(), "JPEG")
    for content in (
        plain[:2] + segment + plain[2:],
        saved(in_three_corners(), "WEBP", lossless=True, xmp=XMP.partition(b"\0")[2]),
        png_of(
            3, 2, rows=(b"\0" + b"abc" * 3) * 2, chunks=chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)
        ),
    ):
        info, pixels = detect_format(io.BytesIO(content)), decode_rgb(io.BytesIO(content))
        assert info.orientation == 1
        assert (info.height_px, info.width_px) == pixels.shape[:2]
        assert pixels.shape[0] < pixels.shape[1]


def test_a_depth_map_of_megabytes_before_the_size_costs_the_photo_nothing() -> None:
    map_segment = (
        b"\xff\xe1" + struct.pack(">H", 65_535) + b"http://ns.adobe.com/xmp/extension/\0" + bytes(65_498)
    )
    plain = jpeg_with(turned_by_exif(6))
    content = plain[:2] + map_segment * 150 + plain[2:]
    info = detect_format(io.BytesIO(content))
    assert (info.width_px, info.height_px) == (24, 40)


class CountedFile(io.BytesIO):
    """A file that knows how much of it was read."""

    read_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        self.read_bytes += len(content)
        return content


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(saved(Image.new("L", (8000, 7400)), "PNG"), id="59 megapixels of one colour"),
        pytest.param(
            png_of(1, 1, chunks=chunk(b"tEXt", b"k\0" + bytes(10**7)), rows=b"\0abc"), id="10 MB of text"
        ),
        pytest.param(
            png_of(1, 1, chunks=chunk(b"tEXt", b"k\0v") * 200_000, rows=b"\0abc"), id="200,000 texts"
        ),
        pytest.param(b"\xff\xd8" + b"\xff\xe1\xff\xff" + bytes(10**7), id="a segment and zeros"),
        pytest.param(b"\xff\xd8" + b"\xff" * 10**7, id="a JPEG of filling"),
        pytest.param(b"\xff\xd8\xff" + b"\xfe\x00\x02\xff" * 10**6, id="a JPEG of empty comments"),
        pytest.param(b"RIFF\0\0\0\0WEBP" + b"ABCD\0\0\0\0" * 10**6, id="a WebP of empty chunks"),
        pytest.param(b"\0\0\0\x10ftypheic\0\0\0\0" + b"\0\0\0\x08free" * 10**6, id="a HEIC of empty boxes"),
        pytest.param(
            b"\0\0\0\x10ftypheic\0\0\0\0" + struct.pack(">L4s", 2**31, b"meta") + bytes(10**7),
            id="a huge box",
        ),
    ],
)
def test_a_header_costs_few_bytes_and_little_memory(content: bytes) -> None:
    file = CountedFile(content)
    tracemalloc.start()
    with contextlib.suppress(UnreadableImage):
        detect_format(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert file.read_bytes < 5 * 1024**2
    assert peak < 8 * 1024**2


@pytest.mark.parametrize("kind", [kind for kind in whole_files() if kind not in {"gif", "tiff", "bmp"}])
def test_no_upload_is_decoded_or_opened_by_a_library(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "open", lambda *_args, **_options: pytest.fail("opened by a library"))
    looked_at = validate_upload(SimpleUploadedFile("photo", whole_files()[kind]))
    assert {looked_at.width_px, looked_at.height_px} == {48, 40}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(png_of(1, 59_000_000), "image_too_large", id="one column of 59 megapixels"),
        pytest.param(png_of(59_000_000, 1), "image_too_large", id="one row of 59 megapixels"),
        pytest.param(png_of(16_384, 10_800), "image_too_large", id="177 megapixels"),
        pytest.param(
            png_of(4, 4, chunks=chunk(b"tEXt", b"k\0v") * 200_000), "unreadable_image", id="200,000 texts"
        ),
    ],
)
def test_what_no_photo_is_gets_refused_from_its_header(content: bytes, code: str) -> None:
    with pytest.raises(DemeterError) as refused:
        validate_upload(SimpleUploadedFile("photo", content))
    assert refused.value.code == code


def test_a_picture_within_the_limits_is_taken_by_its_header() -> None:
    assert validate_upload(SimpleUploadedFile("photo", png_of(8000, 7400))).width_px == 8000


def test_no_header_however_broken_raises_anything_but_broken_header() -> None:
    readers = {
        "jpeg": jpeg.read_header, "png": png.read_header, "webp": webp.read_header,
        "heic": lambda file: bmff.read_header(file, crops=True),
        "avif": lambda file: bmff.read_header(file, crops=False),
    }  # fmt: skip
    files = [
        (content[:1500], read)
        for kind, content in whole_files().items()
        for name, read in readers.items()
        if name in kind
    ]
    rng = random.Random(2)
    outcomes = {"read": 0, "broken": 0}
    for _ in range(20_000):
        content, read = rng.choice(files)
        broken = bytearray(content)
        for _ in range(rng.randrange(0, 8)):
            broken[rng.randrange(len(broken))] = rng.choice((0, 1, 0x7F, 0xFF, rng.randrange(256)))
        try:
            header = read(
                ByteReader(io.BytesIO(broken[: rng.choice((len(broken), rng.randrange(len(broken))))]))
            )
        except BrokenHeader:
            outcomes["broken"] += 1
            continue
        outcomes["read"] += 1
        assert header.width_px > 0
        assert header.height_px > 0
        assert 1 <= header.orientation <= 8
    assert min(outcomes.values()) > 2000


def test_a_clean_aperture_is_cut_to_by_heif_alone() -> None:
    aperture = struct.pack(">LLLL", 30, 1, 20, 1) + bytes(16)
    content = with_property(whole_files()["avif"], b"clap", aperture)
    for crops, expected in ((True, (30, 20)), (False, (48, 40))):
        header = bmff.read_header(ByteReader(io.BytesIO(content)), crops=crops)
        assert header.upright_size == expected


def with_property(content: bytes, kind: bytes, value: bytes) -> bytes:
    """The picture with one property more, in a file whose offsets nobody reads."""
    ipco_at, iprp_at, ipma_at = (content.index(name) - 4 for name in (b"ipco", b"iprp", b"ipma"))
    new = struct.pack(">L4s", len(value) + 8, kind) + value
    changed = bytearray(content)
    meta_at = content.index(b"meta") - 4
    for at, extra in ((ipco_at, len(new)), (iprp_at, len(new) + 1), (meta_at, len(new) + 1), (ipma_at, 1)):
        struct.pack_into(">L", changed, at, struct.unpack_from(">L", content, at)[0] + extra)
    (old_count,) = changed[ipma_at + 18 : ipma_at + 19]
    associations = changed[ipma_at + 19 : ipma_at + 19 + old_count]
    properties = count_boxes(content[ipco_at + 8 : ipma_at])
    new_associations = bytes([old_count + 1, *associations, properties + 1])
    return bytes(
        changed[:ipma_at]
        + new
        + changed[ipma_at : ipma_at + 18]
        + new_associations
        + changed[ipma_at + 19 + old_count :]
    )


def count_boxes(content: bytes) -> int:
    position = count = 0
    while position < len(content):
        position += struct.unpack_from(">L", content, position)[0]
        count += 1
    return count
