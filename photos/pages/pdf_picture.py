"""The picture of a sheet: a JPEG as it is, with areas, containers and boxes over it as vectors."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any, Final

from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable

from photos import storage
from photos.errors import StoreUnavailable
from photos.models import Image, ProcessingSession
from photos.services.corrections.findings import Box, Kind, corrected_findings, kind_of

_MARKS: Final = {
    Kind.LIVING: ("#00b8cc", 0.3, 0.4),  # colour, opacity of the area, width of the line in pt
    Kind.DEAD: ("#c77700", 0.5, 0.5),
    Kind.EMPTY: ("#ffffff", 0.0, 0.5),
}


def picture_of(session: ProcessingSession, width: float, height: float) -> Flowable | None:
    """The picture of a count, at most so wide and high (pt); None where no JPEG of it is to be had."""
    image = session.image
    jpeg = jpeg_of(image)
    if jpeg is None:
        return None
    source = ImageReader(BytesIO(jpeg))
    scale = min(width / image.width_px, height / image.height_px)

    class Picture(Flowable):
        hAlign = "CENTER"  # noqa: N815 - the library's name

        def __init__(self) -> None:
            super().__init__()
            self.width, self.height = image.width_px * scale, image.height_px * scale

        def draw(self) -> None:
            self.canv.drawImage(source, 0, 0, self.width, self.height)
            self.canv.translate(0, self.height)
            self.canv.scale(scale, -scale)  # from here on px of the picture, y down
            _draw_marks(self.canv, session, 1 / scale)

    return Picture()


def jpeg_of(image: Image) -> bytes | None:
    """The bytes of an upright JPEG of a photo; None where there is none, or the store does not give it just now."""
    key, alias = image.preview_key, storage.DEFAULT
    if not key and image.content_type == "image/jpeg" and not image.needs_preview:
        key, alias = (
            (image.original_key, storage.DEFAULT) if image.is_stored else (image.staging_key, storage.STAGING)
        )
    if not key:
        return None
    try:
        return storage.StorageService(alias).get_file(key)
    except (FileNotFoundError, StoreUnavailable):
        return None


def _draw_marks(canvas: Any, session: ProcessingSession, point: float) -> None:
    """Areas, containers and boxes in px of the picture; `point` is one pt of the paper. What the numbers rest on."""
    canvas.setFillColor("#2b5fd9", alpha=0.3)
    rings = [
        ring for area in session.estimations.values_list("vegetation_polygon", flat=True) for ring in area
    ]
    canvas.drawPath(_rings(canvas, rings), stroke=0, fill=1)
    canvas.setStrokeColor("#ffe08a")
    canvas.setLineWidth(1.2 * point)
    polygons = [container.polygon for container in session.containers.all()]
    canvas.drawPath(_rings(canvas, polygons), stroke=1, fill=0)
    boxes = corrected_findings(session, until=session.validated_version or 1).boxes.values()
    for kind, (colour, opacity, width) in _MARKS.items():
        canvas.setStrokeColor(colour)
        canvas.setFillColor(colour, alpha=opacity)
        canvas.setLineWidth(width * point)
        path = _discs(canvas, (box for box in boxes if kind_of(box.class_name) == kind))
        canvas.drawPath(path, stroke=1, fill=int(opacity > 0))


def _rings(canvas: Any, rings: Iterable[list[list[float]]]) -> Any:
    path = canvas.beginPath()
    for ring in rings:
        for number, (x, y) in enumerate(ring):
            (path.lineTo if number else path.moveTo)(x, y)
        path.close()
    return path


def _discs(canvas: Any, boxes: Iterable[Box]) -> Any:
    path = canvas.beginPath()
    for box in boxes:
        half_width, half_height = 0.4 * box.width_px, 0.4 * box.height_px
        path.ellipse(box.center_x - half_width, box.center_y - half_height, 2 * half_width, 2 * half_height)
    return path
