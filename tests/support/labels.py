"""Pictures of the QR labels of places."""

import io

import segno
from PIL import Image as Picture

WIDTH_PX, HEIGHT_PX = 1024, 768
MODULE_PX = 4


def label_picture(*texts: str) -> bytes:
    """A grey JPEG of up to three labels side by side, as the upload page takes it from the camera."""
    frame = Picture.new("L", (WIDTH_PX, HEIGHT_PX), 150)
    for column, text in enumerate(texts):
        buffer = io.BytesIO()
        segno.make_qr(text, error="q").save(buffer, kind="png", scale=MODULE_PX, border=4)
        frame.paste(Picture.open(buffer).convert("L"), (40 + column * WIDTH_PX // 3, HEIGHT_PX // 4))
    buffer = io.BytesIO()
    frame.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
