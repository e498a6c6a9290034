"""Small pictures of every kind, whole and mangled: what a bad cable, a full card or a bad mind makes of them."""

import io
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import pillow_heif
from PIL import Image, ImageCms

SIZE = (48, 40)


@dataclass(frozen=True)
class Mangled:
    """A file made wrong: what it was, how it was mangled, and its bytes."""

    kind: str
    how: str
    content: bytes


def mangled(number: int) -> Mangled:
    """The mangled file of this number, the same every time."""
    rng = random.Random(number)
    files = whole_files()
    kind, how = rng.choice(sorted(files)), rng.choice(sorted(MANGLERS))
    content = MANGLERS[how](rng, files[kind], files[rng.choice(sorted(files))])
    return Mangled(kind, how, content)


@cache
def whole_files() -> dict[str, bytes]:
    """A file of each kind; the last three are formats that are not read at all."""
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 255, (SIZE[1] // 8, SIZE[0] // 8, 3), dtype=np.uint8)
    picture = Image.fromarray(np.kron(blocks, np.ones((8, 8, 1), np.uint8)))
    frames = {"save_all": True, "append_images": [picture.transpose(Image.Transpose.ROTATE_180)]}
    deep = rng.integers(0, 65535, (SIZE[1], SIZE[0], 3), dtype=np.uint16)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Phone"
    exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 2.0, 1.5), 3: "W", 4: (70.0, 1.0, 2.0)})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    heic = io.BytesIO()
    pillow_heif.from_pillow(picture).save(heic, quality=60)
    return {
        "jpeg with exif": saved(picture, "JPEG", exif=exif, icc_profile=profile),
        "progressive jpeg": saved(picture, "JPEG", progressive=True),
        "cmyk jpeg": saved(picture.convert("CMYK"), "JPEG"),
        "grey jpeg": saved(picture.convert("L"), "JPEG"),
        "jpeg of two pictures": saved(picture, "MPO", **frames),
        "png with exif": saved(picture, "PNG", exif=exif),
        "png of 16 bits": saved(Image.fromarray(deep[..., 0]), "PNG"),
        "png of 48 bits": cv2.imencode(".png", deep)[1].tobytes(),
        "png with a palette": saved(picture.convert("P"), "PNG", transparency=3),
        "png of 1 bit": saved(picture.convert("1"), "PNG"),
        "animated png": saved(picture, "PNG", **frames),
        "webp with exif": saved(picture, "WEBP", exif=exif),
        "lossless webp with alpha": saved(picture.convert("RGBA"), "WEBP", lossless=True),
        "animated webp": saved(picture, "WEBP", **frames),
        "avif": saved(picture, "AVIF"),
        "heic": heic.getvalue(),
        "gif": saved(picture, "GIF"),
        "tiff": saved(picture, "TIFF"),
        "bmp": saved(picture, "BMP"),
    }


def saved(picture: Image.Image, name: str, **options: object) -> bytes:
    """The file that Pillow writes."""
    buffer = io.BytesIO()
    picture.save(buffer, name, **options)
    return buffer.getvalue()


Mangler = Callable[[random.Random, bytes, bytes], bytes]  # dice, the file, and another file → bytes
EXTREMES = (
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x00\x00\x00\x01",
    b"\x80\x00\x00\x00",
    b"\x00\x00\x00\x00",
)
HEADER_BYTES = 400


def cut_short(rng: random.Random, whole: bytes, other: bytes) -> bytes:
    return whole[: rng.randrange(len(whole))]


def bytes_replaced(rng: random.Random, whole: bytes, other: bytes) -> bytes:
    changed = bytearray(whole)
    for _ in range(rng.randrange(1, 40)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def header_bits_flipped(rng: random.Random, whole: bytes, other: bytes) -> bytes:
    changed = bytearray(whole)
    for _ in range(rng.randrange(1, 6)):
        changed[rng.randrange(min(len(changed), rng.choice([32, 64, HEADER_BYTES])))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def stretch_of_zeros(rng: random.Random, whole: bytes, other: bytes) -> bytes:
    start = rng.randrange(len(whole))
    length = min(rng.randrange(1, 200), len(whole) - start)
    return whole[:start] + bytes(length) + whole[start + length :]


def noise_inserted(rng: random.Random, whole: bytes, other: bytes) -> bytes:
    start = rng.randrange(len(whole))
    return whole[:start] + rng.randbytes(rng.randrange(1, 100)) + whole[start:]


def stretch_repeated(rng: random.Random, whole: bytes, other: bytes) -> bytes:
    start = rng.randrange(len(whole))
    end = start + rng.randrange(1, HEADER_BYTES)
    return whole[:start] + whole[start:end] * rng.randrange(2, 30) + whole[end:]


def tail_of_another(rng: random.Random, whole: bytes, other: bytes) -> bytes:
    return whole[: rng.randrange(len(whole))] + other[rng.randrange(len(other)) :]


def head_of_another(rng: random.Random, whole: bytes, other: bytes) -> bytes:
    length = rng.randrange(4, 64)
    return other[:length] + whole[length:]


def numbers_made_extreme(rng: random.Random, whole: bytes, other: bytes) -> bytes:
    """Sizes, lengths and offsets that promise more than there is."""
    changed = bytearray(whole)
    for _ in range(rng.randrange(1, 4)):
        start, length = rng.randrange(min(len(changed), HEADER_BYTES)), rng.choice([2, 4])
        changed[start : start + length] = rng.choice(EXTREMES)[-length:]
    return bytes(changed)


MANGLERS: dict[str, Mangler] = {
    mangler.__name__: mangler
    for mangler in (
        cut_short,
        bytes_replaced,
        header_bits_flipped,
        stretch_of_zeros,
        noise_inserted,
        stretch_repeated,
        tail_of_another,
        head_of_another,
        numbers_made_extreme,
    )
}
