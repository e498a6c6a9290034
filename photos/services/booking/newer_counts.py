"""Which count of a photo stands."""

from photos.choices import CountWarning
from photos.models import ProcessingSession
from photos.services.booking.image_status import blocking


def is_replaced(session: ProcessingSession) -> bool:
    """Whether a newer count of the same photo stands: finished, and nothing about it waits for a person."""
    if session.validated:
        return False
    newer = ProcessingSession.objects.counted().filter(image=session.image_id, attempt__gt=session.attempt)
    return any(
        count.validated or set(blocking(count)) <= {CountWarning.NEEDS_REVIEW}
        for count in newer.select_related("image")
    )
