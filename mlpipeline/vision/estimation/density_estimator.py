"""Density: how many plants stand where none was detected, from what a nursery knows of its plants."""

from dataclasses import dataclass

from mlpipeline.vision.arrays import check


@dataclass(frozen=True, slots=True)
class DensityPrior:
    """What is known about the plants of a place, measured on other photos or entered by a person.

    plant_area_cm2: area one plant covers from above, > 0. cm2_per_px2: area of a pixel of this photo, > 0 (see
    `cm2_per_px` of photos). overlap_factor: share of the leaf area that counts, in (0, 1], because canopies
    overlap. plants_per_m2: the most that were ever planted, > 0, or None where it is not known.
    Raises: InvalidInput for a value out of its range. Source: DemeterAI origin, density parameters, default 0.85.
    """

    plant_area_cm2: float
    cm2_per_px2: float
    overlap_factor: float = 0.85
    plants_per_m2: float | None = None

    def __post_init__(self) -> None:
        check(self.plant_area_cm2 > 0, f"a plant covers an area, got {self.plant_area_cm2} cm²")
        check(self.cm2_per_px2 > 0, f"a pixel covers an area, got {self.cm2_per_px2} cm²")
        check(0 < self.overlap_factor <= 1, f"overlap_factor lies in (0, 1], got {self.overlap_factor}")
        check(self.plants_per_m2 is None or self.plants_per_m2 > 0, f"got {self.plants_per_m2} plants a m²")

    @property
    def plant_area_px(self) -> float:
        """Area of one plant in px² of this photo."""
        return self.plant_area_cm2 / self.cm2_per_px2


def count_by_density(leaf_area_px: float, container_area_px: float, prior: DensityPrior) -> float:
    """Plants on an area of leaf, not rounded: leaf area / plant area × overlap factor.

    Never more than `plants_per_m2` allows on the container's area. Both areas in px², ≥ 0.
    Source: DemeterAI origin, density estimation.
    """
    check(leaf_area_px >= 0 and container_area_px >= 0, f"got {leaf_area_px} and {container_area_px} px²")
    count = leaf_area_px * prior.cm2_per_px2 / prior.plant_area_cm2 * prior.overlap_factor
    if prior.plants_per_m2 is None:
        return count
    return min(count, container_area_px * prior.cm2_per_px2 / 10_000 * prior.plants_per_m2)
