"""What the nursery knows of the plants of a place, for containers in which none could be detected."""

from inventory.choices import BinCategory
from inventory.models import DensityParameter
from mlpipeline.vision.calibration import cm2_per_px
from mlpipeline.vision.density import DensityPrior
from photos.choices import ContainerType
from photos.models import ProcessingSession

_CATEGORIES = {
    ContainerType.SEGMENT: (BinCategory.SEGMENT, BinCategory.POT),
    ContainerType.BOX: (BinCategory.BOX,),
    ContainerType.PLUG: (BinCategory.PLUG, BinCategory.SEEDLING_TRAY),
}


def density_prior(session: ProcessingSession, container_type: str) -> DensityPrior | None:
    """The density parameters of a count's product in a type of container, in the pixels of its photo.

    One photo shows one place, so the place's area is the picture's (domain, density estimation). None where the
    place, its area or the parameters are not known.
    """
    place, product = session.storage_location, session.product
    if place is None or product is None or not place.area_m2:
        return None
    known = (
        DensityParameter.objects.fitting(product, session.packaging)
        .filter(storage_bin_type__category__in=_CATEGORIES[ContainerType(container_type)])
        .first()
    )
    if known is None:
        return None
    return DensityPrior(
        plant_area_cm2=known.avg_area_per_plant_cm2,
        cm2_per_px2=cm2_per_px(place.area_m2, session.image.width_px, session.image.height_px),
        overlap_factor=known.overlap_adjustment_factor,
        plants_per_m2=known.plants_per_m2,
    )
