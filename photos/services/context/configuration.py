"""What a place was configured for when a photo of it was taken, copied to its counts."""

from collections.abc import Iterable

from inventory.geometry import distance_m
from inventory.models import StorageLocation, StorageLocationConfig
from inventory.services.configs import ConfigTimeline
from photos.models import ProcessingSession
from photos.services.context.classification import update_for_place
from photos.services.context.place_calibration import update_calibration

FIELDS = ["storage_location", "configuration", "product", "product_state", "packaging"]


def name_place(
    session: ProcessingSession, location: StorageLocation, source: str, timeline: ConfigTimeline | None = None
) -> None:
    """Say which place a count shows, and with it what grew there when the photo was taken. Saves nothing."""
    timeline = timeline or ConfigTimeline(location)
    session.storage_location = location
    session.location_source = source
    gps = session.image.gps_coordinates
    session.gps_distance_m = (
        None if gps is None else round(distance_m(gps["lon"], gps["lat"], location.polygon), 1)
    )
    _copy(session, timeline.at(session.image.taken_at))


def follow_configuration(location: StorageLocation, sessions: Iterable[ProcessingSession]) -> None:
    """Give these counts the place and the configuration that are theirs by now, and save those that change.

    A count keeps what grew when its photo was taken: a new cycle changes nothing about it, a corrected one does.
    """
    timeline = ConfigTimeline(location)
    for session in sessions:
        before = _state(session)
        session.storage_location = location
        _copy(session, timeline.at(session.image.taken_at))
        if _state(session) == before:
            continue
        session.save(update_fields=FIELDS)
        update_for_place(session)
        if session.validated:
            update_calibration(session)


def _copy(session: ProcessingSession, config: StorageLocationConfig | None) -> None:
    session.configuration = config
    session.product = config.product if config else None
    session.product_state = config.expected_product_state if config else None
    session.packaging = config.packaging if config else None


def _state(session: ProcessingSession) -> tuple[object, ...]:
    return tuple(getattr(session, f"{name}_id") for name in FIELDS)
