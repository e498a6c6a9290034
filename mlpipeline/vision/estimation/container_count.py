"""Estimating: from the detections of a container to its count, with what was missed and what is empty."""

import math
from collections.abc import Sequence

import numpy as np

from mlpipeline.vision.arrays import Image, check, check_image, shape_of
from mlpipeline.vision.containers.cleaning import CONVEX_TYPES, container_region
from mlpipeline.vision.estimation.band_estimator import (
    BANDS,
    BandInputs,
    band_edges,
    estimate_bands,
    estimate_by_density,
    estimate_confidence,
    to_band_estimates,
)
from mlpipeline.vision.estimation.capacity import clamp_to_capacity
from mlpipeline.vision.estimation.place_priors import NO_PRIORS, PlacePriors
from mlpipeline.vision.estimation.tray_lattice import (
    Lattice,
    cell_labels,
    classify_cells,
    fit_lattice,
    occupied,
)
from mlpipeline.vision.estimation.vegetation import segment_by_colour_model
from mlpipeline.vision.geometry.masks import ellipse_mask
from mlpipeline.vision.imaging.container_crop import ContainerCrop, crop_container
from mlpipeline.vision.options import CountOptions
from mlpipeline.vision.results import BandEstimate, Container, ContainerCount, Detections
from mlpipeline.vision.rules import Rule

CELL_PLANT_PX = (
    14  # cells are classified at this side of a plant; at 18 px the mean error was the same within 0.1 %
)
MIN_EMPTY_COUNT = 3  # empty pots from which a container without plants is known to be empty


def estimate_container(
    image: Image,
    containers: Sequence[Container],
    index: int,
    detections: Detections,
    options: CountOptions,
    priors: PlacePriors = NO_PRIORS,
) -> ContainerCount:
    """Count one container of a picture.

    Args:
        image: (H, W, 3) uint8 RGB, the whole picture; it is not modified.
        containers: all containers of the picture; each owns its pixels.
        index: which of them is counted.
        detections: those of it that count (`filter_detections`), in full-image pixels.
        options: the settings of the count.
        priors: what is known of the place. A density is used only in beds where no plant was detected: a box or tray
            that shows none is an empty one (20 empty crates were once counted as 29 plants). A capacity cuts what is
            estimated; see `clamp_to_capacity`.

    Returns: the count. `estimated` is rounded once, over all bands, and fills no more cells than were read. Nothing
    is estimated in an inferred container (its edges mean nothing), by leaf without an estimator for it, or where
    nothing was detected and nothing is known.
    Raises: InvalidInput for a wrong picture or index.
    """
    check_image(image)
    check(0 <= index < len(containers), f"container {index} of {len(containers)}")
    container = containers[index]
    region = container_region(shape_of(image), containers, index)
    detected, dead, empty = len(detections.plants), len(detections.dead), len(detections.empties)
    bands: tuple[BandEstimate, ...] = ()
    capacity: int | None = None
    density = priors.density.get(container.type)
    if not container.is_inferred and not region.is_empty:
        lattice = _lattice_of(container, detections, options)
        if detected and lattice is not None:
            crop = crop_container(image, region, detections, work_px=CELL_PLANT_PX)
            bands, empty = _count_by_grid(crop, lattice)
            capacity = lattice.capacity
        elif detected and options.estimator == "bands":
            bands = estimate_bands(crop_container(image, region, detections), options.alpha[container.type])
        elif not detected and density is not None and _needs_density(container, empty):
            side = math.sqrt(density.plant_area_px)
            bands = estimate_by_density(crop_container(image, region, detections, side), density)
    count = ContainerCount(
        container=container,
        detections=detections,
        bands=bands,
        detected=detected,
        estimated=rounded_estimate(bands),
        dead=dead,
        empty=empty,
        capacity=capacity,
        warnings=detections.warnings,
    )
    return clamp_to_capacity(count, priors.max_plants.get(container.type))


def _lattice_of(container: Container, detections: Detections, options: CountOptions) -> Lattice | None:
    """The rows and columns of a box or tray. Pots in rows on the ground have no cells: between them stands nothing."""
    if container.type not in CONVEX_TYPES or not options.has(Rule.TRAY_LATTICE):
        return None
    return fit_lattice(detections.boxes, container.polygon)


def _needs_density(container: Container, empty: int) -> bool:
    """Whether a container without a detected plant is a bed that is not known to be empty."""
    return container.type == "segment" and empty < MIN_EMPTY_COUNT


def rounded_estimate(bands: Sequence[BandEstimate]) -> int:
    """The whole number of plants estimated in a container: the sum of its bands, rounded once, half up."""
    return math.floor(sum(band.estimated for band in bands) + 0.5)


def _count_by_grid(crop: ContainerCrop, lattice: Lattice) -> tuple[tuple[BandEstimate, ...], int]:
    """Bands and number of empty cells of a container whose plants stand in rows and columns."""
    local = lattice.moved(-crop.x0, -crop.y0).scaled(crop.scale)
    plants, empties = crop.detections.plants, crop.detections.empties
    labels = cell_labels(local, crop.mask.shape)
    free = np.concatenate([[False], ~occupied(local, plants.boxes)])
    vegetation = segment_by_colour_model(
        crop.image, crop.mask & (labels > 0), crop.living.boxes, empties.boxes, np.asarray(free[labels])
    )
    leaf = vegetation.mask
    cells = classify_cells(local, plants.boxes, empties.boxes, leaf)
    missed = np.concatenate([[False], cells.missed])
    processed = leaf & missed[labels]
    covered = ellipse_mask(crop.detections.boxes, crop.mask.shape)
    middles = local.cell_outlines().mean(axis=1)[cells.missed, 1]
    edges = np.array(band_edges(crop.mask.shape[0]), dtype=np.float64)
    band_of = np.clip(np.searchsorted(edges, middles, side="right") - 1, 0, BANDS - 1)
    counts = np.bincount(band_of, minlength=BANDS)
    leaf_px = np.bincount(labels[leaf], minlength=local.capacity + 1)[1:]
    # None is planted where the only plant stands beside the cells, at the rim.
    plant_area = max(float(np.median(leaf_px[cells.planted])), 1.0) if cells.planted.any() else 1.0
    work = BandInputs(
        residual=crop.mask & ~covered,
        processed=processed,
        plant_area=(plant_area,) * BANDS,
        counts=tuple(counts.astype(float).tolist()),
        method="grid_analysis",
        confidence=estimate_confidence(
            len(crop.living),
            vegetation.separation,
            int(np.count_nonzero(covered)),
            int(np.count_nonzero(processed)),
        ),
    )
    return to_band_estimates(crop, work), int(cells.empty.sum())
