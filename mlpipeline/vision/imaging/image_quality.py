"""Quality: whether a picture is too blurred, too dark or too bright to be counted well, measured where plants stand."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mlpipeline.vision.arrays import Mask
from mlpipeline.vision.imaging.analysis_image import AnalysisImage
from mlpipeline.vision.results import BLURRY, DARK, GLARE
from mlpipeline.vision.runtime.jit import jit

REBLUR_PX = 9  # Source: Crete et al. 2007, the low-pass filter
# Measured on held-out scenes of all kinds: 0.18–0.30 as they are, 0.60–0.82 with a blur of σ = 1/8 of a plant.
BLURRY_FROM = 0.55
BRIGHT_PERCENTILE = 95  # dark substrate is no dark picture: something in it is lit
DARK_BELOW = 80  # of 255. Measured on the same: 156–242 as they are, 44–72 at 0.3 of the light
CLIPPED_FROM = 250  # of 255, in every channel: white without drawing
GLARE_FROM = 0.06  # share of the area. Measured: up to 0.011 as they are, from 0.1 at 2.2 times the light


@dataclass(frozen=True, slots=True)
class Quality:
    """How a picture was taken: blur 0 (sharp) to 1, brightness of what is lit in 0–255, glare the clipped share 0–1."""

    blur: float
    brightness: float
    glare: float

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with it, worst for a count first; empty for a good picture."""
        faults = (
            (BLURRY, self.blur >= BLURRY_FROM),
            (DARK, self.brightness < DARK_BELOW),
            (GLARE, self.glare >= GLARE_FROM),
        )
        return tuple(name for name, is_so in faults if is_so)


def measure_quality(analysis: AnalysisImage) -> Quality:
    """The quality of a picture inside its containers."""
    grey = cv2.cvtColor(analysis.image, cv2.COLOR_RGB2GRAY)
    area = analysis.mask.view(np.uint8)
    clipped = cv2.inRange(analysis.image, (CLIPPED_FROM,) * 3, (255,) * 3)
    # By a histogram: to sort all pixels for a percentile takes seven times as long.
    below = np.cumsum(cv2.calcHist([grey], [0], area, [256], [0, 256]))
    return Quality(
        blur=blur_of(np.asarray(grey, dtype=np.uint8), analysis.mask),
        brightness=float(np.searchsorted(below, BRIGHT_PERCENTILE / 100 * below[-1])),
        glare=cv2.mean(clipped, area)[0] / 255,
    )


def blur_of(grey: NDArray[np.uint8], mask: Mask) -> float:
    """The share of a (H, W) picture's contrast that is still there when it is blurred once more, 0–1, inside a mask.

    A sharp picture loses most of the difference between neighbouring pixels, a blurred one has none to lose. The
    worse of the two directions counts, so that a shaken hand is seen. A share, so contrast and light do not matter.
    0 where the picture has no contrast at all: nothing is there that could be blurred.

    Source: Crete, Dolmiere, Ladret, Nicolas 2007, The Blur Effect: Perception and Estimation with a New No-Reference
    Perceptual Blur Metric, SPIE 6492.
    """
    values = grey.astype(np.int16)  # whose differences have a sign
    return max(_blur_along(*_gradient_sums(values, mask, axis)) for axis in (0, 1))


def _blur_along(whole: int, lost: int) -> float:
    return 1 - lost / (whole * REBLUR_PX) if whole else 0.0


@jit
def _gradient_sums(grey: NDArray[np.int16], mask: Mask, axis: int) -> tuple[int, int]:
    """The contrast of neighbours along an axis inside a mask, and REBLUR_PX times what of it blurring takes away.

    Axis 0 runs from row to row.
    A mean over a window and the next differ by what enters and what leaves, so nothing is blurred. Beside the picture
    it is mirrored.
    """
    height, width = grey.shape
    reach = REBLUR_PX // 2
    whole = lost = 0
    mirrored = np.empty(width + 2 * reach, np.int16)
    for row in range(height - 1 if axis == 0 else height):
        if axis == 0:
            here, there, inside = grey[row], grey[row + 1], mask[row + 1]
            last = height - 1
            leaving, entering = grey[_mirror(row - reach, last)], grey[_mirror(row + 1 + reach, last)]
            count = width
        else:
            for place in range(width + 2 * reach):
                mirrored[place] = grey[row, _mirror(place - reach, width - 1)]
            here, there, inside = grey[row], grey[row, 1:], mask[row, 1:]
            leaving, entering = mirrored, mirrored[REBLUR_PX:]
            count = width - 1
        for place in range(count):
            if mask[row, place] and inside[place]:
                contrast = abs(int(there[place]) - int(here[place]))
                left = abs(int(entering[place]) - int(leaving[place]))
                whole += contrast
                lost += max(REBLUR_PX * contrast - left, 0)
    return whole, lost


@jit
def _mirror(place: int, last: int) -> int:
    """Where a place before 0 or after the last is mirrored to; the outermost places occur twice.

    In pictures narrower than the reach it is mirrored as often as needed.
    """
    while place < 0 or place > last:
        place = -1 - place if place < 0 else 2 * last + 1 - place
    return place
