"""The status of a photo, as it follows from its newest count (contract, "Job status")."""

from photos.choices import BookingState, CountWarning, ImageStatus, SessionStatus
from photos.models import Image, ProcessingSession
from photos.warning_catalogue import WAITING


def update_image_status(session: ProcessingSession) -> None:
    """Give the photo of its newest count the status that follows from it. Writes only what changes."""
    image = session.image
    before = image.status, image.error_details
    waiting = blocking(session)
    if session.status == SessionStatus.FAILED:
        after = ImageStatus.FAILED, f"{session.error_code}: {session.error_message}"[:500]
    elif waiting and session.booking_state == BookingState.WAITING:
        after = ImageStatus.FAILED, f"{waiting[0]}: {_waiting_text(waiting[0], image)}"
    else:
        after = ImageStatus.READY, ""
    if after != before:
        image.status, image.error_details = after
        image.save(update_fields=["status", "error_details"])


def blocking(session: ProcessingSession) -> list[CountWarning]:
    """The warnings of a count that a person has still to answer."""
    accepted = set(session.accepted_warnings)
    return [w for w in WAITING if w in session.warnings and w not in accepted]


def _waiting_text(warning: CountWarning, image: Image) -> str:
    if warning == CountWarning.NEEDS_LOCATION:
        if image.gps_coordinates is None:
            return "GPS coordinates not found"  # clients know this sentence: it is never translated
        return "no single place within the error of the GPS position"
    return str(warning.label)
