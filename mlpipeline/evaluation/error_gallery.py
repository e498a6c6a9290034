"""The worst photos of an evaluation: small drawings of what was found, missed and imagined."""

from __future__ import annotations

import base64
import heapq
from dataclasses import dataclass, field

from PIL import Image as PillowImage
from PIL import ImageDraw

from mlpipeline.evaluation.ground_truth import PhotoTruth
from mlpipeline.evaluation.photo_metrics import MeasuredPhoto
from mlpipeline.evaluation.records import PhotoRecord
from mlpipeline.vision.arrays import Boxes, Image, Mask
from mlpipeline.vision.geometry.boxes import box_centers
from photos.image_files import encode_jpeg, from_rgb, thumbnail

SIDE_PX = 880  # longest side of a drawing
QUALITY = 72
FOUND, MISSED, IMAGINED, OUTLINE = (64, 224, 208), (255, 64, 96), (255, 176, 0), (255, 255, 255)
DOT_PX = 3


@dataclass(frozen=True, slots=True, order=True)
class WorstPhoto:
    """A photo that was counted badly, with its drawing as a data URI; ordered by how badly."""

    wrongness: float
    file: str
    record: PhotoRecord = field(compare=False)
    drawing: str = field(compare=False)


@dataclass(slots=True)
class WorstPhotos:
    """Keeps the drawings of the `most` worst photos; the others are never drawn."""

    most: int
    _kept: list[WorstPhoto] = field(default_factory=list)

    def offer(self, image: Image, truth: PhotoTruth, measured: MeasuredPhoto) -> None:
        """Take in a photo if it is among the worst so far. A photo without an error is never kept."""
        record = measured.record
        if record.wrongness == 0 or self.most == 0:
            return
        if len(self._kept) == self.most and record.wrongness <= self._kept[0].wrongness:
            return
        found = WorstPhoto(record.wrongness, record.file, record, draw_errors(image, truth, measured))
        if len(self._kept) < self.most:
            heapq.heappush(self._kept, found)
        else:
            heapq.heapreplace(self._kept, found)

    @property
    def ranked(self) -> list[WorstPhoto]:
        """Those kept, the worst first."""
        return sorted(self._kept, reverse=True)


def draw_errors(image: Image, truth: PhotoTruth, measured: MeasuredPhoto) -> str:
    """A small JPEG as a data URI: dots on plants found, boxes around those missed, crosses on those imagined."""
    picture = thumbnail(from_rgb(image), SIDE_PX)
    ratio = picture.width / image.shape[1]
    canvas = ImageDraw.Draw(picture)
    for part in measured.count.containers:
        if not part.container.is_inferred:
            outline = [tuple(point) for point in (part.container.polygon * ratio).tolist()]
            canvas.line([*outline, outline[0]], fill=OUTLINE, width=2)
    plants, matching = measured.count.detections.plants, measured.matching
    for x, y in _middles(plants.boxes, matching.is_hit, ratio):
        canvas.ellipse((x - DOT_PX, y - DOT_PX, x + DOT_PX, y + DOT_PX), fill=FOUND)
    for x, y in _middles(plants.boxes, ~matching.is_hit, ratio):
        reach = DOT_PX + 2
        canvas.line((x - reach, y - reach, x + reach, y + reach), fill=IMAGINED, width=2)
        canvas.line((x - reach, y + reach, x + reach, y - reach), fill=IMAGINED, width=2)
    for box in (truth.boxes[~matching.is_found] * ratio).tolist():
        canvas.rectangle(box, outline=MISSED, width=2)
    return data_uri(picture)


def data_uri(picture: PillowImage.Image) -> str:
    """A picture as a JPEG that stands in the page itself."""
    data = base64.b64encode(encode_jpeg(picture, quality=QUALITY)).decode("ascii")
    return f"data:image/jpeg;base64,{data}"


def _middles(boxes: Boxes, chosen: Mask, ratio: float) -> list[list[float]]:
    middles: list[list[float]] = (box_centers(boxes[chosen]) * ratio).tolist()
    return middles
