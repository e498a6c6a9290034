"""What the nursery knows of the plants of a place, for containers in which none could be detected."""

from inventory.models import DensityParameter
from mlpipeline.vision.calibration import cm2_per_px
from mlpipeline.vision.density import DensityPrior
from photos.bins import BIN_CATEGORIES
from photos.choices import ContainerType
from photos.models import ProcessingSession
from photos.services.autocalibration import ENOUGH_PHOTOS, learned_density


def density_prior(session: ProcessingSession, container_type: str) -> DensityPrior | None:
    """What is known of a count's product in a type of container, in the pixels of its photo.

    What ENOUGH_PHOTOS validated photos of the place have shown goes before what a person typed in for the product,
    and that before what fewer photos, or photos of other places, have shown. One photo shows one place, so the
    place's area is the picture's (domain, density estimation). None where the place or its plants are not known.
    """
    place, product = session.storage_location, session.product
    if place is None or product is None or not place.area_m2:
        return None
    cm2_per_px2 = cm2_per_px(place.area_m2, session.image.width_px, session.image.height_px)
    typed_in = (
        DensityParameter.objects.fitting(product, session.packaging)
        .filter(storage_bin_type__category__in=BIN_CATEGORIES[ContainerType(container_type)])
        .first()
    )
    learned = learned_density(session, container_type)
    if learned is not None and (
        typed_in is None or (learned.is_of_this_place and learned.photos >= ENOUGH_PHOTOS)
    ):
        # The leaf that one plant shows is measured between its neighbours: their overlap is in it already.
        return DensityPrior(
            plant_area_cm2=learned.shown_area_cm2,
            cm2_per_px2=cm2_per_px2,
            overlap_factor=1.0,
            plants_per_m2=learned.plants_per_m2,
        )
    if typed_in is None:
        return None
    return DensityPrior(
        plant_area_cm2=typed_in.avg_area_per_plant_cm2,
        cm2_per_px2=cm2_per_px2,
        overlap_factor=typed_in.overlap_adjustment_factor,
        plants_per_m2=typed_in.plants_per_m2,
    )
