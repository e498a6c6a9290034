"""A photo has the same pixels whichever decoder reads it, and a broken one is refused by either."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mlpipeline.imageio import read_rgb, read_rgb_apart
from photos.errors import ImageTooLarge, InvalidFileType, UnreadableImage
from photos.image_files import decode_rgb


def _picture(mode: str = "RGB") -> Image.Image:
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (12, 18, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((183, 121), Image.Resampling.BICUBIC).convert(mode)


def _saved(picture: Image.Image, kind: str = "JPEG", orientation: int = 1, **how: object) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    picture.save(buffer, kind, exif=exif, **how)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_upright_however_the_camera_was_held(orientation: int) -> None:
    content = _saved(_picture(), orientation=orientation)
    assert np.array_equal(read_rgb(content), decode_rgb(io.BytesIO(content)))


@pytest.mark.parametrize(
    "content",
    [
        _saved(_picture(), progressive=True),
        _saved(_picture(), subsampling=0, quality=95),
        _saved(_picture("L")),
        _saved(_picture("CMYK")),
        _saved(_picture(), "PNG"),
        _saved(_picture()) + bytes(100),  # some cameras append notes of their own
    ],
    ids=["progressive", "fine colours", "grey", "CMYK", "PNG", "appended"],
)
def test_both_decoders_give_the_same_pixels(content: bytes) -> None:
    assert np.array_equal(read_rgb(content), decode_rgb(io.BytesIO(content)))


def test_the_pixels_of_a_photo_cannot_be_changed_by_who_reads_them() -> None:
    assert not read_rgb(_saved(_picture())).flags.writeable


def test_a_photo_that_was_cut_off_is_refused_and_not_filled_with_grey() -> None:
    content = _saved(_picture())
    for share in (0.3, 0.6, 0.9):
        with pytest.raises(UnreadableImage):
            read_rgb(content[: int(len(content) * share)])


def test_the_limit_of_pixels_holds_before_any_is_decoded() -> None:
    with pytest.raises(ImageTooLarge):
        read_rgb(_saved(_picture()), max_pixels=1000)


def test_a_photo_with_a_wrong_byte_is_read_alike_by_both_decoders() -> None:
    content = _saved(_picture().resize((64, 48)))
    rng = np.random.default_rng(8)
    read = refused = 0
    for place in rng.integers(2, len(content) - 2, 200).tolist():
        wrong = bytearray(content)
        wrong[place] = int(
            rng.integers(0, 255)
        )  # 255 begins a marker: at one that is wrong the one gives up, the other goes on
        pixels, expected = (_pixels_or_none(reader, bytes(wrong)) for reader in (read_rgb, _by_pillow))
        read += pixels is not None and expected is not None and np.array_equal(pixels, expected)
        refused += pixels is None and expected is None
    assert read + refused == 200
    assert min(read, refused) > 3


def _by_pillow(content: bytes) -> NDArray[np.uint8]:
    return decode_rgb(io.BytesIO(content))


def _pixels_or_none(reader: Callable[[bytes], NDArray[np.uint8]], content: bytes) -> NDArray[np.uint8] | None:
    try:
        return reader(content)
    except UnreadableImage:
        return None


@pytest.mark.parametrize(
    ("kind", "orientation"),
    [("JPEG", 1), ("JPEG", 3), ("JPEG", 5), ("JPEG", 6), ("JPEG", 7), ("PNG", 8), ("WEBP", 2), ("AVIF", 6)],
)
def test_a_decoding_process_gives_the_pixels_that_this_one_would(
    kind: str, orientation: int, tmp_path: Path
) -> None:
    path = tmp_path / "photo"
    path.write_bytes(_saved(_picture(), kind, orientation))
    apart = read_rgb_apart(path)
    assert np.array_equal(apart, read_rgb(path))
    assert not apart.flags.writeable


def test_what_cannot_be_counted_is_refused_before_a_process_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    for content, error in (
        (b"no picture", InvalidFileType),
        (_saved(Image.new("RGB", (900, 3))), UnreadableImage),
    ):
        path.write_bytes(content)
        with pytest.raises(error):
            read_rgb_apart(path)
    with pytest.raises(FileNotFoundError):
        read_rgb_apart(tmp_path / "missing")
