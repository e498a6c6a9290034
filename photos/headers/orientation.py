"""The eight ways in which a picture can be turned, as EXIF numbers them. Source: CIPA DC-008, tag 0112."""

from typing import Final

# What brings a picture of each orientation upright: mirrored left to right (0, 1), then turned clockwise by so many
# quarters.
_STEPS: Final = {1: (0, 0), 2: (1, 0), 3: (0, 2), 4: (1, 2), 5: (1, 3), 6: (0, 1), 7: (1, 1), 8: (0, 3)}
_ORIENTATIONS: Final = {steps: orientation for orientation, steps in _STEPS.items()}


def swaps_sides(orientation: int) -> bool:
    """Whether width and height change places when the picture is turned upright."""
    return orientation in (5, 6, 7, 8)


def rotated(orientation: int, quarters: int) -> int:
    """The orientation of a picture that is turned clockwise by so many quarters after `orientation` was applied."""
    mirrored, turned = _STEPS[orientation]
    return _ORIENTATIONS[mirrored, (turned + quarters) % 4]


def mirrored(orientation: int, *, top_to_bottom: bool) -> int:
    """The orientation of a picture that is mirrored after `orientation` was applied."""
    was_mirrored, turned = _STEPS[orientation]
    return _ORIENTATIONS[1 - was_mirrored, (2 * top_to_bottom - turned) % 4]
