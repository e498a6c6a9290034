"""The pictures on which intervals are fitted and tested, counted once: small rendered scenes, and real photos."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from mlpipeline.detectors.engines import Engine, load_engine
from mlpipeline.evaluation.fit_conformal import Measured
from mlpipeline.evaluation.fit_score_calibration import Examples
from mlpipeline.evaluation.matching import match
from mlpipeline.imageio import read_rgb
from mlpipeline.photo_counter import count_image
from mlpipeline.services.count_settings import count_options
from mlpipeline.services.option_settings import deviating_settings
from mlpipeline.training.labels import read_boxes
from mlpipeline.training.real import HELD_OUT, UNCOUNTABLE_SETS, RealPicture, read_sets, split_set
from mlpipeline.training.scenes import ALL_KINDS, SceneSpec, render_scene
from mlpipeline.training.seed_ranges import HELD_OUT_SEEDS
from mlpipeline.vision.arrays import Floats
from mlpipeline.vision.estimation.capacity import likely_capacity
from mlpipeline.vision.geometry.boxes import box_centers
from mlpipeline.vision.imaging.analysis_image import analysis_image
from mlpipeline.vision.results import (
    CLASS_NAMES,
    EMPTY,
    Container,
    ContainerCount,
    Detections,
    PhotoCount,
)
from mlpipeline.vision.uncertainty.conformal_interval import min_confident_count
from mlpipeline.vision.uncertainty.error_features import difficulty_terms, unmatched_leaf_plants
from mlpipeline.vision.uncertainty.score_calibration import ScoreCalibrator

FIRST_SEED = HELD_OUT_SEEDS.start + 20_000  # what is evaluated has other seeds, from 730,000 on
SIZES_PX = ((640, 480), (800, 600), (1024, 768))
PLANT_PX = (14.0, 90.0)  # sides that plants are given where the kind does not say
# One scene in so many is counted once more, blurred, darkened or brightened; no divisor of the number of kinds.
DEGRADED_EVERY = 7
DEGRADATIONS = ("blur", "dark", "glare")
BLUR_PX = (1.5, 4.0)
DARK_LIGHT, GLARE_LIGHT = (0.15, 0.35), (1.8, 3.0)  # times the light


@dataclass(frozen=True, slots=True)
class SmallScene:
    """One of the scenes: its place in the series decides everything about it. `degradation` may be empty."""

    place: int
    degradation: str = ""

    @property
    def kind(self) -> str:
        return ALL_KINDS[self.place % len(ALL_KINDS)]

    @property
    def is_for_test(self) -> bool:
        """Every second scene of each kind is kept to test on."""
        return (self.place // len(ALL_KINDS)) % 2 == 1

    @property
    def name(self) -> str:
        return f"{self.kind}_{self.place:05d}"

    @property
    def spec(self) -> SceneSpec:
        """Half of the scenes are small pictures of a whole place, the others show larger plants, as a near photo."""
        rng = np.random.default_rng(FIRST_SEED + self.place)
        width, height = SIZES_PX[int(rng.integers(len(SIZES_PX)))]
        least = float(np.exp(rng.uniform(*np.log(PLANT_PX))))
        near = (least, least * float(rng.uniform(1.2, 2.5)))
        is_near = bool(rng.random() < 0.5) and self.kind != "tiny"
        return SceneSpec(
            self.kind, FIRST_SEED + self.place, width, height, "held_out", plant_px=near if is_near else None
        )


def small_scenes(count: int) -> list[SmallScene]:
    """So many scenes, every kind in turn, and some of them once more with a fault of the photographer."""
    scenes = [SmallScene(place) for place in range(count)]
    rounds = range(0, count, DEGRADED_EVERY)
    return scenes + [SmallScene(place, DEGRADATIONS[n % len(DEGRADATIONS)]) for n, place in enumerate(rounds)]


@dataclass(frozen=True, slots=True)
class RealPhoto:
    """A labelled photo that no weights are trained on; its kind is the set it comes from."""

    picture: RealPicture
    is_for_test: bool
    degradation: str = ""

    @property
    def kind(self) -> str:
        return self.picture.name

    @property
    def name(self) -> str:
        return f"{self.kind}_{self.picture.picture.stem}"


KnownPicture = SmallScene | RealPhoto


def real_photos(folder: Path) -> list[RealPhoto]:
    """The held-out photos of the sets of real pictures below a folder; [] where there is none.

    Split by source as far as there are several: of each set the later series are to test, of a single one its end.
    """
    photos = []
    for name, pictures in read_sets(folder).items():
        own = split_set(pictures, HELD_OUT) if name not in UNCOUNTABLE_SETS else []
        series = sorted({picture.series for picture in own})
        later = set(series[len(series) // 2 :])
        for place, picture in enumerate(own):
            is_late = picture.series in later if len(series) > 1 else 2 * place >= len(own)
            photos.append(RealPhoto(picture, is_late))
    return photos


@dataclass(frozen=True, slots=True, eq=False)
class CountedScene:
    """A picture as it was counted, with which of its detections are right, (N,) bool for `count.detections`."""

    scene: KnownPicture
    true: int
    count: PhotoCount
    unmatched_leaf: float
    is_right: NDArray[np.bool_]

    def measured(self, probability: ScoreCalibrator) -> Measured:
        """What the fit needs of it."""
        probabilities = probability.of(self.count.detections)
        return Measured(
            kind=self.scene.kind,
            true=self.true,
            total=self.count.total,
            floor=min_confident_count(self.count, probabilities),
            terms=difficulty_terms(
                self.count,
                probabilities,
                probability.of(self.count.suppressed_low_score),
                self.unmatched_leaf,
            ),
            room=likely_capacity(self.count, self.unmatched_leaf, {}),
            is_degraded=bool(self.scene.degradation),
            is_real=isinstance(self.scene, RealPhoto),
        )


def count_scene(scene: KnownPicture, folder: Path, engine_name: str) -> Path:
    """Render and count a scene, or count a real photo, unless that was done; returns the file with what was found.

    Files are made under another name first, so that an interrupted run leaves no half ones.
    """
    engine = load_engine(engine_name)
    target = (
        counts_folder(folder, engine) / f"{scene.name}{scene.degradation and '_' + scene.degradation}.npz"
    )
    if not target.is_file():
        image, boxes = _shown(scene, folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        counted = count_image(image, engine, count_options(engine))
        analysis = analysis_image(
            image, [part.container for part in counted.containers], counted.detections.plants
        )
        _save_count(target, counted, unmatched_leaf_plants(analysis, counted.detections), boxes)
    return target


def _shown(scene: KnownPicture, folder: Path) -> tuple[NDArray[np.uint8], list[Any]]:
    """A picture, (H, W, 3) uint8 RGB, and the box of each of its plants, None for one that is not to be seen."""
    if isinstance(scene, RealPhoto):
        image = read_rgb(scene.picture.picture)
        boxes, classes = read_boxes(scene.picture.labels.read_text(), image.shape[1], image.shape[0])
        return image, boxes[classes != EMPTY].tolist()
    picture = folder / "scenes" / f"{scene.name}.png"
    if not picture.is_file():
        rendered = render_scene(scene.spec)
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.with_suffix(".json").write_text(json.dumps({"plants": _truth_boxes(rendered.truth())}))
        _save_picture(Image.fromarray(rendered.image), picture)
    with Image.open(picture) as opened:
        shown = degraded(opened.convert("RGB"), scene)
    return shown, json.loads(picture.with_suffix(".json").read_text())["plants"]


def counts_folder(folder: Path, engine: Engine) -> Path:
    """Where counts by the weights of an engine are kept: other weights or settings, other counts."""
    names = "-".join(weights.sha256 for weights in engine.weights)
    if settings := deviating_settings(count_options(engine)):
        names += json.dumps(settings, sort_keys=True)
    return folder / f"{engine.name}-{hashlib.sha256(names.encode()).hexdigest()[:12]}"


def degraded(picture: Image.Image, scene: SmallScene) -> NDArray[np.uint8]:
    """The picture as (H, W, 3) uint8 RGB with the scene's degradation."""
    rng = np.random.default_rng(FIRST_SEED + scene.place)
    match scene.degradation:
        case "blur":
            return np.array(picture.filter(ImageFilter.GaussianBlur(rng.uniform(*BLUR_PX))))
        case "dark":
            return _lit(picture, rng.uniform(*DARK_LIGHT))
        case "glare":
            return _lit(picture, rng.uniform(*GLARE_LIGHT))
        case _:
            return np.array(picture)


def _lit(picture: Image.Image, times: float) -> NDArray[np.uint8]:
    return np.clip(np.asarray(picture, dtype=np.float32) * times, 0, 255).astype(np.uint8)


def _save_picture(picture: Image.Image, target: Path) -> None:
    fresh = target.with_suffix(".part")
    picture.save(fresh, format="PNG", compress_level=1)
    fresh.replace(target)


def _truth_boxes(truth: dict[str, Any]) -> list[list[float] | None]:
    """The box of each plant, living or dead; None for one of which nothing is to be seen."""
    return [plant["box"] for plant in truth["plants"]]


def _save_count(target: Path, count: PhotoCount, unmatched_leaf: float, boxes: Sequence[Any]) -> None:
    seen = count.detections
    visible = np.array([box for box in boxes if box is not None], dtype=np.float32).reshape(-1, 4)
    is_right = np.zeros(len(seen), dtype=np.bool_)
    plants = np.flatnonzero(seen.classes != EMPTY)
    is_right[plants] = match(box_centers(seen.boxes[plants]), seen.scores[plants], visible).is_hit
    parts = [
        {
            "type": part.container.type,
            "polygon": part.container.polygon.tolist(),
            "score": part.container.score,
            "detections": len(part.detections),
            "estimated": part.estimated,
            "capacity": part.capacity,
        }
        for part in count.containers
    ]
    about = {
        "true": len(boxes),
        "width": count.width,
        "height": count.height,
        "unmatched_leaf": unmatched_leaf,
        "warnings": list(count.warnings),
        "containers": parts,
    }
    fresh = target.with_suffix(".part")
    with fresh.open("wb") as stream:
        np.savez_compressed(
            stream,
            boxes=seen.boxes,
            scores=seen.scores,
            classes=seen.classes,
            is_right=is_right,
            suppressed_boxes=count.suppressed_low_score.boxes,
            suppressed_scores=count.suppressed_low_score.scores,
            suppressed_classes=count.suppressed_low_score.classes,
            about=np.array(json.dumps(about)),
        )
    fresh.replace(target)


def read_counted(scene: KnownPicture, path: Path) -> CountedScene:
    """A counted scene from the file that `count_scene` wrote."""
    with np.load(path) as stored:
        seen = Detections(stored["boxes"], stored["scores"], stored["classes"])
        about = json.loads(str(stored["about"]))
        is_right = stored["is_right"]
        suppressed = Detections(
            stored["suppressed_boxes"], stored["suppressed_scores"], stored["suppressed_classes"]
        )
    ends = np.cumsum([part["detections"] for part in about["containers"]], dtype=np.int64)
    parts = []
    for part, end in zip(about["containers"], ends.tolist(), strict=True):
        own = seen.select(np.arange(end - part["detections"], end))
        parts.append(
            ContainerCount(
                container=Container(part["type"], np.array(part["polygon"]), part["score"]),
                detections=own,
                bands=(),
                detected=len(own.plants),
                estimated=part["estimated"],
                dead=len(own.dead),
                empty=len(own.empties),
                capacity=part["capacity"],
            )
        )
    count = PhotoCount(
        about["width"],
        about["height"],
        tuple(parts),
        tuple(about["warnings"]),
        suppressed_low_score=suppressed,
    )
    return CountedScene(scene, about["true"], count, about["unmatched_leaf"], is_right)


def examples_of(counted: Sequence[CountedScene]) -> dict[str, Examples]:
    """Class name → scores of the plants detected in these scenes, living or dead, and whether they are plants."""
    return {name: _examples(counted, CLASS_NAMES.index(name)) for name in ("plant", "dead")}


def _examples(counted: Sequence[CountedScene], class_index: int) -> Examples:
    scores: list[Floats] = [np.zeros(0, dtype=np.float32)]
    right: list[NDArray[np.bool_]] = [np.zeros(0, dtype=np.bool_)]
    for one in counted:
        own = one.count.detections.classes == class_index
        scores.append(one.count.detections.scores[own])
        right.append(one.is_right[own])
    return np.concatenate(scores), np.concatenate(right)


def by_kind(measured: Sequence[Measured]) -> Iterator[tuple[str, list[Measured]]]:
    """The pictures of each kind, first those of the renderer in their order; kinds without any are left out."""
    for kind in (*ALL_KINDS, *sorted({one.kind for one in measured} - set(ALL_KINDS))):
        if own := [one for one in measured if one.kind == kind]:
            yield kind, own
