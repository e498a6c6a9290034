"""Signed links to the pictures of a photo, and to the drawings of its counts.

A thumbnail or drawing that was cleared has none; that it was wanted is noted (photos.wanted_pictures), as it is that
somebody wants the full picture of what browsers do not show.
"""

from uuid import UUID

from photos.decoding.renderings import PREVIEW_PX
from photos.models import Image
from photos.storage import annotated_key, annotated_thumbnail_key, drawings_alias, signed_url
from photos.wanted_pictures import want_drawing, want_full_picture, want_thumbnail


def thumbnail_url(image: Image, drawing_id: UUID | None) -> str | None:
    """The drawn thumbnail where there is one, else the plain one; None until one is made.

    For a list the plain one will do: no drawing is made again for it.
    """
    return annotated_thumbnail_url(image, drawing_id) or plain_thumbnail_url(image)


def plain_thumbnail_url(image: Image) -> str | None:
    """The thumbnail without drawing; None until one is made."""
    if not image.thumbnail_key:
        want_thumbnail(image)
    return _link(image.thumbnail_key)


def annotated_thumbnail_url(image: Image, drawing_id: UUID | None) -> str | None:
    """The thumbnail of a drawing; None until one is made.

    Only the page of a photo has a drawing made again (`annotated_url`): a list would ask for a hundred, and photos of
    today would wait behind them to be booked.
    """
    if drawing_id is None:
        return None
    return signed_url(drawings_alias(image), annotated_thumbnail_key(drawing_id, image.uploaded_at))


def full_picture_url(image: Image) -> str | None:
    """The photo in full size as browsers show it upright: the original, else a JPEG of it; None until one is made."""
    if _is_shown_upright(image):
        return original_url(image)
    return _link(image.full_picture_key) if is_full_picture_made(image) else preview_url(image)


def wanted_full_picture_url(image: Image) -> str | None:
    """The same for somebody who looks closely: for them it is made."""
    url = full_picture_url(image)
    if url is None and is_full_picture_made(image):
        want_full_picture(image)
    return url


def is_full_picture_made(image: Image) -> bool:
    """Whether it is made when somebody wants it: browsers do not show the original, and the preview is smaller."""
    return not _is_shown_upright(image) and not _is_small(image)


def original_url(image: Image) -> str | None:
    """The photo as it came from the phone, from the store or, until it lies there, from staging."""
    if image.is_stored:
        return _link(image.original_key)
    return signed_url("staging", image.staging_key)


def annotated_url(image: Image, drawing_id: UUID | None) -> str | None:
    """The picture with discs, areas and legend drawn in; None until it is made."""
    if drawing_id is None:
        want_drawing(image)
        return None
    return signed_url(drawings_alias(image), annotated_key(drawing_id, image.uploaded_at))


def preview_url(image: Image) -> str | None:
    """The JPEG in place of an original that is large, or that browsers do not show upright; None without one."""
    return _link(image.preview_key)


def picture_url(image: Image) -> str | None:
    """A picture without drawing that browsers show upright, as it was counted; None until there is one.

    That is the preview where one is made. Until then a JPEG does: its turn all browsers apply.
    """
    if image.preview_key:
        return _link(image.preview_key)
    return full_picture_url(image)


def small_picture_url(image: Image) -> str | None:
    """A picture without drawing that a phone loads fast, upright: of PREVIEW_PX at most; None until there is one.

    Until the preview of a large photo is made that is its thumbnail, never the original.
    """
    if image.preview_key:
        return _link(image.preview_key)
    return (full_picture_url(image) if _is_small(image) else None) or plain_thumbnail_url(image)


def _is_shown_upright(image: Image) -> bool:
    return image.content_type == "image/jpeg" or not image.needs_preview


def _is_small(image: Image) -> bool:
    return max(image.width_px, image.height_px) <= PREVIEW_PX


def _link(key: str) -> str | None:
    return signed_url("default", key) if key else None
