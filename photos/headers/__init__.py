"""What the header of a picture says, read by walking its parts: no pixel is decoded, and no library is asked.

Each format is one module with `read_header(ByteReader) -> Header`. Bounded in bytes read and in parts walked, so the
web process can do it with any file. Pure: no Django, no settings.
"""

from photos.headers import bmff, jpeg, png, webp
from photos.headers.byte_reader import BrokenHeader, ByteReader
from photos.headers.header import Header

__all__ = ["BrokenHeader", "ByteReader", "Header", "bmff", "jpeg", "png", "webp"]
