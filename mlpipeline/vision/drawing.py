"""Drawing: a photo with its count on it, for people who want to see what was counted."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Boxes, Image, Polygon, check, check_image
from mlpipeline.vision.results import DEAD, EMPTY, PLANT, Container, PhotoCount

LONGEST_SIDE_PX = 2560
CYAN, AMBER, WHITE, BLUE, YELLOW = (
    (0, 229, 255),
    (255, 176, 0),
    (255, 255, 255),
    (40, 90, 255),
    (255, 235, 59),
)
DISC_SHARE = 0.75  # of half the shorter side of a box. Source: origin, visualisation
DISC_ALPHA, AREA_ALPHA, PANEL_ALPHA = 0.38, 0.35, 0.62  # the origin's .3 and .2 were lost on green leaves
TEXT_WEIGHT = 600  # of 100 (thin) to 900 (black): read at thumbnail size too
CONTAINER_COLOURS = {"segment": WHITE, "box": YELLOW, "plug": (186, 104, 255)}


@dataclass(frozen=True, slots=True)
class LegendTexts:
    """The words of the legend, in the reader's language; any letters."""

    detected: str = "Detected"
    estimated: str = "Estimated"
    confidence: str = "Mean confidence"
    dead: str = "Dead"
    empty: str = "Empty"


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    colour: tuple[int, int, int]


def draw_count(
    image: Image, count: PhotoCount, texts: LegendTexts | None = None, longest_side_px: int = LONGEST_SIDE_PX
) -> Image:
    """The picture with its count: a new (h, w, 3) uint8 RGB picture, its longest side at most `longest_side_px`.

    Translucent discs on plants (dead ones amber), rings on empties, estimated areas in blue with their own outlines,
    the outlines of containers, and a legend. Marks and letters grow with the picture; nothing given is modified.
    Raises: InvalidInput for another picture, or one whose size is not the count's.
    """
    check_image(image)
    height, width = image.shape[:2]
    check(
        (width, height) == (count.width, count.height),
        f"counted {count.width}×{count.height}, got {width}×{height}",
    )
    scale = min(1.0, longest_side_px / max(width, height))
    canvas = _resized(image, scale)
    unit = max(canvas.shape[:2]) / 1000  # marks are sized in thousandths of the picture
    rings = [
        ring
        for found in count.containers
        for band in found.bands
        if band.estimated > 0
        for ring in band.polygon
    ]
    canvas = _with_areas(canvas, rings, scale, unit)
    everything = count.detections
    for kind, colour in ((PLANT, CYAN), (DEAD, AMBER)):
        canvas = _with_discs(canvas, everything.boxes[everything.classes == kind] * np.float32(scale), colour)
    _draw_rings(canvas, everything.boxes[everything.classes == EMPTY] * np.float32(scale), unit)
    for found in count.containers:
        _draw_outline(canvas, found.container, scale, unit)
    return _with_legend(canvas, _lines(count, texts or LegendTexts()), unit)


def _resized(image: Image, scale: float) -> Image:
    if scale == 1.0:
        return image.copy()
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _blended(canvas: Image, layer: NDArray[np.uint8], colour: tuple[int, int, int], alpha: float) -> Image:
    """The canvas with a colour laid over it where the (h, w) layer says so, 255 being `alpha`."""
    result = canvas.copy()
    # Only these pixels are worked on: a legend or a few discs are a small part of a picture.
    touched = layer > 0
    below = canvas[touched].astype(np.float32)
    strength = (layer[touched] * np.float32(alpha / 255))[:, None]
    result[touched] = np.rint(below + (np.array(colour, dtype=np.float32) - below) * strength)
    return result


def _with_discs(canvas: Image, boxes: Boxes, colour: tuple[int, int, int]) -> Image:
    layer = np.zeros(canvas.shape[:2], dtype=np.uint8)
    middles = np.rint((boxes[:, :2] + boxes[:, 2:]) * 8 - 8).astype(int).tolist()
    radii = (
        np.rint((boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=1e9) * 8 * DISC_SHARE).astype(int).tolist()
    )
    for (x, y), radius in zip(middles, radii, strict=True):
        cv2.circle(layer, (x, y), max(radius, 16), 255, -1, cv2.LINE_AA, 4)
    return _blended(canvas, layer, colour, DISC_ALPHA)


def _with_areas(canvas: Image, rings: Sequence[Polygon], scale: float, unit: float) -> Image:
    """Estimated areas: filled (holes stay open, as rings cross even and odd) and outlined."""
    if not rings:
        return canvas
    layer = np.zeros(canvas.shape[:2], dtype=np.uint8)
    shapes = [np.rint(ring * np.float32(scale * 16) - 8).astype(np.int32) for ring in rings]
    cv2.fillPoly(layer, shapes, 255, cv2.LINE_AA, 4)
    filled = _blended(canvas, layer, BLUE, AREA_ALPHA)
    cv2.polylines(filled, shapes, True, BLUE, max(1, round(1.2 * unit)), cv2.LINE_AA, 4)
    return filled


def _draw_rings(canvas: Image, boxes: Boxes, unit: float) -> None:
    thickness = max(1, round(0.8 * unit))
    for x0, y0, x1, y1 in boxes.tolist():
        middle = (round((x0 + x1) / 2), round((y0 + y1) / 2))
        cv2.circle(
            canvas,
            middle,
            max(2, round(min(x1 - x0, y1 - y0) / 2 * DISC_SHARE)),
            WHITE,
            thickness,
            cv2.LINE_AA,
        )


def _draw_outline(canvas: Image, container: Container, scale: float, unit: float) -> None:
    if container.is_inferred:
        return
    points = np.rint(container.polygon * np.float32(scale)).astype(np.int32)
    thickness = max(1, round(1.6 * unit))
    cv2.polylines(canvas, [points], True, (0, 0, 0), 2 * thickness + 1, cv2.LINE_AA)
    cv2.polylines(canvas, [points], True, CONTAINER_COLOURS[container.type], thickness, cv2.LINE_AA)


def _lines(count: PhotoCount, texts: LegendTexts) -> list[_Line]:
    """What the legend says; dead and empty only where there are any."""
    lines = [
        _Line(f"{texts.detected}: {count.detected}", CYAN),
        _Line(f"{texts.estimated}: {count.estimated}", BLUE),
        _Line(f"{texts.confidence}: {count.mean_confidence:.0%}", WHITE),
    ]
    if count.dead:
        lines.append(_Line(f"{texts.dead}: {count.dead}", AMBER))
    if count.empty:
        lines.append(_Line(f"{texts.empty}: {count.empty}", WHITE))
    return lines


def _with_legend(canvas: Image, lines: Sequence[_Line], unit: float) -> Image:
    """A dark panel in the upper left corner, in OpenCV's own typeface, which has accents."""
    size = max(11, round(19 * unit))
    face = cv2.FontFace("sans")
    pad, step = round(size * 0.7), round(size * 1.4)
    shape = (canvas.shape[1], canvas.shape[0])
    widest = max(cv2.getTextSize(shape, line.text, (0, 0), face, size, TEXT_WEIGHT)[2] for line in lines)
    panel = np.zeros(canvas.shape[:2], dtype=np.uint8)
    panel[: 2 * pad + step * len(lines), : 2 * pad + step + widest] = 255
    result = _blended(canvas, panel, (0, 0, 0), PANEL_ALPHA)
    for number, line in enumerate(lines):
        baseline = pad + step * number + size
        dot = (pad + size // 2, baseline - round(size * 0.36))
        cv2.circle(result, dot, round(size * 0.38), line.colour, -1, cv2.LINE_AA)
        cv2.putText(result, line.text, (pad + step, baseline), WHITE, face, size, TEXT_WEIGHT)
    return result
