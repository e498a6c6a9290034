"""The default engines: YOLO networks as the Detector and Segmenter of the counting core, whatever runs them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from mlpipeline.detectors.inference_backend import InferenceBackend
from mlpipeline.detectors.letterbox import Letterbox, hflip, view_of
from mlpipeline.detectors.manifest import (
    DetectionPostprocessing,
    SegmentationPostprocessing,
    Weights,
    container_types,
    plant_classes,
)
from mlpipeline.detectors.network import Candidates, Network, cell_places, min_logit
from mlpipeline.detectors.postprocess_jit import NmsConfig, decode_and_nms
from mlpipeline.detectors.soft_nms import soft_nms_decay
from mlpipeline.vision.arrays import Floats, Image, Mask, Polygon, Shape, shape_of
from mlpipeline.vision.containers.deskew import segment_deskewed
from mlpipeline.vision.containers.mask_voting import vote_masks
from mlpipeline.vision.results import Container, Detections
from mlpipeline.vision.rules import SEGMENTER_RULES, Rule
from mlpipeline.vision.runtime.parallel import parallel_map

if TYPE_CHECKING:
    import torch

MAX_DET = 1500  # Ultralytics' 300 would cut a tile of 20 px plants without a word
MAX_CONTAINERS = 100


class YoloDetector:
    """Finds plants, dead plants and empty pots in tiles. Raises ModelUnavailable for weights with other classes.

    Suppression is ours, over all classes at once: one thing is one box, whatever it is taken for. Ultralytics' own
    stops after a time limit and leaves the rest of the batch without detections, with no more than a line in the log.
    batch_tiles: the most tiles that are handed to the network at once.
    min_score: what scores less is not answered. It suppresses nothing that scores more, so nothing else changes.
    """

    def __init__(self, weights: Weights, forward: InferenceBackend, batch_tiles: int = 8) -> None:
        if weights.trained_plant_px is None or not isinstance(
            weights.postprocessing, DetectionPostprocessing
        ):
            raise ValueError("weights for detection say which plant sizes they were trained on")
        self.network = Network(forward, weights.class_gains)
        self.class_ids = np.array(plant_classes(weights), dtype=np.int16)
        self.batch_tiles = batch_tiles
        self.trained_plant_px = weights.trained_plant_px
        self.tile_px = weights.tile_px
        self.max_det = MAX_DET
        self.postprocessing = weights.postprocessing
        self.min_score = weights.postprocessing.min_score

    def with_min_score(self, min_score: float) -> YoloDetector:
        """The same detector for counts that take nothing below a score: suppression has less to compare."""
        other = copy(self)
        other.min_score = max(min_score, self.postprocessing.min_score)
        return other

    def detect(self, tiles: Sequence[Image]) -> list[Detections]:
        """See Detector."""
        found: list[Detections] = []
        for start in range(0, len(tiles), self.batch_tiles):
            batch = tiles[start : start + self.batch_tiles]
            found += self._on_gpu(batch) if self.network.forward.prefers_batches else self._on_cpu(batch)
        return found

    def _on_gpu(self, tiles: Sequence[Image]) -> list[Detections]:
        """NMS on the device of the network's output."""
        return [self._postprocessed(part) for part in self.network.run(tiles, self.min_score).candidates]

    def _on_cpu(self, tiles: Sequence[Image]) -> list[Detections]:
        """The same by machine code, each core a tile at a time; in f32 boxes differ by no more than its rounding."""
        raw = self.network.raw(tiles)
        settings = self.postprocessing
        rules = NmsConfig(
            self.min_score, settings.nms_iou, self.max_det, self.tile_px, settings.soft_nms_sigma
        )
        gains = np.asarray(self.network.class_gains, dtype=np.float32)
        places = _places_of_tile(self.tile_px)
        logit = min_logit(self.min_score)

        def postprocess(index: int) -> Detections:
            distances, logits = (part[index].float().numpy() for part in (raw.boxes, raw.scores))
            boxes, scores, classes = decode_and_nms(distances, logits, gains, places, logit, rules)
            return Detections(boxes, scores, self.class_ids[classes])

        return parallel_map(postprocess, range(len(tiles)), self.network.cores)

    def _postprocessed(self, candidates: Candidates) -> Detections:
        kept = _suppressed(candidates, self.postprocessing.nms_iou)[: self.max_det]
        boxes = candidates.boxes[kept].clamp(0, self.tile_px)
        scores = soft_nms_decay(boxes, candidates.scores[kept], self.postprocessing.soft_nms_sigma)
        return Detections(
            boxes.cpu().numpy(),
            scores.cpu().numpy().clip(0, 1),
            self.class_ids[candidates.classes[kept].cpu().numpy()],
        )


@lru_cache(maxsize=4)
def _places_of_tile(tile_px: int) -> Floats:
    """(3, P) centre x and y of the network's cells in cells, and their strides in px."""
    import torch

    centres, strides = cell_places(tile_px, tile_px, torch.device("cpu"))
    return np.vstack([centres.numpy(), strides.numpy()])


class YoloSegmenter:
    """Finds containers in a whole picture, at the size it was trained on.

    Raises ModelUnavailable for weights with a class that is no container.

    Boxes and trays are deskewed, and their outlines are those that most of three views agree on: one at the size it was
    trained on, one a little larger, one flipped. A picture without them is segmented once.
    """

    def __init__(self, weights: Weights, forward: InferenceBackend) -> None:
        if not isinstance(weights.postprocessing, SegmentationPostprocessing):
            raise ValueError("weights for segmentation say how their masks are cut")
        self.network = Network(forward, weights.class_gains)
        self.types = container_types(weights)
        self.postprocessing = weights.postprocessing
        self.side_px = weights.tile_px
        self.confidence = weights.confidence
        self._off: frozenset[Rule] = frozenset()

    def without(self, rules: Collection[Rule]) -> YoloSegmenter:
        """The same segmenter with some of SEGMENTER_RULES off; other rules are none of its own."""
        other = copy(self)
        other._off = frozenset(rules) & SEGMENTER_RULES
        return other

    def segment(self, image: Image) -> list[Container]:
        """See Segmenter."""
        shape = shape_of(image)

        def segment_at(angle_deg: float) -> list[Container]:
            return self._found_in(view_of(image, self.side_px, angle_deg), shape)

        if Rule.DESKEW in self._off:
            found, angle_deg = segment_at(0.0), 0.0
        else:
            found, angle_deg = segment_deskewed(segment_at, shape, self.confidence)
        if Rule.MASK_VOTING in self._off or all(
            one.type == "segment" for one in found if one.score >= self.confidence
        ):
            return found
        larger = view_of(image, self.postprocessing.second_view_px, angle_deg)
        again = hflip(view_of(image, self.side_px, angle_deg))
        return vote_masks(found, [self._found_in(view, shape) for view in (larger, again)], shape)

    def _found_in(self, view: Letterbox, shape: Shape) -> list[Container]:
        """The containers of a view of a picture of `shape`, outlines in the picture's px."""
        answer = self.network.run([view.canvas], self.postprocessing.min_score)
        candidates = answer.candidates[0]
        kept = _suppressed(candidates, self.postprocessing.nms_iou)[:MAX_CONTAINERS]
        if answer.prototypes is None or not len(kept):
            return []
        found = []
        for index in kept.tolist():
            mask = self._mask(candidates, index, answer.prototypes[0], shape_of(view.canvas))
            outline = _largest_outline(mask & view.shown)
            if outline is not None:
                polygon = np.clip(view.in_picture(outline), 0, [shape[1], shape[0]]).astype(np.float32)
                kind = self.types[int(candidates.classes[index])]
                found.append(Container(kind, polygon, min(float(candidates.scores[index]), 1.0)))
        return found

    def _mask(self, candidates: Candidates, index: int, prototypes: torch.Tensor, shape: Shape) -> Mask:
        """The (H, W) mask of one candidate on a canvas of `shape`, within its box; a large box is widened.

        Source: Bolya et al. 2019, YOLACT: a mask is a weighted sum of the picture's prototypes, cut at its box.
        """
        import torch

        weighted = torch.einsum("c,chw->hw", candidates.coefficients[index], prototypes).cpu().numpy()
        height, width = shape
        mask: Mask = cv2.resize(weighted, (width, height), interpolation=cv2.INTER_LINEAR) > 0
        box, settings = candidates.boxes[index], self.postprocessing
        extent = box[2:] - box[:2]
        is_large = extent > settings.large_box_share * max(shape)
        margin = 0.0 if Rule.WIDE_BEDS in self._off else settings.large_box_margin
        reach = torch.where(is_large, extent * margin, torch.zeros_like(extent))
        x0, y0, x1, y1 = torch.cat([box[:2] - reach, box[2:] + reach]).round().int().tolist()
        inside = np.zeros(shape, dtype=np.bool_)
        inside[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = True
        return mask & inside


def _suppressed(candidates: Candidates, iou: float) -> torch.Tensor:
    """Indices of the candidates that stay, best first."""
    import torchvision

    return torchvision.ops.nms(candidates.boxes, candidates.scores, iou)


def _largest_outline(mask: Mask) -> Polygon | None:
    """The outline, (K, 2) x, y in px, of the mask's largest part; None where it has no area."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return None
    largest = max(contours, key=cv2.contourArea)
    simple = cv2.approxPolyDP(largest, 1.0, closed=True).reshape(-1, 2)
    if len(simple) < 3 or cv2.contourArea(largest) <= 0:
        return None
    return simple.astype(np.float32) + np.float32(0.5)  # from pixel indices to where the pixels' middles lie
