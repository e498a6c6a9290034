"""The life of a count: opened, named a place, ended, begun again."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.accounts.models import User
from inventory.models import DensityParameter, StorageLocation
from inventory.services.configs import active_config
from photos.choices import (
    BookingState,
    CountWarning,
    ImageStatus,
    JobPurpose,
    LocationSource,
    SessionStatus,
    Stage,
    StepKind,
    StepStatus,
)
from photos.errors import CountRunning, NotCounted, UnknownLocation
from photos.models import Image, ProcessingSession, ProcessingStep, UploadJob
from photos.services import jobs
from photos.services.autocalibration import is_calibrated, learn
from photos.services.booking import book
from photos.services.classification import follow_place
from photos.services.location import locate
from photos.services.plausibility import expected_living, is_unlike_expected
from photos.services.steps import create_steps


@transaction.atomic
def open_session(
    *,
    image: Image,
    user: User,
    location: StorageLocation | None = None,
    location_source: str = "",
    reason: str = "",
) -> ProcessingSession:
    """Begin a count of a photo: the row, its place as far as it is known, and the first steps.

    Raises CountRunning if a count of this photo has not ended yet.
    """
    session = plan_session(
        image=image, user=user, location=location, location_source=location_source, reason=reason
    )
    session.attempt += image.sessions.aggregate(last=Max("attempt"))["last"] or 0
    try:
        with transaction.atomic():
            begin_session(session)
    except IntegrityError as error:
        raise CountRunning(_("This photo is being counted already. Wait for the result.")) from error
    return session


def plan_session(
    *,
    image: Image,
    user: User,
    location: StorageLocation | None = None,
    location_source: str = "",
    reason: str = "",
) -> ProcessingSession:
    """The first count of a photo, with its place as far as it is known and what that is configured for.

    Reads but does not write, so that an upload can do it before its transaction; the photo needs no row yet.
    """
    session = ProcessingSession(
        image=image,
        attempt=1,
        requested_by=user,
        reason=reason,
        booking_state=BookingState.OPEN if image.with_inventory else BookingState.NOT_WANTED,
    )
    if image.with_inventory:
        if location is None:
            finding = locate(image.gps_coordinates)
            session.location_candidates = finding.candidates
            location, location_source = finding.location, LocationSource.GPS
        if location is not None:
            _take_snapshot(session, location, location_source or LocationSource.UPLOADER)
    return session


def begin_session(session: ProcessingSession, *, sent_at: datetime | None = None) -> None:
    """Write a planned count and its first steps. Call in a transaction.

    `sent_at` notes that the caller sends the steps as soon as the transaction ends, which saves a second one.
    Raises IntegrityError if a count of this photo has not ended yet.
    """
    session.save(force_insert=True)
    image = session.image
    steps = [
        ProcessingStep(image=image, session=session, kind=StepKind.SEGMENT, key=f"{session.uuid}:segment")
    ]
    if not image.is_stored:
        steps.append(ProcessingStep(image=image, kind=StepKind.UPLOAD_ORIGINAL, key=f"{image.pk}:original"))
    if not image.thumbnail_key:
        steps.append(ProcessingStep(image=image, kind=StepKind.UPLOAD_THUMBNAIL, key=f"{image.pk}:thumbnail"))
    for step in steps:
        step.sent_at = sent_at
    create_steps(steps)


def _take_snapshot(session: ProcessingSession, location: StorageLocation, source: str) -> None:
    """Copy what the place is configured for, so that a later edit changes no past count."""
    session.storage_location = location
    session.location_source = source
    config = active_config(location)
    session.configuration = config
    session.product = config.product if config else None
    session.product_state = config.expected_product_state if config else None
    session.packaging = config.packaging if config else None


@transaction.atomic
def count_again(
    *, image: Image, user: User, reason: str = "", location: StorageLocation | None = None
) -> UploadJob:
    """Count the stored original once more; a new job and a new session of the same photo.

    The place stays the one a person or the uploader named, unless another is given now.
    Raises CountRunning (409) while a count of this photo runs.
    """
    image = Image.objects.select_for_update().get(pk=image.pk)
    earlier = image.sessions.order_by("-attempt").first()
    source = LocationSource.PERSON if location else ""
    if location is None and earlier is not None and earlier.location_source != LocationSource.GPS:
        location, source = earlier.storage_location, earlier.location_source
    session = open_session(image=image, user=user, location=location, location_source=source, reason=reason)
    image.status, image.error_details = ImageStatus.PROCESSING, ""
    image.save(update_fields=["status", "error_details"])
    return UploadJob.objects.create(
        upload_session=image.upload_session,
        position=image.jobs.count(),
        purpose=JobPurpose.REPROCESS if image.with_inventory else JobPurpose.ANALYZE,
        filename=image.original_filename,
        image=image,
        session=session,
    )


@transaction.atomic
def assign_location(
    *, session: ProcessingSession, location: StorageLocation, user: User
) -> ProcessingSession:
    """Name the place of a count; a finished one is booked from the stored numbers, without counting again.

    What the photo had booked at another place goes back there. Raises UnknownLocation, NotCounted.
    """
    session = ProcessingSession.objects.select_for_update().get(pk=session.pk)
    if not location.is_active:
        raise UnknownLocation(_("The place “%(name)s” is not in use any more.") % {"name": location.name})
    if not session.image.with_inventory:
        raise NotCounted(_("This photo was sent for an analysis only and has no place."))
    _take_snapshot(session, location, LocationSource.PERSON)
    session.save(
        update_fields=[
            "storage_location", "location_source", "configuration", "product", "product_state", "packaging"
        ]
    )  # fmt: skip
    if session.status == SessionStatus.COMPLETED:
        learn(session)  # a validated photo teaches of another place now
        settle(session)
    return session


def settle(session: ProcessingSession) -> BookingState:
    """Book a finished count, refresh its warnings and its photo's status. Call inside a transaction.

    Safe to repeat: booking writes only the difference to what is booked already.
    """
    state = book(session)
    session.refresh_from_db()
    refresh_warnings(session)
    follow_place(session)
    settle_image(session)
    return state


def refresh_warnings(session: ProcessingSession) -> None:
    """Find anew the warnings that follow from rows: the place, its configuration, what is known of its plants."""
    keep = [w for w in session.warnings if w not in _SETTLED_ANEW]
    session.expected_living = expected_living(session)
    unlike = [CountWarning.UNLIKE_LAST_COUNT] if is_unlike_expected(session) else []
    session.warnings = [*_place_warnings(session), *unlike, *keep]
    session.save(update_fields=["warnings", "expected_living"])


# Warnings that follow from rows and are found anew whenever a count is settled. Booking writes its own.
_SETTLED_ANEW = (
    CountWarning.NEEDS_LOCATION,
    CountWarning.NEEDS_CONFIG,
    CountWarning.NEEDS_CALIBRATION,
    CountWarning.SAME_LOCATION,
    CountWarning.UNLIKE_LAST_COUNT,
)


def _place_warnings(session: ProcessingSession) -> list[str]:
    """What is missing to book the count, or to trust it, as far as its place goes."""
    if not session.image.with_inventory:
        return []
    if session.storage_location is None:
        return [CountWarning.NEEDS_LOCATION]
    warnings: list[str] = []
    if session.configuration is None or session.product is None:
        warnings.append(CountWarning.NEEDS_CONFIG)
    elif not (
        DensityParameter.objects.fitting(session.product, session.packaging).exists()
        or is_calibrated(session)
    ):
        warnings.append(CountWarning.NEEDS_CALIBRATION)
    earlier_in_upload = ProcessingSession.objects.filter(
        image__upload_session=session.image.upload_session_id,
        storage_location=session.storage_location,
        image__deleted_at=None,
        image__jobs__position__lt=session.image.jobs.order_by("created_at").values("position")[:1],
    ).exclude(image=session.image_id)
    if earlier_in_upload.exists():
        warnings.append(CountWarning.SAME_LOCATION)
    return warnings


def settle_image(session: ProcessingSession) -> None:
    """Give the photo the status that follows from its newest count (contract, "Job status")."""
    waiting = [w for w in CountWarning.waiting() if w in session.warnings]
    image = session.image
    if session.status == SessionStatus.FAILED:
        image.status, image.error_details = (
            ImageStatus.FAILED,
            f"{session.error_code}: {session.error_message}"[:500],
        )
    elif waiting and session.booking_state == BookingState.WAITING:
        image.status, image.error_details = (
            ImageStatus.FAILED,
            f"{waiting[0]}: {_waiting_text(waiting[0], image)}",
        )
    else:
        image.status, image.error_details = ImageStatus.READY, ""
    image.save(update_fields=["status", "error_details"])


def _waiting_text(warning: CountWarning, image: Image) -> str:
    if warning == CountWarning.NEEDS_LOCATION:
        if image.gps_coordinates is None:
            return "GPS coordinates not found"  # clients know this sentence: it is never translated
        return "no single place within the error of the GPS position"
    return str(warning.label)


@transaction.atomic
def fail_session(session: ProcessingSession, *, code: str, message: str) -> None:
    """End a count badly with its reason. Its open detection and summing-up steps end with it."""
    session = ProcessingSession.objects.select_for_update().get(pk=session.pk)
    if session.status in (SessionStatus.COMPLETED, SessionStatus.FAILED):
        return
    session.status = SessionStatus.FAILED
    session.error_code, session.error_message = code[:40], message[:500]
    session.completed_at = timezone.now()
    session.save(update_fields=["status", "error_code", "error_message", "completed_at"])
    ProcessingStep.objects.filter(session=session).unfinished().update(
        status=StepStatus.FAILED,
        error_code="session_failed",
        lease_expires_at=None,
        finished_at=timezone.now(),
    )
    settle_image(session)
    jobs.close_jobs(session)


def begin(session: ProcessingSession, stage: Stage) -> None:
    """Show that a worker has begun with a stage of a count."""
    if session.status == SessionStatus.PENDING:
        ProcessingSession.objects.filter(pk=session.pk, status=SessionStatus.PENDING).update(
            status=SessionStatus.PROCESSING, started_at=timezone.now()
        )
        Image.objects.filter(pk=session.image_id, status=ImageStatus.UPLOADED).update(
            status=ImageStatus.PROCESSING
        )
    jobs.enter_stage(session, stage)
