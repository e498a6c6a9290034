"""Photos of which no thumbnail can be made."""

from collections.abc import Iterable
from uuid import UUID

from photos.choices import StepKind, StepStatus
from photos.models import Image, ProcessingStep


def broken_thumbnails(images: Iterable[Image]) -> set[UUID]:
    """Those of these photos whose thumbnail was given up. One query, none if all have one."""
    bare = [image.pk for image in images if not image.thumbnail_key]
    if not bare:
        return set()
    failed = ProcessingStep.objects.filter(
        image__in=bare, kind=StepKind.UPLOAD_THUMBNAIL, status=StepStatus.FAILED
    )
    return set(failed.values_list("image_id", flat=True))
