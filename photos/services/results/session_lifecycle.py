"""The life of a count: opened, named a place, ended, begun again."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from inventory.models import StorageLocation
from inventory.services.configs import ConfigTimeline
from photos.choices import (
    BookingState,
    ImageStatus,
    JobPurpose,
    LocationSource,
    SessionStatus,
    Stage,
    StepKind,
    StepStatus,
)
from photos.errors import CountRunning, NotCounted, PlaceValidated, UnknownLocation
from photos.models import Image, ProcessingSession, ProcessingStep, UploadJob
from photos.services.booking.count_warnings import may_contradict_position
from photos.services.booking.image_status import update_image_status
from photos.services.booking.stock_evidence import lock_photos, settle_places
from photos.services.context import configuration
from photos.services.context.classification import update_for_place
from photos.services.context.configuration import name_place
from photos.services.context.location_matching import match_location
from photos.services.context.place_calibration import update_calibration
from photos.services.steps import jobs
from photos.services.steps.claims import create_steps
from photos.warning_catalogue import OUTLIVING_RECOUNT


@transaction.atomic
def open_session(
    *,
    image: Image,
    user: User,
    location: StorageLocation | None = None,
    location_source: str = "",
    reason: str = "",
    earlier: ProcessingSession | None = None,
) -> ProcessingSession:
    """Begin a count of a photo: the row, its place as far as it is known, and the first steps.

    What a person has answered about the photo of the `earlier` count stays answered.
    Raises CountRunning if a count of this photo has not ended yet.
    """
    session = plan_session(
        image=image, user=user, location=location, location_source=location_source, reason=reason
    )
    if earlier is not None:
        session.accepted_warnings = [code for code in earlier.accepted_warnings if code in OUTLIVING_RECOUNT]
        session.moved_from = earlier.moved_from
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
            finding = match_location(image.gps_coordinates)
            session.location_candidates = finding.candidates
            location, location_source = finding.location, LocationSource.GPS
        if location is not None:
            name_place(session, location, location_source or LocationSource.UPLOADER)
            if not session.location_candidates and may_contradict_position(session):
                session.location_candidates = match_location(image.gps_coordinates).candidates
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


@transaction.atomic
def reprocess(
    *, image: Image, user: User, reason: str = "", location: StorageLocation | None = None
) -> UploadJob:
    """Count the stored original once more; a new job and a new session of the same photo.

    The place stays the one the photo has, unless another is given now: then all its counts are of that place from
    now on. What a person has answered about the photo itself stays answered.
    Raises CountRunning (409) while a count of this photo runs, PlaceValidated (409) as `assign_location` does.
    """
    places = lock_photos([image.pk], location)
    image = Image.objects.get(pk=image.pk)
    earlier = image.sessions.select_related("storage_location").order_by("-attempt").first()
    if location is not None:
        _name_place_of(image, location, user)
    place, source = location, LocationSource.PERSON if location else ""
    if place is None and earlier is not None and earlier.storage_location is not None:
        place, source = earlier.storage_location, earlier.location_source
    session = open_session(
        image=image, user=user, location=place, location_source=source, reason=reason, earlier=earlier
    )
    if location is not None:
        settle_places(places)
    image.refresh_from_db(fields=["status", "error_details"])
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
    """Name the place of a photo: of all its counts, one that runs included. Nothing is counted again.

    What the photo had booked at another place is withdrawn there. Raises UnknownLocation, NotCounted, and
    PlaceValidated where a supervisor has validated a count at another place and `user` is none.
    """
    if not StorageLocation.objects.in_use().filter(pk=location.pk).exists():
        raise UnknownLocation(_("The place “%(name)s” is not in use any more.") % {"name": location.name})
    if not session.image.with_inventory:
        raise NotCounted(_("This photo was sent for an analysis only and has no place."))
    # The former one too: it loses a photo, whether anything is booked there or not.
    places = lock_photos([session.image_id], location)
    image = Image.objects.get(pk=session.image_id)
    _name_place_of(image, location, user)
    settle_places(places)
    session.refresh_from_db()
    return session


def may_name_place(image: Image, location: StorageLocation, user: User) -> bool:
    """Whether the user may say that a photo shows this place: what is validated, supervisors alone move."""
    elsewhere = image.sessions.filter(validated=True, storage_location__isnull=False).exclude(
        storage_location=location
    )
    return user.has_role(Role.SUPERVISOR) or not elsewhere.exists()


def _name_place_of(image: Image, location: StorageLocation, user: User) -> None:
    """Say which place all counts of a photo show, in the name of a person. The places are locked."""
    if not may_name_place(image, location, user):
        raise PlaceValidated(
            _("A supervisor has validated this count at its place. Ask one to move the photo.")
        )
    timeline = ConfigTimeline(location)
    for session in image.sessions.select_related("image", "storage_location"):
        former = session.storage_location
        if former is not None and former != location:
            session.moved_from = former
        name_place(session, location, LocationSource.PERSON, timeline)
        session.save(update_fields=[*configuration.FIELDS, "location_source", "moved_from", "gps_distance_m"])
        update_for_place(session)
        if session.validated:
            update_calibration(session)  # its samples belong to another place now


@transaction.atomic
def fail_session(session: ProcessingSession, *, code: str, message: str) -> None:
    """End a count badly with its reason. Its open detection and summing-up steps end with it."""
    Image.objects.select_for_update(no_key=True).get(pk=session.image_id)  # before the count, as everybody
    session = ProcessingSession.objects.select_for_update(no_key=True).get(pk=session.pk)
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
    update_image_status(session)
    jobs.finish_jobs(session)


def mark_started(session: ProcessingSession, stage: Stage) -> None:
    """Show that a worker has begun with a stage of a count."""
    if session.status == SessionStatus.PENDING:
        ProcessingSession.objects.filter(pk=session.pk, status=SessionStatus.PENDING).update(
            status=SessionStatus.PROCESSING, started_at=timezone.now()
        )
        Image.objects.filter(pk=session.image_id, status=ImageStatus.UPLOADED).update(
            status=ImageStatus.PROCESSING
        )
    jobs.enter_stage(session, stage)
