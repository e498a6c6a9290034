"""The rules of a count that can be switched off, to measure what each of them is worth (`manage.py ablate`).

A rule is off where it is named in `CountOptions.without`; a segmenter's own rules go with the segmenter
(`YoloSegmenter.without`). Not in this list is what no count does without (tiles, the merging of their detections, which
pixel belongs to which container) and what is a fact instead of a guess (the capacity of a tray).
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Rule(StrEnum):
    """One rule each; see `STAGES_OF_RULES` for where it acts."""

    DESKEW = "deskew"
    MASK_VOTING = "mask_voting"
    WIDE_BEDS = "wide_beds"
    CONVEX_BOXES = "convex_boxes"
    CONTAINER_NMS = "container_nms"
    OUTSIDE_PLANTS = "outside_plants"
    SCALE_SEARCH = "scale_search"
    DIRECT_BOXES = "direct_boxes"
    LARGE_PLANTS = "large_plants"
    MERGED_BOXES = "merged_boxes"
    LEANING_PLANTS = "leaning_plants"
    RESCORING = "rescoring"
    CROSS_CONTAINER_NMS = "cross_container_nms"
    BORDER_PLANTS = "border_plants"
    SCORE_THRESHOLD = "score_threshold"
    EMPTINESS = "emptiness"
    OCCUPIED_POTS = "occupied_pots"
    TRAY_LATTICE = "tray_lattice"


SEGMENTER_RULES: Final = frozenset({Rule.DESKEW, Rule.MASK_VOTING, Rule.WIDE_BEDS})

#: The stages of the pipeline in which a rule acts. The scale of a photo also tells whether containers were missed.
STAGES_OF_RULES: Final = MappingProxyType(
    {
        **dict.fromkeys(SEGMENTER_RULES, frozenset({"segment"})),
        Rule.CONVEX_BOXES: frozenset({"segment"}),
        Rule.CONTAINER_NMS: frozenset({"segment"}),
        Rule.OUTSIDE_PLANTS: frozenset({"segment"}),
        Rule.SCALE_SEARCH: frozenset({"segment", "detect"}),
        Rule.DIRECT_BOXES: frozenset({"detect"}),
        Rule.LARGE_PLANTS: frozenset({"detect"}),
        Rule.MERGED_BOXES: frozenset({"detect"}),
        Rule.LEANING_PLANTS: frozenset({"detect"}),
        Rule.RESCORING: frozenset({"detect"}),
        Rule.CROSS_CONTAINER_NMS: frozenset({"filter"}),
        Rule.BORDER_PLANTS: frozenset({"filter"}),
        Rule.SCORE_THRESHOLD: frozenset({"filter"}),
        Rule.EMPTINESS: frozenset({"filter"}),
        Rule.OCCUPIED_POTS: frozenset({"filter"}),
        Rule.TRAY_LATTICE: frozenset({"estimate"}),
    }
)
