"""What the nursery knows of a place: how much its containers hold, and how densely its plants stand."""

from inventory.models import DensityParameter, StorageLocation
from inventory.services.configs import active_config
from mlpipeline.vision.arrays import Shape
from mlpipeline.vision.estimation.density_estimator import DensityPrior
from mlpipeline.vision.estimation.place_priors import PlacePriors
from photos.choices import ContainerType
from photos.container_bins import BIN_CATEGORIES
from photos.models import Image, ProcessingSession
from photos.plant_metrics import cm2_per_px
from photos.services.context.place_calibration import MIN_PHOTO_COUNT, learned_density
from photos.services.context.plausibility import max_units


def place_priors(session: ProcessingSession) -> PlacePriors:
    """What is known of the place of a count, for the estimate stage. Reads rows; the session need not be saved."""
    limits = {kind.value: max_units(kind, session.packaging) for kind in ContainerType}
    known = {kind.value: density_prior(session, kind) for kind in ContainerType}
    return PlacePriors(
        max_plants={kind: limit for kind, limit in limits.items() if limit is not None},
        density={kind: prior for kind, prior in known.items() if prior is not None},
    )


def priors_at(location: StorageLocation, shape: Shape) -> PlacePriors:
    """The same for a photo of (H, W) px that shows a place and is no row: by what the place is configured for now."""
    config = active_config(location)
    return place_priors(
        ProcessingSession(
            image=Image(height_px=shape[0], width_px=shape[1]),
            storage_location=location,
            product=config.product if config else None,
            packaging=config.packaging if config else None,
        )
    )


def density_prior(session: ProcessingSession, container_type: str) -> DensityPrior | None:
    """What is known of a count's product in a type of container, in the pixels of its photo.

    What MIN_PHOTO_COUNT validated photos of the place have shown goes before what a person typed in for the product,
    and that before what fewer photos, or photos of other places, have shown. One photo shows one place, so the
    place's area is the picture's (domain, density estimation). None where the place or its plants are not known.
    """
    place, product = session.storage_location, session.product
    if place is None or product is None or not place.area_m2:
        return None
    cm2_per_px2 = cm2_per_px(place.area_m2, session.image.width_px, session.image.height_px)
    typed_in = (
        DensityParameter.objects.for_product_and_packaging(product, session.packaging)
        .filter(storage_bin_type__category__in=BIN_CATEGORIES[ContainerType(container_type)])
        .first()
    )
    learned = learned_density(session, container_type)
    if learned is not None and (
        typed_in is None or (learned.is_of_this_place and learned.photos >= MIN_PHOTO_COUNT)
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
