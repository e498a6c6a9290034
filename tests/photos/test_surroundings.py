"""What surrounds the pixels of a photo costs it nothing; pixels that are missing do."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from photos.errors import UnreadableImage
from photos.image_files import decode_rgb, detect_format
from tests.photos.corrupt_images import saved
from tests.photos.test_edge_case_images import chunk, in_three_corners, png

END = b"\xff\xd9"
NOISE = Image.fromarray(np.random.default_rng(5).integers(0, 255, (96, 128, 3), dtype=np.uint8))
FLAT = Image.new("RGB", (128, 96), (60, 120, 60))
SAMSUNG = (
    b"\0\0\x01\x0a\x0e\0\0\0Panorama_Shot_Info\0\0\0\x18ftypmp42" + b"\xff\x02\x00\x20" * 9 + b"SEFHSEFT"
)
ONE_PIXEL = {"rows": b"\0abc"}


def jpeg(picture, **options):
    return saved(picture, "JPEG", quality=90, **options)


@pytest.mark.parametrize(
    "trailer", [b"", SAMSUNG, bytes(300), b"\xff"], ids=["none", "Samsung", "zeros", "half"]
)
@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(jpeg(NOISE), id="noise"),
        pytest.param(jpeg(FLAT), id="flat"),
        pytest.param(jpeg(NOISE, progressive=True), id="progressive"),
        pytest.param(jpeg(NOISE.convert("L")), id="grey"),
        pytest.param(jpeg(NOISE.convert("CMYK")), id="four colours"),
        pytest.param(jpeg(NOISE, subsampling=0, restart_marker_rows=2), id="with restart markers"),
    ],
)
def test_a_jpeg_without_its_end_marker_is_read_if_all_scan_lines_are_there(whole, trailer):
    assert whole.endswith(END)
    np.testing.assert_array_equal(
        decode_rgb(io.BytesIO(whole[:-2] + trailer)), decode_rgb(io.BytesIO(whole))
    )  # fmt: skip


@pytest.mark.parametrize("ending", [b"", SAMSUNG, END], ids=["nothing", "Samsung's notes", "an end marker"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.97])
@pytest.mark.parametrize("picture", [NOISE, FLAT, in_three_corners()], ids=["noise", "flat", "corners"])
def test_a_jpeg_that_was_cut_short_is_refused_whatever_follows(picture, share, ending):
    whole = jpeg(picture)
    scan = whole.index(b"\xff\xda") + 14
    cut = whole[: scan + int((len(whole) - 2 - scan) * share)]
    with pytest.raises(UnreadableImage):
        decode_rgb(io.BytesIO(cut + ending))


def test_a_progressive_jpeg_that_lacks_a_scan_is_refused():
    whole = jpeg(NOISE, progressive=True)
    with pytest.raises(UnreadableImage):
        decode_rgb(io.BytesIO(whole[: whole.rindex(b"\xff\xda")]))


def test_a_photo_may_end_in_the_grey_that_stands_for_missing_pixels():
    grey = Image.new("RGB", (64, 64), (128, 128, 128))
    assert decode_rgb(io.BytesIO(jpeg(grey)))[-1, -1].tolist() == [128, 128, 128]


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10**7))), id="10 MB of text in 10 kB"),
        pytest.param(chunk(b"tEXt", b"k\0" + b"v" * 10**7), id="10 MB of text"),
        pytest.param(chunk(b"iTXt", b"k\0\1\0\0\0" + zlib.compress(bytes(10**7))), id="text in any language"),
        pytest.param(chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10**6))) * 100, id="100 MB in many texts"),
        pytest.param(chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(10**7))), id="10 MB of colour profile"),
        pytest.param(chunk(b"eXIf", b"no EXIF"), id="broken EXIF"),
        pytest.param(chunk(b"tEXt", b"k\0v") * 5000, id="many texts"),
    ],
)
def test_a_png_is_read_however_large_its_texts_and_profiles_are(chunks):
    content = png(1, 1, chunks=chunks, **ONE_PIXEL)
    assert decode_rgb(io.BytesIO(content)).tolist() == [[[97, 98, 99]]]
    assert (detect_format(io.BytesIO(content)).width_px, detect_format(io.BytesIO(content)).exif) == (1, b"")
