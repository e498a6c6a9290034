"""What a nursery knows of the containers and plants at the place of a photo, whatever the photo shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mlpipeline.vision.arrays import check
from mlpipeline.vision.estimation.density_estimator import DensityPrior
from mlpipeline.vision.results import CONTAINER_TYPES


@dataclass(frozen=True, slots=True)
class PlacePriors:
    """Known numbers by type of container; a type of which nothing is known is absent.

    max_plants: the most plants that a container of the type holds, ≥ 1. density: how densely plants of this place
    stand, for containers in which none was detected. Raises InvalidInput for an unknown type or a limit below 1.
    """

    max_plants: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    density: Mapping[str, DensityPrior] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        unknown = {*self.max_plants, *self.density} - set(CONTAINER_TYPES)
        check(not unknown, f"container types are {CONTAINER_TYPES}, got {sorted(unknown)}")
        check(
            all(plants >= 1 for plants in self.max_plants.values()),
            f"a container holds at least one plant, got {dict(self.max_plants)}",
        )


NO_PRIORS = PlacePriors()
