"""What the second stage learns from: crops of the first stage's detections, and what they truly show.

    <folder>/rescoring/examples/NAME.npz    one file a scene or real picture

The scenes have to be others than those that the first stage was trained on, or its scores would be better than they
will be. Crops are cut larger than the network is shown them, so that a training can move and scale them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from mlpipeline.detectors.engines import Engine, tuned_options
from mlpipeline.detectors.rescoring_network import CLASSES, CONTEXTS, CROP_PX
from mlpipeline.imageio import read_rgb
from mlpipeline.training.datasets import DatasetRecipe, scene_spec
from mlpipeline.training.labels import read_boxes
from mlpipeline.training.real import TRAIN, UNCOUNTABLE_SETS, read_sets, split_set
from mlpipeline.training.tiles import Labelled, scene_labels
from mlpipeline.vision.arrays import Floats, Image
from mlpipeline.vision.geometry.box_pairs import overlapping_pairs
from mlpipeline.vision.geometry.boxes import box_centers
from mlpipeline.vision.imaging.pyramid import shared_pyramid
from mlpipeline.vision.pipeline import propose, segment
from mlpipeline.vision.rescoring.crops import Crops, cut_crops
from mlpipeline.vision.rescoring.neighbourhoods import COLUMNS, neighbourhoods
from mlpipeline.vision.results import Detections

if TYPE_CHECKING:
    from mlpipeline.training.scenes import SceneSpec

NO_CLASS: Final = CLASSES - 1
MARGIN: Final = 1.25  # how much larger crops are stored than they are shown
STORED_PX: Final = round(CROP_PX * MARGIN)
MIN_SAME_IOU: Final = (
    0.4  # of a detection and what it shows; what is left is paired by its middle, as counts are judged
)
MAX_EXAMPLES: Final = 260  # of one picture: a bed of a thousand plants of one look teaches no more
#: How often each kind of scene is rendered: like a detector's, with more of pots and of what is none.
EXAMPLE_SHARES = MappingProxyType(
    {
        "mixed": 0.11, "dense": 0.11, "oblique": 0.07, "boxes": 0.09, "plugs": 0.10, "tiny": 0.04, "easy": 0.04,
        "empty": 0.05, "open": 0.05, "flats": 0.05, "netted": 0.04, "sown": 0.04, "assorted": 0.07, "display": 0.07,
        "half_planted": 0.09, "rows": 0.02, "low_contrast": 0.06,
    }
)  # fmt: skip
EXAMPLE_SCENE_PX: Final = (720, 1040)


class UnfitExamples(Exception):
    """Examples that were gathered for another network: other windows, or other numbers of what stands around."""


@dataclass(frozen=True, slots=True)
class Examples:
    """N detections of one picture, with what the second stage is told of them.

    neighbourhoods: (N, F). crops: (N, V, STORED_PX, STORED_PX, 3). labels: (N,), NO_CLASS for what is none.
    """

    detections: Detections
    neighbourhoods: Floats
    crops: Crops
    labels: NDArray[np.int8]

    def save(self, path: Path) -> None:
        """Write them; a file that is there is complete."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        seen = self.detections
        with part.open("wb") as stream:
            np.savez(
                stream,
                boxes=seen.boxes,
                scores=seen.scores,
                classes=seen.classes,
                neighbourhoods=self.neighbourhoods,
                crops=self.crops,
                labels=self.labels,
            )
        part.replace(path)

    @classmethod
    def read(cls, path: Path) -> Examples:
        """Those of a file that `save` wrote. Raises UnfitExamples."""
        with np.load(path) as stored:
            seen = Detections(stored["boxes"], stored["scores"], stored["classes"])
            found = cls(seen, stored["neighbourhoods"], stored["crops"], stored["labels"])
        if found.crops.shape[1:-3] != (len(CONTEXTS),) or found.neighbourhoods.shape[1:] != (COLUMNS,):
            raise UnfitExamples(
                _(
                    "%(path)s was gathered for another network: remove such examples, or gather in another folder."
                )
                % {"path": path}
            )
        return found


def label_detections(seen: Detections, truth: Labelled) -> NDArray[np.int8]:
    """(N,) the class of what each detection shows, NO_CLASS where it shows nothing or what another shows better.

    Each thing is shown once: pairs from MIN_SAME_IOU on, the highest product of overlap and score first, so that of two
    boxes of a plant the surer one is it, unless it lies far worse; then a detection whose middle lies in what is left,
    the best score first.
    """
    labels = np.full(len(seen), NO_CLASS, dtype=np.int8)
    free = np.ones(len(truth), dtype=np.bool_)
    detection, thing, overlaps = overlapping_pairs(seen.boxes, truth.boxes, MIN_SAME_IOU)
    for pair in np.argsort(-overlaps * seen.scores[detection], kind="stable"):
        if labels[detection[pair]] == NO_CLASS and free[thing[pair]]:
            labels[detection[pair]] = truth.classes[thing[pair]]
            free[thing[pair]] = False
    middles = box_centers(seen.boxes)
    others = np.flatnonzero(labels == NO_CLASS)
    for index in others[np.argsort(-seen.scores[others], kind="stable")]:
        low, high = truth.boxes[:, :2] <= middles[index], truth.boxes[:, 2:] >= middles[index]
        around = np.flatnonzero(free & low.all(axis=1) & high.all(axis=1))
        if len(around):
            distances = np.linalg.norm(box_centers(truth.boxes[around]) - middles[index], axis=1)
            nearest = around[int(distances.argmin())]
            labels[index], free[nearest] = truth.classes[nearest], False
    return labels


def examples_of(image: Image, truth: Labelled, engine: Engine, rng: np.random.Generator) -> Examples:
    """The examples in one picture: what the first stage proposes in a count, MAX_EXAMPLES of it at most."""
    options = tuned_options(engine)
    detector = engine.photo_detector(options)
    with shared_pyramid(image):
        containers = segment(image, engine.segmenter, detector, options)
        found = propose(image, containers, range(len(containers)), detector, options)
        seen = Detections.concat(found)
        around = np.concatenate([neighbourhoods(part, options.confidence) for part in found])
        labels = label_detections(seen, truth)
        chosen = np.arange(len(seen))
        if len(chosen) > MAX_EXAMPLES:
            chosen = np.sort(rng.choice(chosen, MAX_EXAMPLES, replace=False))
        kept = seen.select(chosen)
        crops = cut_crops(image, kept.boxes, STORED_PX, [context * MARGIN for context in CONTEXTS])
        return Examples(kept, around[chosen], crops, labels[chosen])


class ExampleWriter:
    """Writes the examples of scenes and of real pictures below a folder, those that are missing.

    engine: called for the models at the first picture that is missing.
    """

    def __init__(self, folder: Path, engine: Callable[[], Engine]) -> None:
        self.folder = folder
        self._engine = engine

    def files(self) -> list[Path]:
        """All examples that are there now, by name."""
        return sorted(self.folder.glob("*.npz"))

    def add_scenes(
        self, seeds: Iterable[int], *, kinds: Sequence[str] | None = None, close_ups: bool = False
    ) -> Iterator[str]:
        """Render scenes and write their examples; yields each name. Raises ForbiddenSeed.

        kinds: only these, as many of each; None for EXAMPLE_SHARES.
        """
        from mlpipeline.training.scenes import render_scene

        shares = dict.fromkeys(kinds, 1.0) if kinds else None if close_ups else EXAMPLE_SHARES
        recipe = DatasetRecipe(scene_px=EXAMPLE_SCENE_PX, kinds=shares, close_ups=close_ups)
        for seed in seeds:
            spec = scene_spec(seed, recipe)
            path = self.folder / f"{_scene_name(spec, close_ups)}.npz"
            if not path.is_file():
                scene = render_scene(spec)
                self._write(path, np.ascontiguousarray(scene.image), scene_labels(scene), seed)
                yield path.stem

    def add_real(self, real: Path, part: int = 0, parts: int = 1) -> Iterator[str]:
        """The same for one of `parts` of the training pictures of the sets below a folder. Raises UnusableRealSet."""
        for name, pictures in read_sets(real).items():
            if name in UNCOUNTABLE_SETS:  # plants without labels would be learnt as none
                continue
            for number, picture in list(enumerate(split_set(pictures, TRAIN)))[part::parts]:
                path = self.folder / f"real_{name}_{picture.picture.stem}.npz"
                if not path.is_file():
                    image = read_rgb(picture.picture)
                    boxes, classes = read_boxes(picture.labels.read_text(), image.shape[1], image.shape[0])
                    self._write(path, image, Labelled(boxes, classes), number)
                    yield path.stem

    def _write(self, path: Path, image: Image, truth: Labelled, seed: int) -> None:
        examples_of(image, truth, self._engine(), np.random.default_rng(seed)).save(path)


def _scene_name(spec: SceneSpec, close_ups: bool) -> str:
    return f"{spec.kind}{'_close' if close_ups else ''}_{spec.seed}"
