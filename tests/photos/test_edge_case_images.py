"""Pictures as no phone takes them, and what exactly becomes of each."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from photos.errors import ImageTooLarge, UnreadableImage
from photos.headers import BrokenHeader
from photos.headers.jpeg_scans import read_body
from photos.image_files import detect_format, open_picture, read_exif
from tests.photos.corrupt_images import saved

RED, GREEN, BLUE, BLACK, WHITE = (200, 30, 30), (30, 200, 30), (30, 30, 200), (0, 0, 0), (255, 255, 255)


def pixels(content):
    return np.asarray(open_picture(io.BytesIO(content)))


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, *, bits=8, colour=2, rows=b"", chunks=b""):
    """A PNG whose header says what it is told to say. Colour 0 is grey, 2 RGB, 3 palette, 4 grey with alpha."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    ends = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + chunks + ends


def of_16_bits(value, **extra):
    return png(3, 2, bits=16, colour=0, rows=(b"\0" + struct.pack(">H", value) * 3) * 2, **extra)


def in_three_corners(width=40, height=24):
    """Red top left, green top right, blue bottom left, black bottom right: no two turns of it are alike."""
    array = np.zeros((height, width, 3), np.uint8)
    array[: height // 2, : width // 2] = RED
    array[: height // 2, width // 2 :] = GREEN
    array[height // 2 :, : width // 2] = BLUE
    return Image.fromarray(array)


@pytest.mark.parametrize(
    ("content", "colour"),
    [
        pytest.param(saved(Image.new("L", (8, 8), 90), "JPEG"), (90, 90, 90), id="grey jpeg"),
        pytest.param(
            saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=95), (255, 0, 0), id="cmyk jpeg"
        ),
        pytest.param(
            saved(Image.new("RGB", (8, 8), (9, 9, 9)), "JPEG", progressive=True), (9, 9, 9), id="progressive"
        ),
        pytest.param(saved(Image.new("1", (8, 8), 1), "PNG"), WHITE, id="1 bit"),
        pytest.param(saved(Image.new("L", (8, 8), 7), "PNG"), (7, 7, 7), id="grey"),
        pytest.param(saved(Image.new("LA", (8, 8), (0, 0)), "PNG"), WHITE, id="grey, clear: white shows"),
        pytest.param(saved(Image.new("RGBA", (8, 8), (*RED, 0)), "PNG"), WHITE, id="clear: white shows"),
        pytest.param(
            saved(Image.new("RGBA", (8, 8), (0, 0, 0, 128)), "PNG"), (127, 127, 127), id="half clear on white"
        ),
        pytest.param(saved(Image.new("RGBA", (8, 8), (*RED, 255)), "PNG"), RED, id="opaque alpha"),
        pytest.param(
            saved(Image.new("RGB", (8, 8), RED), "PNG", transparency=RED), WHITE, id="a colour that is clear"
        ),
        pytest.param(saved(Image.new("L", (8, 8), 7), "PNG", transparency=7), WHITE, id="a grey that is clear"),
        pytest.param(of_16_bits(0), BLACK, id="16 bits, black"),
        pytest.param(of_16_bits(200), (1, 1, 1), id="16 bits, nearly black, though below 256"),
        pytest.param(of_16_bits(0x8000), (128, 128, 128), id="16 bits, middle"),
        pytest.param(of_16_bits(0xFFFF), WHITE, id="16 bits, white"),
        pytest.param(
            of_16_bits(0x8000, chunks=chunk(b"tRNS", b"\x80\x00")), WHITE, id="16 bits, a grey that is clear"
        ),
        pytest.param(
            cv2.imencode(".png", np.full((2, 3, 3), (200 * 257, 100, 0x8000), np.uint16))[1].tobytes(),
            (128, 0, 200),
            id="48 bits of colour",
        ),
        pytest.param(
            png(3, 2, bits=16, colour=4, rows=(b"\0" + b"\x80\x00\x80\x00" * 3) * 2),
            (191, 191, 191),
            id="16 bits, half clear on white",
        ),
        pytest.param(
            png(2, 1, bits=4, colour=3, rows=b"\0\x11", chunks=chunk(b"PLTE", bytes([*BLACK, *RED]))),
            RED,
            id="palette of 4 bits",
        ),
    ],
)  # fmt: skip
def test_every_kind_of_pixel_becomes_eight_bits_of_red_green_and_blue(content, colour):
    array = pixels(content)
    assert np.unique(array.reshape(-1, 3), axis=0).tolist() == [list(colour)]


def test_a_palette_may_hold_clear_and_half_clear_colours():
    picture = Image.new("P", (3, 1))
    picture.putpalette([*BLUE, *RED, *GREEN])
    for place in range(3):
        picture.putpixel((place, 0), place)
    array = pixels(saved(picture, "PNG", transparency=bytes([0, 128, 255])))
    assert array[0].tolist() == [[255, 255, 255], [227, 142, 142], [30, 200, 30]]


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize(
    ("orientation", "corners"),
    [
        pytest.param(1, (RED, GREEN, BLUE, BLACK), id="as it is"),
        pytest.param(2, (GREEN, RED, BLACK, BLUE), id="mirrored"),
        pytest.param(3, (BLACK, BLUE, GREEN, RED), id="upside down"),
        pytest.param(4, (BLUE, BLACK, RED, GREEN), id="mirrored upside down"),
        pytest.param(5, (RED, BLUE, GREEN, BLACK), id="mirrored and turned"),
        pytest.param(6, (BLUE, RED, BLACK, GREEN), id="a quarter turn clockwise"),
        pytest.param(7, (BLACK, GREEN, BLUE, RED), id="mirrored and turned the other way"),
        pytest.param(8, (GREEN, BLACK, RED, BLUE), id="a quarter turn back"),
    ],
)
def test_all_eight_orientations_are_turned_upright_in_every_format(name, orientation, corners):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if name == "WEBP" else {"quality": 95} if name != "PNG" else {}
    content = saved(in_three_corners(), name, exif=exif, **options)
    array = pixels(content)
    assert array.shape == ((24, 40, 3) if orientation < 5 else (40, 24, 3))
    info = detect_format(io.BytesIO(content))
    assert (info.height_px, info.width_px) == array.shape[:2]
    found = [array[2, 2], array[2, -3], array[-3, 2], array[-3, -3]]
    np.testing.assert_allclose(found, corners, atol=6)


@pytest.mark.parametrize(
    ("width", "height"),
    [(1, 1), (1, 4000), (4000, 1), (2, 3), (65_000, 2)],
)
@pytest.mark.parametrize("name", ["JPEG", "PNG"])
def test_the_thinnest_pictures_keep_their_size(name, width, height):
    content = saved(Image.new("RGB", (width, height), (10, 20, 30)), name)
    array = pixels(content)
    assert array.shape == (height, width, 3)
    np.testing.assert_allclose(array.reshape(-1, 3).mean(axis=0), (10, 20, 30), atol=2)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(png(2**31 - 1, 2**31 - 1), ImageTooLarge, id="4 million gigapixels"),
        pytest.param(png(2**31 - 1, 1), ImageTooLarge, id="one row of 2 gigapixels"),
        pytest.param(png(10_000, 10_000), ImageTooLarge, id="100 megapixels in 70 bytes"),
        pytest.param(png(60_000, 900), UnreadableImage, id="54 megapixels promised, none there"),
        pytest.param(png(0, 5), UnreadableImage, id="no columns"),
        pytest.param(png(5, 0), UnreadableImage, id="no rows"),
        pytest.param(
            png(1, 1, rows=b"\0abc", chunks=chunk(b"tEXt", b"k\0v") * 20_000),
            UnreadableImage,
            id="more parts than a photo has",
        ),
        pytest.param(png(65_501, 1), ImageTooLarge, id="a side longer than decoders take"),
        pytest.param(png(1, 59_000_000), ImageTooLarge, id="one column of 59 megapixels"),
    ],
)
def test_what_promises_more_than_a_photo_holds_is_refused(content, error):
    with pytest.raises(error):
        open_picture(io.BytesIO(content))


def test_of_several_pictures_in_one_file_the_first_counts():
    first, second = Image.new("RGB", (16, 16), RED), Image.new("RGB", (16, 16), BLUE)
    for name in ("MPO", "PNG", "WEBP", "AVIF"):
        array = pixels(saved(first, name, save_all=True, append_images=[second]))
        np.testing.assert_allclose(array.mean(axis=(0, 1)), RED, atol=4)


def test_a_colour_profile_is_left_out_and_changes_no_number():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    plain, profiled = (
        saved(in_three_corners(), "PNG", **options) for options in ({}, {"icc_profile": profile})
    )
    assert len(profiled) > len(plain)
    np.testing.assert_array_equal(pixels(plain), pixels(profiled))


def test_a_broken_exif_block_costs_neither_the_picture_nor_its_sniff():
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Phone", 6
    whole = saved(in_three_corners(), "JPEG", exif=exif, quality=95)
    block = whole.index(b"Exif\0\0") + 6
    for broken in (b"\xff" * 8, b"MM\x00\x2a\xff\xff\xff\xff", b"no TIFF header"):
        content = whole[:block] + broken + whole[block + len(broken) :]
        assert pixels(content).shape == (24, 40, 3), "what cannot be read turns nothing"
        assert detect_format(io.BytesIO(content)).width_px == 40
        exif_read = read_exif(io.BytesIO(content))
        assert (exif_read.orientation, exif_read.latitude) == (1, None)


def progressive_of(scans):
    """A progressive JPEG whose last scan is repeated until there are so many."""
    whole = saved(Image.new("RGB", (64, 64), RED), "JPEG", progressive=True, quality=95)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * (scans - whole.count(b"\xff\xda")) + whole[-2:]


def test_a_jpeg_of_a_few_scans_is_read_and_one_of_hundreds_is_refused():
    np.testing.assert_allclose(pixels(progressive_of(64))[32, 32], RED, atol=4)
    with pytest.raises(UnreadableImage):
        open_picture(io.BytesIO(progressive_of(65)))


def scans(content):
    return read_body(content, max_scans=100).scans


def test_scans_are_counted_up_to_the_end_and_not_where_bytes_only_look_like_them():
    assert scans(progressive_of(12)) == 12
    assert scans(progressive_of(300)) == 101, "no more is counted than need be"
    assert scans(progressive_of(12) + b"\xff\xda" * 300) == 12, "a film behind the photo"
    noted = saved(in_three_corners(), "JPEG", progressive=True, comment=b"\xff\xda" * 300)
    assert scans(noted) == 10
    once = saved(in_three_corners(), "JPEG")
    assert scans(once) == 1
    assert scans(once[:-2] + once[once.index(b"\xff\xda") :] * 300) == 1
    with pytest.raises(BrokenHeader):
        scans(b"\xff\xd8\xff")
