"""Who may open a page and who may decide about a photo (contract, roles)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from demeter.accounts.choices import Role
from demeter.accounts.models import User
from photos.models import Image

Page = Callable[..., HttpResponse]


def user_of(request: HttpRequest) -> User:
    """The signed-in user; LoginRequiredMiddleware lets nobody else reach a page."""
    return cast(User, request.user)


def require_reader(page: Page) -> Page:
    """Workers and above, and viewers whom an administrator let in; 403 for others."""

    @wraps(page)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not user_of(request).can_read:
            raise PermissionDenied
        return page(request, *args, **kwargs)

    return guarded


def for_role(role: Role) -> Callable[[Page], Page]:
    """This role and above; 403 for others."""

    def guard(page: Page) -> Page:
        @wraps(page)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not user_of(request).has_role(role):
                raise PermissionDenied
            return page(request, *args, **kwargs)

        return guarded

    return guard


for_workers = for_role(Role.WORKER)


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
