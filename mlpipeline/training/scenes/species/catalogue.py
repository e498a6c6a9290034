"""Which species a nursery grows, and in which share."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mlpipeline.training.scenes.species.cacti import barrel, column, lithops, mammillaria, opuntia
from mlpipeline.training.scenes.species.collection import (
    clump,
    dusky_haworthia,
    dusky_house_leek,
    dusky_rosette,
    grafted,
    painted,
    powdery_rosette,
    spotted_pads,
    stone_plant,
    white_globe,
)
from mlpipeline.training.scenes.species.leafy import (
    brassica,
    chrysanthemum,
    crown,
    cutting,
    grass,
    palm,
    rice,
    seedling,
)
from mlpipeline.training.scenes.species.rosettes import agave, aloe, echeveria, haworthia, sempervivum
from mlpipeline.training.scenes.species.shrubs import crassula, jade, sedum
from mlpipeline.training.scenes.species.strain import Strain
from mlpipeline.training.scenes.split_rng import SplitRng

SPECIES: dict[str, Callable[[SplitRng], Strain]] = {
    "agave": agave,
    "aloe": aloe,
    "barrel": barrel,
    "brassica": brassica,
    "chrysanthemum": chrysanthemum,
    "clump": clump,
    "column": column,
    "crassula": crassula,
    "crown": crown,
    "cutting": cutting,
    "dusky_haworthia": dusky_haworthia,
    "dusky_house_leek": dusky_house_leek,
    "dusky_rosette": dusky_rosette,
    "echeveria": echeveria,
    "grafted": grafted,
    "grass": grass,
    "haworthia": haworthia,
    "jade": jade,
    "lithops": lithops,
    "mammillaria": mammillaria,
    "opuntia": opuntia,
    "painted": painted,
    "palm": palm,
    "powdery_rosette": powdery_rosette,
    "rice": rice,
    "sedum": sedum,
    "seedling": seedling,
    "sempervivum": sempervivum,
    "spotted_pads": spotted_pads,
    "stone_plant": stone_plant,
    "white_globe": white_globe,
}

_SUCCULENT = {
    "echeveria": 4,
    "barrel": 4,
    "mammillaria": 3,
    "agave": 3,
    "aloe": 3,
    "haworthia": 3,
    "column": 2.5,
    "opuntia": 2.5,
    "sedum": 3,
    "jade": 3,
    "sempervivum": 1.5,
    "crassula": 1.5,
    "lithops": 1,
}
_LEAFY = {"seedling": 5, "brassica": 3, "grass": 2, "palm": 1, "crown": 2}
_SMALL = {
    "seedling": 4,
    "brassica": 2,
    "grass": 1,
    "haworthia": 2,
    "echeveria": 2,
    "sedum": 2,
    "barrel": 1,
    "lithops": 1,
    "agave": 1,
    "mammillaria": 1,
    "sempervivum": 1,
    "column": 0.7,
    "opuntia": 0.5,
    "crassula": 0.7,
    "jade": 0.7,
}

#: Weights of the species by what holds the plants.
ASSORTMENT: Mapping[str, Mapping[str, float]] = {
    "pots": {**_SUCCULENT, **{name: share * 0.6 for name, share in _LEAFY.items()}},
    "leafy": _LEAFY,
    "plugs": _SMALL,
    "flats": {"seedling": 6, "brassica": 3, "grass": 1, "sedum": 1, "echeveria": 1},
    "collection": {
        **{name: share * 0.5 for name, share in _SUCCULENT.items()},
        "powdery_rosette": 6,
        "dusky_house_leek": 2,
        "dusky_haworthia": 2,
        "stone_plant": 2.5,
        "clump": 4,
        "white_globe": 4,
        "grafted": 2,
        "painted": 1.2,
        "spotted_pads": 2.5,
    },
    "dusky": {
        "dusky_rosette": 6,
        "dusky_house_leek": 3,
        "dusky_haworthia": 3,
        "white_globe": 5,
        "clump": 2,
        "stone_plant": 1.5,
        "powdery_rosette": 2,
        "echeveria": 1,
    },
    "cuttings": {"cutting": 5, "chrysanthemum": 4},
    "rows": {"rice": 5, "cutting": 3},
    "open": {"seedling": 4, "brassica": 4, "grass": 5, "palm": 1, "crown": 2, "agave": 1},
}


def drawn_strain(split_rng: SplitRng, assortment: str) -> Strain:
    """A strain of a species of the assortment."""
    weights = ASSORTMENT[assortment]
    return SPECIES[split_rng.pick(list(weights), list(weights.values()))](split_rng)
