"""Who may open a page and who may decide about a photo (contract, roles)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from photos.models import Image

Page = Callable[..., HttpResponse]


def user_of(request: HttpRequest) -> User:
    """The signed-in user; LoginRequiredMiddleware lets nobody else reach a page."""
    return cast(User, request.user)


def for_readers(page: Page) -> Page:
    """Workers and above, and viewers whom an administrator let in; 403 for others."""

    @wraps(page)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not user_of(request).may_read:
            raise PermissionDenied
        return page(request, *args, **kwargs)

    return guarded


def for_workers(page: Page) -> Page:
    """Workers and above; 403 for others."""

    @wraps(page)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not user_of(request).has_role(Role.WORKER):
            raise PermissionDenied
        return page(request, *args, **kwargs)

    return guarded


def find_photo(user: User, image_id: UUID) -> Image:
    """A photo that this user may see; 404 for all others, so that an address says nothing about them."""
    photos = Image.objects.visible_to(user).not_deleted().select_related("uploaded_by", "upload_session")
    return get_object_or_404(photos, pk=image_id)


def may_decide(user: User, image: Image) -> bool:
    """Whether the user may name a photo's place or have it counted again: workers their own, supervisors all."""
    return user.has_role(Role.SUPERVISOR) or (user.has_role(Role.WORKER) and image.uploaded_by_id == user.pk)


def find_photo_to_decide(user: User, image_id: UUID) -> Image:
    """A photo that this user may decide about; 404 if it is not to be seen, 403 if it is only to be read."""
    image = find_photo(user, image_id)
    if not may_decide(user, image):
        raise PermissionDenied
    return image
