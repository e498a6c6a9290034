"""The warnings of counts that follow from rows: their place, its other photos, what is known of its plants."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings

from inventory.models import DensityParameter, StorageLocation
from photos.choices import BookingState, CountWarning, LocationSource
from photos.models import PlaceCalibration, ProcessingSession, UploadJob
from photos.services.context.deduplication import contradicted_by_copies
from photos.services.context.plausibility import differs_from_expected
from photos.services.context.recognition import contradicts_place
from photos.warning_catalogue import FOUND_ANEW

#: What settling a place may change in the row of a count.
FIELDS: Final = [
    "booking_state", "booked_quantity", "booking_revision", "expected_living", "warnings", "manual_adjustments",
]  # fmt: skip


#: Who may be mistaken about the place, where the position says another. Whoever answered that is not asked again.
_CHECKED_BY_POSITION: Final = (LocationSource.UPLOADER, LocationSource.LABEL)


@dataclass(frozen=True)
class Related:
    """What other rows say about the counts of one place.

    calibrated: (product, packaging) whose plants the nursery knows. repeated: counts whose upload holds an earlier
    photo of the same place. has_lost_photo: a person said that a photo of this place shows another.
    """

    calibrated: frozenset[tuple[int | None, int | None]] = frozenset()
    repeated: frozenset[int] = frozenset()
    has_lost_photo: bool = False


def waiting_at(
    location: StorageLocation, sessions: Sequence[ProcessingSession]
) -> dict[int, list[CountWarning]]:
    """What each finished count of a place waits for a person for, as far as the stock need not be known."""
    dated = {
        session.image_id
        for session in sessions
        if session.image.is_dated and CountWarning.PARTIAL_COUNT not in session.warnings
    }
    contradicted = contradicted_by_copies(location, sessions)
    return {
        session.pk: _waiting(session, dated, has_copy_elsewhere=session.pk in contradicted)
        for session in sessions
    }


def _waiting(session: ProcessingSession, dated: set[UUID], *, has_copy_elsewhere: bool) -> list[CountWarning]:
    accepted = set(session.accepted_warnings)
    found = {
        CountWarning.NEEDS_CONFIG: session.product_id is None,
        CountWarning.PARTIAL_COUNT: CountWarning.PARTIAL_COUNT in session.warnings,
        CountWarning.PLACE_MISMATCH: is_far_from_place(session) or position_names_another(session),
        CountWarning.LABEL_MISMATCH: contradicts_labels(session),
        CountWarning.DUPLICATE_ELSEWHERE: has_copy_elsewhere,
        CountWarning.UNDATED: not session.image.is_dated and bool(dated - {session.image_id}),
    }
    return [warning for warning, is_true in found.items() if is_true and warning not in accepted]


def is_far_from_place(session: ProcessingSession) -> bool:
    """Whether the position of a photo contradicts the place that its uploader, or a label in it, named.

    That is farther from its outline than three times the position's error, or than settings.GPS_MISMATCH_MIN_M where
    that is more: claros are two metres wide, and a phone is often some metres off.
    """
    if session.location_source not in _CHECKED_BY_POSITION or session.gps_distance_m is None:
        return False
    return bool(session.gps_distance_m > max(3 * _error_m(session), settings.GPS_MISMATCH_MIN_M))


def position_names_another(session: ProcessingSession) -> bool:
    """Whether a label in the photo named the place, and its position alone would have named another."""
    fitting = _fitting(session)
    is_by_label = session.location_source == LocationSource.LABEL
    return is_by_label and len(fitting) == 1 and fitting[0] != session.storage_location_id


def fits_a_place_nearby(session: ProcessingSession) -> bool:
    """Whether the position does not reach the place that was named, but does reach another, if only just.

    That is beyond twice the position's error: claros are so narrow that half of all good positions lie beside theirs.
    """
    if session.location_source not in _CHECKED_BY_POSITION or session.gps_distance_m is None:
        return False
    if is_far_from_place(session) or session.gps_distance_m <= 2 * _error_m(session):
        return False
    return any(pk != session.storage_location_id for pk in _fitting(session))


def may_contradict_position(session: ProcessingSession) -> bool:
    """Whether the places around the position need be looked for: it does not reach the place that was named."""
    return session.gps_distance_m is not None and session.gps_distance_m > _error_m(session)


def contradicts_labels(session: ProcessingSession) -> bool:
    """Whether labels in the photo name other places than the one that it has, and no person has answered that."""
    labelled = session.image.label_location_ids
    is_answered = session.location_source == LocationSource.PERSON
    return bool(labelled) and not is_answered and session.storage_location_id not in labelled


def _error_m(session: ProcessingSession) -> float:
    """How far the position of a photo may be off."""
    gps = session.image.gps_coordinates or {}
    return float(gps.get("accuracy") or settings.GPS_DEFAULT_ERROR_M)


def _fitting(session: ProcessingSession) -> list[int]:
    """The places within the error of the position, as far as they were looked for."""
    error_m = _error_m(session)
    return [place["id"] for place in session.location_candidates if place["distance_m"] <= error_m]


def related_at(location: StorageLocation, sessions: Sequence[ProcessingSession]) -> Related:
    """What `refresh` needs to know of other rows, read at once for all counts of a place."""
    moved_away = (
        ProcessingSession.objects.newest()
        .filter(moved_from=location, image__deleted_at=None)
        .exclude(storage_location=location)
    )
    return Related(_calibrated(sessions), _repeated(sessions), moved_away.exists())


def _calibrated(sessions: Sequence[ProcessingSession]) -> frozenset[tuple[int | None, int | None]]:
    pairs = {(session.product_id, session.packaging_id) for session in sessions if session.product_id}
    products = {product for product, _packaging in pairs}
    typed_in: set[tuple[int, int | None]] = set(
        DensityParameter.objects.filter(product__in=products).values_list("product_id", "packaging_id")
    )
    learnt = set(
        PlaceCalibration.objects.filter(product__in=products, photos__gt=0).values_list(
            "product_id", "packaging_id"
        )
    )
    any_packaging = {product for product, packaging in typed_in if packaging is None}
    return frozenset(pair for pair in pairs if pair in typed_in | learnt or pair[0] in any_packaging)


def _repeated(sessions: Sequence[ProcessingSession]) -> frozenset[int]:
    """Counts of photos of whose upload an earlier one shows the same place."""
    jobs = UploadJob.objects.filter(image__in={session.image_id for session in sessions})
    positions: dict[object, int] = {}
    for image_id, position in jobs.order_by("created_at", "pk").values_list("image_id", "position"):
        positions.setdefault(image_id, position)
    first: dict[object, int] = defaultdict(lambda: 2**31)
    for session in sessions:
        upload = session.image.upload_session_id
        first[upload] = min(first[upload], positions.get(session.image_id, first[upload]))
    return frozenset(
        session.pk
        for session in sessions
        if positions.get(session.image_id, -1) > first[session.image.upload_session_id]
    )


def refresh(session: ProcessingSession, waits: Sequence[CountWarning], related: Related) -> None:
    """Write the warnings of a finished count, those that it waits for first. Saves nothing."""
    kept = [warning for warning in session.warnings if warning not in FOUND_ANEW]
    found = list(waits)
    if fits_a_place_nearby(session) and not session.validated:  # who validates a count has seen what it shows
        found.append(CountWarning.POSITION_NEARBY)
    known = session.product_id is None or (session.product_id, session.packaging_id) in related.calibrated
    if session.storage_location_id is not None and not known:
        found.append(CountWarning.NEEDS_CALIBRATION)
    if session.pk in related.repeated:
        found.append(CountWarning.SAME_LOCATION)
    if differs_from_expected(session):
        found.append(CountWarning.UNLIKE_LAST_COUNT)
    if contradicts_place(session) and not session.validated:  # who validates a count has looked at the plants
        found.append(CountWarning.UNLIKE_PRODUCT)
    if not session.validated:  # who validates a count has seen where its photo came from
        if session.moved_from_id not in (None, session.storage_location_id):
            found.append(CountWarning.MOVED)
        if related.has_lost_photo and session.booking_state == BookingState.BOOKED:
            found.append(CountWarning.PHOTO_MOVED_AWAY)
    if session.booking_state == BookingState.SUPERSEDED:
        found.append(CountWarning.SUPERSEDED)
    session.warnings = [str(warning) for warning in dict.fromkeys([*found, *kept])]


def stored(session: ProcessingSession) -> tuple[object, ...]:
    """The values of FIELDS, to tell whether they changed."""
    return tuple(getattr(session, name) for name in FIELDS)
