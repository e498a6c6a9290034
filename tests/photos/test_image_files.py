"""The only opener of pictures: every format it reads, and everything it refuses."""

import io
from datetime import datetime, timedelta, timezone

import numpy as np
import piexif
import pillow_heif
import pytest
from PIL import Image

from photos.errors import ImageTooLarge, InvalidFileType, UnreadableImage
from photos.image_files import (
    detect_format,
    encode_avif,
    encode_jpeg,
    from_rgb,
    open_picture,
    read_exif,
    thumbnail,
)

RED, BLUE = (200, 30, 30), (30, 30, 200)
RATIONAL_12_5 = ((12, 1), (30, 1), (0, 1))


def saved(picture, name, **options):
    buffer = io.BytesIO()
    picture.save(buffer, name, **options)
    buffer.seek(0)
    return buffer


def two_halves(size=(40, 24)):
    """Left half red, right half blue."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (size[0] // 2, 0, *size))
    return picture


def heic(picture):
    buffer = io.BytesIO()
    pillow_heif.from_pillow(picture).save(buffer, quality=95)
    buffer.seek(0)
    return buffer


def jpeg_with(exif, picture=None):
    return saved(picture or two_halves(), "JPEG", exif=piexif.dump(exif), quality=95)


@pytest.mark.parametrize(
    ("make", "name", "content_type", "extension"),
    [
        pytest.param(lambda p: saved(p, "JPEG", quality=95), "JPEG", "image/jpeg", "jpg", id="jpeg"),
        pytest.param(lambda p: saved(p, "PNG"), "PNG", "image/png", "png", id="png"),
        pytest.param(lambda p: saved(p, "WEBP", lossless=True), "WEBP", "image/webp", "webp", id="webp"),
        pytest.param(heic, "HEIC", "image/heic", "heic", id="heic"),
        pytest.param(lambda p: saved(p, "AVIF", quality=95), "AVIF", "image/avif", "avif", id="avif"),
    ],
)
def test_each_accepted_format_is_known_by_its_content_and_read(make, name, content_type, extension):
    file = make(two_halves())
    info = detect_format(file)
    assert (info.format, info.content_type, info.extension) == (name, content_type, extension)
    assert (info.width_px, info.height_px) == (40, 24)
    picture = open_picture(file)
    assert (picture.mode, picture.size) == ("RGB", (40, 24))
    np.testing.assert_allclose(picture.getpixel((5, 12)), RED, atol=14)
    np.testing.assert_allclose(picture.getpixel((35, 12)), BLUE, atol=14)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00" * 64, id="zeros"),
        pytest.param(bytes(range(256)), id="any bytes"),
        pytest.param(b"<html><body>photo.jpg</body></html>", id="a page"),
        pytest.param(saved(Image.new("RGB", (8, 8)), "GIF").getvalue(), id="gif"),
        pytest.param(saved(Image.new("RGB", (8, 8)), "BMP").getvalue(), id="bmp"),
        pytest.param(saved(Image.new("RGB", (8, 8)), "TIFF").getvalue(), id="tiff"),
        pytest.param(b"%PDF-1.7 ...", id="pdf"),
    ],
)
def test_anything_else_is_refused_as_a_wrong_type(content):
    for read in (detect_format, open_picture, read_exif):
        with pytest.raises(InvalidFileType) as refused:
            read(io.BytesIO(content))
        assert refused.value.code == "invalid_file_type"


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda p: saved(p, "JPEG"), id="jpeg"),
        pytest.param(lambda p: saved(p, "PNG"), id="png"),
        pytest.param(lambda p: saved(p, "WEBP"), id="webp"),
        pytest.param(heic, id="heic"),
        pytest.param(lambda p: saved(p, "AVIF"), id="avif"),
    ],
)
def test_a_truncated_picture_is_unreadable_and_never_an_os_error(make):
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    whole = make(noise).getvalue()
    with pytest.raises(UnreadableImage) as refused:
        open_picture(io.BytesIO(whole[: len(whole) // 2]))
    assert refused.value.code == "unreadable_image"


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(b"\xff\xd8\xff\xe0", id="jpeg"),
        pytest.param(b"\x89PNG\r\n\x1a\n", id="png"),
        pytest.param(b"RIFF\x40\x00\x00\x00WEBP", id="webp"),
        pytest.param(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", id="heic"),
        pytest.param(b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif", id="avif"),
    ],
)
def test_a_signature_with_nothing_behind_it_is_unreadable(signature):
    with pytest.raises(UnreadableImage):
        open_picture(io.BytesIO(signature + b"not a picture at all" * 8))


def test_more_pixels_than_allowed_are_refused_before_they_are_decoded():
    bomb = saved(Image.new("1", (20_000, 20_000)), "PNG")  # 400 megapixels in 50 kB
    assert detect_format(bomb).width_px == 20_000, (
        "the size of a large picture is told, not refused, by its header"
    )
    with pytest.raises(ImageTooLarge) as refused:
        open_picture(bomb)
    assert refused.value.code == "image_too_large"
    with pytest.raises(ImageTooLarge):
        open_picture(saved(two_halves(), "PNG"), max_pixels=959)
    assert open_picture(saved(two_halves(), "PNG"), max_pixels=960).size == (40, 24)


@pytest.mark.parametrize(
    ("orientation", "size", "red_at", "blue_at"),
    [
        pytest.param(1, (40, 24), (5, 12), (35, 12), id="as it is"),
        pytest.param(2, (40, 24), (35, 12), (5, 12), id="mirrored"),
        pytest.param(3, (40, 24), (35, 12), (5, 12), id="upside down"),
        pytest.param(6, (24, 40), (12, 5), (12, 35), id="a quarter turn clockwise"),
        pytest.param(8, (24, 40), (12, 35), (12, 5), id="a quarter turn back"),
    ],
)
def test_a_picture_is_turned_as_its_exif_says(orientation, size, red_at, blue_at):
    file = jpeg_with({"0th": {piexif.ImageIFD.Orientation: orientation}})
    info = detect_format(file)
    assert (info.width_px, info.height_px) == size
    picture = open_picture(file)
    assert picture.size == size
    np.testing.assert_allclose(picture.getpixel(red_at), RED, atol=14)
    np.testing.assert_allclose(picture.getpixel(blue_at), BLUE, atol=14)
    assert not picture.getexif(), "a turned picture must not be turned again"


def test_cmyk_greyscale_palette_and_transparency_become_rgb():
    cmyk = saved(two_halves().convert("CMYK"), "JPEG", quality=95)
    np.testing.assert_allclose(open_picture(cmyk).getpixel((5, 12)), RED, atol=40)
    grey = saved(Image.new("L", (8, 8), 90), "PNG")
    assert open_picture(grey).getpixel((4, 4)) == (90, 90, 90)
    palette = saved(two_halves().convert("P", palette=Image.Palette.ADAPTIVE), "PNG")
    np.testing.assert_allclose(open_picture(palette).getpixel((5, 12)), RED, atol=14)
    clear = saved(Image.new("RGBA", (8, 8), (*RED, 0)), "PNG")
    assert open_picture(clear).getpixel((4, 4)) == (255, 255, 255)


def test_sixteen_bits_are_scaled_and_not_clipped():
    deep = Image.fromarray(np.full((8, 8), 0x8000, np.uint16))
    np.testing.assert_allclose(open_picture(saved(deep, "PNG")).getpixel((4, 4)), (127, 127, 127), atol=1)


def test_of_an_animation_the_first_frame_counts():
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE)]
    file = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    np.testing.assert_allclose(open_picture(file).getpixel((4, 4)), RED, atol=4)


@pytest.mark.parametrize(
    ("references", "latitude", "longitude"),
    [
        pytest.param((b"N", b"E"), 12.5, 70.25, id="north east"),
        pytest.param((b"S", b"W"), -12.5, -70.25, id="south west"),
    ],
)
def test_a_position_is_read_with_its_hemisphere_altitude_and_error(references, latitude, longitude):
    gps = {
        piexif.GPSIFD.GPSLatitudeRef: references[0],
        piexif.GPSIFD.GPSLatitude: RATIONAL_12_5,
        piexif.GPSIFD.GPSLongitudeRef: references[1],
        piexif.GPSIFD.GPSLongitude: ((70, 1), (14, 1), (6000, 100)),
        piexif.GPSIFD.GPSAltitudeRef: 1,
        piexif.GPSIFD.GPSAltitude: (85, 10),
        piexif.GPSIFD.GPSHPositioningError: (48, 10),
    }
    exif = read_exif(jpeg_with({"GPS": gps}))
    assert exif.latitude == pytest.approx(latitude)
    assert exif.longitude == pytest.approx(longitude)
    assert exif.altitude_m == pytest.approx(-8.5), "reference 1 is below the sea"
    assert exif.accuracy_m == pytest.approx(4.8)


@pytest.mark.parametrize(
    "gps",
    [
        pytest.param({}, id="none"),
        pytest.param({2: RATIONAL_12_5, 1: b"N"}, id="half a position"),
        pytest.param(
            {1: b"N", 2: ((95, 1), (0, 1), (0, 1)), 3: b"E", 4: RATIONAL_12_5}, id="beyond the pole"
        ),
        pytest.param(
            {1: b"N", 2: ((12, 0), (0, 1), (0, 1)), 3: b"E", 4: RATIONAL_12_5}, id="divided by zero"
        ),
        pytest.param({1: b"N", 2: ((0, 1),) * 3, 3: b"E", 4: ((0, 1),) * 3}, id="nowhere: zero, zero"),
    ],
)
def test_a_position_that_cannot_be_true_is_none(gps):
    exif = read_exif(jpeg_with({"GPS": gps}))
    assert (exif.latitude, exif.longitude) == (None, None)


def test_date_camera_and_offset_are_read():
    exif = read_exif(
        jpeg_with({
            "0th": {piexif.ImageIFD.Make: b"Phone Co", piexif.ImageIFD.Model: b"P 7"},
            "Exif": {
                piexif.ExifIFD.DateTimeOriginal: b"2026:03:04 10:20:30",
                piexif.ExifIFD.OffsetTimeOriginal: b"-03:00",
            },
        })
    )  # fmt: skip
    expected = datetime(2026, 3, 4, 10, 20, 30, tzinfo=timezone(timedelta(hours=-3)))
    assert exif.datetime_original == expected
    assert (exif.make, exif.model) == ("Phone Co", "P 7")


def test_a_date_without_an_offset_is_local_and_a_broken_one_costs_nothing_else():
    local = read_exif(jpeg_with({"Exif": {piexif.ExifIFD.DateTimeOriginal: b"2026:03:04 10:20:30"}}))
    assert local.datetime_original is not None
    assert local.datetime_original.tzinfo is None
    broken = read_exif(
        jpeg_with({
            "0th": {piexif.ImageIFD.Make: b"Phone Co"},
            "Exif": {piexif.ExifIFD.DateTimeOriginal: b"0000:00:00 00:00:00"},
        })
    )  # fmt: skip
    assert broken.datetime_original is None
    assert broken.make == "Phone Co"


def test_a_picture_without_exif_gives_nones():
    exif = read_exif(saved(two_halves(), "PNG"))
    assert (exif.orientation, exif.datetime_original, exif.latitude, exif.make) == (1, None, None, None)


def test_a_thumbnail_keeps_the_shape_and_never_enlarges():
    picture = two_halves((400, 200))
    assert thumbnail(picture, 100).size == (100, 50)
    assert thumbnail(picture, 1000).size == (400, 200)
    assert picture.size == (400, 200), "the picture itself is not changed"


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_jpeg_of_which_less_is_needed_is_decoded_smaller(orientation):
    file = jpeg_with({"0th": {piexif.ImageIFD.Orientation: orientation}}, two_halves((1600, 800)))
    turned = (lambda *size: size) if orientation == 1 else (lambda *size: size[::-1])
    assert open_picture(file).size == turned(1600, 800)
    assert open_picture(file, at_least_px=300).size == turned(400, 200)
    assert open_picture(file, at_least_px=500).size == turned(800, 400)
    assert open_picture(file, at_least_px=3000).size == turned(1600, 800)
    assert open_picture(saved(two_halves((1600, 800)), "PNG"), at_least_px=300).size == (1600, 800)
    small = open_picture(file, at_least_px=300)
    np.testing.assert_allclose(small.getpixel((5, 5)), RED, atol=14)
    np.testing.assert_allclose(small.getpixel((small.width - 5, small.height - 5)), BLUE, atol=14)


def test_what_is_encoded_can_be_opened_again():
    array = np.asarray(two_halves())
    for content in (encode_avif(from_rgb(array), quality=80), encode_jpeg(from_rgb(array))):
        picture = open_picture(io.BytesIO(content))
        np.testing.assert_allclose(picture.getpixel((5, 12)), RED, atol=16)
        assert not picture.getexif()
