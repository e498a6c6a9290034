"""What the viewer of a photo needs: links to its pictures, and where what was found is to be read."""

from typing import Any

from django.urls import reverse

from photos.choices import SessionStatus
from photos.image_urls import annotated_url, full_picture_url, is_full_picture_made, small_picture_url
from photos.models import Image, ProcessingSession
from photos.services.context.broken_thumbnails import broken_thumbnails


def viewer_context(image: Image, session: ProcessingSession | None) -> dict[str, Any]:
    """What `photos/_viewer.html` shows of a photo and one of its counts; one query while it has no thumbnail."""
    full = full_picture_url(image)
    is_broken = bool(broken_thumbnails([image]))
    return {
        "image": image,
        # Where none will ever be made, the original is all there is.
        "small_picture_url": small_picture_url(image) or (full if is_broken else None),
        "full_picture_url": full,
        "full_picture_asked_at": full_picture_asked_at(image),
        "annotated_url": annotated_url(image, session.processed_image_id if session else None),
        "is_preview_broken": is_broken,
        "findings_url": _findings_url(image, session),
        "version": session.version if session else None,
    }


def full_picture_asked_at(image: Image) -> str | None:
    """Where a script asks for the full picture that is not there; None where it is, or the preview is as large."""
    if not is_full_picture_made(image) or image.full_picture_key:
        return None
    return reverse("photo-full-picture", args=[image.pk])


def _findings_url(image: Image, session: ProcessingSession | None) -> str | None:
    """None until there is something to draw: a running count keeps what later rules leave out."""
    if session is None or session.status != SessionStatus.COMPLETED:
        return None
    return reverse("photo-findings", args=[image.pk, session.attempt])
