"""Who may open a page and who may decide about a photo (contract, roles)."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from demeter.accounts.page_permissions import Page, for_role, for_workers, require_reader, user_of
from photos.models import Image

__all__ = [
    "Page", "can_review", "find_photo", "find_photo_to_decide", "for_role", "for_workers", "require_reader",
    "require_supervisor", "user_of",
]  # fmt: skip


def find_photo(user: User, image_id: UUID, *, with_trash: bool = False) -> Image:
    """A photo that this user may see; 404 for all others, so that an address says nothing about them.

    Photos in the trash are found `with_trash` alone, and by those alone who may restore them.
    """
    photos = Image.objects.visible_to(user).select_related("uploaded_by", "upload_session", "deleted_by")
    image = get_object_or_404(photos, pk=image_id)
    if image.deleted_at is not None and not (with_trash and can_review(user, image)):
        raise Http404
    return image


def can_review(user: User, image: Image) -> bool:
    """Whether the user may name a photo's place or have it counted again: workers their own, supervisors all."""
    return user.has_role(Role.SUPERVISOR) or (user.has_role(Role.WORKER) and image.uploaded_by_id == user.pk)


def require_supervisor(user: User) -> None:
    """403 for everybody below a supervisor."""
    if not user.has_role(Role.SUPERVISOR):
        raise PermissionDenied


def find_photo_to_decide(user: User, image_id: UUID, *, with_trash: bool = False) -> Image:
    """A photo that this user may decide about; 404 if it is not to be seen, 403 if it is only to be read."""
    image = find_photo(user, image_id, with_trash=with_trash)
    if not can_review(user, image):
        raise PermissionDenied
    return image
